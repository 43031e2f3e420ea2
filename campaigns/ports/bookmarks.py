"""The seam to what is remembered of a long reading: where it goes on when it broke off, and whom it showed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far the reading of a list elsewhere came."""

    wanted: str
    """What the list was asked for; of another wish the place means nothing."""
    after: str
    """As the list itself names the place."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """Leads of a list after one reading of it."""

    all: int
    """Whom it showed."""
    open: int
    """Those of them that are not closed."""
    missing: int
    """Whom it did not show, and who are not closed."""


class BookmarkStore(Protocol):
    """One bookmark for each list of a campaign."""

    async def bookmark(self, name: str, source: int) -> Bookmark | None: ...
    async def put_bookmark(self, name: str, source: int, bookmark: Bookmark | None) -> None:
        """Keep where the reading is, in place of what was kept before; None: it is through."""
