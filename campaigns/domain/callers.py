"""Which number is shown to whom: the same one to a person while it has room, else the one least used."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from .campaign import CallerId
from .lead import spread
from .zones import zone as zone_info


def choose_caller(
    lead: str, callers: Sequence[CallerId], used: Mapping[str, int], *, earlier: str = ""
) -> CallerId | None:
    """The number to show to a lead; None: every one has been used up for today.

    Args:
        lead: The lead's id; spreads leads over numbers.
        callers: The campaign's numbers, at least one.
        used: How often each was dialled with today.
        earlier: The number that the lead was shown last, or empty.
    """
    free = [caller for caller in callers if caller.per_day is None or used.get(caller.number, 0) < caller.per_day]
    same = next((caller for caller in free if caller.number == earlier), None)
    # Numbers without a cap are not counted: among them the hash alone spreads.
    return same or min(free, key=lambda c: (_used(c, used), spread(f"caller:{lead}:{c.number}")), default=None)


def _used(caller: CallerId, used: Mapping[str, int]) -> float:
    return used.get(caller.number, 0) / caller.per_day if caller.per_day else 0.0


def day_of(now: datetime, zone: str | None) -> tuple[datetime, datetime]:
    """The calendar day that caps per day count: of the campaign's zone, where it names one, else of UTC."""
    day = now.astimezone(zone_info(zone or "UTC")).date()
    first, last = (
        datetime.combine(day + timedelta(days=n), time(), zone_info(zone or "UTC")).astimezone(UTC) for n in (0, 1)
    )
    return first, last
