"""Counts over time in columns of equal width, few enough to draw, on the clock of one zone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from campaigns.domain.zones import zone

MOST_COLUMNS = 120
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SIZES = (
    5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 7 * _DAY, 28 * _DAY, 364 * _DAY,
)  # fmt: skip
_MONDAY = datetime(2001, 1, 1)  # noqa: DTZ001 - wall time; steps of whole weeks begin on Mondays

Event = tuple[datetime, str]
"""An instant, and the word that is counted."""
GRAIN = SIZES[0]
"""Events may be counted in steps of this before a timeline is drawn: nothing finer is ever shown."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Counts per column and word. Times are wall time, so that a day is a day also when the clocks change."""

    zone: str
    start: datetime
    size: timedelta
    columns: tuple[dict[str, int], ...] = ()

    def starts(self) -> Iterator[datetime]:
        """When each column begins."""
        return (self.start + number * self.size for number in range(len(self.columns)))

    @property
    def end(self) -> datetime:
        return self.start + len(self.columns) * self.size

    def running_total(self) -> "Timeline":
        """The same columns, each with everything before it."""
        total: dict[str, int] = {}
        columns = []
        for column in self.columns:
            total = {word: total.get(word, 0) + column.get(word, 0) for word in total | column}
            columns.append(total)
        return Timeline(self.zone, self.start, self.size, tuple(columns))


def timeline(events: Mapping[Event, int], *, zone_name: str) -> Timeline:
    """How often each event took place → at most `MOST_COLUMNS` columns; no column when there is no event."""
    there = zone(zone_name)
    local = sorted((at.astimezone(there).replace(tzinfo=None), word, count) for (at, word), count in events.items())
    if not local:
        return Timeline(zone_name, _MONDAY, _HOUR)
    first, last = local[0][0], local[-1][0]
    size = column_size(first, last)
    start = floor(first, size)
    columns: list[dict[str, int]] = [{} for _ in range((last - start) // size + 1)]
    for at, word, count in local:
        column = columns[(at - start) // size]
        column[word] = column.get(word, 0) + count
    return Timeline(zone_name, start, size, tuple(columns))


def column_size(first: datetime, last: datetime) -> timedelta:
    """The finest width that needs no more than `MOST_COLUMNS` columns from `first` to `last`."""
    fits = (size for size in SIZES if (last - floor(first, size)) // size < MOST_COLUMNS)
    return next(fits, SIZES[-1])


def floor(at: datetime, size: timedelta) -> datetime:
    """The beginning of the column that holds this wall time."""
    return at - (at - _MONDAY) % size


def shared_zone(campaign_zone: str | None, zones_of_contacts: Iterable[tuple[str, ...]]) -> str:
    """The zone of the time axis: the campaign's, else the one zone of all contacts, else UTC."""
    if campaign_zone:
        return campaign_zone
    found = set(zones_of_contacts) - {()}
    only = found.pop() if len(found) == 1 else ()
    return only[0] if len(only) == 1 else "UTC"


def wall(at: datetime | None, zone_name: str) -> datetime | None:
    """An instant as the clocks of the zone show it."""
    return None if at is None else at.astimezone(UTC).astimezone(zone(zone_name)).replace(tzinfo=None)
