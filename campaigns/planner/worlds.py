"""The worlds that a forecast plays: the same people again and again, all of them or a fair sample; and their sums."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.hours_text import Span
from campaigns.domain.lead import Outcome
from campaigns.domain.legal import Law

from .lawful import window_of
from .play import Game, Lines, Played, play
from .rates import Draws, Rates

SAMPLE = 1_000
"""Leads that are looked through for somebody on the main clock."""
_HOUR = timedelta(hours=1)


Ended = Counter[tuple[Outcome, str, str]]
"""Outcome, reason, rule of leads that are closed already."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a forecast is made for."""

    leads: tuple[Facts, ...]
    """Those without an outcome."""
    campaign: Campaign
    law: Law
    people: PeopleLimits
    rates: Rates
    lines: Lines
    now: datetime
    seed: int
    stands_for: float = 1.0
    """How many leads each of them stands for, where they are a fair sample already."""

    def world(self, replica: int | None, *, most: int) -> tuple[Played, float]:
        """One replica of at most so many leads; and how many leads each of them stands for."""
        apart = max(len(self.leads) / most, 1.0)
        first = 0.0 if replica is None else (replica * 0.618) % 1.0
        chosen = [self.leads[int((i + first) * apart)] for i in range(min(most, len(self.leads)))]
        weight = apart * self.stands_for
        lines = self.lines if weight == 1.0 else scaled(self.lines, weight, self.rates)
        game = Game(list(enumerate(chosen)), self.campaign, self.law, self.people, lines, self.now)
        draws = Draws(self.rates, self.campaign, leads=len(chosen), seed=self.seed, replica=replica)
        return play(game, draws), weight

    def window_spans(self, end: datetime) -> tuple[Span, ...]:
        """When those on the clock that most people are on may be called."""
        zone = main_zone(self.campaign, self.leads)
        some = self.leads[:SAMPLE]
        there = [facts for facts in some if zone in facts.lead.contact.zones]
        for facts in [*there, *some]:
            try:
                window = window_of(facts.lead.contact, self.campaign, self.law)
            except ValueError:
                continue
            return tuple(window.spans(self.now, end))
        return ()


Worlds = Sequence[tuple[Played, float]]
"""Each with how many leads one of its own stands for."""


def scaled(lines: Lines, weight: float, rates: Rates) -> Lines:
    """The lines of a sample in which each lead stands for `weight` of them: as much of everything for each.

    Where that is less than one line, calls hold it longer.
    """
    at_once = max(1, round(lines.at_once / weight))
    calls = sum(rates.calls.values()) or 1.0
    lasts = sum(
        count * (rates.rings[word].mean + (rates.talks[word].mean if word in rates.talks else 0.0))
        for word, count in rates.calls.items()
        if word in rates.rings
    )
    between = timedelta(seconds=lasts / calls / lines.at_once)
    return replace(
        lines, at_once=at_once, stretch=weight * at_once / lines.at_once, spacing=lines.spacing * weight,
        poll_every=min(lines.poll_every, max(between, timedelta(milliseconds=50))) if lines.poll_every else timedelta(),
    )  # fmt: skip


def lines_used(lines: Lines, worlds: Worlds) -> int:
    """The most calls at the same time, in any world; of samples: so many times as many, within the lines."""
    most = 0.0
    for world, weight in worlds:
        moves = [(at, 1) for at in world.dialled] + [(at, -1) for at in world.over]
        busy = np.cumsum([step for _, step in sorted(moves)], dtype=int)
        most = max(most, float(busy.max(initial=0)) * weight)
    return min(lines.at_once, round(most))


def endings(done: Ended, worlds: Worlds) -> list[tuple[Outcome | None, str, str, float]]:
    total = defaultdict[tuple[Outcome | None, str, str], float](float, {key: float(n) for key, n in done.items()})
    for world, weight in worlds:
        share = weight / len(worlds)
        for key, count in world.reasons.items():
            total[key] += count * share
        for (reason, rule), count in world.waiting.items():
            total[None, reason, rule] += count * share
    ordered = sorted(total.items(), key=lambda item: -item[1])
    return [(*key, count) for key, count in ordered]


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def calls_begun(worlds: Worlds) -> tuple[tuple[datetime, float], ...]:
    hours = defaultdict[datetime, float](float)
    for world, weight in worlds:
        for hour, count in Counter(_hour_of(at) for at in world.dialled).items():
            hours[hour] += count * weight / len(worlds)
    return tuple(sorted(hours.items()))


def outcomes_over_time(done: Ended, worlds: Worlds) -> tuple[tuple[datetime, Mapping[Outcome, float]], ...]:
    hours = defaultdict[datetime, dict[Outcome, float]](dict)
    for world, weight in worlds:
        for at, outcome in world.closed:
            closed = hours[_hour_of(at) + _HOUR]
            closed[outcome] = closed.get(outcome, 0.0) + weight / len(worlds)
    so_far = defaultdict[Outcome, float](float)
    for (outcome, _, _), many in done.items():
        so_far[outcome] += many
    lines = []
    for hour in sorted(hours):
        for outcome, count in hours[hour].items():
            so_far[outcome] += count
        lines.append((hour, dict(so_far)))
    return tuple(lines)


def main_zone(campaign: Campaign, leads: Sequence[Facts]) -> str:
    """The campaign's own, else the one that most people are in."""
    zones = Counter(facts.lead.contact.zones[0] for facts in leads if facts.lead.contact.zones)
    return campaign.zone or (zones.most_common(1)[0][0] if zones else "UTC")
