"""Lines counted by time: what is booked ahead, and what is open now, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

NOTICE = 10
"""A booking is made at least this share (1/NOTICE) of the horizon before it fires: 3 minutes of 30."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One open attempt: from `starts` until `ends` it may need a line."""

    starts: datetime
    ends: datetime
    own: bool
    """Of the campaign that asks."""


@dataclass(frozen=True, slots=True)
class Lines:
    """How many lines there are, for how long each call holds one, and how close together calls may start."""

    account: int
    campaign: int
    holds_for: timedelta
    apart: timedelta
    ahead: timedelta
    """How far ahead calls are handed to the provider."""

    @property
    def notice(self) -> timedelta:
        return self.ahead / NOTICE

    def fits(self, at: datetime, holds: Sequence[Hold]) -> bool:
        """Whether a call that starts at `at` has a line as long as it may need one, beside all that is open."""
        ends = at + self.holds_for
        near = [hold for hold in holds if hold.starts < ends and hold.ends > at]
        if any(abs(hold.starts - at) < self.apart for hold in near):
            return False
        return _most(near, at) < self.account and _most([hold for hold in near if hold.own], at) < self.campaign

    def first_free(self, after: datetime, before: datetime, holds: Sequence[Hold]) -> datetime | None:
        """The first moment in [after, before] that fits: that changes only where a hold ends, or after one starts."""
        edges = {after, *(hold.ends for hold in holds), *(hold.starts + self.apart for hold in holds)}
        return next((at for at in sorted(edges) if after <= at <= before and self.fits(at, holds)), None)

    def hold(self, fires_at: datetime) -> Hold:
        return Hold(fires_at, fires_at + self.holds_for, own=True)


def _most(holds: Sequence[Hold], after: datetime) -> int:
    """The most of them that are open at any one moment from `after` on."""
    level = most = sum(hold.starts <= after for hold in holds)
    later = [hold for hold in holds if hold.starts > after]
    if not later:
        return most
    # Where one ends as another starts, the line is free.
    for _, step in sorted([(hold.ends, -1) for hold in holds] + [(hold.starts, 1) for hold in later]):
        level += step
        most = max(most, level)
    return most
