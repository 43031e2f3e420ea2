"""When to try again: the delays of the file, and the other half of the next open day."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Attempts, Retry
from campaigns.domain.hours import calling_window
from campaigns.domain.retry import delay_after, next_day
from campaigns.domain.zones import Place
from campaigns.testing import instant

AMSTERDAM = "Europe/Amsterdam"


def window(hours: str, *zones: str):
    return calling_window((hours,), tuple(Place(zone, "NL", None) for zone in zones or (AMSTERDAM,)))


def local(at: datetime, zone: str = AMSTERDAM) -> datetime:
    return at.astimezone(ZoneInfo(zone))


@pytest.mark.parametrize(
    ("disposition", "nth", "expected"),
    [
        (Disposition.NO_ANSWER, 1, timedelta(hours=3)),
        (Disposition.NO_ANSWER, 7, timedelta(hours=3)),
        (Disposition.BUSY, 1, timedelta(minutes=20)),
        (Disposition.FAILED, 1, timedelta(minutes=10)),
        (Disposition.VOICEMAIL, 1, None),
        (Disposition.DECLINED, 1, None),
        (Disposition.UNKNOWN, 1, None),
        (Disposition.ANSWERED, 1, None),
        (Disposition.BAD_NUMBER, 1, None),
    ],
)
def test_by_default_only_three_dispositions_are_tried_again(disposition, nth, expected) -> None:
    assert delay_after(Attempts().retry, disposition, nth) == expected


@pytest.mark.parametrize(
    ("nth", "expected"), [(1, timedelta(minutes=5)), (2, timedelta(hours=1)), (3, "next_day"), (9, "next_day")]
)
def test_a_list_of_delays_is_walked_and_its_last_holds_on(nth: int, expected: object) -> None:
    retry = Retry.model_validate({"busy": ["5m", "1h", "next_day"]})
    assert delay_after(retry, Disposition.BUSY, nth) == expected


@pytest.mark.parametrize("word", list(Disposition))
def test_every_disposition_has_an_answer(word: Disposition) -> None:
    assert delay_after(Retry(), word, 1) is None


@given(st.text(max_size=8), st.integers(0, 23), st.integers(0, 59))
def test_the_next_day_is_a_later_open_day_in_the_other_half(name: str, hour: int, minute: int) -> None:
    hours = window("Mo-Fr 09:00-12:30,13:30-17:30")
    last = datetime.combine(date(2026, 11, 23), time(hour, minute), ZoneInfo(AMSTERDAM))
    at = next_day(last, window=hours, zone=AMSTERDAM, name=name)
    assert hours.is_open(at)
    assert local(at).date() == date(2026, 11, 24)
    assert (local(at).time() >= time(12)) is (hour < 12)


@pytest.mark.parametrize(
    ("hours", "last", "days"),
    [
        ("Mo-Fr 09:00-17:00", "2026-11-27T10:00", (date(2026, 11, 30),)),
        ("Mo,Th 09:00-17:00", "2026-11-23T10:00", (date(2026, 11, 26),)),
        ("Mo-Su 18:00-20:00", "2026-11-23T18:30", (date(2026, 11, 24),)),
        ("Mo-Su 22:00-02:00", "2026-11-23T23:00", (date(2026, 11, 24), date(2026, 11, 25))),
        ("Mo-Su 09:00-17:00; Dec 25-26 off", "2026-12-24T10:00", (date(2026, 12, 27),)),
        ("Mo-Su 00:00-24:00", "2026-03-28T23:30", (date(2026, 3, 29),)),
        ("Mo-Su 00:00-24:00", "2026-10-24T23:30", (date(2026, 10, 25),)),
    ],
)
def test_the_next_day_is_the_next_that_is_open(hours: str, last: str, days: tuple[date, ...]) -> None:
    began = datetime.fromisoformat(last).replace(tzinfo=ZoneInfo(AMSTERDAM))
    for n in range(20):
        at = next_day(began, window=window(hours), zone=AMSTERDAM, name=f"lead-{n}")
        assert window(hours).is_open(at)
        assert local(at).date() in days


def test_a_day_that_is_open_in_one_half_only_serves_with_that() -> None:
    at = next_day(instant("2026-11-23T10:00Z"), window=window("Mo-Su 09:00-11:00"), zone=AMSTERDAM, name="x")
    assert time(9) <= local(at).time() < time(11)


def test_closed_for_a_month_means_none() -> None:
    hours = window("2026 Nov 23 09:00-17:00")
    assert next_day(instant("2026-11-23T10:00Z"), window=hours, zone=AMSTERDAM, name="x") is None


def test_the_next_day_is_spread_over_its_hours_and_not_all_at_opening() -> None:
    hours = window("Mo-Fr 09:00-12:00,13:30-17:00")
    moments = [
        local(next_day(instant("2026-11-23T08:30Z"), window=hours, zone=AMSTERDAM, name=f"lead-{n}"))
        for n in range(420)
    ]
    by_half_hour = [sum(m.hour * 2 + m.minute // 30 == slot for m in moments) for slot in range(27, 34)]
    assert sum(by_half_hour) == len(moments)
    assert all(30 < count < 95 for count in by_half_hour)


def test_the_same_name_gives_the_same_moment() -> None:
    args = {"window": window("Mo-Fr 09:00-17:00"), "zone": AMSTERDAM}
    last = instant("2026-11-23T10:00Z")
    assert next_day(last, **args, name="a") == next_day(last, **args, name="a") != next_day(last, **args, name="b")


def test_several_zones_share_the_hours_that_are_open_in_all() -> None:
    zones = ("America/New_York", "America/Los_Angeles")
    hours = calling_window(("Mo-Fr 09:00-17:00",), tuple(Place(zone, "US", None) for zone in zones))
    for n in range(20):
        at = next_day(instant("2026-11-23T18:00Z"), window=hours, zone=zones[0], name=str(n))
        assert all(time(9) <= local(at, zone).time() < time(17) for zone in zones)
