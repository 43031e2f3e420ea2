"""A campaign's past, added up page by page: what is kept grows with the days, never with the leads. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from campaigns.domain.zones import zone
from campaigns.ports.board import PastPage
from campaigns.reports.timeline import GRAIN, Event, timeline

from .views import Bucket, HeatCell, History

MOST = 2_000
"""Moments that are told apart; of more, a whole hour is one."""
HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Past:
    """What happened so far."""

    closed: Counter[Event] = field(default_factory=Counter)
    """When leads were closed, and with which outcome."""
    called: Counter[Event] = field(default_factory=Counter)
    """When calls ended, and how."""
    heat: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Weekday and hour on the clock of whoever was called → calls."""
    warm: Counter[tuple[int, int]] = field(default_factory=Counter)
    """The same of those that were answered."""
    people: int = 0
    """Leads that were called."""
    answering: int = 0
    """Leads that answered."""
    grain: timedelta = GRAIN

    def add(self, page: PastPage, *, zone_name: str) -> None:
        """Count a page. `zone_name`: the clock of whoever has none."""
        for at, outcome, leads in page.closed:
            self.closed[floor(at, self.grain), outcome] += leads
        for call in page.called:
            self.people += call.first
            self.answering += call.first_answered
            if call.ended is not None:
                self.called[floor(call.ended, self.grain), call.disposition] += call.attempts
            local = call.began.astimezone(zone(call.zone or zone_name))
            self.heat[local.weekday(), local.hour] += call.attempts
            self.warm[local.weekday(), local.hour] += call.attempts * (call.disposition == "answered")
        if self.grain < HOUR and max(len(self.closed), len(self.called)) > MOST:
            self._coarsen()

    def plus(self, other: "Past") -> "Past":
        """Of both together."""
        grain = max(self.grain, other.grain)
        return Past(
            self.closed + other.closed, self.called + other.called, self.heat + other.heat, self.warm + other.warm,
            self.people + other.people, self.answering + other.answering, grain,
        )  # fmt: skip

    def _coarsen(self) -> None:
        self.grain = HOUR
        self.closed, self.called = _floored(self.closed), _floored(self.called)


def _floored(events: Mapping[Event, int]) -> Counter[Event]:
    found = Counter[Event]()
    for (at, word), count in events.items():
        found[floor(at, HOUR), word] += count
    return found


def floor(at: datetime, size: timedelta) -> datetime:
    """The beginning of the stretch of time that holds this instant."""
    return at - (at - _EPOCH) % size


def history_of(past: Past, *, zone_name: str, complete: bool) -> History:
    """As the faces show it, but for its funnel, in columns that are few enough to draw.

    Args:
        past: What was added up.
        zone_name: Whose days the columns are.
        complete: Whether that is all.
    """
    both = {(at, f"closed {word}"): count for (at, word), count in past.closed.items()}
    both |= {(at, f"called {word}"): count for (at, word), count in past.called.items()}
    line = timeline(both, zone_name=zone_name)
    starts = [start.replace(tzinfo=zone(zone_name)).astimezone(UTC) for start in line.starts()]
    columns = list(zip(starts, line.columns, strict=True))
    return History(
        funnel=(),
        grain_minutes=int(line.size / timedelta(minutes=1)),
        outcomes=tuple(Bucket(at, _words(column, "closed ")) for at, column in columns),
        calls=tuple(Bucket(at, _words(column, "called ")) for at, column in columns),
        heat=tuple(
            HeatCell(weekday, hour, calls, past.warm[weekday, hour])
            for (weekday, hour), calls in sorted(past.heat.items())
        ),
        complete=complete,
    )


def funnel(past: Past, *, leads: int, reached: int) -> tuple[tuple[str, int], ...]:
    """Of so many leads, of whom so many are reached: each a part of the one before."""
    answering = max(past.answering, reached)  # whoever is reached in a call of their own has answered, too
    called = max(past.people, answering)
    return ("leads", max(leads, called)), ("called", called), ("answered", answering), ("reached", reached)


def _words(column: Mapping[str, int], which: str) -> dict[str, int]:
    return {word.removeprefix(which): count for word, count in sorted(column.items()) if word.startswith(which)}
