"""Zones cut into days of one offset, states by name, and public holidays: tables worked by hand."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.hours import calling_window
from campaigns.domain.zones import Place, holidays_in, offsets_on, public_holidays, subdivision, zone


def test_states_are_known_by_code_and_by_name() -> None:
    assert subdivision("US", "california") == subdivision("US", "CA") == subdivision("US", "us-ca") == "CA"
    assert subdivision("DE", "Bayern") == "BY"
    assert subdivision("BR", "Sao Paulo") == subdivision("BR", "São Paulo") == "SP"
    assert subdivision("US", None) is subdivision("US", "Atlantis") is subdivision("XX", "CA") is None


@pytest.mark.parametrize(
    ("name", "day", "pieces"),
    [
        ("Europe/Amsterdam", date(2026, 7, 1), [(0, 120)]),
        ("Europe/Amsterdam", date(2026, 3, 29), [(0, 60), (60, 120)]),
        ("Australia/Lord_Howe", date(2026, 4, 4), [(0, 660), (900, 630)]),
        ("Pacific/Chatham", date(2026, 9, 26), [(0, 765), (840, 825)]),
    ],
)
@pytest.mark.row("T2")
def test_a_day_is_cut_where_the_clocks_change(name: str, day: date, pieces: list[tuple[int, int]]) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = offsets_on(name, day)
    assert [
        ((start - midnight).total_seconds() / 60, offset.total_seconds() / 60) for start, _, offset in found
    ] == pieces


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(["Africa/Casablanca", "America/Santiago", "Africa/Cairo", "Asia/Beirut"]), st.integers(0, 3650))
@pytest.mark.row("T2")
def test_the_pieces_of_a_day_follow_each_other_and_keep_their_offset(name: str, after: int) -> None:
    day = date(2026, 1, 1) + timedelta(days=after)
    pieces = offsets_on(name, day)
    assert pieces[-1][1] - pieces[0][0] == timedelta(days=1)
    assert all(one[1] == two[0] and one[2] != two[2] for one, two in pairwise(pieces))
    for start, end, offset in pieces:
        assert start.astimezone(zone(name)).utcoffset() == offset
        assert (end - timedelta(seconds=1)).astimezone(zone(name)).utcoffset() == offset


def test_holidays_are_the_actual_and_the_observed_days() -> None:
    days = public_holidays("US", None, [2026, 2027])
    assert {date(2026, 7, 3), date(2026, 7, 4), date(2027, 12, 31)} <= set(days)
    assert days[date(2026, 7, 4)] == "Independence Day"


@pytest.mark.parametrize(
    ("state", "holiday"), [("SCT", True), ("GB-SCT", True), ("Scotland", True), ("ENG", False), ("Atlantis", False)]
)
def test_a_state_has_its_own_holidays_and_an_unknown_one_the_national_days(state: str, holiday: bool) -> None:
    days = public_holidays("GB", state, [2026])
    assert (date(2026, 11, 30) in days) is holiday
    assert date(2026, 12, 25) in days


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'XX' are not known. Write an ISO code such as NL"):
        public_holidays("XX", None, [2026])


def test_a_year_that_the_library_does_not_know_has_none() -> None:
    assert public_holidays("NL", None, [2101]) == {}
    assert holidays_in("NL", None, 2101) is None
    assert holidays_in("IN", None, 2036) is None


@pytest.mark.parametrize(
    ("text", "place", "day", "opens"),
    [
        ("Mo-Su 09:00-17:00; PH off", Place("America/New_York", "US", None), "2026-07-03", False),
        ("Mo-Su 09:00-17:00; PH off", Place("America/New_York", "US", None), "2026-07-04", False),
        ("Mo-Su 09:00-17:00; PH off", Place("America/New_York", "US", None), "2026-07-05", True),
        ("Mo-Su 09:00-17:00; PH off", Place("Europe/London", "GB", "SCT"), "2026-11-30", False),
        ("Mo-Su 09:00-17:00; PH off", Place("Europe/London", "GB", "ENG"), "2026-11-30", True),
        ("Mo-Su 09:00-17:00; PH off", Place("Europe/London", "GB", None), "2028-01-01", False),
        ("Mo-Su 09:00-17:00; PH off", Place("Europe/Amsterdam", "NL", None), "2061-12-25", False),
        ("Mo-Su 09:00-17:00; PH -1 day off", Place("Europe/Amsterdam", "NL", None), "2026-12-24", False),
        ("Mo-Su 09:00-17:00; PH -1 day off", Place("Europe/Amsterdam", "NL", None), "2026-12-31", False),
        ("Mo-Su 09:00-17:00; PH +1 day off", Place("Europe/Amsterdam", "NL", None), "2026-12-27", False),
        ("PH 09:00-17:00", Place("Europe/Amsterdam", "NL", None), "2026-12-25", True),
        ("PH 09:00-17:00", Place("Europe/Amsterdam", "NL", None), "2026-12-24", False),
        ("24/7; PH off", Place("Asia/Colombo", "LK", None), "2099-03-03", False),  # nobody knows that year's holidays
    ],
)
def test_public_holidays_are_those_of_the_place(text: str, place: Place, day: str, opens: bool) -> None:
    noon = datetime.combine(date.fromisoformat(day), time(12), zone(place.zone))
    assert calling_window((text,), (place,)).is_open(noon) is opens
