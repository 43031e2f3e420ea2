"""Every zone there is, on every night on which its clocks change: a window means what the clock on the wall shows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from random import Random

import pytest
from proving import Figure

from campaigns.domain.hours import CallingWindow, calling_window
from campaigns.domain.zones import Place, is_zone
from campaigns.domain.zones import zone as zone_info

YEARS = (2026, 2036)
MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)
AROUND = 180
"""Minutes before and after a change that are looked at."""
ZONES = tuple(filter(is_zone, files("tzdata").joinpath("zones").read_text().split()))


def changes(name: str) -> Iterator[datetime]:
    """The first instant of each new offset, to the minute; two within a week are not told apart."""
    place, at = zone_info(name), datetime(YEARS[0], 1, 1, tzinfo=UTC)
    while at.year < YEARS[1]:
        before, after = at, at + WEEK
        if before.astimezone(place).utcoffset() != after.astimezone(place).utcoffset():
            while after - before > MINUTE:
                middle = before + (after - before) // MINUTE // 2 * MINUTE
                same = middle.astimezone(place).utcoffset() == at.astimezone(place).utcoffset()
                before, after = (middle, after) if same else (before, middle)
            yield after
        at += WEEK


def shown(at: datetime, name: str) -> int:
    """Minutes since midnight, on the wall."""
    local = at.astimezone(zone_info(name))
    return local.hour * 60 + local.minute


def spans(calling: CallingWindow, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening by opening, as whoever looks for the next slot finds them."""
    at: datetime | None = since
    while (at := calling.next_open(at)) is not None and at < until:
        closes = calling.closes_at(at, limit=until + timedelta(days=2))
        yield at, closes
        at = closes


def judged(name: str, change: datetime, first: int, last: int) -> None:
    """Minute by minute; every minute is in one span at most, so that none is used twice."""
    text = f"Mo-Su {first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"
    calling = calling_window((text,), (Place(name, None, None),))
    since, until = change - AROUND * MINUTE, change + AROUND * MINUTE
    expected = [
        at for at in (since + MINUTE * n for n in range(2 * AROUND))
        if first <= shown(at, name) < last or first <= shown(at, name) + 1440 < last
    ]  # fmt: skip
    found = [
        start + MINUTE * n
        for start, end in spans(calling, since, until)
        for n in range((min(end, until) - start) // MINUTE)
    ]
    assert found == expected, (name, text, change)
    for at in (since, change - MINUTE, change, change + MINUTE, until - MINUTE):
        assert calling.is_open(at) == (at in expected), (name, text, at)


@pytest.mark.row("T2")
def test_on_every_night_on_which_clocks_change_a_window_means_the_clock_on_the_wall(
    long: bool, dice: Random, figure: Figure
) -> None:
    nights = [(name, change) for name in (ZONES if long else dice.sample(ZONES, 60)) for change in changes(name)]
    if not long:
        nights = dice.sample(nights, 60)
    for name, change in nights:
        wall = shown(change - MINUTE, name)
        first = (wall + dice.randint(-90, 60)) % 1440
        judged(name, change, first, first + dice.choice([1, 15, 30, 45, 60, 90, 120, 240]))
    assert len(nights) >= 60
    figure(
        "T2", "minutes in which a window and the clock on the wall disagree", 0,
        zones=len({name for name, _ in nights}), nights=len(nights), minutes=len(nights) * 2 * AROUND,
    )  # fmt: skip
