"""Where a time axis is marked: round moments, few enough to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .timeline import SIZES, floor

_DAY = timedelta(days=1)
_STEPS = sorted([*SIZES, 2 * _DAY, 14 * _DAY, 84 * _DAY])


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis."""

    at: datetime
    """Wall time."""
    label: str
    larger: str = ""
    """A second line: the day under its first hour, the year under its first day."""


def time_ticks(start: datetime, end: datetime, *, most: int) -> list[Tick]:
    """At most `most` round moments within a span of wall time, and at least one."""
    span = end - start
    step = next((size for size in _STEPS if span / size < most), _STEPS[-1])
    first = floor(start, step)
    moments = [first + number * step for number in range(span // step + 2)]
    return _named([moment for moment in moments if start <= moment <= end] or [start], step)


def _named(moments: Sequence[datetime], step: timedelta) -> list[Tick]:
    """Hours with their day, or days with their year, where it is another than at the tick before."""
    ticks, before = [], ""
    for moment in moments:
        date = f"{moment.day} {moment:%b}"
        label, larger = (date, f"{moment:%Y}") if step >= _DAY else (f"{moment:%H:%M}", date)
        ticks.append(Tick(moment, label, larger if larger != before else ""))
        before = larger
    return ticks
