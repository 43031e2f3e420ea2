"""When to try again after each disposition, as the campaign file says."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Literal

from .call import Disposition
from .campaign import Retry
from .hours import CallingWindow
from .lead import spread
from .zones import zone as zone_info

NOON = time(12)
LOOK_AHEAD = timedelta(days=32)


def delay_after(retry: Retry, disposition: Disposition, nth: int) -> timedelta | Literal["next_day"] | None:
    """What the file says after the `nth` attempt (from 1) that ended so; the last of a list stays. None: no retry."""
    delays: Sequence[timedelta | Literal["next_day"]] | None = getattr(retry, disposition, None)
    return delays[min(nth, len(delays)) - 1] if delays else None


def next_day(last: datetime, *, window: CallingWindow, zone: str, name: str) -> datetime | None:
    """A moment on the next open day, in the other half of the day than `last`, spread by `name`.

    Where the next open day has no hours in the other half, its own hours serve. None: closed for a month.
    """
    local = last.astimezone(zone_info(zone))
    was_morning = local.time() < NOON
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), zone_info(zone))
    first = window.next_open(midnight, before=midnight + LOOK_AHEAD)
    if first is None:
        return None
    day = datetime.combine(first.astimezone(zone_info(zone)).date(), time(), zone_info(zone))
    noon, end = datetime.combine(day.date(), NOON, day.tzinfo), day + timedelta(days=1)
    halves = window.spans(day, noon), window.spans(noon, end)
    spans = halves[was_morning] or halves[not was_morning]
    return _point(spans, spread(f"next_day:{name}")) if spans else first


def _point(spans: Sequence[tuple[datetime, datetime]], share: float) -> datetime:
    left = sum((end - start for start, end in spans), timedelta()) * share
    for start, end in spans:
        if left < end - start:
            return start + left
        left -= end - start
    return spans[-1][0]
