"""Asked to stop, stopped and woken, started twice: the run ends in time, goes on later, and doubts nothing."""

import signal
import time
from pathlib import Path
from random import Random

import oracles
import pytest
from proving import Figure
from rig import EXPECTED, Plan, rig, signalled
from test_hard_run import SHORT, judged, settled


@pytest.mark.row("O1")
def test_a_signal_ends_the_run_in_time_and_the_next_goes_on_while_another_watches(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=20, at_once=10, server={**SHORT, "slow": 0.3, "slow_seconds": 0.7})) as one:
        for number in (signal.SIGTERM, signal.SIGINT):
            running = one.run()
            one.until("made", len(oracles.made(one.ledger())) + 4)
            signalled(running, number)
            assert one.ended(running, 35) == 3, one.complained(running)
            assert one.said(running)["state"] == "paused"
        first = one.run()
        one.until("made", len(oracles.made(one.ledger())) + 1)
        second = one.run()
        for running in (first, second):
            assert one.ended(running) == 0, one.complained(running)
            assert one.said(running)["state"] == "finished"
            assert one.said(running)["attempts"]["uncertain"] == 0
        assert len(oracles.made(one.ledger())) == sum(EXPECTED.get(p[-1], ("", 1))[1] for p in one.phones)
        judged(one)
        settled(one)


def test_a_run_that_watches_dials_on_when_the_one_that_dialled_is_gone(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=45, at_once=5, per_second=3, server=SHORT)) as one:
        first = one.run()
        one.until("made", 3)
        second = one.run("-v")
        one.until_said(second, "handed_over")
        first.kill()
        assert one.ended(second) in (0, 1), one.complained(second)
        assert one.said(second)["state"] == "finished"
        judged(one)


@pytest.mark.row("T3")
def test_a_run_that_was_frozen_dials_nobody_on_an_old_permit(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=24, at_once=20, per_second=20, server=SHORT)) as one:
        running = one.run()
        for calls in (3, 20):
            one.until("made", calls)
            signalled(running, signal.SIGSTOP)
            time.sleep(1.2)
            signalled(running, signal.SIGCONT)
        assert one.ended(running) == 0, one.complained(running)
        judged(one)
        settled(one)


@pytest.mark.row("T3")
def test_whoever_slept_on_a_permit_never_uses_it(tmp_path: Path, long: bool, dice: Random, figure: Figure) -> None:
    sleeps = 100 if long else 4
    with rig(tmp_path, Plan(people=10, at_once=5, server={**SHORT, "fates": {}})) as one:
        one.ask("start", str(one.campaign), "--yes")
        worker = one.live("worker", failpoints="after_permit=stop")
        for _ in range(sleeps):
            until_stopped(worker.pid)
            time.sleep(dice.uniform(1.05, 1.3))
            worker.send_signal(signal.SIGCONT)
        until_stopped(worker.pid)
        permits = len([row for row in one.ask("attempts", "hard") if row["state"] != "intent"])
        assert permits >= sleeps
        assert oracles.counted(one.ledger())["asked"] == 0
        worker.kill()
        last = one.live("run", str(one.campaign), "--json")
        assert one.ended(last, 120) in (0, 1), one.complained(last)
        assert oracles.called_too_often(one.ledger(), 1) == []
        figure("T3", "requests on a permit that somebody slept on", 0, sleeps=sleeps, permits=permits)


def until_stopped(pid: int) -> None:
    """Wait until a process stands still. Raises TimeoutError."""
    limit = time.monotonic() + 60
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        if time.monotonic() > limit:
            raise TimeoutError("it does not stop")
        time.sleep(0.02)


IN_TIME = 35.0
SLOW = {"ring": (0.1, 0.3), "talk": (0.3, 0.8), "slow": 0.3, "slow_seconds": 0.7, "fates": {}}
"""A provider that lets many wait for its answer: a signal finds some of them waiting."""


@pytest.mark.row("O1")
def test_signals_at_any_moment_leave_no_doubt_and_nobody_is_called_twice(
    tmp_path: Path, long: bool, dice: Random, figure: Figure
) -> None:
    signals, slowest = 200 if long else 5, 0.0
    with rig(tmp_path, Plan(people=8 + 12 * signals, at_once=60, per_second=20, server=SLOW)) as one:
        for _ in range(signals):
            running = one.live("run", str(one.campaign), "--json")
            one.until("asked", oracles.counted(one.ledger())["asked"] + dice.choice([0, 0, 1, 4]))
            time.sleep(dice.uniform(0, 0.3))
            signalled(running, dice.choice([signal.SIGTERM, signal.SIGINT]))
            since = time.monotonic()
            one.ended(running, IN_TIME)
            slowest = max(slowest, time.monotonic() - since)
        last = one.live("run", str(one.campaign), "--json")
        assert one.ended(last, 120) == 0, one.complained(last)
        ledger, attempts = one.ledger(), one.ask("attempts", "hard")
        assert {phone: len(calls) for phone, calls in oracles.by_phone(ledger).items()} == dict.fromkeys(one.phones, 1)
        assert oracles.unaccounted(ledger, attempts) == []
        assert [row for row in attempts if row["state"] == "uncertain"] == []
        figure(
            "O1", "people called twice, calls left in doubt", 0, signals=signals, calls=len(oracles.made(ledger)),
            slowest_end_in_seconds=round(slowest, 1),
        )  # fmt: skip
