"""The geometry of the report's pictures: bars, stacked columns, scales and ticks; the template draws them.

Lengths along a picture are percentages of its width, so that text keeps its size on every screen.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from .timeline import SIZES, Timeline, floor
from .words import Word

_DAY = timedelta(days=1)
_STEPS = sorted([*SIZES, 2 * _DAY, 14 * _DAY, 84 * _DAY])

HEIGHT = 200
"""Pixels of the plot of a column picture."""
MOST_TIME_TICKS = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar picture."""

    word: Word
    count: int
    share: float
    """Percent of everything."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: percent of the width, or pixels from the top."""

    at: float
    label: str
    larger: str = ""
    """A second line: the day under its first hour, the year under its first day."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a stacked column: percent across, pixels down."""

    key: str
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A picture of stacked columns over time."""

    blocks: tuple[Block, ...]
    times: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    legend: tuple[Word, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    """For the table: when, and a count per word of the legend; columns in which nothing happened are left out."""


def bars(words: Sequence[Word], counts: dict[str, int]) -> list[Bar]:
    """Every word that occurs, in the words' own order."""
    total = sum(counts.values())
    present = [(word, counts[word.key]) for word in words if counts.get(word.key)]
    return [Bar(word, count, 100 * count / total) for word, count in present]


def count_ticks(most: int, wanted: int = 4) -> list[int]:
    """Round numbers from 0 to `most` or just above it: steps of 1, 2 or 5 and their tens."""
    steps = (factor * 10**power for power in range(12) for factor in (1, 2, 5))
    step = next(step for step in steps if step * wanted >= most)
    return [step * number for number in range(-(-max(most, 1) // step) + 1)]


def time_ticks(start: datetime, end: datetime) -> list[Tick]:
    """At most `MOST_TIME_TICKS` round moments within a span of wall time, as percentages of it."""
    span = end - start
    step = next((size for size in _STEPS if span / size < MOST_TIME_TICKS), _STEPS[-1])
    first = floor(start, step)
    moments = [first + number * step for number in range(span // step + 2)]
    within = [moment for moment in moments if start <= moment <= end]
    return _named(within, step, start, span)


def _named(moments: Sequence[datetime], step: timedelta, start: datetime, span: timedelta) -> list[Tick]:
    """Hours with their day, or days with their year, where it is another than at the tick before."""
    ticks, before = [], ""
    for moment in moments:
        date = f"{moment.day} {moment:%b}"
        label, larger = (date, f"{moment:%Y}") if step >= _DAY else (f"{moment:%H:%M}", date)
        ticks.append(Tick(100 * ((moment - start) / span), label, larger if larger != before else ""))
        before = larger
    return ticks


def columns(words: Sequence[Word], line: Timeline, *, total: bool = False) -> Columns:
    """Stacked columns of a timeline, the first word lowest; `total`: each with everything before it."""
    drawn = line.running_total() if total else line
    legend = tuple(word for word in words if any(column.get(word.key) for column in line.columns))
    marks = count_ticks(max((sum(column.values()) for column in drawn.columns), default=0))
    names = [name_of(start, line.size) for start in line.starts()]
    stacks = (
        _stack(legend, column, _Place(number, len(names), marks[-1], is_joined=total), names[number])
        for number, column in enumerate(drawn.columns)
    )
    return Columns(
        blocks=tuple(chain.from_iterable(stacks)),
        times=tuple(time_ticks(line.start, line.end)) if names else (),
        counts=tuple(Tick(HEIGHT - HEIGHT * mark / marks[-1], f"{mark:,}") for mark in marks),
        legend=legend,
        rows=tuple(
            (name, tuple(column.get(word.key, 0) for word in legend))
            for name, column, own in zip(names, drawn.columns, line.columns, strict=True)
            if own
        ),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    number: int
    many: int
    top: int
    """The count at the upper edge."""
    is_joined: bool
    """To its neighbours: a sum goes on between two columns."""


def _stack(legend: Iterable[Word], column: dict[str, int], place: _Place, when: str) -> Iterator[Block]:
    step = 100 / place.many
    width = step if place.is_joined else min(step * 0.88, 8.0)  # one lone column must not fill the page
    x, below = place.number * step + (step - width) / 2, 0
    for word in legend:
        if count := column.get(word.key, 0):
            below += count
            title = f"{when}: {count:,} {word.title.lower()}"
            y, height = HEIGHT - HEIGHT * below / place.top, HEIGHT * count / place.top
            yield Block(word.key, x, y, width, height, title)


def name_of(start: datetime, size: timedelta) -> str:
    """A column by its beginning and end: `23 Nov, 09:00 to 10:00`."""
    day = f"{start.day} {start:%b}"
    end = start + size
    if size < timedelta(days=1):
        return f"{day}, {start:%H:%M} to {end:%H:%M}"
    last = end - timedelta(days=1)
    return f"{start:%a} {day}" if size == timedelta(days=1) else f"{day} to {last.day} {last:%b %Y}"
