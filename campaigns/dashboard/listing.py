"""Tables of people and things: on a phone each row stands on its own, with the columns' names beside what they say."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from nicegui.element import Element

from .elements import box, text
from .rows import Block, Rows

T = TypeVar("T")


def listing(
    caption: str, columns: Sequence[tuple[str, str]], build: Callable[[T], None], key: Callable[[T], str]
) -> Rows[T]:
    """A table whose rows come and go. Columns: words and classes (`n`: a number); `build` makes a `cell` for each."""
    with box("table", "grid list", role="table"):
        text(caption, "caption", "hidden")
        with box("thead", role="rowgroup"), box("tr", role="row"):
            for words, kind in columns:
                text(words, "th", kind, scope="col", role="columnheader")
        body = box("tbody", role="rowgroup")

    return Rows(body, lambda _item: _Line(columns, build), key)


def cell(classes: str = "") -> Element:
    """One cell; what it says follows in its `with` block."""
    return box("td", classes, role="cell")


def words(said: str, classes: str = "") -> None:
    """A cell that says one thing."""
    text(said, "td", classes, role="cell")


class _Line(Block[T]):
    """Tells each cell the name of its column."""

    def __init__(self, columns: Sequence[tuple[str, str]], build: Callable[[T], None]) -> None:
        super().__init__("tr", "", build)
        self.root.props["role"] = "row"
        self._columns = columns

    def show(self, item: T) -> None:
        super().show(item)
        for cell_, (words, kind) in zip(self.root.default_slot.children, self._columns, strict=True):
            if "data-label" not in cell_.props:
                cell_.props["data-label"] = words
                cell_.classes(kind)
