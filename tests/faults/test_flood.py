"""Reports come faster than they can be taken in: what is acknowledged is kept, the rest is sent back, dials go on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import oracles
import postgres
import pytest
from flood import Options
from rig import Plan, Rig, rig, signalled
from test_worker import PATH, with_webhooks

FLOOD = Path(__file__).with_name("flood.py")


def dialling(folder: Path, per_second: float, seconds: float) -> AbstractContextManager[Rig]:
    """A rig whose campaign dials steadily for so long."""
    port, server = with_webhooks(fates={}, ring=(0.1, 0.3), talk=(0.5, 1.5))
    people = int(per_second * seconds)
    return rig(folder, Plan(people, 200, per_second, listen=port, public=True, poll_every="1s", server=server))


def flooding(one: Rig, per_second: float, seconds: float, **more: Any) -> subprocess.Popen[bytes]:
    """The flood, begun."""
    options = Options(one.plan.listen, PATH, per_second, seconds, str(one.folder / "flood.out.json"), **more)
    (one.folder / "flood.json").write_text(json.dumps(asdict(options)))
    return subprocess.Popen([sys.executable, FLOOD, one.folder / "flood.json"])


def lateness(ledger: Sequence[oracles.Line], since: float, until: float) -> float:
    """By how much a dial comes later after the one before it than is usual, in 99 of 100 cases; seconds."""
    moments = sorted(line["at"] for line in ledger if line["what"] == "asked" and since <= line["at"] < until)
    gaps = sorted(later - earlier for earlier, later in pairwise(moments))
    return gaps[min(int(len(gaps) * 0.99), len(gaps) - 1)] - gaps[len(gaps) // 2]


def most_rss_mb(pid: int) -> float:
    """The most that a process has ever held."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def kept(one: Rig) -> set[str]:
    """Calls of which the inbox has a report that is not applied."""
    sql = "SELECT report FROM inbox WHERE state = 'new'"
    if "CAMPAIGNS_DATABASE" in os.environ:
        rows = postgres.tell(sql, os.environ["CAMPAIGNS_DATABASE"].partition("?")[0].rpartition("/")[2]).splitlines()
    else:
        with closing(sqlite3.connect(one.folder / "live.db")) as db:
            rows = [row[0] for row in db.execute(sql)]
    return {json.loads(row)["call_id"] for row in rows}


@pytest.mark.long
@pytest.mark.row("W7")
@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_a_flood_is_taken_in_as_far_as_there_is_room_and_dials_go_on(
    tmp_path: Path, store: str, request: pytest.FixtureRequest, long: bool, figure
) -> None:
    if store == "PostgreSQL":
        request.getfixturevalue("shared")
    quiet, lasts, rate = (30.0, 60.0, 20.0) if long else (1.5, 2.0, 10.0)
    with dialling(tmp_path, rate, quiet + lasts + 2) as one:
        worker = one.start("worker")
        one.until_said(worker, "listening")
        one.ask("start", str(one.campaign), "--yes")
        one.until("made", int(rate * quiet), 20 * quiet)
        before, begun = most_rss_mb(worker.pid), time.time()
        flood = flooding(one, 5_000, lasts)
        assert flood.wait(lasts + 60) == 0
        ended, rss = time.time(), most_rss_mb(worker.pid)
        signalled(worker, signal.SIGKILL)
        worker.wait()
        found = json.loads((tmp_path / "flood.out.json").read_text())
        lost = set(found["taken"]) - kept(one)
        one.start("worker")
        until_settled(one, 150)
    assert lost == set()
    assert set(found["answered"]) <= {"200", "503"}
    assert min(found["answered"]["200"], found["answered"]["503"]) > 0
    assert found["hasty"] == 0
    assert rss < before + 60
    ledger = one.ledger()
    assert oracles.called_without_proof(ledger) == []
    dials = sum(line["what"] == "asked" and begun <= line["at"] < ended for line in ledger)
    assert dials > rate * lasts / 4, "dials starve"
    figure(
        "W7", f"dial lateness p99 in a flood, s, {store}", round(lateness(ledger, begun, ended), 3),
        before=round(lateness(ledger, 0, begun), 3), dials=dials, offered=found["sent"], answered=found["answered"],
        seconds=round(ended - begun, 1), acknowledged_lost=0, rss_mb=rss, rss_before_mb=before,
        answer_p99_s=found["wait_p99"],
    )  # fmt: skip


def until_settled(one: Rig, within: float) -> None:
    """Wait until no call's outcome is lost; but for the one that was asked for when the worker was killed."""
    limit = time.monotonic() + within
    while True:
        ledger, attempts = one.ledger(), one.ask("attempts", "hard")
        doubtful = {row["phone"] for row in attempts if row["state"] in ("sending", "unclear", "uncertain")}
        open_still = {line["phone"] for line in oracles.made(ledger) if line["ends"] > ledger[-1]["at"] - 5}
        clear = [line for line in ledger if line.get("phone") not in doubtful | open_still]
        if len(oracles.made(clear)) >= one.plan.people / 2 and not oracles.unaccounted(clear, attempts):
            return
        assert time.monotonic() < limit, oracles.unaccounted(clear, attempts)
        time.sleep(0.5)
