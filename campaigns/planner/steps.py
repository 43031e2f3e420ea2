"""What a decision can be: call now, wait until (and why), or close."""

from dataclasses import dataclass, field
from datetime import datetime

from campaigns.domain.contact import PhoneNumber
from campaigns.domain.lead import Outcome

from .lawful import Permit


@dataclass(frozen=True, slots=True)
class Call:
    """Dial now."""

    phone: PhoneNumber
    callback: bool
    closes_at: datetime
    last_chance: bool
    permit: Permit = field(default=Permit(), compare=False)
    """What allows it, to be kept with the attempt."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: look again at `until`, and why."""

    until: datetime
    reason: str
    rule: str
    closes_at: datetime
    last_chance: bool


@dataclass(frozen=True, slots=True)
class Close:
    """Never: the lead has its outcome."""

    outcome: Outcome
    reason: str
    rule: str


Step = Call | Wait | Close


@dataclass(frozen=True, slots=True)
class Earliest:
    """One reason to wait: not before `at`. A reason is the same text for everybody, so that leads can be counted."""

    at: datetime
    reason: str
    rule: str
