"""The seam to the upkeep of a database that lives long: what is not kept any more, and what leaves for an archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from campaigns.domain.retention import Kept

from .adopting import AdoptingStore
from .journal import JournalStore


@dataclass(frozen=True, slots=True)
class KeptPage:
    """Closed leads among some places of a campaign."""

    leads: tuple[Kept, ...]
    next: int | None
    """The place after which the next page begins; None: that was the last."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What keeps a campaign from being archived: how many of each."""

    leads: int = 0
    """Without an outcome."""
    attempts: int = 0
    """Booked, on their way, or uncertain."""
    returns: int = 0
    """Outcomes that are not back where they belong, and may still get there."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table, as they are: column → value, as the database has it."""

    table: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """Everything about some leads of a campaign, or some lines of its journal."""

    parts: tuple[Rows, ...]
    next: int | None
    """The place after which the next page begins; None: that was the last."""


class UpkeepStore(AdoptingStore, JournalStore, Protocol):
    """Verbs that work through a long table take a few rows at a time, so that no dial waits for them."""

    async def kept(
        self, name: str, *, after: int, words_before: datetime | None, numbers_before: datetime | None
    ) -> KeptPage:
        """Leads that were closed before these moments and still have words, or numbers. `after`: 0, then `next`."""

    async def erase(self, leads: Sequence[tuple[Kept, Kept]]) -> int:
        """Write what is left of each lead where it is still as it was (before, after); returns of how many."""

    async def forget_news(self, *, before: datetime, numbers_before: datetime | None) -> bool:
        """Delete some webhooks that came before it, and traces of calls from people; False: there are no more."""

    async def unsettled(self, name: str) -> Unsettled: ...
    async def archive_leads(self, name: str, *, after: int) -> ArchivePage:
        """Leads with their numbers' hashes, attempts and returns; at first, with the campaign itself."""

    async def archive_journal(self, name: str, *, after: int) -> ArchivePage:
        """Its lines of the journal."""

    async def mark_archived(self, name: str, *, version: int, reason: str, now: datetime) -> bool:
        """From now on it is its archive; False: it changed since it had `version`, or has not ended."""

    async def drop_journal(self, name: str, *, after: int) -> int | None:
        """Delete some of an archived campaign's lines; returns `after` of the next step, None: that was the last."""

    async def drop_leads(self, name: str, *, after: int) -> int | None:
        """Delete some of an archived campaign's leads. Of who said no, the hashes and the fact stay, for good."""

    async def drop_rest(self, name: str) -> None:
        """Delete what else belongs to an archived campaign; its row stays, so that it never begins anew unnoticed."""

    async def half_archived(self) -> list[str]:
        """Archived campaigns of which something is still to be deleted."""

    async def tidy(self, *, shrink: bool = False) -> bool:
        """After much was deleted: leave no trace of it in logs. `shrink`: give its room back, while nobody writes.

        Whether nothing of it is left in the room that it had, either: a large file is not written anew in passing.
        Raises StoreUnavailable where others are in the way.
        """
