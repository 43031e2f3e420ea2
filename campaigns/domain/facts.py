"""What a decision about one lead is made from."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .call import Disposition
from .lead import Lead


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """What a decision needs of an earlier attempt of this lead."""

    ordinal: int
    counts: bool
    """False: refused, not sent, not created; it cost nothing."""
    disposition: Disposition | None
    phone: str
    at: datetime
    ended_by: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known of one lead at the moment of a decision."""

    lead: Lead
    attempts: tuple[PastAttempt, ...] = ()
    elsewhere: tuple[datetime, ...] = ()
    """When other campaigns dialled the same person, lately."""
    suppressed: bool = False
    busy_until: datetime | None = None
    """Another attempt to this person or number is open, at the latest until then."""


@dataclass(frozen=True, slots=True)
class PeopleLimits:
    """Limits per person over all campaigns of the database, from the settings."""

    per_day: int | None = None
    gap: timedelta | None = None
