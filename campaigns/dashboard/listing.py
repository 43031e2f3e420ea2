"""Long tables. On a phone each row stands on its own, with the columns' names beside what they say.

A row is one element whose cells are written as HTML: an element each would take most of a first paint.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from markupsafe import Markup, escape
from nicegui import events

from .elements import box, put, text
from .rows import Rows

T = TypeVar("T")
Cells = Callable[[T], Iterable[str]]
"""What the cells of a row say: `str` is plain text, `Markup` is HTML."""
Press = Callable[[T], object | Awaitable[object]]

_WHICH = """(event) => {
    const pressed = event.target.closest("button[data-do]");
    if (pressed) emit(pressed.closest("tr").dataset.key);
}"""


class Listing(Generic[T]):
    """A table whose rows come and go."""

    def __init__(
        self,
        caption: str,
        columns: Sequence[tuple[str, str]],
        cells: Cells[T],
        key: Callable[[T], str],
        press: Press[T] | None = None,
    ) -> None:
        """Columns: words and classes (`n`: a number). `press`: what the `pressable` of a row does."""
        self._items: dict[str, T] = {}
        self._key, self._press = key, press
        with box("table", "grid list", role="table"):
            text(caption, "caption", "hidden")
            with box("thead", role="rowgroup"), box("tr", role="row"):
                for words, kind in columns:
                    text(words, "th", kind, scope="col", role="columnheader")
            body = box("tbody", role="rowgroup")
        if press is not None:
            body.on("click", self._pressed, js_handler=_WHICH)
        self._rows: Rows[T] = Rows(body, lambda item: _Line(columns, cells, key(item)), key)

    def show(self, items: Iterable[T]) -> int:
        """Exactly these items, in this order; how many there are."""
        self._items = {self._key(item): item for item in items}
        return self._rows.show(self._items.values())

    async def _pressed(self, event: events.GenericEventArguments) -> None:
        item = self._items.get(str(event.args))
        if item is not None and self._press is not None:
            doing = self._press(item)
            if isinstance(doing, Awaitable):
                await doing


class _Line(Generic[T]):
    def __init__(self, columns: Sequence[tuple[str, str]], cells: Cells[T], key: str) -> None:
        self.root = box("tr", role="row", data_key=key)
        self._columns, self._cells = columns, cells
        self._shown: tuple[T, ...] = ()

    def show(self, item: T) -> None:
        """What it says now; what is the same is not written again."""
        if self._shown == (item,):
            return
        self._shown = (item,)
        cells = zip(self._columns, self._cells(item), strict=True)
        put(
            self.root, "innerHTML", str(Markup().join(_CELL.format(kind, words, cell) for (words, kind), cell in cells))
        )


_CELL = Markup('<td role="cell" class="{}" data-label="{}">{}</td>')


def anchor(words: str, to: str) -> Markup:
    """A link."""
    return Markup('<a href="{}">{}</a>').format(to, words)


def toned(words: str, tone: str) -> Markup:
    """A word on its colour."""
    return Markup('<span class="badge tone-{}">{}</span>').format(tone, words)


def below(words: str, classes: str = "soft", *, english: bool = False) -> Markup:
    """A smaller line; `english`: a sentence of the desk."""
    spoken = Markup(' lang="en"') if english else ""
    return Markup('<span class="small sub {}"{}>{}</span>').format(classes, spoken, words) if words else Markup()


def beside(words: str) -> Markup:
    """A quiet word after another."""
    return Markup('<span class="soft">{}</span>').format(words) if words else Markup()


def pressable(words: str, of: str) -> Markup:
    """A button that does what the listing's `press` says; `of`: of what, for whoever cannot see the row."""
    made = Markup('<button type="button" class="button quiet" data-do="1" aria-label="{}: {}">{}</button>')
    return made.format(words, of, words)


def together(*parts: str) -> Markup:
    """One after another."""
    return Markup().join(escape(part) for part in parts)
