"""Where the pace of the last hours leads: a first answer to "when is it over", before any forecast is played."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

from campaigns.domain.hours import CallingWindow
from campaigns.domain.hours_text import Span
from campaigns.domain.lead import Outcome

LOOKED_BACK = timedelta(hours=3)
"""Of open hours: older paces say little."""
LEAST = timedelta(minutes=10)
"""Of open hours: from less nothing can be said."""
FEWEST = 5
"""Leads that were closed meanwhile: the same."""
BACK, AHEAD = 14, 60
"""Days in which open hours are looked for. Whatever would take longer is no answer."""
BY_CALLS = frozenset(Outcome) - {Outcome.BLOCKED, Outcome.EXPIRED, Outcome.STOPPED}
"""Outcomes that calls bring; the others come by themselves, many at a time."""
_DAY = timedelta(days=1)


def looked_back(window: CallingWindow, *, now: datetime, started_at: datetime) -> list[Span]:
    """The last open hours before now, the latest first; none from before calling began."""
    found, left = list[Span](), LOOKED_BACK
    for opens, closes in _back(window, now):
        begins = max(opens, started_at, closes - left)
        if begins >= closes:
            break
        found.append((begins, closes))
        left -= closes - begins
        if not left:
            break
    return found


def finish_at(
    left: int, closed: Mapping[datetime, int], worked: list[Span], window: CallingWindow, *, now: datetime
) -> datetime | None:
    """When the last lead will be closed, were it to go on as in the last open hours; None: nobody can say.

    Args:
        left: Leads that wait, are ready or are being called.
        closed: How many leads calls have closed, by the beginning of some minutes.
        worked: The last open hours, as `looked_back` gives them.
        window: When people may be called.
        now: The moment.
    """
    spent = sum((closes - opens for opens, closes in worked), timedelta())
    many = sum(count for at, count in closed.items() if any(opens <= at < closes for opens, closes in worked))
    if not left or spent < LEAST or many < FEWEST:
        return None
    return _after(window, now, spent * (left / many))


def _back(window: CallingWindow, now: datetime) -> Iterator[Span]:
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    for day in (midnight - n * _DAY for n in range(BACK)):
        yield from reversed(window.spans(day, min(day + _DAY, now)))


def _after(window: CallingWindow, now: datetime, work: timedelta) -> datetime | None:
    """When it will have been open for so long."""
    for day in (now + n * _DAY for n in range(AHEAD)):
        for opens, closes in window.spans(day, day + _DAY):
            if work <= closes - opens:
                return opens + work
            work -= closes - opens
    return None
