"""A disk that is full, of the log or of the database: nobody is called whose call could not be written down."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import oracles
import pytest
from proving import Figure
from rig import Plan, Rig, free_port, rig
from test_busy_database import answered, asked_between
from test_hard_run import SHORT, judged, settled
from test_worker import reports_of, until_listening, until_state

ON_THE_WAY = 1.0
"""Seconds in which whoever had a permit when the disk was full is called by it."""
FULL_LOG = ("sh", "-c", 'exec "$@" 2>/dev/full', "sh")


@pytest.mark.row("D3")
def test_a_full_log_stops_no_call_and_loses_no_outcome(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=10, server=SHORT)) as one:
        running = one.start("-v", "run", str(one.campaign), "--json", under=FULL_LOG)
        assert one.ended(running) == 0
        assert one.said(running)["state"] == "finished"
        assert oracles.counted(one.ledger())["made"] > 10
        judged(one)
        settled(one)


@contextmanager
def a_small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 16 MB, and the file that fills it."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)], check=True)
    try:
        yield folder / "ballast"
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Until not a byte more fits."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def full_for(one: Rig, ballast: Path, seconds: float) -> float:
    """While webhooks are refused nobody is called either; seconds from the first free byte to the next call."""
    call = oracles.made(one.ledger())[0]
    report = reports_of(call["call"], call["phone"])[3]
    fill(ballast)
    since, refused = time.time(), 0.0
    while not refused or time.time() < refused + seconds:
        assert time.time() < since + 60, "it still takes what comes"
        # Space that the log has already is written again: until that is used up too, webhooks and calls go on.
        status = answered(one, json.dumps({**report, "eventTimestamp": time.time_ns()}).encode())[0]
        assert status in (200, 503)
        refused = 0.0 if status == 200 else refused or time.time()
        time.sleep(0.2 if refused else 0)
    freed, made = time.time(), len(oracles.made(one.ledger()))
    assert asked_between(one, refused + ON_THE_WAY, freed) == 0
    ballast.unlink()
    assert answered(one, json.dumps(report).encode())[0] == 200
    one.until("made", made + 1, 60)
    return time.time() - freed


@pytest.mark.system
@pytest.mark.row("D3")
def test_while_the_disk_is_full_nobody_is_called_and_with_space_all_goes_on(
    tmp_path: Path, long: bool, dice: Random, figure: Figure
) -> None:
    times = 8 if long else 1
    plan = Plan(people=16 * times, at_once=20, per_second=4, listen=free_port(), public=True, server=SHORT)
    with a_small_disk(tmp_path / "disk") as ballast, rig(tmp_path / "run", plan) as one:
        settings = one.folder / "settings.toml"
        settings.write_text(settings.read_text().replace(f"{one.folder}/live.db", f"{ballast.parent}/live.db"))
        worker = one.start("worker")
        until_listening(one, 60)
        one.ask("start", str(one.campaign), "--yes")
        took = []
        for _ in range(times):
            one.until("made", len(oracles.made(one.ledger())) + 4, 60)
            took.append(full_for(one, ballast, dice.uniform(3, 4)))
        assert worker.poll() is None
        until_state(one, "finished", 180)
        ledger = one.ledger()
        assert oracles.called_while_open(ledger) == []
        assert oracles.called_without_proof(ledger) == []
        assert oracles.busiest(ledger, 3.0) <= plan.per_second * 4.5
        settled(one)
        assert [row for row in one.ask("attempts", "hard") if row["state"] == "uncertain"] == []
        figure("D3", "people called twice, outcomes lost", 0, calls=len(oracles.made(ledger)), times_full=times)
        figure("D3", "seconds until calls go on with space", round(max(took), 1), times_full=times)
