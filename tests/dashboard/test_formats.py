"""How numbers and moments are written in each language."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.dashboard.formats import NOTHING, Formats, zone_of

AMSTERDAM = zone_of("Europe/Amsterdam")
AT = datetime(2026, 11, 23, 13, 5, 9, tzinfo=UTC)
EN, NL = Formats("en", AMSTERDAM), Formats("nl", AMSTERDAM)


def test_numbers_and_money_are_written_as_the_language_writes_them() -> None:
    assert (EN.count(1234567), NL.count(1234567)) == ("1,234,567", "1.234.567")
    assert (EN.decimal(42.45), NL.decimal(1042.4)) == ("42.5", "1.042,4")
    assert (EN.money(412.5, "EUR"), NL.money(1000, "EUR")) == ("412.50 EUR", "1.000 EUR")


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(0, 0, NOTHING), (0, 9, "0 %"), (9, 9, "100 %"), (1, 3, "33 %"), (1, 200, "0.5 %"), (1, 10**6, "< 0.1 %"),
     (999, 1000, "99.9 %")],
)  # fmt: skip
def test_few_are_not_none_and_almost_all_are_not_all(part: int, whole: int, told: str) -> None:
    assert EN.share(part, whole) == told


def test_moments_are_in_the_browsers_zone_and_as_short_as_can_be() -> None:
    assert EN.moment(AT) == "Mon 23 Nov 14:05"
    assert NL.moment(AT, now=AT + timedelta(days=1)) == "ma 23 nov 14:05"
    assert EN.moment(AT, now=AT - timedelta(hours=2)) == "14:05"
    assert EN.moment(AT, now=AT + timedelta(days=90)) == "Mon 23 Nov 2026 14:05"
    assert EN.moment(None) == NOTHING
    assert (EN.exactly(AT), EN.clock(AT)) == ("23 Nov 2026 14:05:09", "14:05:09")


def test_durations_have_hours_only_where_they_are_long() -> None:
    assert [EN.duration(length) for length in (None, 125, timedelta(hours=1, seconds=5))] == [
        NOTHING,
        "2:05",
        "1:00:05",
    ]


@pytest.mark.parametrize("name", ["", "Nowhere/Else", "../../etc/passwd", "x" * 99, "Europe/\0"])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert zone_of(name) is UTC
