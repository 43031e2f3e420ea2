"""The seam to what is remembered of a long reading: where it goes on when it broke off."""

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


class BookmarkStore(Protocol):
    """One bookmark for each list of a campaign."""

    async def bookmark(self, name: str, source: int) -> Bookmark | None: ...
    async def put_bookmark(self, name: str, source: int, bookmark: Bookmark | None) -> None:
        """Keep where the reading is, in place of what was kept before; None: it is through."""
