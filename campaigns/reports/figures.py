"""Everything the report says, as values: read from the store once, counted here, without a number or a name in it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import mask
from campaigns.domain.errors import InputError
from campaigns.domain.lead import FREE_STATES, Attempt, AttemptState, Lead, LeadState, Outcome
from campaigns.files import parse_campaign
from campaigns.planner.decide import Close, window_of
from campaigns.ports.store import CampaignRecord, Counts, LeadFilter, Store

from .discreet import without_numbers
from .in_force import in_force
from .timeline import Timeline, shared_zone, timeline
from .words import DISPOSITIONS, OUTCOMES, UNDIALLED

LISTED = 200
"""Rows of a list that the page shows; all are counted."""


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
class Detail:
    """Leads that ended alike."""

    outcome: str
    why: str
    """The label of the file's rule, or the reason."""
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Leads that wait for the same reason."""

    reason: str
    rule: str
    count: int
    first_due: datetime | None


@dataclass(frozen=True, slots=True)
class Calls:
    """What is known of the calls as a whole."""

    talk_minutes: float
    cost: float | None
    """In the provider's currency; None: no call had a price."""
    first: datetime | None
    last: datetime | None
    outside: int | None
    """Calls begun outside the calling hours as the file has them now; None: not checked."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One campaign at one moment."""

    record: CampaignRecord
    provider: str
    law: str
    simulated: bool
    made_at: datetime
    zone: str
    leads: int
    people: int
    reached_people: int
    bad_rows: tuple[tuple[str, int, str], ...]
    bad_total: int
    outcomes: dict[str, int]
    """By word, with `held` and `open`."""
    details: tuple[Detail, ...]
    dispositions: dict[str, int]
    """By word, with `uncertain` and `in_progress`: attempts that count."""
    undialled: dict[str, int]
    calls: Calls
    calls_over_time: Timeline
    closed_over_time: Timeline
    waiting: tuple[Waiting, ...]
    doubts: tuple[Doubt, ...]
    doubts_total: int
    warnings: tuple[tuple[str, int], ...]
    settings: tuple[tuple[str, str], ...]
    """Empty where the stored file can no longer be read."""


async def gather(store: Store, name: str, *, now: datetime, provider: str, law: str, simulated: bool) -> Figures:
    """Read a campaign and count it. Raises InputError when the database has no such campaign.

    Args:
        store: Where the campaign is.
        name: The campaign's.
        now: When the report is made, aware.
        provider: How the provider is called in the report.
        law: One sentence: which legal rules were applied, or that none were.
        simulated: Nobody real was called.
    """
    record = await store.campaign(name)
    if record is None:
        raise InputError(f"There is no campaign '{name[:64]}' in this database. `campaigns status` lists them.")
    counts = await store.counts(name)
    leads = [lead for lead, _, _ in await store.leads(name, LeadFilter())]
    attempts = await store.attempts(name)
    bad_rows = await store.bad_rows(name)
    campaign = _campaign(record)
    zone = shared_zone(campaign.zone if campaign else None, (lead.contact.zones for lead in leads))
    doubts = _doubts(attempts, {lead.id: lead for lead in leads})
    return Figures(
        record=replace(record, reason=without_numbers(record.reason)),
        provider=provider,
        law=law,
        simulated=simulated,
        made_at=now,
        zone=zone,
        leads=len(leads),
        people=len({lead.person_key for lead in leads}),
        reached_people=len({lead.person_key for lead in leads if lead.outcome is Outcome.REACHED}),
        bad_rows=tuple((source, line, without_numbers(reason)) for source, line, reason in bad_rows[:LISTED]),
        bad_total=max(record.intake.get("invalid", 0), len(bad_rows)),
        outcomes=_outcomes(counts),
        details=_details(leads),
        dispositions=_dispositions(attempts),
        undialled={word: counts.attempts[word] for word in UNDIALLED if counts.attempts.get(word)},
        calls=_calls(attempts, leads, campaign),
        calls_over_time=timeline(((dialled_at(a), _word(a)) for a in attempts if _was_dialled(a)), zone_name=zone),
        closed_over_time=timeline(_closings(leads), zone_name=zone),
        waiting=tuple(Waiting(without_numbers(r), rule, n, due) for r, rule, n, due in counts.reasons),
        doubts=tuple(doubts[:LISTED]),
        doubts_total=len(doubts),
        warnings=tuple(Counter(without_numbers(lead.warning) for lead in leads if lead.warning).most_common(20)),
        settings=tuple(in_force(campaign)) if campaign else (),
    )


def _campaign(record: CampaignRecord) -> Campaign | None:
    """The stored file; None when another version of this program wrote what this one cannot read."""
    try:
        return parse_campaign(record.document, name=f"{record.folder}/campaign.yaml").campaign
    except InputError:
        return None


def _outcomes(counts: Counts) -> dict[str, int]:
    states = counts.states
    found = dict(counts.outcomes)
    found["held"] = states.get(LeadState.HELD, 0)
    found["open"] = sum(states.get(state, 0) for state in (LeadState.WAITING, LeadState.READY, LeadState.CALLING))
    return {word.key: found.get(word.key, 0) for word in OUTCOMES}


def _details(leads: Iterable[Lead]) -> tuple[Detail, ...]:
    found = Counter((lead.outcome, without_numbers(lead.label or lead.reason)) for lead in leads if lead.outcome)
    order = [word.key for word in OUTCOMES]
    rows = [Detail(outcome, why.replace("_", " "), count) for (outcome, why), count in found.items()]
    return tuple(sorted(rows, key=lambda row: (order.index(row.outcome), -row.count, row.why)))


# ── attempts ──


def dialled_at(attempt: Attempt) -> datetime:
    """When the provider was asked; before that, when it was written down."""
    return attempt.first_sent_at or attempt.created_at


def _was_dialled(attempt: Attempt) -> bool:
    return attempt.state not in FREE_STATES and attempt.state is not AttemptState.INTENT


def _word(attempt: Attempt) -> str:
    if attempt.state is AttemptState.UNCERTAIN:
        return "uncertain"
    return attempt.disposition or "in_progress"


def _dispositions(attempts: Iterable[Attempt]) -> dict[str, int]:
    found = Counter(_word(attempt) for attempt in attempts if attempt.state not in FREE_STATES)
    return {word.key: found[word.key] for word in DISPOSITIONS}


def _calls(attempts: Sequence[Attempt], leads: Iterable[Lead], campaign: Campaign | None) -> Calls:
    dialled = [attempt for attempt in attempts if _was_dialled(attempt)]
    moments = [dialled_at(attempt) for attempt in dialled]
    reports = [attempt.report for attempt in dialled if attempt.report]
    costs = [report.cost for report in reports if report.cost is not None]
    return Calls(
        talk_minutes=sum(report.talk_seconds or 0.0 for report in reports) / 60,
        cost=sum(costs) if costs else None,
        first=min(moments, default=None),
        last=max(moments, default=None),
        outside=_outside(dialled, {lead.id: lead for lead in leads}, campaign),
    )


def _outside(dialled: Sequence[Attempt], leads: Mapping[str, Lead], campaign: Campaign | None) -> int | None:
    """How many calls began when their person's window was closed: a second look at what the planner permitted."""
    if campaign is None or not dialled:
        return None
    windows = {}
    for lead_id in {attempt.lead_id for attempt in dialled}:
        try:
            windows[lead_id] = window_of(leads[lead_id].contact, campaign)
        except (KeyError, ValueError):
            return None
    return sum(
        isinstance(window := windows[attempt.lead_id], Close) or not window.is_open(dialled_at(attempt))
        for attempt in dialled
    )


def _closings(leads: Iterable[Lead]) -> Iterable[tuple[datetime, str]]:
    return ((lead.closed_at, lead.outcome) for lead in leads if lead.closed_at and lead.outcome)


def _doubts(attempts: Iterable[Attempt], leads: Mapping[str, Lead]) -> list[Doubt]:
    return [
        Doubt(
            attempt=attempt.id,
            phone=mask(attempt.phone),
            since=attempt.unclear_since or attempt.first_sent_at,
            reason=without_numbers(attempt.reason),
            waits=attempt.lead_id in leads and leads[attempt.lead_id].state is LeadState.HELD,
        )
        for attempt in attempts
        if attempt.state is AttemptState.UNCERTAIN
    ]
