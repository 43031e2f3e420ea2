"""The seam to long lists, a page at a time: each is found along an index, however long the list is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Contact
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState, Outcome

from .people import Suppression


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads of a campaign; None: all."""

    state: LeadState | None = None
    outcome: Outcome | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """Which attempts of a campaign; None: all."""

    state: AttemptState | None = None
    disposition: Disposition | None = None
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class ListedLead:
    """A lead as lists show it."""

    lead: Lead
    place: int
    """In its campaign's list."""
    tries: int
    """Attempts that count."""
    last_phone: str | None
    """The number that was dialled last; None: none was yet."""


class AttemptPlace(NamedTuple):
    """Where an attempt stands among those of its campaign."""

    created_at: datetime
    send_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class ListedAttempt:
    """An attempt, and whom it called."""

    attempt: Attempt
    contact: Contact

    @property
    def place(self) -> AttemptPlace:
        return AttemptPlace(self.attempt.created_at, self.attempt.send_at, self.attempt.id)


class SuppressionPlace(NamedTuple):
    """Where an entry stands on the do-not-call list."""

    created_at: datetime
    phone_key: str
    scope: str


class MoveLine(NamedTuple):
    """One line of the journal."""

    attempt_id: str
    at: datetime
    to: str
    why: str


class PageStore(Protocol):
    """Lists, a page at a time; whoever is behind a name, a key or a number."""

    async def leads_after(self, name: str, which: LeadFilter, *, after: int, limit: int) -> list[ListedLead]:
        """The next leads of a campaign by their place in the list; fewer than `limit`: those were the last."""

    async def leads_by_id(self, ids: Sequence[str]) -> list[ListedLead]:
        """In the order of campaigns and lists; those that do not exist are left out."""

    async def leads_with_phones(self, phone_keys: Sequence[str], *, limit: int) -> list[ListedLead]:
        """Of all campaigns, in their order."""

    async def leads_named(
        self, name: str, patterns: Sequence[str], *, after: int, width: int, limit: int
    ) -> tuple[list[ListedLead], int | None]:
        """The first of the next `width` places whose name is like a pattern, and after which to go on; None: nowhere.

        Patterns are those of LIKE, their ASCII letters small; other letters are found as they are written.
        """

    async def attempts_after(
        self, name: str, which: AttemptFilter, *, after: AttemptPlace | None, limit: int
    ) -> list[ListedAttempt]:
        """The next attempts of a campaign as they were written down; fewer than `limit`: those were the last."""

    async def moves(self, attempts: Sequence[Attempt]) -> list[MoveLine]:
        """What the journal says of them, in its order."""

    async def suppressions_after(
        self, patterns: Sequence[str], *, after: SuppressionPlace | None, limit: int
    ) -> list[Suppression]:
        """The next entries, newest first, of whose words some are like a pattern of `leads_named`; none: all."""

    async def suppressions_of(self, phone_keys: Sequence[str]) -> list[Suppression]:
        """The entries of some numbers, newest first."""

    async def jurisdictions(self, name: str, *, after: int, width: int) -> tuple[frozenset[str], int | None]:
        """Where the people of the next `width` places of a campaign may be, and where to go on; None: nowhere."""
