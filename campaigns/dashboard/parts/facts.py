"""Names and what stands beside them, set in place."""

from collections.abc import Iterable

from campaigns.dashboard.elements import box, say, text


class Facts:
    """A list of names, each with a value."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """`names`: a key and the word that is shown."""
        self._values = {}
        with box("dl", "facts"):
            for key, word in names:
                with box("div"):
                    text(word, "dt")
                    self._values[key] = text("", "dd")

    def show(self, **values: str) -> None:
        """Set values by key."""
        for key, words in values.items():
            say(self._values[key], words)
