"""What the report's pictures show, as values: bars, and counts over time with the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .timeline import Timeline
from .words import Word


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar picture."""

    word: Word
    count: int
    share: float
    """Percent of everything."""


@dataclass(frozen=True, slots=True)
class OverTime:
    """Counts stacked over time, the first word lowest."""

    line: Timeline
    legend: tuple[Word, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    """For the table: when, and a count per word of the legend; columns in which nothing happened are left out."""

    @property
    def most(self) -> int:
        """In one column."""
        return max((sum(column.values()) for column in self.line.columns), default=0)

    def counts(self, word: Word) -> list[int]:
        """Of one word, column by column."""
        return [column.get(word.key, 0) for column in self.line.columns]


def bars(words: Sequence[Word], counts: dict[str, int]) -> list[Bar]:
    """Every word that occurs, in the words' own order."""
    total = sum(counts.values())
    present = [(word, counts[word.key]) for word in words if counts.get(word.key)]
    return [Bar(word, count, 100 * count / total) for word, count in present]


def over_time(words: Sequence[Word], line: Timeline, *, total: bool = False) -> OverTime:
    """A timeline with its words; `total`: each column with everything before it."""
    drawn = line.running_total() if total else line
    legend = tuple(word for word in words if any(column.get(word.key) for column in line.columns))
    columns = zip(line.starts(), drawn.columns, line.columns, strict=True)
    rows = tuple(
        (name_of(start, line.size), tuple(column.get(word.key, 0) for word in legend))
        for start, column, own in columns
        if own
    )
    return OverTime(drawn, legend, rows)


def name_of(start: datetime, size: timedelta) -> str:
    """A column by its beginning and end: `23 Nov, 09:00 to 10:00`."""
    day = f"{start.day} {start:%b}"
    end = start + size
    if size < timedelta(days=1):
        return f"{day}, {start:%H:%M} to {end:%H:%M}"
    last = end - timedelta(days=1)
    return f"{start:%a} {day}" if size == timedelta(days=1) else f"{day} to {last.day} {last:%b %Y}"
