"""Names and what stands beside them, set in place."""

from collections.abc import Mapping
from html import escape

from campaigns.dashboard.elements import markup, write


class Facts:
    """A list of names, each with a value."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names`: the word that is shown, by key."""
        self._names = names
        self._list = markup("dl", "facts")

    def show(self, **values: str) -> None:
        """Set values by key."""
        pairs = [(self._names[key], value) for key, value in values.items()]
        write(self._list, "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in pairs))
