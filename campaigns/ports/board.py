"""The seam to what an operator's board shows: small reads along indexes, and a long past page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from campaigns.domain.budget import Spent
from campaigns.domain.lead import Attempt


@dataclass(frozen=True, slots=True)
class Brief:
    """What a campaign's counts leave out; read in a moment, however many leads there are."""

    leads: int
    """How many there are, or a few more."""
    open_calls: int
    """Attempts that hold a line."""
    begun: int
    """Attempts that were written down since the moment that was asked for."""
    held: Spent
    """What attempts that are not settled hold of the budget."""


class Closed(NamedTuple):
    """Leads that were closed alike."""

    at: datetime
    """The beginning of five minutes."""
    outcome: str
    leads: int


class Called(NamedTuple):
    """Attempts that went alike; those that cost nobody an attempt are left out."""

    zone: str
    """Of the person, the first that is known; empty: none is."""
    began: datetime
    """The beginning of a quarter of an hour: every zone's hours begin with one."""
    ended: datetime | None
    """The beginning of five minutes; None: they are not over."""
    disposition: str
    """Empty: they are not over."""
    attempts: int
    first: int
    """Of them the first that a lead had."""
    first_answered: int
    """Of them the first that a lead answered."""


@dataclass(frozen=True, slots=True)
class PastPage:
    """A stretch of a campaign's past, whole."""

    closed: tuple[Closed, ...] = ()
    called: tuple[Called, ...] = ()
    next: datetime | None = None
    """Where the next stretch begins; None: there is nothing after this one yet."""


class BoardStore(Protocol):
    """What the board reads. Nothing here grows with the leads, but for the pages, of which each is bounded."""

    async def brief(self, name: str, provider: str, *, since: datetime) -> Brief: ...

    async def past_closed(self, name: str, *, since: datetime, until: datetime | None = None, limit: int) -> PastPage:
        """Leads closed from `since` on, and before `until`: about so many, by when and how."""

    async def past_called(self, name: str, *, since: datetime, until: datetime | None = None, limit: int) -> PastPage:
        """Attempts written down in that time: about so many, by when and how they went."""

    async def settled_before(self, name: str) -> datetime | None:
        """Before this nothing is under way but what nobody knows of; None: nothing is at all."""

    async def live(self, name: str, provider: str, *, limit: int) -> list[Attempt]:
        """Attempts under way, the newest first."""

    async def doubts(self, name: str | None, *, limit: int) -> list[Attempt]:
        """Attempts of which nobody knows whether they took place, the oldest first."""

    async def moved(self, *, after: int | None) -> tuple[int, frozenset[str]]:
        """The journal's last place, and the campaigns whose attempts moved after the place `after` (None: none did).

        Of many moves not all are looked at: then every active campaign is named.
        """

    async def asked_until(self) -> dict[str, datetime]:
        """Until when the last round of asking lasts: by account, and by `reading:` and a campaign for its lists."""
