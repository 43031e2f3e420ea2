"""What `plan` reads before it plays: the file, the lists, the database as it stands, and how calls went until now.

Everything is done to a copy in a folder that is removed: the database itself is only read, and nobody is called.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from campaigns.app import (
    Session,
    account_terms,
    check_runnable,
    database_of,
    is_simulated,
    local_start,
    open_session,
    provider_settings,
)
from campaigns.clock import DiscreteClock, real_now, run_real, run_virtual
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import InputError
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.hours import week
from campaigns.domain.lead import Outcome
from campaigns.domain.outcomes import Verdict, callback_time, judge
from campaigns.domain.pacing import request_spacing, spacing
from campaigns.domain.zones import Place
from campaigns.domain.zones import zone as zone_info
from campaigns.editing import put_campaign
from campaigns.engine.intake import Intake
from campaigns.engine.terms import AccountTerms, limits_of
from campaigns.engine.urgency import capacity_of
from campaigns.files import Loaded, load_campaign, parse_campaign
from campaigns.loading import open_lists
from campaigns.planner.forecast import ANCHOR, Forecast, forecast
from campaigns.planner.play import Lines
from campaigns.planner.rates import ENOUGH, Heard, Rates, assumed_rates, learned_rates, slot_of
from campaigns.planner.squeeze import Squeeze, squeeze
from campaigns.planner.urgency import has_deadlines
from campaigns.ports import Clock
from campaigns.ports.store import Store
from campaigns.running import load_leads
from campaigns.sections import ProviderSettings
from campaigns.settings import Settings
from campaigns.stores.location import Kind, Location
from campaigns.stores.sqlite_file import SqliteFile
from campaigns.vendors.simulated.people import CALLERS_BACK, How, Person

LATELY = timedelta(days=90)
"""How old the calls are, at most, that the rates are learned from."""
JUDGED = 500
"""Answered calls of this campaign that its outcome rules are asked about."""
PEOPLE = 1_200
"""Made-up people whose ways the forecast of a simulated campaign is learned from; the run has others."""
OTHER_PEOPLE = 20_261_123
"""Their seed."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign file, played ahead."""

    campaign: Campaign
    forecast: Forecast
    squeeze: Squeeze | None
    """None: nobody has a deadline."""
    intake: Intake
    goes_on: bool
    """The database knows the campaign: it was played on from where it stands."""
    price_per_minute: float | None
    currency: str
    notes: tuple[str, ...]
    """What the figures rest on."""


def plan_file(path: Path, settings: Settings, *, at: datetime | None = None) -> Plan:
    """Play a campaign file ahead. Raises InputError, StoreError.

    Args:
        path: The campaign file.
        settings: Of this process.
        at: From when on; default: from now, or, with the simulator, from when `run` would begin or go on.
    """
    loaded = load_campaign(path)
    check_runnable(loaded, settings)
    simulated = is_simulated(settings, loaded.campaign.provider)
    database = database_of(settings, simulated=simulated)
    with TemporaryDirectory(prefix="campaigns-plan-") as folder:
        copy = SqliteFile(Path(folder) / "copy.db")
        begins = run_real(lambda: _copied(database, copy, loaded.campaign, at, simulated=simulated))
        clock = DiscreteClock(begins)

        async def main() -> Plan:
            made_up = simulated or await copy.kind() is Kind.SIMULATED
            async with open_session(settings, clock, simulated=made_up, database=copy) as session:
                return await _plan(session, loaded, goes_on=await _knows(session, loaded))

        return run_virtual(clock, main)


async def _copied(
    database: Location, copy: SqliteFile, campaign: Campaign, at: datetime | None, *, simulated: bool
) -> datetime:
    """Copy the database as it stands; when the play begins. Raises InputError, StoreError."""
    kind = await database.copy(copy.path)
    if kind is Kind.FOREIGN:
        raise InputError(f"{database} is not a database of ours. Name another with --db.")
    if simulated and kind is Kind.LIVE:
        # The simulator's calls are never mixed with real ones; what is on loopback may be played either way.
        raise InputError(
            f"{database}: is a live database, and this campaign is a simulated one. Name another with --db."
        )
    return _begins(campaign, await copy.last_moment(campaign.campaign), at, simulated=simulated)


def _begins(campaign: Campaign, last: datetime | None, at: datetime | None, *, simulated: bool) -> datetime:
    """Never before what has taken place already."""
    if simulated:
        begins = last or local_start(campaign.starts, real_now())
        return max(begins, at) if at and last else at or begins
    return max(filter(None, (at or real_now(), last)))


async def _knows(session: Session, loaded: Loaded) -> bool:
    return await session.store.campaign(loaded.campaign.campaign) is not None


async def _plan(session: Session, loaded: Loaded, *, goes_on: bool) -> Plan:
    campaign = loaded.campaign
    record = await put_campaign(session, loaded)
    intake = await load_leads(session, record, await open_lists(loaded, session.store, session.systems))
    leads = [facts async for facts in _leads(session, campaign.campaign)]
    account = account_terms(session.settings, campaign.provider)
    own = provider_settings(session.settings, campaign.provider)
    simulated = is_simulated(session.settings, campaign.provider)
    people = PeopleLimits(session.settings.people.per_day, session.settings.people.gap)
    played = forecast(
        leads, campaign, session.law, await _rates(session, campaign), lines_of(campaign, account, session.clock),
        now=session.clock.now(), people=people, price_per_minute=own.price_per_minute,
    )  # fmt: skip
    notes = tuple(_notes(campaign, played, own, goes_on=goes_on, simulated=simulated))
    limits, now = limits_of(campaign, account, session.clock.tolerance), session.clock.now()
    squeezed = squeeze(leads, campaign, session.law, capacity_of(limits), now=now) if has_deadlines(campaign) else None
    return Plan(campaign, played, squeezed, intake, goes_on, own.price_per_minute, own.currency or "", notes)


async def play_on(session: Session, name: str) -> Forecast | None:
    """How a campaign of the database goes on from here, by a fair sample of it where it is a long one.

    None: nobody is left to call. Raises InputError.
    """
    record = await session.store.campaign(name)
    ids, left = await session.store.sample(name, limit=ANCHOR) if record else ([], 0)
    if record is None or not ids:
        return None
    campaign = parse_campaign(record.document, name=str(Path(record.folder) / name)).campaign
    account = account_terms(session.settings, record.provider)
    outcomes = (await session.store.counts(name)).outcomes
    return forecast(
        [facts async for facts in _facts(session, ids)], campaign, session.law, await _rates(session, campaign),
        lines_of(campaign, account, session.clock), now=session.clock.now(),
        people=PeopleLimits(session.settings.people.per_day, session.settings.people.gap),
        price_per_minute=account.price_per_minute, stands_for=left / len(ids),
        closed={Outcome(outcome): many for outcome, many in outcomes.items()},
    )  # fmt: skip


async def _facts(session: Session, ids: Sequence[str]) -> AsyncIterator[Facts]:
    for first in range(0, len(ids), BATCH):
        for claimed in await session.store.facts(ids[first : first + BATCH], now=session.clock.now()):
            yield claimed.facts


async def _leads(session: Session, name: str) -> AsyncIterator[Facts]:
    """Every lead with its facts, in list order."""
    after = -1
    while page := await session.store.lead_page(name, after=after, limit=BATCH):
        after = page[-1][0]
        found = await session.store.facts([lead.id for _, lead, _ in page], now=session.clock.now())
        by_id = {claimed.facts.lead.id: claimed.facts for claimed in found}
        for _, lead, _ in page:
            yield by_id[lead.id]


def lines_of(campaign: Campaign, account: AccountTerms, clock: Clock) -> Lines:
    """The campaign's pacing within the account's, and how fast an end is noticed."""
    limits = limits_of(campaign, account, clock.tolerance)
    slowest = min(limits.per_second, limits.campaign_per_second)
    asks = request_spacing(limits.requests_per_minute, limits.tolerance)
    return Lines(
        at_once=min(limits.at_once, limits.campaign_at_once),
        spacing=max(spacing(slowest, limits.tolerance), asks),
        ahead=limits.ahead,
        poll_every=timedelta() if account.reports_come else account.poll_every,
    )


def _notes(
    campaign: Campaign, played: Forecast, own: ProviderSettings, *, goes_on: bool, simulated: bool
) -> Iterator[str]:
    yield f"{played.source}; {played.answered:.0%} are answered"
    if goes_on:
        yield "goes on from where the database stands"
    if own.price_per_minute is None:
        yield f"no cost: price_per_minute is not in [providers.{own.kind}]"
    slower = [("budget", bool(campaign.budget)), ("pacing.ramp_up", bool(campaign.pacing.ramp_up))]
    slower += [("caller_ids.per_day", any(caller.per_day for caller in campaign.caller_ids))]
    if left_out := [name for name, value in slower if value]:
        yield f"left out, so that it may take longer or stop earlier: {', '.join(left_out)}"
    if not simulated:
        yield "left out: people who call back by themselves"
    yield f"bands: eight in ten of {played.replicas} made-up runs; other campaigns on the same account are left out"


# ── how calls go ──


@dataclass(frozen=True, slots=True)
class Past:
    """What a database tells of calls."""

    history: list[Heard]
    verdicts: list[Verdict]
    """What the campaign's rules say of its own answered calls."""

    @property
    def calls(self) -> int:
        return sum(heard.calls for heard in self.history)


async def past_of(store: Store, campaign: Campaign, *, since: datetime) -> Past:
    """Of all campaigns how calls went; of this one also what was said in them."""
    history = [
        Heard(
            line.disposition, line.ordinal, slot_of(line.hour.astimezone(zone_info(line.zone or "UTC"))), line.calls,
            line.rings, line.rings_squared, line.talks, line.talks_squared,
        )
        for line in await store.answer_history(since=since)
    ]  # fmt: skip
    answered = await store.last_answers(campaign.campaign, limit=JUDGED)
    verdicts = [_verdict(campaign, a.report, a.ordinal, a.ended_by) for a in answered if a.report is not None]
    return Past(history, verdicts)


async def _rates(session: Session, campaign: Campaign) -> Rates:
    """From the database's own calls where there are enough, else from the simulator's people, else assumed."""
    past = await past_of(session.store, campaign, since=session.clock.now() - LATELY)
    simulated = is_simulated(session.settings, campaign.provider)
    if past.calls < ENOUGH:
        return made_up_rates(campaign) if simulated else _assumed(campaign)
    verdicts = past.verdicts or _usual_verdicts(campaign, simulated=simulated)
    kind = "simulated" if session.simulated else "real"
    source = f"learned from {past.calls:,} {kind} calls of the last {LATELY.days} days"
    ring_back = made_up_rates(campaign).ring_back if simulated else 0.0
    return replace(learned_rates(past.history, source, verdicts), ring_back=ring_back)


def _usual_verdicts(campaign: Campaign, *, simulated: bool) -> list[Verdict]:
    return list((made_up_rates(campaign) if simulated else _assumed(campaign)).verdicts)


def _verdict(campaign: Campaign, report: CallReport, ordinal: int, ended_at: datetime) -> Verdict:
    """What the rules say, with a callback as the time from the call's end: that is what the next one may ask for."""
    verdict = judge(campaign.outcomes, report, ordinal=ordinal)
    if verdict.callback is None:
        return verdict
    at = callback_time(verdict.callback, zones=["UTC"], ended_at=ended_at, now=ended_at)
    return Verdict(label=verdict.label, callback=at - ended_at if at else "")


_WISHES = {Outcome.DO_NOT_CALL: 2, Outcome.REFUSED: 8, Outcome.WRONG_PERSON: 1}
"""ASSUMED, of a hundred who answer; only where the campaign has a rule for it, but for the built-in first one."""
_CALLBACKS = 5
"""ASSUMED, of a hundred, where the campaign has a rule for callbacks."""


def _assumed(campaign: Campaign) -> Rates:
    """The table of assumptions, with what people say under this campaign's rules."""
    rates = assumed_rates()
    report = CallReport("", ended=True, disposition=Disposition.ANSWERED, talk_seconds=90.0)
    usual = judge(campaign.outcomes, report, ordinal=1)
    told: list[Verdict] = [Verdict(Outcome.DO_NOT_CALL, "opt-out")] * _WISHES[Outcome.DO_NOT_CALL]
    for rule in campaign.outcomes:
        if rule.callback is not None and not any(verdict.callback for verdict in told):
            told += [Verdict(callback=timedelta(days=1), label=rule.label)] * _CALLBACKS
        elif rule.outcome in _WISHES and not any(verdict.outcome is rule.outcome for verdict in told):
            told += [Verdict(rule.outcome, rule.label)] * _WISHES[rule.outcome]
    reached = next((rule for rule in campaign.outcomes if rule.outcome is Outcome.REACHED), None)
    if not usual.decides and reached is not None:
        usual = Verdict(Outcome.REACHED, reached.label)
    return Rates(
        rates.calls, rates.rings, rates.talks, rates.source, verdicts=[*told, *[usual] * (100 - len(told))],
        assumed=True,
    )  # fmt: skip


_HOW = {How.PROVIDER_ERROR: Disposition.FAILED}
_MONDAY = datetime.fromisoformat("2026-11-23T00:00+00:00")


def made_up_rates(campaign: Campaign) -> Rates:
    """The ways of the simulator's made-up people: learned by ringing others of them up, at the campaign's hours."""
    heard: Counter[tuple[Disposition, int, int]] = Counter()
    sums: dict[tuple[Disposition, int, int], list[float]] = {}
    verdicts: list[Verdict] = []
    for key, rings, talks, report, at in _rung(_open_hours(campaign)):
        heard[key] += 1
        summed = sums.setdefault(key, [0.0] * 4)
        for place, value in enumerate((rings, rings * rings, talks, talks * talks)):
            summed[place] += value
        if report.disposition is Disposition.ANSWERED and len(verdicts) < JUDGED:
            verdicts.append(_verdict(campaign, report, key[1], at))
    history = [Heard(*key, count, *sums[key]) for key, count in heard.items()]
    rates = learned_rates(history, "no history: the ways of the simulator's made-up people", verdicts)
    return replace(rates, ring_back=CALLERS_BACK)


def _open_hours(campaign: Campaign) -> list[datetime]:
    """The hours of a week at which the campaign calls, on the wall clock; all hours of the day where it has none."""
    days = week(campaign.calling_hours, Place("UTC", "GB", None), _MONDAY.date())  # a week without holidays there
    found = [
        datetime.combine(day, time(hour))
        for day, spans, _ in days
        for opens, closes in spans
        for hour in range(int(opens[:2]), int(closes[:2]) + (closes[3:] > "00"))
    ]
    return found or [datetime.combine(_MONDAY.date(), time(hour)) for hour in range(8, 21)]


def _rung(
    hours: Sequence[datetime],
) -> Iterator[tuple[tuple[Disposition, int, int], float, float, CallReport, datetime]]:
    """Calls to made-up people at some of these hours, up to three each, as long as nobody answers."""
    for number in range(PEOPLE):
        person = Person(OTHER_PEOPLE, f"+44207946{number:04}")
        for ordinal in (1, 2, 3):
            local = hours[int(len(hours) * person.roll(f"{ordinal}|hour"))].replace(tzinfo=person.zone)
            fate = person.fate(ordinal, local)
            word = _HOW.get(fate.how) or Disposition(fate.how.value)
            rings, ended = fate.queued + (fate.rings or 0.0), local + timedelta(seconds=fate.talks)
            report = CallReport("", disposition=word, talk_seconds=fate.talks, ended=True, analysis=fate.analysis)
            yield (word, ordinal, slot_of(local)), rings, fate.talks, report, ended
            if word in (Disposition.ANSWERED, Disposition.BAD_NUMBER):
                break
