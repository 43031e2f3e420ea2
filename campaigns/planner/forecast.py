"""Play the campaign forward: finish, calls per hour, lines, cost, who is never reached and why, and what if."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean

import numpy as np

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.hours_text import Span
from campaigns.domain.lead import LeadState, Outcome
from campaigns.domain.legal import Law

from .play import Lines
from .rates import Rates
from .what_if import changes
from .worlds import Asked, Ended, Worlds, calls_begun, endings, lines_used, main_zone, outcomes_over_time

WHOLE = 1_000
"""Leads up to which every replica plays all of them; of more it plays every so-manyth, on so many times fewer lines."""
ANCHOR = 5_000
"""Leads of the one replica that says when a large campaign ends: among more people somebody is always later."""
PLAYED, FEWEST, MOST = 12_000, 10, 60
"""Leads played in all replicas together; and how many replicas there are."""
TRIED, TRIES = 300, 4
"""Leads and replicas of what would be if."""
EARLIER = "closed before"
"""Why leads ended of which only the outcome is told."""
SLOWER = 0.02
"""Fewer lines are as good, where the campaign takes no more than this share longer."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Band:
    """Eight worlds in ten lie from `p10` to `p90`."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Moments:
    """The same of instants."""

    p10: datetime
    p50: datetime
    p90: datetime


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would be different if."""

    change: str
    finish: datetime | None
    reached: float


@dataclass(frozen=True, slots=True)
class Why:
    """So many leads end so, on average over all worlds; `outcome` None: they have none at the end."""

    outcome: Outcome | None
    reason: str
    rule: str
    leads: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """A campaign, played ahead. Counts are averages over many worlds unless they are bands."""

    now: datetime
    zone: str
    """The clock that most people are on."""
    leads: int
    open: int
    """Of them without an outcome yet."""
    first_call: datetime | None
    finish: Moments | None
    """None: nobody has anything to wait for."""
    reached: Band
    """Of all leads, those that are reached already included."""
    attempts: Band
    talk_minutes: Band
    cost: Band | None
    """None: no price is known."""
    why: tuple[Why, ...]
    """How the leads end, the most frequent first."""
    calls: tuple[tuple[datetime, float], ...]
    """Calls begun in each hour (by its beginning, UTC) in which there are any."""
    outcomes: tuple[tuple[datetime, Mapping[Outcome, float]], ...]
    """How many leads are closed with each outcome at the end of each hour in which any is."""
    windows: tuple[tuple[datetime, datetime], ...]
    """When those on that clock may be called."""
    at_once: int
    lines_used: int
    """The most calls at the same time."""
    lines_enough: int
    """With so many lines it would be over as soon."""
    what_if: tuple[WhatIf, ...]
    source: str
    """Where the rates come from."""
    assumed: bool
    answered: float
    """The share of calls that are taken to be answered."""
    replicas: int

    def total(self, outcome: Outcome | None) -> float:
        """How many leads end so."""
        return sum(why.leads for why in self.why if why.outcome is outcome)


def forecast(  # noqa: PLR0913 - everything that a forecast depends on
    leads: Sequence[Facts],
    campaign: Campaign,
    law: Law,
    rates: Rates,
    lines: Lines,
    *,
    now: datetime,
    people: PeopleLimits = PeopleLimits(),  # noqa: B008 - frozen
    seed: int = 1,
    price_per_minute: float | None = None,
    what_if: bool = True,
    stands_for: float = 1.0,
    closed: Mapping[Outcome, int] | None = None,
) -> Forecast:
    """What will become of a campaign. Pure: the same arguments give the same forecast.

    Args:
        leads: All of them as they stand, in list order, each with its history.
        campaign: The campaign file.
        law: As `decide` asks it.
        rates: How calls go.
        lines: How calls may start.
        now: From when on, aware.
        people: The settings' limits per person.
        seed: Of the made-up worlds.
        price_per_minute: Of talk.
        what_if: Also try out what would be different with other lines, hours and attempts.
        stands_for: How many leads each of these stands for, where they are a fair sample of many more.
        closed: Of leads that are closed and not among these, how many have each outcome.
    """
    still = tuple(facts for facts in leads if facts.lead.state is not LeadState.CLOSED)
    asked = Asked(still, campaign, law, people, rates, lines, now.astimezone(UTC), seed, stands_for)
    left = round(len(still) * stands_for)
    number = max(FEWEST, min(MOST, PLAYED // max(len(still), 1)))
    worlds = [asked.world(replica, most=WHOLE) for replica in range(number)] if still else []
    done = Counter(_ending(facts) for facts in leads if facts.lead.state is LeadState.CLOSED)
    done.update({(outcome, EARLIER, ""): many for outcome, many in (closed or {}).items()})
    finish = _finish(asked, [world.finish for world, _ in worlds if world.finish])
    others = _what_if(asked, finish.p50, done, worlds) if what_if and finish else []
    minutes = _band([world.talk_seconds * weight / 60 for world, weight in worlds])
    return Forecast(
        now=asked.now, zone=main_zone(campaign, leads), leads=left + done.total(), open=left,
        first_call=min((min(world.dialled) for world, _ in worlds if world.dialled), default=None),
        finish=finish,
        reached=_band([world.reached * weight + _reached(done) for world, weight in worlds], _reached(done)),
        attempts=_band([len(world.dialled) * weight for world, weight in worlds]),
        talk_minutes=minutes,
        cost=None if price_per_minute is None else Band(*(price_per_minute * m for m in _values(minutes))),
        why=tuple(Why(*ending) for ending in endings(done, worlds)),
        calls=calls_begun(worlds), outcomes=outcomes_over_time(done, worlds),
        windows=asked.window_spans(finish.p90 + _HOUR) if finish else (), at_once=lines.at_once,
        lines_used=lines_used(lines, worlds), lines_enough=_lines_enough(asked, worlds), what_if=tuple(others),
        source=rates.source, assumed=rates.assumed, answered=rates.answered, replicas=number,
    )  # fmt: skip


def _ending(facts: Facts) -> tuple[Outcome, str, str]:
    lead = facts.lead
    return lead.outcome or Outcome.STOPPED, lead.label or lead.reason, lead.rule


def _reached(done: Ended) -> int:
    return sum(count for (outcome, _, _), count in done.items() if outcome is Outcome.REACHED)


def _band(values: Sequence[float], otherwise: float = 0.0) -> Band:
    return Band(*(float(v) for v in np.percentile(values or [otherwise], [10, 50, 90])))


def _values(band: Band) -> tuple[float, float, float]:
    return band.p10, band.p50, band.p90


def _moments(instants: Sequence[datetime]) -> Moments:
    """Quantiles that are one of the instants, so that nobody finishes at night between two days."""
    ordered = sorted(instants)
    last = len(ordered) - 1
    return Moments(*(ordered[round(last * share)] for share in (0.1, 0.5, 0.9)))


def _finish(asked: Asked, ends: Sequence[datetime]) -> Moments | None:
    """The quantiles; those of samples are moved, in open hours, by what all people take longer than a sample."""
    if not ends:
        return None
    found = _moments(ends)
    if len(asked.leads) <= WHOLE:
        return found
    anchor, sampled = (asked.world(None, most=most)[0].finish for most in (ANCHOR, WHOLE))
    if anchor is None or sampled is None:
        return found
    spans = asked.window_spans(max(found.p90, anchor) + timedelta(days=31))
    by = _worked(spans, anchor) - _worked(spans, sampled)
    ends = [_after(spans, _worked(spans, end) + by, otherwise=end) for end in (found.p10, found.p50, found.p90)]
    return Moments(*ends)


def _worked(spans: Sequence[Span], at: datetime) -> timedelta:
    """How long it was open until then."""
    return sum((min(closes, at) - opens for opens, closes in spans if opens < at), timedelta())


def _after(spans: Sequence[Span], worked: timedelta, *, otherwise: datetime) -> datetime:
    """When it has been open for so long."""
    for opens, closes in spans:
        if worked <= closes - opens:
            return opens + max(worked, timedelta())
        worked -= closes - opens
    return otherwise


def _lines_enough(asked: Asked, worlds: Worlds) -> int:
    """By halving: the fewest lines with which the likeliest world is over hardly later."""
    if not worlds:
        return 0
    usual = asked.world(None, most=TRIED)[0].finish
    high = min(asked.lines.at_once, max(1, lines_used(asked.lines, worlds)))
    if usual is None:
        return high
    latest, low = usual + (usual - asked.now) * SLOWER, 1
    while low < high:
        middle = (low + high) // 2
        tried = replace(asked, lines=replace(asked.lines, at_once=middle)).world(None, most=TRIED)[0].finish
        low, high = (low, middle) if tried is not None and tried <= latest else (middle + 1, high)
    return high


def _what_if(asked: Asked, usual: datetime, done: Ended, worlds: Worlds) -> list[WhatIf]:
    """The same people on the same days, but for one change; against what they do without it."""

    def tried(game: Asked) -> tuple[datetime | None, float]:
        played = [game.world(replica, most=TRIED) for replica in range(TRIES)]
        ends = sorted(world.finish for world, _ in played if world.finish)
        return ends[len(ends) // 2] if ends else None, fmean(world.reached * weight for world, weight in played)

    end, reached = tried(asked)
    average = fmean(world.reached * weight for world, weight in worlds) + _reached(done)
    found = []
    for words, campaign, at_once in changes(asked.campaign, asked.lines.at_once):
        other = replace(asked, campaign=campaign, lines=replace(asked.lines, at_once=at_once))
        then, many = tried(other)
        finish = usual + (then - end) if then and end else None
        found.append(WhatIf(words, finish, average + many - reached))
    return found
