"""What a database learns of calls that another copy of it has made."""

from datetime import datetime
from typing import Protocol

from campaigns.domain.lead import Attempt, Lead


class AdoptingStore(Protocol):
    """Calls that were placed while this database did not look."""

    async def missed_since(self) -> datetime | None:
        """From when on it may have missed calls: its last dial, else its first campaign; None: it has neither.

        The first answer stays the same until the database is settled in its place: what is found counts for nothing.
        """

    async def adopt(self, attempt: Attempt, lead: Lead, rev: int, *, why: str, now: datetime) -> bool:
        """Write down an attempt that is none of ours, with the lead that follows from it.

        It is open only where no other one to its number or person is. False: its lead has changed, or the attempt, its
        call or its booking is known.
        """
