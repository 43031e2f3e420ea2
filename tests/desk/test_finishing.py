"""When it is over at the pace of the last open hours: a table of examples."""

from datetime import datetime, timedelta

import pytest

from campaigns.desk.finishing import finish_at, looked_back
from campaigns.domain.hours import calling_window
from campaigns.domain.zones import Place
from campaigns.testing import instant

NOW = instant("2026-11-24T12:00Z")
HOUR = timedelta(hours=1)


WEEK = calling_window(("Mo-Su 09:00-17:00",), (Place("UTC", None, None),))


def every_hour(count: int, *, since: datetime, until: datetime = NOW) -> dict[datetime, int]:
    """So many closed in each hour, told by five minutes."""
    found, step = {}, HOUR / 12
    for n in range((until - since) // step):
        found[since + n * step] = count // 12
    return found


STARTED = instant("2026-11-23T09:00Z")


def finish(left, closed, *, now=NOW, started_at=STARTED, window=WEEK):
    return finish_at(left, closed, looked_back(window, now=now, started_at=started_at), window, now=now)


@pytest.mark.parametrize(
    ("left", "pace", "over"),
    [
        (120, 60, "2026-11-24T14:00Z"),  # two hours more
        (300, 60, "2026-11-24T17:00Z"),  # exactly until it closes
        (360, 60, "2026-11-25T10:00Z"),  # the night is no working time
        (60, 120, "2026-11-24T12:30Z"),
    ],
)
def test_what_is_left_takes_as_long_as_the_pace_says_within_open_hours(left, pace, over):
    closed = every_hour(pace, since=instant("2026-11-24T09:00Z"))
    assert finish(left, closed) == instant(over)


def test_the_pace_of_the_morning_is_that_of_yesterday_until_there_is_a_newer_one():
    closed = every_hour(60, since=instant("2026-11-23T09:00Z"), until=instant("2026-11-23T17:00Z"))
    early = instant("2026-11-24T09:00Z")
    assert finish(60, closed, now=early) == instant("2026-11-24T10:00Z")


def test_a_pace_of_long_ago_counts_no_more():
    slow = every_hour(12, since=instant("2026-11-23T09:00Z"), until=instant("2026-11-23T17:00Z"))
    fast = every_hour(120, since=instant("2026-11-24T09:00Z"))
    assert finish(120, slow | fast) == NOW + HOUR


def test_before_the_start_no_time_was_worked():
    half = every_hour(60, since=NOW - HOUR / 2)
    found = finish(60, half, started_at=NOW - HOUR / 2)
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
    assert finish(left, there, started_at=started) is None


def test_without_hours_nothing_is_said():
    never = calling_window(("2020 Jan 01 09:00-10:00",), (Place("UTC", None, None),))
    assert finish(5, {NOW: 50}, window=never) is None


def test_what_is_looked_back_at_is_the_last_three_open_hours():
    assert looked_back(WEEK, now=instant("2026-11-24T10:00Z"), started_at=STARTED) == [
        (instant("2026-11-24T09:00Z"), instant("2026-11-24T10:00Z")),
        (instant("2026-11-23T15:00Z"), instant("2026-11-23T17:00Z")),
    ]
