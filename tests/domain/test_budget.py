"""What a dial holds and what its report settles: tables."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.budget import MICROS, MINUTE_MS, UNBOUNDED, Purse, Spent, charged, cost_of, purse_of
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.campaign import Budget
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.testing import instant

NOW = instant("2026-11-23T10:00Z")
S, D = AttemptState, Disposition
HELD = 30 * MINUTE_MS
PRICE = 70_000  # 0.07 a minute
WORST = Spent(1, HELD, 2_100_000)


def attempt(state: AttemptState, disposition: Disposition | None = None, **report: Any) -> Attempt:
    return Attempt(
        id="a", lead_id="l", campaign="c", person_key="p", phone="+3120", phone_key="k", ordinal=1, provider="p",
        state=state, open=False, body=b"", callback=False, created_at=NOW, send_at=NOW, dial_before=NOW,
        lease_owner="w", disposition=disposition, held_ms=HELD, price_micros=PRICE,
        report=CallReport("call", ended=True, disposition=disposition, **report) if report else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        *((attempt(state), WORST) for state in (S.INTENT, S.SENDING, S.BOOKED, S.PLACED, S.UNCLEAR, S.UNCERTAIN)),
        *((attempt(state), Spent()) for state in (S.REFUSED, S.NOT_SENT, S.NOT_CREATED)),
        (attempt(S.ENDED, D.ANSWERED, talk_seconds=60.0), Spent(1, 60_000, 70_000)),
        (attempt(S.ENDED, D.ANSWERED, talk_seconds=0.0011), Spent(1, 2, 3)),  # rounded up, never down
        (attempt(S.ENDED, D.ANSWERED, talk_seconds=60.0, cost=0.5), Spent(1, 60_000, 500_000)),
        (attempt(S.ENDED, D.ANSWERED, cost=0.1), Spent(1, HELD, 100_000)),
        (attempt(S.ENDED, D.ANSWERED, summary="how long is not said"), WORST),
        (attempt(S.ENDED, D.UNKNOWN), WORST),  # no report came
        (attempt(S.ENDED, D.UNKNOWN, talk_seconds=5.0), Spent(1, 5_000, 5_834)),
        *((attempt(S.ENDED, d), Spent(1)) for d in (D.NO_ANSWER, D.BUSY, D.DECLINED, D.BAD_NUMBER, D.FAILED)),
        (attempt(S.ENDED, D.VOICEMAIL, talk_seconds=30.0), Spent(1, 30_000, 35_000)),
        (attempt(S.ENDED, D.VOICEMAIL), WORST),
    ],
)
def test_an_attempt_takes_its_worst_until_its_report_says_less(case: Attempt, expected: Spent) -> None:
    assert charged(case) == expected


@pytest.mark.parametrize(
    ("budget", "price", "spent", "fits"),
    [
        (None, None, Spent(10**6, 10**9, 10**9), UNBOUNDED),
        ({"attempts": 10}, None, Spent(7), 3),
        ({"attempts": 10}, None, Spent(12), 0),  # the file was edited down
        ({"talk_minutes": 100}, None, Spent(1, 10 * MINUTE_MS), 3),
        ({"talk_minutes": 100}, None, Spent(1, 10 * MINUTE_MS + 1), 2),
        ({"cost": 10}, 0.07, Spent(), 4),  # 2.10 each
        ({"cost": 10}, None, Spent(), 0),
        ({"cost": 10}, 0.0, Spent(), 0),
        ({"attempts": 3, "talk_minutes": 600, "cost": 100}, 0.07, Spent(1), 2),
    ],
)
def test_as_many_dials_fit_as_their_worst_leaves_room_for(
    budget: dict[str, float] | None, price: float | None, spent: Spent, fits: int
) -> None:
    purse = purse_of(Budget.model_validate(budget) if budget else None, 1800, price)
    assert purse.fits(spent) == fits
    assert bool(purse.used_up(spent)) is (fits == 0)


@pytest.mark.parametrize(
    ("budget", "spent", "expected"),
    [
        ({"attempts": 2000}, Spent(2000), "the budget for attempts is used up (2,000 of 2,000 attempts)"),
        (
            {"attempts": 9, "talk_minutes": 60}, Spent(4, 31 * MINUTE_MS),
            "the budget for talk minutes is used up (31 of 60 talk minutes; the longest call may take 30 more)",
        ),
        (
            {"cost": 10}, Spent(4, 0, 8 * MICROS),
            "the budget for cost is used up (8 of 10 cost; the longest call may take 2.1 more)",
        ),
    ],
)  # fmt: skip
def test_a_used_up_budget_says_which_and_how_far(budget: dict[str, float], spent: Spent, expected: str) -> None:
    assert purse_of(Budget.model_validate(budget), 1800, 0.07).used_up(spent) == expected


def test_a_cost_without_a_price_is_never_dialled() -> None:
    assert "price_per_minute" in purse_of(Budget(cost=10), 1800, None).used_up(Spent())


def test_people_are_told_in_their_units() -> None:
    purse = purse_of(Budget(attempts=2000, talk_minutes=600, cost=250), 1800, 0.07)
    told = purse.told(Spent(812, 90_500, 1_234_567), "EUR")
    assert told == ["812 of 2,000 attempts", "1.51 of 600 talk minutes", "1.23 of 250 EUR"]


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_cost_is_rounded_up_by_less_than_one(talk: int, price: int) -> None:
    assert 0 <= cost_of(talk, price) * MINUTE_MS - talk * price < MINUTE_MS


def test_prices_are_the_decimals_that_were_written() -> None:
    assert purse_of(Budget(cost=0.29), 60, 0.07) == Purse(
        cost_micros=290_000, longest_ms=60_000, price_micros=70_000
    )  # fmt: skip


def test_what_is_given_back_is_what_was_held() -> None:
    before = attempt(S.PLACED)
    after = replace(attempt(S.ENDED, D.ANSWERED, talk_seconds=60.0))
    assert charged(after) - charged(before) == Spent(0, 60_000 - HELD, 70_000 - 2_100_000)
