"""The seam to what is told to others: a durable outbox that the database itself fills."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Event(StrEnum):
    """What others may be told of."""

    ATTEMPT_ENDED = "attempt.ended"
    """Told again where later news change how it ended."""
    CONTACT_SETTLED = "contact.settled"
    CAMPAIGN_FINISHED = "campaign.finished"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event for one subscriber."""

    id: int
    subscriber: str
    event: Event
    subject: str
    """Id of the attempt or lead, or the campaign's name."""
    word: str
    """Disposition, outcome or state, as it was then."""
    at: datetime
    tries: int
    """Deliveries that failed."""


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How the deliveries stand."""

    waiting: int
    oldest_at: datetime | None
    """When the oldest that waits happened."""
    given_up: int


class OutboxStore(Protocol):
    """Parcels wait until they are delivered or given up."""

    async def subscribe(self, wishes: Mapping[str, Collection[Event]]) -> None:
        """From now on these are told, and nobody else; what waits for somebody else is dropped.

        What was given up is tried anew: whoever starts a worker has mended something.
        """

    async def take_parcels(self, *, limit: int, until: datetime, now: datetime) -> list[Parcel]:
        """Some that are due, oldest first. Nobody else gets them before `until`."""

    async def delivered(self, ids: Sequence[int]) -> None: ...
    async def put_off(self, parcel: Parcel, *, until: datetime | None) -> None:
        """It failed; None: it is given up, and kept for a person to see."""

    async def next_parcel_at(self) -> datetime | None:
        """When the next one is due; None: none waits."""

    async def outbox_state(self) -> OutboxState: ...
