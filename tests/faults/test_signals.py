"""Asked to stop, stopped and woken, started twice: the run ends in time, goes on later, and doubts nothing."""

import signal
import time
from pathlib import Path

import oracles
from rig import EXPECTED, Plan, rig, signalled
from test_hard_run import SHORT, judged, settled


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
    with rig(tmp_path, Plan(people=20, at_once=5, per_second=3, server=SHORT)) as one:
        first = one.run()
        one.until("made", 3)
        second = one.run("-v")
        one.until_said(second, "handed_over")
        first.kill()
        assert one.ended(second) in (0, 1), one.complained(second)
        assert one.said(second)["state"] == "finished"
        judged(one)


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
