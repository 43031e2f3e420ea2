"""Counts a campaign page by page, so that a report of a million leads needs no more memory than one of ten."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import mask
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState, Outcome
from campaigns.domain.legal import Law
from campaigns.planner.lawful import window_of
from campaigns.ports.store import Store

from .discreet import without_numbers
from .heat import Slot, slot_of
from .law import Permits
from .timeline import GRAIN, Event

LISTED = 200
"""Rows of a list that the page shows; all are counted."""
PAGE = 500
MOST_KINDS = 1000
"""Different reasons or warnings that are told apart."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt of which nobody knows whether it took place."""

    attempt: str
    phone: str
    """Masked."""
    since: datetime | None
    reason: str
    waits: bool
    """A person must decide; else the campaign went on by itself."""


@dataclass(frozen=True, slots=True)
class Calls:
    """What is known of the calls as a whole."""

    talk_minutes: float
    cost: float | None
    """In the provider's currency; None: no call had a price."""
    first: datetime | None
    last: datetime | None
    outside: int | None
    """Calls begun outside the calling hours as the file and the law have them now; None: not checked."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the leads came, each a part of the one before."""

    leads: int
    called: int
    """At least once."""
    answered: int
    """Talked with, at least once."""
    reached: int


@dataclass
class Tally:
    """The counts so far."""

    campaign: Campaign | None
    rules: Law
    leads: int = 0
    zones: set[tuple[str, ...]] = field(default_factory=set)
    details: Counter[tuple[str, str]] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    dialled: Counter[Event] = field(default_factory=Counter)
    closed: Counter[Event] = field(default_factory=Counter)
    heat: Counter[tuple[Slot, bool]] = field(default_factory=Counter)
    doubts: list[Doubt] = field(default_factory=list)
    doubts_total: int = 0
    permits: Permits = field(default_factory=Permits)
    _called: int = 0
    _answered: int = 0
    _reached: int = 0
    _seconds: float = 0.0
    _cost: float | None = None
    _first: datetime | None = None
    _last: datetime | None = None
    _outside: int | None = 0
    _looked_at: int = 0

    def add(self, lead: Lead, attempts: list[Attempt]) -> None:
        """Count one lead with its attempts."""
        self.leads += 1
        self.zones.add(lead.contact.zones)
        if lead.outcome and lead.closed_at:
            self.details[(str(lead.outcome), self._kind(lead.label or lead.reason))] += 1
            self.closed[(_grain(lead.closed_at), str(lead.outcome))] += 1
        if lead.warning:
            self.warnings[self._kind(lead.warning)] += 1
        for attempt in attempts:
            self._add_attempt(lead, attempt)
        self._add_to_funnel(lead, attempts)

    def _add_to_funnel(self, lead: Lead, attempts: list[Attempt]) -> None:
        answered = any(attempt.disposition is Disposition.ANSWERED for attempt in attempts)
        self._called += any(map(was_dialled, attempts))
        self._answered += answered
        self._reached += answered and lead.outcome is Outcome.REACHED

    def _kind(self, text: str) -> str:
        kind = without_numbers(text)
        return kind if len(self.details) + len(self.warnings) < MOST_KINDS else "other"

    def _add_attempt(self, lead: Lead, attempt: Attempt) -> None:
        if not attempt.counts:
            return
        self.words[_word(attempt)] += 1
        if attempt.state is AttemptState.UNCERTAIN:
            self._add_doubt(lead, attempt)
        if not was_dialled(attempt):
            return
        self.permits.add(attempt)
        at = attempt.rings_from
        self._add_to_heat(lead, attempt)
        self.dialled[(_grain(at), _word(attempt))] += 1
        self._first, self._last = min(at, self._first or at), max(at, self._last or at)
        if attempt.report is not None:
            self._seconds += attempt.report.talk_seconds or 0.0
            if attempt.report.cost is not None:
                self._cost = (self._cost or 0.0) + attempt.report.cost
        self._look_at_hours(lead, at)

    def _add_to_heat(self, lead: Lead, attempt: Attempt) -> None:
        zones = lead.contact.zones or ((self.campaign.zone,) if self.campaign and self.campaign.zone else ())
        if zones and attempt.disposition is not None:
            slot = slot_of(_grain(attempt.rings_from), zones[0])
            self.heat[slot, attempt.disposition is Disposition.ANSWERED] += 1

    def _add_doubt(self, lead: Lead, attempt: Attempt) -> None:
        self.doubts_total += 1
        if len(self.doubts) < LISTED:
            since = attempt.unclear_since or attempt.first_sent_at
            waits = lead.state is LeadState.HELD
            self.doubts.append(Doubt(attempt.id, mask(attempt.phone), since, without_numbers(attempt.reason), waits))

    def _look_at_hours(self, lead: Lead, at: datetime) -> None:
        """A second look at what the planner permitted: was the person's window open?"""
        is_erased = not lead.contact.phones  # and with the number, when they may be called
        if self.campaign is None or self._outside is None or is_erased:
            return
        self._looked_at += 1
        try:
            window = window_of(lead.contact, self.campaign, self.rules)
        except ValueError:
            self._outside = None
            return
        self._outside += not window.is_open(at)

    def calls(self) -> Calls:
        """The calls as a whole."""
        outside = self._outside if self._looked_at else None
        return Calls(self._seconds / 60, self._cost, self._first, self._last, outside)

    def funnel(self) -> Funnel:
        """How far they came."""
        return Funnel(self.leads, self._called, self._answered, self._reached)


def was_dialled(attempt: Attempt) -> bool:
    """Whether the provider was asked for a call that may have rung."""
    return attempt.counts and attempt.state not in (AttemptState.INTENT, AttemptState.BOOKED)


async def tallied(store: Store, name: str, campaign: Campaign | None, rules: Law) -> Tally:
    """Count every lead of a campaign."""
    tally, after = Tally(campaign, rules), 0
    while page := await store.lead_page(name, after=after, limit=PAGE):
        for _, lead, attempts in page:
            tally.add(lead, attempts)
        after = page[-1][0]
    return tally


def _word(attempt: Attempt) -> str:
    if attempt.state is AttemptState.UNCERTAIN:
        return "uncertain"
    return attempt.disposition or "in_progress"


@lru_cache(maxsize=4096)
def _grain(at: datetime) -> datetime:
    return at - (at - _EPOCH) % GRAIN
