"""Lines counted by time: tables, and a law against counting moment by moment."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.lines import Hold, Lines
from campaigns.testing import instant

NOW = instant("2026-11-23T10:00Z")
MINUTE = timedelta(minutes=1)


def lines(account: int = 2, campaign: int = 2, holds_for: int = 10) -> Lines:
    return Lines(account, campaign, holds_for * MINUTE, timedelta(seconds=1), 30 * MINUTE)


def hold(start: int, end: int, *, own: bool = True) -> Hold:
    return Hold(NOW + start * MINUTE, NOW + end * MINUTE, own)


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def test_a_call_needs_its_line_as_long_as_it_may_last() -> None:
    held = [hold(0, 30), hold(15, 20)]
    assert lines().fits(at(5), held)  # over when the second begins
    assert not lines().fits(at(6), held)
    assert lines().fits(at(20), held)


def test_the_campaigns_own_lines_are_fewer_than_the_accounts() -> None:
    assert lines(account=3, campaign=1).fits(at(5), [hold(0, 30, own=False)])
    assert not lines(account=3, campaign=1).fits(at(5), [hold(0, 30)])


def test_calls_do_not_start_at_the_same_moment() -> None:
    assert not lines(account=9, campaign=9).fits(at(5), [hold(5, 15)])
    assert lines(account=9, campaign=9).first_free(at(5), at(9), [hold(5, 15)]) == at(5) + timedelta(seconds=1)


def test_the_first_free_moment_is_where_a_line_ends_or_there_is_none() -> None:
    held = [hold(0, 12), hold(0, 18)]
    assert lines().first_free(at(3), at(30), held) == at(12)
    assert lines().first_free(at(3), at(11), held) is None
    assert lines().first_free(at(3), at(30), []) == at(3)


spans = st.tuples(st.integers(0, 60), st.integers(1, 30), st.booleans())


@given(st.lists(spans, max_size=8), st.integers(0, 60), st.integers(1, 4), st.integers(1, 4), st.integers(1, 25))
def test_it_fits_just_where_no_minute_is_over_its_lines(held, start, account, campaign, lasts) -> None:
    holds = [hold(begin, begin + length, own=own) for begin, length, own in held]
    some = Lines(account, campaign, lasts * MINUTE, timedelta(), 30 * MINUTE)
    by_minute = all(
        sum(h.starts <= at(minute) < h.ends for h in holds) < account
        and sum(h.own and h.starts <= at(minute) < h.ends for h in holds) < campaign
        for minute in range(start, start + lasts)
    )
    assert some.fits(at(start), holds) is by_minute
