"""The seam to what a database tells of past calls: what forecasts are learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from campaigns.domain.call import Disposition
from campaigns.domain.lead import Attempt


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """Settled calls of one hour that went alike: how many, and the sums of their seconds and of the squares."""

    zone: str
    """Of the person, the first that is known; empty: none is."""
    hour: datetime
    """Its beginning, in UTC."""
    ordinal: int
    """1, 2, or 3 for every later one."""
    disposition: Disposition
    calls: int
    rings: float
    """From the dial to the end, without the talk."""
    rings_squared: float
    talks: float
    talks_squared: float


class HistoryStore(Protocol):
    """How calls went."""

    async def answer_history(self, *, since: datetime) -> Sequence[AnswerCount]:
        """Of all campaigns, those that were dialled from `since` on."""

    async def last_answers(self, name: str, *, limit: int) -> list[Attempt]:
        """The newest answered calls of a campaign, with what was reported of them."""
