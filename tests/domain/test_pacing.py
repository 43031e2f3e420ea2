"""Rates that are never exceeded, and a breaker that spares a sick provider."""

from bisect import bisect_left
from datetime import timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.pacing import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    SHARE_OF,
    Breaker,
    request_spacing,
    spacing,
)
from campaigns.testing import instant

NOW = instant("2026-11-23T10:00Z")
TOLERANCE = timedelta(milliseconds=20)
SECOND = timedelta(seconds=1)


@given(st.integers(1, 50), st.lists(st.integers(0, 20), min_size=1, max_size=200))
def test_sends_that_are_late_by_the_tolerance_never_crowd_a_second(rate: int, late: list[int]) -> None:
    step = spacing(rate, TOLERANCE)
    sends = sorted(NOW + step * n + timedelta(milliseconds=ms) for n, ms in enumerate(late))
    assert all(bisect_left(sends, at + SECOND) - n <= rate for n, at in enumerate(sends))


@given(st.floats(0.01, 1_000))
def test_a_rate_is_nearly_reached(rate: float) -> None:
    assert timedelta() < spacing(rate, TOLERANCE) <= SECOND * 1.021 / rate


def test_a_slow_rate_spaces_by_more_than_a_second() -> None:
    assert spacing(0.1, TOLERANCE) == timedelta(seconds=10.2)


@pytest.mark.parametrize(("per_minute", "expected"), [(None, 0), (0, 0), (60, 1.000333), (100, 0.6002)])
def test_a_request_budget_is_per_minute(per_minute: float | None, expected: float) -> None:
    assert request_spacing(per_minute, TOLERANCE).total_seconds() == pytest.approx(expected, abs=1e-6)


# The breaker


def after(answers: str, breaker: Breaker = Breaker(), *, every: timedelta = SECOND) -> tuple[Breaker, list[int]]:  # noqa: B008
    """The breaker after answers (`x` unclear), and at which of them it was shut."""
    shut = []
    for n, answer in enumerate(answers):
        now = NOW + every * n
        breaker = breaker.unclear(now=now) if answer == "x" else breaker.clear(now=now)
        if breaker.is_shut(now=now):
            shut.append(n)
    return breaker, shut


@pytest.mark.parametrize(
    ("answers", "opens"),
    [
        ("xx", False),
        ("xxx", True),
        ("xx.xx.xx", False),
        ("x....x....x....", False),
        ("....x....x....x....x", True),
        ("x....x....x....x....", False),
        ("." * 100 + "xx", False),
        ("." * 100 + "xxx", True),
        ("xx.x.x", False),
        ("xx.." * 10, True),
    ],
)
def test_it_opens_at_three_in_a_row_or_a_fifth_of_twenty(answers: str, opens: bool) -> None:
    assert bool(after(answers)[1]) is opens


def test_it_shuts_for_thirty_seconds_and_then_tries_one_dial() -> None:
    breaker, _ = after("xxx", every=timedelta())
    assert breaker.is_shut(now=NOW + FIRST_PAUSE - timedelta(microseconds=1))
    assert not breaker.is_shut(now=NOW + FIRST_PAUSE)
    assert breaker.is_trial


def test_each_failed_trial_doubles_the_pause_up_to_ten_minutes() -> None:
    breaker, now, pauses = after("xxx", every=timedelta())[0], NOW, []
    for _ in range(8):
        now = breaker.open_until
        breaker = breaker.unclear(now=now)
        pauses.append(breaker.open_until - now)
    assert pauses[:4] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8)]
    assert set(pauses[4:]) == {LONGEST_PAUSE}


def test_a_trial_that_succeeds_closes_it_and_forgets() -> None:
    breaker = after("xxx")[0]
    assert breaker.clear(now=breaker.open_until) == Breaker()


def test_answers_that_were_on_their_way_when_it_opened_neither_lengthen_nor_end_the_pause() -> None:
    breaker, _ = after("xxx", every=timedelta())
    assert breaker.clear(now=NOW + timedelta(milliseconds=5)) == breaker
    assert reduce(lambda b, ms: b.unclear(now=NOW + timedelta(milliseconds=ms)), range(30), breaker) == breaker


@given(st.text(alphabet=".x", max_size=200))
def test_it_never_lets_more_than_three_unclear_answers_pass_in_a_row(answers: str) -> None:
    breaker, run = Breaker(), 0
    for n, answer in enumerate(answers):
        now = NOW + timedelta(milliseconds=n)
        if breaker.is_shut(now=now):
            return
        run = run + 1 if answer == "x" else 0
        breaker = breaker.unclear(now=now) if answer == "x" else breaker.clear(now=now)
        assert run < 3 or breaker.is_shut(now=now)
        assert len(breaker.recent) <= SHARE_OF
