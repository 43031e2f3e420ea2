"""When it is over at the pace of the last open hours: a table of examples."""

from datetime import datetime, timedelta

import pytest

from campaigns.desk.finishing import finish_at
from campaigns.testing import instant

NOW = instant("2026-11-24T12:00Z")
HOUR = timedelta(hours=1)


def days(*, opens: int = 9, closes: int = 17) -> list[tuple[datetime, datetime]]:
    """Open from nine to five on ten days, the first of them the day before now."""
    first = instant("2026-11-23T00:00Z")
    return [(first + n * 24 * HOUR + opens * HOUR, first + n * 24 * HOUR + closes * HOUR) for n in range(10)]


def every_hour(count: int, *, since: datetime, until: datetime = NOW) -> dict[datetime, int]:
    """So many closed in each hour, told by five minutes."""
    found, step = {}, HOUR / 12
    for n in range((until - since) // step):
        found[since + n * step] = count // 12
    return found


STARTED = instant("2026-11-23T09:00Z")


@pytest.mark.parametrize(
    ("left", "pace", "finish"),
    [
        (120, 60, "2026-11-24T14:00Z"),  # two hours more
        (300, 60, "2026-11-24T17:00Z"),  # exactly until it closes
        (360, 60, "2026-11-25T10:00Z"),  # the night is no working time
        (60, 120, "2026-11-24T12:30Z"),
    ],
)
def test_what_is_left_takes_as_long_as_the_pace_says_within_open_hours(left, pace, finish):
    closed = every_hour(pace, since=instant("2026-11-24T09:00Z"))
    assert finish_at(left, closed, days(), now=NOW, started_at=STARTED) == instant(finish)


def test_the_pace_of_the_morning_is_that_of_yesterday_until_there_is_a_newer_one():
    closed = every_hour(60, since=instant("2026-11-23T09:00Z"), until=instant("2026-11-23T17:00Z"))
    early = instant("2026-11-24T09:00Z")
    assert finish_at(60, closed, days(), now=early, started_at=STARTED) == instant("2026-11-24T10:00Z")


def test_a_pace_of_long_ago_counts_no_more():
    slow = every_hour(12, since=instant("2026-11-23T09:00Z"), until=instant("2026-11-23T17:00Z"))
    fast = every_hour(120, since=instant("2026-11-24T09:00Z"))
    assert finish_at(120, slow | fast, days(), now=NOW, started_at=STARTED) == NOW + HOUR


def test_before_the_start_no_time_was_worked():
    half = every_hour(60, since=NOW - HOUR / 2)
    found = finish_at(60, half, days(), now=NOW, started_at=NOW - HOUR / 2)
    assert found == NOW + HOUR


@pytest.mark.parametrize(
    ("left", "closed", "started"),
    [
        (0, 60, STARTED),  # nobody is left
        (100, 0, STARTED),  # nobody was closed
        (100, 60, NOW - timedelta(minutes=5)),  # too short a time
        (10**6, 12, STARTED),  # beyond what is looked at
    ],
)
def test_where_little_is_known_nothing_is_said(left, closed, started):
    there = every_hour(closed, since=instant("2026-11-24T09:00Z"))
    assert finish_at(left, there, days(), now=NOW, started_at=started) is None


def test_without_hours_nothing_is_said():
    assert finish_at(5, {NOW: 50}, [], now=NOW, started_at=STARTED) is None
