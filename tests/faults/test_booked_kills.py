"""`kill -9` while calls are booked ahead, on a provider that loses answers to bookings and to cancellations."""

import random
import time
from pathlib import Path

import oracles
import pytest
from proving import Figure
from rig import Plan, Rig, rig

FAULTY = {
    "ring": (0.1, 0.3), "talk": (0.2, 0.6), "lose_reply": 0.08, "fail_after": 0.03, "lose_cancel": 0.3,
    "booking_fails": 0.02, "lists_fail": 0.05,
}  # fmt: skip


def killed(one: Rig, kills: int, dice: random.Random) -> None:
    """Run and kill at random moments; before every other kill it is paused, so that bookings are cancelled."""
    for turn in range(kills):
        running = one.live("run", str(one.campaign), "--json")
        enough = oracles.counted(one.ledger())["booked"] + dice.randint(1, 9)
        while running.poll() is None and oracles.counted(one.ledger())["booked"] < enough:
            time.sleep(0.02)
        time.sleep(dice.expovariate(3))
        if turn % 2:
            one.ask("pause", "hard")
            time.sleep(dice.uniform(0.4, 1.2))
        running.kill()
        running.wait()


@pytest.mark.row("K12")
def test_kills_and_lost_answers_book_nobody_twice_call_nobody_twice_and_lose_no_outcome(
    tmp_path: Path, long: bool, dice: random.Random, figure: Figure
) -> None:
    kills = 60 if long else 3  # on ten people each
    plan = Plan(10 * kills, at_once=30 + 2 * kills, per_second=15, dialing="scheduled", book_ahead="20s", server=FAULTY)
    with rig(tmp_path, plan) as one:
        killed(one, kills, dice)
        for _ in range(5):  # where many doubts in a row pause it, a person says to go on
            running = one.live("run", str(one.campaign), "--json")
            code = one.ended(running, 60 + 5 * kills)
            if code in (0, 1):
                break
        assert code in (0, 1), one.complained(running)
        ledger, attempts = one.ledger(), one.ask("attempts", "hard")
        happened = oracles.counted(ledger)
        assert happened["booked"] >= plan.people
        if long:  # in a short run the dice may spare it
            assert happened["cancelled"] > 0
            assert happened["reply_lost"] > 0
        assert oracles.booked_without_proof(ledger) == []
        assert oracles.called_without_proof(ledger) == []
        assert oracles.called_though_cancelled(ledger) == []
        assert oracles.called_too_often(ledger, 3) == []
        assert oracles.most_open(ledger) <= plan.at_once
        assert oracles.unaccounted(ledger, attempts) == []
        assert oracles.wrongly_settled(ledger, attempts) == []
        assert oracles.settled_without_call(ledger, attempts) == []
        figure(
            "K12", "people booked or called twice", 0, kills=kills, bookings=happened["booked"], calls=happened["made"]
        )
