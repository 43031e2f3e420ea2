"""What a store keeps of consents: each list's word, for what, with its proof; and what people took back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from campaigns.domain.contact import Consent


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """What a person agreed to, for one purpose, as every campaign may rely on it."""

    phone_key: str
    purpose: str
    consent: Consent
    who: str
    source: str
    """By `source_name`."""
    recorded_at: datetime
    withdrawn_at: datetime | None = None
    """Since then it does not count any more."""


def source_name(campaign: str, contacts: str) -> str:
    """What records call a list of a campaign: `dentist-reminders/people.csv`."""
    return f"{campaign}/{contacts}"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The person of a number takes back what they agreed to."""

    phone_key: str
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What is kept of one number, for one purpose."""

    consents: tuple[Consent, ...] = ()
    withdrawn_at: datetime | None = None


class ConsentStore(Protocol):
    """Consents over all campaigns."""

    async def consents(self, phone_key: str) -> list[ConsentRecord]: ...
    async def withdraw(self, word: Withdrawal, *, by: str = "") -> int:
        """What the person agreed to before counts no more; returns how many records that are.

        The records stay: they are the proof of calls that were made. A list that is read again revives none of them,
        unless it says that they were given later.
        """

    async def put_consents(
        self, source: str, purpose: str, said: Mapping[str, Sequence[ConsentRecord]], *, now: datetime
    ) -> dict[str, OnRecord]:
        """Keep what a list says now, in place of what it said before; other lists' records stay.

        `said`: every number of its rows (by key), with what it says of it, perhaps nothing. Returns by number what
        other campaigns' lists have on record for that purpose; numbers of which nothing is known are left out.
        """
