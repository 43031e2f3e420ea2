"""The seam by which many workers ask a provider about the same calls once, and not once each."""

from datetime import datetime
from typing import Protocol


class RoundStore(Protocol):
    """Whose round of asking it is: nobody's for good, and of a dead worker's nobody waits longer than it lasts."""

    async def take_round(
        self, provider: str, *, until: datetime, mine: datetime | None, urgent: bool, now: datetime
    ) -> datetime | None:
        """Take the round of asking until then; None: it is taken. Else when the one lasts that another took.

        Args:
            provider: The account that is asked about.
            until: How long others leave the asking to this process.
            mine: What this process gave when it last took one: it may always ask again meanwhile.
            urgent: There is news that cannot wait for the other's round.
            now: The database's time.
        """
