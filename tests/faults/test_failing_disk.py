"""A disk that fails: the process stops, tells it plainly, and dials nobody on a database that it cannot trust."""

import json
from datetime import datetime
from pathlib import Path

import oracles
import pytest
from proving import Figure
from rig import Plan, Rig, free_port, rig
from test_hard_run import SHORT
from test_kills import judged

ON_THE_WAY = 0.5
"""Seconds in which a busy machine reads what has been sent; at 40 a second whoever goes on sends twenty."""


def failing(name: str, probability: float) -> tuple[str, ...]:
    """Run under a C library whose calls fail by chance: `sync`, flushes; `rw/pread`, reads of the database; so on."""
    return ("fiu-run", "-x", "-c", f"enable_random name=posix/io/{name},probability={probability}")


def told_at(said: str) -> float:
    """When a process has said first that its disk has failed."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{") and "disk has failed" in line]
    return datetime.fromisoformat(lines[0]["at"]).timestamp() if lines else float("inf")


def asked_since(one: Rig, at: float) -> int:
    """How many requests to call have come since then, but for those that were on their way already."""
    return sum(line["what"] == "asked" and line["at"] > at + ON_THE_WAY for line in one.ledger())


@pytest.mark.system
@pytest.mark.row("D4")
@pytest.mark.parametrize(("name", "probability"), [("sync/*", 0.02), ("rw/*", 0.0005)])
def test_who_has_read_or_written_in_vain_dials_nobody_any_more(
    tmp_path: Path, long: bool, figure: Figure, name: str, probability: float
) -> None:
    rounds, failed = 40 if long else 2, 0
    plan = Plan(people=900 if long else 60, at_once=60, per_second=40, server=SHORT)
    with rig(tmp_path, plan) as one:
        for _ in range(rounds):
            running = one.start("run", str(one.campaign), "--json", under=failing(name, probability))
            one.ended(running)
            said = one.complained(running)
            failed += "disk has failed" in said
            assert asked_since(one, told_at(said)) == 0
        last = one.run()
        assert one.ended(last, 300) in (0, 1), one.complained(last)
        judged(one)
        figure("D4", "requests after the error", 0, faults=f"posix/io/{name}", processes=rounds, failed_disks=failed)


@pytest.mark.system
@pytest.mark.row("D4")
def test_a_worker_whose_flush_fails_ends_and_does_not_come_again_by_itself(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=60, at_once=30, per_second=20, listen=free_port(), server=SHORT)) as one:
        one.ask("start", str(one.campaign), "--yes")
        worker = one.start("worker", under=failing("sync/*", 0.05))
        assert one.ended(worker) == 2  # of which its unit file says that a person must look
        assert "The disk has failed under the database: disk I/O error" in one.complained(worker)


@pytest.mark.row("D4")
def test_a_torn_page_is_found_before_anybody_is_dialled_again(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=40, at_once=40, server=SHORT)) as one:
        running = one.run()
        one.until("made", 10)
        running.kill()
        running.wait()
        asked = oracles.counted(one.ledger())["asked"]
        one.ask("leads", "hard")  # what is in the log comes into the file
        file = one.folder / "live.db"
        data = bytearray(file.read_bytes())
        torn = len(data) // 4096 // 2 * 4096
        data[torn : torn + 2048] = bytes(2048)
        file.write_bytes(data)
        running = one.run()
        assert one.ended(running) == 2
        assert "cannot be trusted" in one.complained(running)
        assert oracles.counted(one.ledger())["asked"] == asked
