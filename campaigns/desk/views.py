"""What the faces show: flat values, ready for a page, a JSON document or an agent. Instants are aware."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a long list."""

    items: tuple[T, ...]
    next: str | None
    """Where the next page begins, an opaque word; None: that was the last."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Leads that wait for the same reason."""

    leads: int
    reason: str
    rule: str
    """Which setting or legal rule says so; empty: none."""
    next_at: datetime | None
    """When the first of them is due."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """How far one part of a budget is used."""

    what: str
    """`attempts`, `talk_minutes` or `cost`."""
    used: float
    held: float
    """By calls that are open."""
    limit: float
    currency: str = ""


@dataclass(frozen=True, slots=True)
class CampaignView:
    """Where a campaign stands now."""

    name: str
    state: CampaignState
    reason: str
    provider: str
    purpose: str
    simulated: bool
    leads: int
    states: dict[LeadState, int]
    outcomes: dict[Outcome, int]
    dispositions: dict[Disposition, int]
    attempts: dict[AttemptState, int]
    open_calls: int
    at_once: int
    """The campaign's own limit of calls at once."""
    calls_a_minute: float
    """Over the last five minutes."""
    waiting: tuple[Waiting, ...]
    next_at: datetime | None
    """When somebody may be called next; None: now, or nobody any more."""
    finish_at: datetime | None
    """Where the pace of the last hours leads; None: nothing can be said yet. The forecast says more."""
    budget: tuple[BudgetLine, ...]
    warnings: int
    errors: tuple[str, ...]
    """What stands in the way, in plain words, and what mends it."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    as_of: datetime
    counted: bool = True
    """False: still being counted for the first time; `leads` is near, all else that is counted is empty."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened in one stretch of time."""

    at: datetime
    """Where it begins."""
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class HeatCell:
    """Calls that began in one local hour of one weekday of the people who were called."""

    weekday: int
    """0: Monday."""
    hour: int
    calls: int
    answered: int


@dataclass(frozen=True, slots=True)
class History:
    """How a campaign came to where it stands."""

    funnel: tuple[tuple[str, int], ...]
    """`leads`, `called`, `answered`, `reached`: each a part of the one before."""
    grain_minutes: int
    outcomes: tuple[Bucket, ...]
    """Leads that were closed, by outcome."""
    calls: tuple[Bucket, ...]
    """Attempts that ended, by disposition."""
    heat: tuple[HeatCell, ...]
    complete: bool
    """False: a long past is still being read."""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One lead in a list."""

    lead: str
    """Its id."""
    key: str
    campaign: str
    name: str
    phone: str
    """Whole, or masked for whoever may only read."""
    state: LeadState
    outcome: Outcome | None
    label: str
    attempts: int
    reason: str
    rule: str
    next_at: datetime | None
    closed_at: datetime | None
    warning: str = ""
    person: str = ""
    """Who they are across lists: the list's id, or the first number."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt, with what is known of the call."""

    attempt: str
    lead: str
    campaign: str
    ordinal: int
    phone: str
    provider: str
    call_id: str | None
    state: AttemptState
    disposition: Disposition | None
    intent_at: datetime
    placed_at: datetime | None
    ended_at: datetime | None
    talk_seconds: float | None
    cost: float | None
    summary: str
    transcript: str
    """Empty: there is none, or it is not kept, or whoever asks may not read it."""
    analysis: dict[str, object]
    recording: str
    reason: str
    moves: tuple[tuple[datetime, str, str], ...] = ()
    """When it moved, to which state, and why; from the journal."""
    key: str = ""
    """Of its lead, as the list has it; empty: nobody asked."""
    incidents: tuple[str, ...] = ()
    """What must not happen and did: further calls of the provider, different ends."""
    other_calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One line of an explanation: what allows or forbids a call now."""

    word: str
    """`allows`, `forbids`, `now`, `attempt 1` …"""
    text: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """One person in one campaign, whole."""

    row: LeadRow
    language: str
    zones: tuple[str, ...]
    local_now: str
    """What their clocks say; empty: no zone is known."""
    country: str
    person: str
    consent: str
    verdict: str
    """Whether they are called now, and when next, in one sentence."""
    why: tuple[Question, ...]
    attempts: tuple[AttemptView, ...]
    suppressed: bool
    callback_at: datetime | None
    elsewhere: tuple[LeadRow, ...] = ()
    """The same number in other campaigns."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a button would do, said before it is pressed."""

    allowed: bool
    title: str
    lines: tuple[str, ...]
    """What will happen, or why it cannot be done."""


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """One entry of the do-not-call list."""

    id: str
    """Hash of the number and scope; to remove it by."""
    shown: str
    scope: str
    who: str
    why: str
    proof: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RuleView:
    """A legal rule as it is in force for a campaign. Data with sources, no legal advice."""

    code: str
    place: str
    binds: str
    text: tuple[str, ...]
    sources: tuple[str, ...]
    confidence: str
    checked: date | None
    suspended: str = ""
    """Who closed the jurisdiction, and why; empty: it is open."""


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One thing that was looked at."""

    name: str
    ok: bool | None
    """None: a note."""
    detail: str


@dataclass(frozen=True, slots=True)
class Health:
    """How this process and its database are."""

    lines: tuple[HealthLine, ...]
    figures: dict[str, float] = field(default_factory=dict)
    """Inbox age, open calls, doubts …"""
