"""Dates and times in the cells of lists: which instants a text may mean, in every zone a person may be in."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from .zones import zone

_FOLDS = (0, 1)


def written(text: str) -> datetime:
    """`2026-11-23`, `2026-11-23 17:00`, with or without an offset; a date is its first moment. Raises ValueError."""
    if not re.match(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def is_date(text: str) -> bool:
    """Whether the text names a day and no time."""
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None


def instants(local: datetime, offset: timedelta, zones: Sequence[str]) -> Iterator[datetime]:
    """The UTC instants that a written time, moved by a duration, may mean: one for each zone, none without zones.

    Whole days move the clock on the wall, the rest is elapsed time. `72h` is three whole days too.
    """
    sign = -1 if offset < timedelta() else 1
    days = timedelta(days=abs(offset).days) * sign
    rest = offset - days
    if local.tzinfo and not (days and zones):
        yield (local + days + rest).astimezone(UTC)
        return
    for there in map(zone, zones):
        own = local.astimezone(there) if local.tzinfo else local
        wall = own.replace(tzinfo=None) + days
        # On the night when clocks change a time exists twice, or never: both readings are taken.
        yield from ((wall.replace(tzinfo=there, fold=fold)).astimezone(UTC) + rest for fold in _FOLDS)
