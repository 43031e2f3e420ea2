"""Holidays that legal rules name: whose days count, and which substitutes."""

from datetime import date

import pytest

from campaigns.domain.calendars import days_off, easter, nth

PA = (
    "new_year", "mlk", "presidents", "good_friday", "memorial", "flag_day", "independence", "labor", "columbus",
    "election_day", "veterans", "thanksgiving", "christmas",
)  # fmt: skip


def is_off(keys: tuple[str, ...], country: str, region: str | None, day: str) -> bool:
    known = days_off(keys, country, region, int(day[:4]))
    assert known is not None
    return date.fromisoformat(day) in known


@pytest.mark.parametrize(
    ("keys", "country", "region", "day", "off"),
    [
        (PA, "US", "PA", "2026-11-03", True),  # Election Day
        (PA, "US", "PA", "2026-06-19", False),  # Juneteenth is not among the thirteen
        (PA, "US", "PA", "2026-06-14", True),  # Flag Day, a Sunday
        (PA, "US", "PA", "2026-06-15", True),  # and the day after it
        (PA, "US", "PA", "2026-07-03", True),  # the Fourth is a Saturday
        (PA, "US", "PA", "2027-12-31", True),  # for a New Year on a Saturday
        (PA, "US", "PA", "2026-04-03", True),  # Good Friday
        (("US-AL",), "US", "AL", "2027-07-05", True),
        (("US-AL",), "US", "AL", "2027-12-24", True),  # Christmas on a Saturday
        (("US-LA-PSC",), "US", "LA", "2026-02-17", True),  # Mardi Gras
        (("US-LA-PSC",), "US", "LA", "2026-11-27", False),
        (("US-UT",), "US", "UT", "2026-07-24", True),  # Pioneer Day
        (("US", "US-RI"), "US", "RI", "2026-08-10", True),  # Victory Day
        (("US", "US-RI"), "US", "RI", "2026-06-19", True),
        (("AU-national",), "AU", "NSW", "2026-04-06", True),
        (("AU-national",), "AU", "VIC", "2026-11-03", False),  # Melbourne Cup: Victoria's alone
        (("AU-national",), "AU", "NSW", "2027-12-27", True),  # for Christmas on a Saturday
        (("AU-national",), "AU", "NSW", "2027-12-24", False),
        (("DE",), "DE", "BY", "2026-11-01", True),
        (("DE",), "DE", "BE", "2026-10-31", False),
        (("DE",), "DE", "BB", "2026-10-31", True),
        (("DE",), "DE", None, "2026-10-31", True),  # the region unknown: every region's days
        (("GB",), "GB", None, "2026-11-30", True),  # St Andrew's
        (("GB",), "GB", "ENG", "2026-11-30", False),
        (("ZZ",), "NG", None, "2026-10-01", True),  # the person's own country
    ],
)
def test_days_off(keys: tuple[str, ...], country: str, region: str | None, day: str, off: bool) -> None:
    assert is_off(keys, country, region, day) is off


def test_a_calendar_that_nobody_knows_is_no_calendar_without_holidays() -> None:
    assert days_off(("ZZ",), "?", None, 2026) is None
    assert days_off(("DE",), "DE", None, 1900) is None


@pytest.mark.parametrize("day", ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"])
def test_easter(day: str) -> None:
    assert easter(int(day[:4])) == date.fromisoformat(day)


def test_the_nth_weekday_of_a_month() -> None:
    assert nth(2026, 11, 3, 4) == date(2026, 11, 26)
    assert nth(2026, 5, 0, -1) == date(2026, 5, 25)
    assert nth(2026, 12, 3, -1) == date(2026, 12, 31)
    assert nth(2026, 6, 0, 1) == date(2026, 6, 1)
