"""Durations: what people write, what it means, and what is refused."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("20m", 1200), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("1h30m", 5400), ("1.5h", 5400),
        ("0s", 0), (" 2 h 30 m ", 9000), ("0.25s", 0.25), ("3660d", 3660 * 86400),
    ],
)  # fmt: skip
def test_a_duration_is_numbers_with_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("90", "'90' has no unit. Write a number and a unit"), ("", "is not a duration"), ("-3h", "is not a duration"),
        ("1 0m", "is not a duration"), ("2 hours", "is not a duration"), ("3H", "is not a duration"),
        ("٣h", "is not a duration"), ("PT1H", "is not a duration"), ("1h\x00", "is not a duration"),
        ("3661d", "longer than ten years"), ("9" * 400 + "d", "longer than ten years"),
        (None, "This is not a duration"), (90, "This is not a duration"), (["2h"], "This is not a duration"),
    ],
)  # fmt: skip
def test_what_is_no_duration_is_refused_with_the_forms(text: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_duration(text)
    assert "Write a" in str(caught.value)
    assert len(str(caught.value)) < 160


def test_a_timedelta_is_taken_as_it_is() -> None:
    assert parse_duration(timedelta(minutes=3)) == timedelta(minutes=3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(), "0s"), (timedelta(seconds=-5), "0s"), (timedelta(hours=1, minutes=30), "1h30m"),
        (timedelta(days=3), "3d"), (timedelta(seconds=59, microseconds=123_456), "59.123456s"),
        (timedelta(days=1, seconds=0.5), "1d0.5s"), (timedelta(seconds=120), "2m"), (timedelta(seconds=10), "10s"),
    ],
)  # fmt: skip
def test_a_duration_is_shown_in_its_shortest_exact_form(value: timedelta, text: str) -> None:
    assert format_duration(value) == text


@given(st.timedeltas(min_value=timedelta(), max_value=LONGEST))
def test_what_is_shown_can_be_read_again(value: timedelta) -> None:
    assert parse_duration(format_duration(value)) == value


@given(st.text())
def test_any_text_is_a_duration_or_a_sentence(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError as error:
        said, duration = str(error), timedelta()
        assert_mend(said)
    assert timedelta() <= duration <= LONGEST


def assert_mend(said: str) -> None:
    assert ". Write a" in said
