"""What a decision about one lead is made from."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .call import Disposition
from .contact import Consent
from .lead import Lead

LATELY = timedelta(days=63)
"""How far back other leads' attempts are counted: more than any cap, gap or cool-down needs but those for good."""


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """What a decision needs of an earlier attempt: of this lead, or of the same person or number elsewhere."""

    ordinal: int
    """Of its lead; 0: an attempt that others made."""

    counts: bool
    """False: refused, not sent, not created; it cost nothing."""
    disposition: Disposition | None
    phone: str
    """E.164; empty: nobody knows which, so every number counts as it."""
    at: datetime
    ended_by: datetime
    subject: str = ""
    debt: str = ""
    message_left: bool = False
    refused: bool = False
    """They said no to what was offered."""
    agent_ended: bool = False
    """Our side ended the call; where nobody says, the person did."""
    same_person: bool = True
    """False: another person of the same number."""
    caller_id: str = ""
    """The number that was shown."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known of one lead at the moment of a decision."""

    lead: Lead
    attempts: tuple[PastAttempt, ...] = ()
    elsewhere: tuple[PastAttempt, ...] = ()
    """Attempts of other leads to the same person or number, lately, and whatever they refused ever."""
    consents: tuple[Consent, ...] = ()
    """What they agreed to by the records of other campaigns' lists."""
    withdrawn_at: datetime | None = None
    """When they last took back what they had agreed to, on any of their numbers."""
    suppressed: bool = False
    busy_until: datetime | None = None
    """Another attempt to this person or number is open, at the latest until then."""


def standing(facts: Facts, *, now: datetime) -> Facts:
    """The facts without the consents, of the list's own row too, that are withdrawn since or not given yet."""
    contact = facts.lead.contact
    if facts.withdrawn_at is None and all(consent.begun(now) for consent in (*contact.consents, *facts.consents)):
        return facts
    own, others = (
        tuple(consent for consent in given if consent.stands(facts.withdrawn_at) and consent.begun(now))
        for given in (contact.consents, facts.consents)
    )
    return replace(facts, lead=replace(facts.lead, contact=replace(contact, consents=own)), consents=others)


@dataclass(frozen=True, slots=True)
class PeopleLimits:
    """Limits per person over all campaigns of the database, from the settings."""

    per_day: int | None = None
    gap: timedelta | None = None
