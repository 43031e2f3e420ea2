"""Rates that are never exceeded, and a breaker that spares a sick provider."""

from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.pacing import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    SHARE_OF,
    Breaker,
    Limits,
    Standing,
    grows_at,
    lines_for,
    ramp_begins,
    ramped,
    request_spacing,
    spacing,
)
from campaigns.domain.sharing import Bid
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


# The ramp


def limits(**changes: Any) -> Limits:
    wide = Limits(
        at_once=100, per_second=10, requests_per_minute=None, campaign_at_once=20, campaign_per_second=5,
        longest_call=timedelta(minutes=30), tolerance=TOLERANCE, ramp_up=timedelta(minutes=5),
    )  # fmt: skip
    return replace(wide, **changes)


@pytest.mark.parametrize(
    ("seconds", "lines", "per_second"),
    [(0, 2, 0.5), (33, 3, 0.995), (34, 4, 1.01), (150, 11, 2.75), (299, 19, 4.985), (300, 20, 5), (9999, 20, 5)],
)
def test_lines_and_rate_grow_from_a_tenth_to_all(seconds: int, lines: int, per_second: float) -> None:
    grown = ramped(limits(), NOW, now=NOW + SECOND * seconds)
    assert (grown.campaign_at_once, round(grown.campaign_per_second, 6)) == (lines, per_second)


@pytest.mark.parametrize(
    ("full", "lines", "per_second"),
    [({"campaign_at_once": 3}, 1, 0.5), ({"campaign_per_second": 0.1}, 2, 1 / 30), ({"ramp_up": None}, 20, 5)],
)
def test_a_ramp_begins_with_what_one_dial_needs(full: dict[str, Any], lines: int, per_second: float) -> None:
    grown = ramped(limits(**full), NOW, now=NOW)
    assert (grown.campaign_at_once, grown.campaign_per_second) == (lines, pytest.approx(per_second))


@given(st.integers(1, 500), st.integers(0, 600))
def test_the_next_line_of_a_ramp_is_there_when_it_is_said_to_be(lines: int, seconds: int) -> None:
    now, steep = NOW + SECOND * seconds, limits(campaign_at_once=lines)
    standing = Standing(0, ramped(steep, NOW, now=now).campaign_at_once, ramp_from=NOW)
    at = grows_at(steep, standing, now=now)
    if standing.open_campaign == lines:
        assert at is None
    else:
        assert ramped(steep, NOW, now=at).campaign_at_once == standing.open_campaign + 1
        assert ramped(steep, NOW, now=at - SECOND / 100).campaign_at_once == standing.open_campaign


@pytest.mark.parametrize(
    ("standing", "anew"),
    [
        (Standing(0, 0), True),
        (Standing(0, 0, next_send_at=NOW - timedelta(minutes=4), ramp_from=NOW - timedelta(hours=1)), False),
        (Standing(0, 0, next_send_at=NOW - timedelta(minutes=6), ramp_from=NOW - timedelta(hours=1)), True),
        (Standing(3, 3, next_send_at=NOW - timedelta(minutes=6), ramp_from=NOW - timedelta(hours=1)), False),
        (Standing(3, 0, next_send_at=NOW - timedelta(minutes=6), ramp_from=NOW - timedelta(hours=1)), True),
    ],
)
def test_a_ramp_begins_after_a_start_and_after_a_silence(standing: Standing, anew: bool) -> None:
    assert ramp_begins(limits(), standing, now=NOW) == (NOW if anew else NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("standing", "lines"),
    [
        (Standing(0, 0), 2),  # the ramp's
        (Standing(0, 0, ramp_from=NOW - timedelta(hours=1)), 10),  # 10 slots in a second
        (Standing(99, 0, ramp_from=NOW - timedelta(hours=1)), 1),
        (Standing(100, 0, ramp_from=NOW - timedelta(hours=1)), 0),
        (Standing(30, 18, ramp_from=NOW - timedelta(hours=1)), 2),
        (Standing(0, 0, ramp_from=NOW - timedelta(hours=1), account_free_at=NOW + SECOND / 2), 5),
        (Standing(0, 0, ramp_from=NOW - timedelta(hours=1), account_free_at=NOW + SECOND * 2), 0),
        (Standing(0, 0, ramp_from=NOW - timedelta(hours=1), rivals=(Bid("b", 3, 0, 9, NOW),)), 5),
    ],
)
def test_lines_are_the_least_of_what_ramp_campaign_account_rate_and_rivals_leave(
    standing: Standing, lines: int
) -> None:
    assert lines_for("a", limits(), standing, now=NOW) == lines
