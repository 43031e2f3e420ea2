"""Where the pace of the last hours leads: a first answer to "when is it over", before any forecast is played."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from campaigns.domain.hours_text import Span
from campaigns.domain.lead import Outcome

LOOKED_BACK = timedelta(hours=3)
"""Of open hours: older paces say little."""
PIECE = timedelta(minutes=30)
LEAST = timedelta(minutes=10)
"""Of open hours: from less nothing can be said."""
FEWEST = 5
"""Leads that were closed meanwhile: the same."""
AHEAD = timedelta(days=60)
"""Whatever would take longer is no answer."""
BY_CALLS = frozenset(Outcome) - {Outcome.BLOCKED, Outcome.EXPIRED, Outcome.STOPPED}
"""Outcomes that calls bring; the others come by themselves, many at a time."""


def finish_at(
    left: int, closed: Mapping[datetime, int], spans: Sequence[Span], *, now: datetime, started_at: datetime
) -> datetime | None:
    """When the last lead will be closed, were it to go on as in the last open hours; None: nobody can say.

    Args:
        left: Leads that wait, are ready or are being called.
        closed: How many leads calls have closed, by the beginning of some minutes.
        spans: When people may be called, in order, from `started_at` or earlier to well after now.
        now: The moment.
        started_at: When calling began, or when all that is known does.
    """
    worked, many = timedelta(), 0
    for opens, closes in _back(spans, now, started_at):
        worked += closes - opens
        many += sum(count for at, count in closed.items() if opens <= at < closes)
        if worked >= LOOKED_BACK:
            break
    if not left or worked < LEAST or many < FEWEST:
        return None
    return _after(spans, now, worked * (left / many))


def _back(spans: Sequence[Span], now: datetime, first: datetime) -> Iterator[Span]:
    """The open stretches before now, the last first, in short pieces: the oldest is not wanted whole."""
    for opens, closes in reversed(spans):
        begins, ends = max(opens, first), min(closes, now)
        while begins < ends:
            piece = max(begins, ends - PIECE)
            yield piece, ends
            ends = piece


def _after(spans: Sequence[Span], now: datetime, worked: timedelta) -> datetime | None:
    """When it will have been open for so long."""
    for opens, closes in spans:
        begins = max(opens, now)
        if begins < closes:
            if worked <= closes - begins:
                return begins + worked
            worked -= closes - begins
    return None
