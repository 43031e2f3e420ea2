"""Long lists of vendors, page by page: everybody once, also while the pages shift under us."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import TracebackType
from typing import Generic, Self, TypeVar

from campaigns.domain.errors import VendorError

T = TypeVar("T")

STUCK = 3
"""How often in a row one page may come for another."""
WALKS = 5
"""How often a list without cursor is walked at most until a walk brings nobody new."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page as it was answered."""

    items: Sequence[T]
    last: bool
    """Whether the vendor says, or the page shows, that nothing follows."""
    cursor: str = ""
    """Where the next page begins, for lists that have cursors."""
    total: int | None = None
    """Of the whole list, where the vendor says so."""


_STUCK = "the same page again. Whoever answers takes no notice of which page is asked for: correct `routes` or `facts`"


class Seen:
    """Names that were met before, in constant memory: beyond 2 MB they lie in a temporary file of SQLite's own."""

    def __init__(self) -> None:
        self._names = sqlite3.connect("", isolation_level=None)
        self._names.execute("PRAGMA cache_size = -2000")
        self._names.execute("PRAGMA journal_mode = OFF")
        self._names.execute("CREATE TABLE name (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._names.close()

    def is_new(self, name: str) -> bool:
        """Whether it was never met; from now on it was."""
        digest = blake2b(name.encode("utf-8", "replace"), digest_size=16).digest()
        new = self._names.execute("INSERT OR IGNORE INTO name VALUES (?)", (digest,)).rowcount == 1
        self.count += new
        return new


async def pages_by_number(
    fetch: Callable[[int], Awaitable[Page[T]]], name: Callable[[T], str]
) -> AsyncIterator[Sequence[T]]:
    """Walk a list whose pages may shift between two requests; yields what is new of each page.

    Whoever moves to the front while we walk is missed by that walk, and whoever moves back is met twice. So names that
    were met are passed over, and the list is walked again until a walk brings nobody new, unless the first proves by
    the vendor's total, or by fitting on one page, that it met everybody.

    Args:
        fetch: The n-th page, from 0.
        name: What tells an item from all others.

    Raises VendorError where a page comes again and again, though more is said to follow.
    """
    with Seen() as seen:
        for walk in range(WALKS):
            number = met = new = same = 0
            before: list[str] = []
            while True:
                page = await fetch(number)
                names = [name(item) for item in page.items]
                # Once may be a shift by exactly a page; three times in a row is none.
                same = same + 1 if names and names == before else 0
                if same == STUCK and not page.last:
                    raise VendorError("list", f"page {number + 1}", None, _STUCK)
                before = names
                fresh = [item for item in page.items if seen.is_new(name(item))]
                met, new, number = met + len(page.items), new + len(fresh), number + 1
                if fresh:
                    yield fresh
                if page.last or not page.items:
                    break
            if (walk and not new) or number == 1 or (met == new and page.total == met):
                return


async def pages_by_cursor(
    fetch: Callable[[str], Awaitable[Page[T]]], name: Callable[[T], str], *, after: str = ""
) -> AsyncIterator[tuple[Sequence[T], str]]:
    """Walk a list by cursors; yields what is new of each page, and where to go on after it (empty: it was the last).

    A cursor that comes back a second time would lead in circles, so it ends the walk.
    """
    with Seen() as seen, Seen() as cursors:
        while True:
            page = await fetch(after)
            fresh = [item for item in page.items if seen.is_new(name(item))]
            after = page.cursor if not page.last and cursors.is_new(page.cursor) else ""
            yield fresh, after
            if not after:
                return
