"""Rows that come and go one by one: whoever reads a list does not lose the place."""

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from nicegui.element import Element

from .elements import box

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Row(Protocol[T_contra]):
    """One row on the page."""

    root: Element

    def show(self, item: T_contra) -> None:
        """Set what it says; what is the same already is left alone."""


class Rows(Generic[T]):
    """The rows inside an element, by key."""

    def __init__(self, inside: Element, make: Callable[[T], Row[T]], key: Callable[[T], str]) -> None:
        """`make(item)` builds a row inside the element."""
        self._inside, self._make, self._key = inside, make, key
        self._rows: dict[str, Row[T]] = {}

    def show(self, items: Iterable[T]) -> int:
        """Exactly these items, in this order; how many there are."""
        wanted = {self._key(item): item for item in items}
        for gone in [key for key in self._rows if key not in wanted]:
            self._rows.pop(gone).root.delete()
        for place, (key, item) in enumerate(wanted.items()):
            if key not in self._rows:
                with self._inside:
                    self._rows[key] = self._make(item)
            row = self._rows[key]
            row.show(item)
            if self._inside.default_slot.children[place] is not row.root:
                row.root.move(target_index=place)
        return len(wanted)


class Block(Generic[T]):
    """A row that is built anew where its item is another: for what is read rather than watched."""

    def __init__(self, tag: str, classes: str, build: Callable[[T], None]) -> None:
        self.root = box(tag, classes)
        self._build = build
        self._shown: tuple[T, ...] = ()

    def show(self, item: T) -> None:
        """Say what the item is."""
        if self._shown != (item,):
            self._shown = (item,)
            self.root.clear()
            with self.root:
                self._build(item)
