"""Where every campaign stands, and how it came there: quick however much the database holds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from campaigns.app import Session

from .access import Operator
from .views import AttemptView, CampaignView, Health, History

if TYPE_CHECKING:
    from campaigns.planner.forecast import Forecast

LIVE_SHOWN = 200
"""Calls under way that are shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something moved, so whoever shows it asks again."""

    campaign: str
    """Empty: it concerns the whole database."""
    kind: str
    """`state` (steered, edited, new or gone), `calls` (an attempt moved) or `counts` (any other figure)."""
    at: datetime


class Board:
    """What the faces show of campaigns. While `run` goes on, answers are what is known already, and say as of when;
    else each answer is counted when it is asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def run(self) -> None:
        """Keep fresh what somebody looks at, until cancelled."""
        raise NotImplementedError

    async def campaigns(self) -> tuple[CampaignView, ...]:
        """Every campaign that is not archived, in the order in which they were made."""
        raise NotImplementedError

    async def campaign(self, name: str) -> CampaignView:
        """One campaign. Raises Unknown."""
        raise NotImplementedError

    async def history(self, name: str) -> History:
        """How it came to where it stands. Raises Unknown."""
        raise NotImplementedError

    async def live(self, name: str, *, by: Operator) -> tuple[AttemptView, ...]:
        """Attempts under way, the newest first, at most `LIVE_SHOWN`. Raises Unknown."""
        raise NotImplementedError

    async def doubts(self, name: str | None = None, *, by: Operator) -> tuple[AttemptView, ...]:
        """Attempts of which nobody knows whether they took place, the oldest first; of all campaigns or of one."""
        raise NotImplementedError

    async def forecast(self, name: str) -> "Forecast | None":
        """How it will go on; where none is known it takes seconds. None: nobody is left to call. Raises Unknown."""
        raise NotImplementedError

    async def forecast_picture(self, name: str) -> bytes | None:
        """The same as an SVG. Raises Unknown."""
        raise NotImplementedError

    async def health(self) -> Health:
        """How this process and its database are; asks no provider."""
        raise NotImplementedError

    def changes(self) -> AsyncIterator[Change]:
        """What moves from now on, for event streams; the database is asked once a second for all who listen."""
        raise NotImplementedError
