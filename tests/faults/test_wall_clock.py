"""Wall clocks that are set while calls are made: nobody is called outside their hours, or twice."""

import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import oracles
import pytest
from faketime import WallClock
from proving import Figure
from rig import Plan, rig, signalled
from test_hard_run import SHORT, settled
from test_many_workers import SETTLED, Fleet
from test_many_workers import judged as judged_fleet

LONDON = ZoneInfo("Europe/London")
HOUR = 3600.0
SETTLES = 0.5
"""Seconds around a jump in which a request may have left before it, and be read after it."""


def an_hour_around(now: datetime) -> tuple[str, float]:
    """Calling hours from an hour ago to in an hour, as a campaign file has them; and the middle of them."""
    local = now.astimezone(LONDON)
    first, last = local - timedelta(hours=1), local + timedelta(hours=1)
    return f"{first:%H:%M}-{last:%H:%M}", local.timestamp()


def outside(one_ledger: list[dict[str, object]], clock: WallClock, middle: float) -> list[float]:
    """Requests to call that left while the wall clock showed an hour at which nobody may be called."""
    jumps = [at for at, _ in clock.jumps]
    moments = [float(str(line["at"])) for line in one_ledger if line["what"] == "asked"]
    sure = [at for at in moments if all(abs(at - jump) > SETTLES for jump in jumps)]
    return [at for at in sure if abs(clock.shown(at) - middle) > HOUR]


@pytest.mark.long
@pytest.mark.system
@pytest.mark.row("T1")
def test_a_clock_that_jumps_back_and_forth_has_nobody_called_outside_their_hours(
    tmp_path: Path, long: bool, dice: Random, figure: Figure
) -> None:
    clock = WallClock(tmp_path / "ahead")
    hours, middle = an_hour_around(datetime.now(UTC))
    talk = {"ring": (0.1, 0.3), "talk": (1.0, 4.0)}
    plan = Plan(people=900 if long else 120, at_once=40, per_second=8, hours=hours, server=talk)
    with rig(tmp_path / "run", plan) as one:
        clock.set(0)
        running = one.start("run", str(one.campaign), "--json", **clock.environ())
        one.until("made", 5, 180)
        # Last the one after which everybody waits for tomorrow's hours.
        for ahead in (*(-2 * HOUR,) * (12 if long else 1), 3 * HOUR):
            clock.set(ahead)
            time.sleep(dice.uniform(2, 4))
            clock.set(0)
            if ahead < 0:
                one.until("made", len(oracles.made(one.ledger())) + 4, 180)
        time.sleep(10)  # longer than any call, and than a sleeper takes to notice
        signalled(running, signal.SIGTERM)
        assert one.ended(running, 60) == 3, one.complained(running)
        ledger, attempts = one.ledger(), one.ask("attempts", "hard")
        assert outside(ledger, clock, middle) == []
        assert oracles.called_while_open(ledger) == []
        assert oracles.called_without_proof(ledger) == []
        assert oracles.called_too_often(ledger, 3) == []
        assert oracles.unaccounted(ledger, attempts) == []
        assert oracles.wrongly_settled(ledger, attempts) == []
        figure("T1", "calls outside hours", 0, calls=len(oracles.made(ledger)), jumps=len(clock.jumps) - 1)


@pytest.mark.long
@pytest.mark.system
@pytest.mark.row("T4")
def test_two_workers_whose_clocks_are_twenty_minutes_apart_share_a_campaign_by_the_databases_time(
    tmp_path: Path, shared: str, long: bool, figure: Figure
) -> None:
    clocks = [WallClock(tmp_path / name) for name in ("ahead", "behind")]
    for clock, minutes in zip(clocks, (10, -10), strict=True):
        clock.set(minutes * 60)
    plan = Plan(people=600 if long else 40, at_once=12, per_second=10, poll_every="0.5s", server=SHORT)
    with rig(tmp_path / "run", plan) as one:
        fleet = Fleet(one, shared, 1, workers=0)
        fleet.workers = [one.start("worker", **clock.environ()) for clock in clocks]
        for worker in fleet.workers:
            one.until_said(worker, "listening", 120)
        one.ask("start", str(one.campaign), "--yes")
        fleet.until(SETTLED, 600 if long else 120)
        owners = fleet.tell("SELECT COUNT(DISTINCT lease_owner) FROM attempt")
        # A lease that was taken from a worker that lives leaves an attempt that nobody sent.
        stolen = fleet.tell("SELECT COUNT(*) FROM attempt WHERE state = 'not_sent' AND reason LIKE '%process%'")
        moments = fleet.tell(
            "SELECT COUNT(*) FROM attempt WHERE abs(created_at - EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)"
            " > 590 * 1000000::bigint"
        )
        assert fleet.stop() == [0, 0]
        found = judged_fleet(one)
        settled(one)
    assert (owners, stolen, moments) == ("2", "0", "0")
    figure("T4", "people called twice", 0, calls=found["calls"], minutes_apart=20)
