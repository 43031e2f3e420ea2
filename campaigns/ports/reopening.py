"""The seam to leads that are closed and shall wait again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from campaigns.domain.lead import Outcome


@dataclass(frozen=True, slots=True)
class Which:
    """Which closed leads of a campaign; what is empty leaves nobody out."""

    outcomes: frozenset[Outcome] = frozenset()
    labels: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()
    """Their ids."""


class ReopeningStore(Protocol):
    """Closed leads that shall wait again."""

    async def reopen(  # noqa: PLR0913 - who, whom, and what the journal keeps of it
        self, name: str, which: Which, *, most: int, left: int, why: str, who: str = "", now: datetime
    ) -> int:
        """Let closed leads wait, planned anew, a few in each transaction; returns how many.

        Never those who said no more calls, are on the do-not-call list or erased, or have a call that is not settled.

        Args:
            name: The campaign.
            which: Of its leads.
            most: The attempts that the campaign file allows each.
            left: Each has so many left at least.
            why: For the journal.
            who: The person who says so.
            now: The time.
        """
