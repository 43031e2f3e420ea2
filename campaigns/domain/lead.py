"""Leads and attempts: their states, and the facts that decisions are made from."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from .call import CallReport, Disposition
from .contact import Contact


class AttemptState(StrEnum):
    """Where one dial stands. The arrows are in `transitions.py`."""

    INTENT = "intent"
    """Written down, not sent. The dialer moves it on; after a crash, past `dial_before`, it is `not_sent`."""
    SENDING = "sending"
    """The POST may be on its way. The dialer moves it on; after a crash it is `unclear`."""
    BOOKED = "booked"
    """Scheduled dialing: the provider holds it, and will call at `fires_at`. Its call moves it on, or a cancellation
    that the provider confirmed; where nobody can say what became of it, it is `uncertain`."""
    PLACED = "placed"
    """The provider holds the call. A report moves it on, or the sweep, or time (`longest_call`)."""
    UNCLEAR = "unclear"
    """It may exist. Evidence or look-ups move it on; after the last look-up it is `uncertain`."""
    UNCERTAIN = "uncertain"
    """Nobody could find out. The campaign's policy, a person, or late evidence moves it on."""
    REFUSED = "refused"
    """Final: the provider said no. Costs no attempt."""
    NOT_SENT = "not_sent"
    """Final: proved that nothing was asked. Costs no attempt."""
    NOT_CREATED = "not_created"
    """Final: proved that no call exists. Costs no attempt."""
    ENDED = "ended"
    """Final, with a disposition; only `unknown` may still be improved by late evidence."""


FIRES_WITHIN = timedelta(minutes=5)
"""So late a provider may still call what was booked; vendors promise about a minute. Until then the slot stays open,
after it the booking is cancelled."""

FREE_STATES = frozenset({AttemptState.REFUSED, AttemptState.NOT_SENT, AttemptState.NOT_CREATED})
"""Ends that cost the lead no attempt."""


class LeadState(StrEnum):
    WAITING = "waiting"
    """Not before `due_at`. Promotion moves it on."""
    READY = "ready"
    """May be claimed."""
    CALLING = "calling"
    """An attempt is open."""
    HELD = "held"
    """An uncertain attempt waits for a person."""
    CLOSED = "closed"
    """Has an outcome."""


class Outcome(StrEnum):
    """Why a lead is closed."""

    REACHED = "reached"
    REFUSED = "refused"
    EXHAUSTED = "exhausted"
    DO_NOT_CALL = "do_not_call"
    BAD_NUMBER = "bad_number"
    WRONG_PERSON = "wrong_person"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    STOPPED = "stopped"


NO_NUMBER = "every number is bad"
"""Said of a lead that is closed as `bad_number`."""


class CampaignState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    REFUSED = "refused"
    """The provider refuses the account."""


def lead_id(campaign: str, key: str) -> str:
    """The id of a lead: derived from what it names, so that loading a list twice finds the same lead."""
    # uuid5 of `campaigns:lead:CAMPAIGN:KEY`, begun where all of a campaign are alike: a quarter of what `uuid` takes.
    name = _begun(campaign).copy()
    name.update(key.encode())
    text = name.hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


@lru_cache(maxsize=16)
def _begun(campaign: str) -> "hashlib._Hash":
    return hashlib.sha1(NAMESPACE_URL.bytes + f"campaigns:lead:{campaign}:".encode(), usedforsecurity=False)


def attempt_id(lead: str, ordinal: int) -> str:
    """The id of the `ordinal`-th attempt of a lead (from 1)."""
    return str(uuid5(NAMESPACE_URL, f"campaigns:attempt:{lead}:{ordinal}"))


def spread(name: str) -> float:
    """A fraction in [0, 1) that depends on the name alone: randomness that can be replayed."""
    return uuid5(NAMESPACE_URL, name).int % 1_000_003 / 1_000_003


@dataclass(frozen=True, slots=True)
class Lead:
    """One contact in one campaign."""

    id: str
    campaign: str
    contact: Contact
    person_key: str
    state: LeadState = LeadState.WAITING
    due_at: datetime | None = None
    """Not to be looked at before; a cache from the planner."""
    closes_at: datetime | None = None
    last_chance: bool = False
    reason: str = ""
    """Why it waits, or why it closed."""
    rule: str = ""
    """The key of the campaign file, or the source, that says so."""
    outcome: Outcome | None = None
    label: str = ""
    closed_at: datetime | None = None
    callback_at: datetime | None = None
    """A moment that the person asked for; gives one attempt beyond `max`."""
    callbacks: int = 0
    """How many attempts beyond `max` were promised so far."""
    retry_at: datetime | None = None
    """An outcome rule's own retry, not before this."""
    retry_like: Disposition | None = None
    """Retry as if the last attempt had ended so."""
    promised_by: int = 0
    """The ordinal of the attempt that promised the last callback: told twice, it is one promise."""
    inbound_at: datetime | None = None
    """When they last called us."""
    warning: str = ""
    revision: int = 0
    """Of the campaign, when `due_at` was planned."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial of one lead, numbered from 1 among those that were written down."""

    id: str
    lead_id: str
    campaign: str
    person_key: str
    phone: str = field(repr=False)
    phone_key: str
    ordinal: int
    provider: str
    state: AttemptState
    open: bool
    body: bytes = field(repr=False)
    """The exact bytes to send."""
    callback: bool
    """Placed because the person asked for it."""
    created_at: datetime
    send_at: datetime
    dial_before: datetime
    lease_owner: str
    first_sent_at: datetime | None = None
    placed_at: datetime | None = None
    ended_at: datetime | None = None
    call_id: str | None = field(default=None, repr=False)
    """Some vendors' ids hold the number."""
    unclear_since: datetime | None = None
    lookups: int = 0
    empty_lookup_at: datetime | None = None
    """When a complete look-up, late enough to count as proof, found nothing."""
    reason: str = ""
    resolved_by: str = ""
    """`report`, `sweep`, `lookup`, `policy`, `person`, or empty."""
    disposition: Disposition | None = None
    report: CallReport | None = field(default=None, repr=False)
    campaign_version: int = 0
    person_version: int = 0
    """Of the permit: the fence lets it through only while both are still the same."""
    rev: int = 0
    """Rises with every write; whoever writes says which he saw."""
    subject: str = ""
    """What rules about "the same subject" count."""
    debt: str = field(default="", repr=False)
    """The debt it was about, as the list names it."""
    refused: bool = False
    """The person said no to what was offered: starts the cool-downs after a refusal, whatever the lead becomes."""
    message_left: bool = False
    """On an answering machine; a voicemail of which nobody says more counts as one."""
    agent_ended: bool = False
    """Our side ended the call, for certain: rules on people who hang up do not count it."""
    permit: str = field(default="{}", repr=False)
    """What allowed it, as JSON: rules, their version, zones, local times. See `domain.legal.Permit`."""
    caller_id: str = ""
    """The number shown."""
    held_ms: int = 0
    """The talk that its campaign's budget holds for it, in milliseconds."""
    price_micros: int = 0
    """Of one minute, in millionths of the provider's currency."""
    fires_at: datetime | None = None
    """Scheduled dialing: when the provider is to call."""
    booking_id: str | None = field(default=None, repr=False)
    """Scheduled dialing: the provider's name for what it holds."""

    @property
    def rings_from(self) -> datetime:
        """No call of this attempt exists earlier: a booking fires at its time, anything else once it was asked for."""
        return self.fires_at or self.first_sent_at or self.created_at

    def silent_at(self, longest_call: timedelta) -> datetime:
        """From when on no call of this attempt can be open any more; until then it holds a line."""
        return self.rings_from + longest_call + (FIRES_WITHIN if self.fires_at else timedelta())

    @property
    def ended_by(self) -> datetime:
        """The moment from which gaps count: the end, or the best that is known of it."""
        return self.ended_at or self.placed_at or self.rings_from

    @property
    def counts(self) -> bool:
        """Whether it uses up one of the lead's attempts."""
        return self.state not in FREE_STATES
