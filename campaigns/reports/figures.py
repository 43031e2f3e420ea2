"""Everything the report says, as values: read from the store once, counted here, without a number or a name in it."""

from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.domain.budget import MICROS, MINUTE_MS, Spent
from campaigns.domain.campaign import Budget, Campaign
from campaigns.domain.errors import InputError
from campaigns.domain.lead import LeadState
from campaigns.domain.legal import Law
from campaigns.files import parse_campaign
from campaigns.ports.people import OptOuts
from campaigns.ports.queries import Counts
from campaigns.ports.store import CampaignRecord, Store

from .discreet import without_numbers
from .heat import Heat, heat_of
from .in_force import in_force
from .law import AppliedRow, law_statement
from .tally import LISTED, Calls, Doubt, Funnel, Tally, tallied
from .timeline import Timeline, shared_zone, timeline
from .words import DISPOSITIONS, OUTCOMES, UNDIALLED


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
class BudgetLine:
    """How far one part of the budget is used."""

    what: str
    """`attempts`, `talk minutes` or `cost`."""
    used: float
    """With what open calls may still take."""
    limit: float

    @property
    def share(self) -> float:
        """Percent."""
        return 100 * self.used / self.limit


@dataclass(frozen=True, slots=True)
class Compliance:
    """What was kept, counted call by call; nothing here is taken for granted."""

    held: int
    """Calls that began while the permit that is kept with them held."""
    outside: int
    """Calls that began before or after it."""
    without: int
    """Calls with which no permit is kept."""
    rows: tuple[AppliedRow, ...]
    """Of the law, that permitted calls."""
    versions: tuple[str, ...]
    """Of the rows."""
    duties: tuple[str, ...]
    """Of an artificial voice; empty where a person talks."""
    opt_outs: OptOuts


@dataclass(frozen=True, slots=True)
class Figures:
    """One campaign at one moment."""

    record: CampaignRecord
    law: str
    """One sentence on which legal rules were applied."""
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
    funnel: Funnel
    heat: Heat
    budget: tuple[BudgetLine, ...]
    """Empty: the campaign has none."""
    currency: str
    """Of what the provider charges; empty: nobody says."""
    compliance: Compliance
    returned: str
    """Where outcomes are on their way back to the lists; empty: they do not go back."""
    settings: tuple[tuple[str, str], ...]
    """Empty where the stored file can no longer be read."""


async def gather(store: Store, name: str, *, now: datetime, rules: Law, simulated: bool, currency: str = "") -> Figures:
    """Read a campaign and count it. Raises InputError when the database has no such campaign.

    `now` dates it, `rules` are those of now, `simulated`: nobody real was called.
    """
    record = await _known(store, name)
    campaign = _campaign(record)
    counts, tally = await store.counts(name), await tallied(store, name, campaign, rules)
    people, reached = await store.people(name)
    bad_rows, returned = await store.bad_rows(name), await _returned(store, campaign)
    zone = shared_zone(campaign.zone if campaign else None, tally.zones)
    return Figures(
        record=replace(record, reason=without_numbers(record.reason)),
        law=law_statement(campaign, rules) if campaign else "",
        simulated=simulated,
        made_at=now,
        zone=zone,
        leads=tally.leads,
        people=people,
        reached_people=reached,
        bad_rows=tuple((source, line, without_numbers(reason)) for source, line, reason in bad_rows[:LISTED]),
        bad_total=max(record.intake.get("invalid", 0), len(bad_rows)),
        outcomes=_outcomes(counts),
        details=_details(tally),
        dispositions={word.key: tally.words[word.key] for word in DISPOSITIONS},
        undialled={word: counts.attempts[word] for word in UNDIALLED if counts.attempts.get(word)},
        calls=tally.calls(),
        calls_over_time=timeline(tally.dialled, zone_name=zone),
        closed_over_time=timeline(tally.closed, zone_name=zone),
        waiting=tuple(Waiting(without_numbers(r), rule, n, due) for r, rule, n, due in counts.reasons),
        doubts=tuple(tally.doubts),
        doubts_total=tally.doubts_total,
        warnings=tuple(tally.warnings.most_common(20)),
        funnel=tally.funnel(),
        heat=heat_of(tally.heat),
        budget=budget_lines(campaign.budget if campaign else None, counts.spent),
        currency=currency,
        compliance=_compliance(tally, await store.opt_outs(name)),
        returned=returned,
        settings=tuple(in_force(campaign)) if campaign else (),
    )


def budget_lines(budget: Budget | None, spent: Spent) -> tuple[BudgetLine, ...]:
    """How far each part of a budget is used; empty: there is none."""
    if budget is None:
        return ()
    lines = (
        ("attempts", spent.attempts, budget.attempts),
        ("talk minutes", spent.talk_ms / MINUTE_MS, budget.talk_minutes),
        ("cost", spent.cost_micros / MICROS, budget.cost),
    )
    return tuple(BudgetLine(what, used, limit) for what, used, limit in lines if limit is not None)


def _compliance(tally: Tally, opt_outs: OptOuts) -> Compliance:
    permits, book = tally.permits, tally.rules.book
    is_artificial = tally.campaign is not None and tally.campaign.ground.artificial
    return Compliance(
        held=permits.held,
        outside=permits.outside,
        without=permits.without,
        rows=permits.applied(book),
        versions=tuple(sorted(permits.data)),
        duties=permits.duties(book) if is_artificial else (),
        opt_outs=opt_outs,
    )


async def _known(store: Store, name: str) -> CampaignRecord:
    record = await store.campaign(name)
    if record is None:
        raise InputError(f"There is no campaign '{name[:64]}' in this database. `campaigns status` lists them.")
    return record


async def _returned(store: Store, campaign: Campaign | None) -> str:
    if campaign is None or not campaign.write_back:
        return ""
    return without_numbers((await store.returns(campaign.campaign)).told())


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


def _details(tally: Tally) -> tuple[Detail, ...]:
    order = [word.key for word in OUTCOMES]
    rows = [Detail(outcome, why.replace("_", " "), count) for (outcome, why), count in tally.details.items()]
    return tuple(sorted(rows, key=lambda row: (order.index(row.outcome), -row.count, row.why)))
