"""A database that others keep busy: nobody is called without a commit, webhooks are to come again, and all goes on."""

import http.client
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import oracles
import postgres
import pytest
from proving import Figure
from rig import Plan, Rig, free_port, rig
from test_hard_run import judged, settled
from test_worker import PATH, reports_of, until_listening, until_state

PATIENCE = 5.0
"""Seconds for which a write waits; then nothing is written that had not begun."""
TALK = {"ring": (0.1, 0.3), "talk": (0.3, 0.8)}


@contextmanager
def sqlite_held(one: Rig) -> Iterator[None]:
    """Somebody else has the only right to write."""
    with closing(sqlite3.connect(one.folder / "live.db", isolation_level=None, timeout=5)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        yield
        raw.execute("ROLLBACK")


@contextmanager
def postgres_held(name: str) -> Iterator[None]:
    """Somebody else has locked what every call and every report is written into."""
    lock = "BEGIN; LOCK TABLE attempt, inbox, account IN EXCLUSIVE MODE; SELECT 'held';"
    words = [postgres.server().bin_path / "psql", postgres.address(name), "-qAtX"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
        assert psql.stdin is not None
        assert psql.stdout is not None
        psql.stdin.write(lock + "\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "held\n"
        yield
        psql.stdin.close()


def answered(one: Rig, body: bytes) -> tuple[int, str | None]:
    """Status and Retry-After of a webhook. It may have to wait for the write before it, and as long again."""
    connection = http.client.HTTPConnection("127.0.0.1", one.plan.listen, timeout=60)
    with closing(connection):
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.getheader("Retry-After")


def asked_between(one: Rig, since: float, until: float) -> int:
    return sum(line["what"] == "asked" and since <= line["at"] < until for line in one.ledger())


@pytest.mark.row("D2")
@pytest.mark.parametrize(
    "kind", [pytest.param("sqlite", marks=pytest.mark.system), pytest.param("postgres", marks=pytest.mark.long)]
)
def test_while_others_hold_the_database_nobody_is_called_and_afterwards_all_goes_on(
    tmp_path: Path, long: bool, figure: Figure, request: pytest.FixtureRequest, kind: str
) -> None:
    held = 30.0 if long else PATIENCE + 1.5
    plan = Plan(people=80 if long else 30, at_once=10, per_second=4, listen=free_port(), public=True, server=TALK)
    name = ""
    if kind == "postgres":
        name = request.getfixturevalue("shared").partition("?")[0].rpartition("/")[2]
    with rig(tmp_path, plan) as one:
        one.start("worker")
        until_listening(one, 60)
        one.ask("start", str(one.campaign), "--yes")
        one.until("made", 5, 60)
        with sqlite_held(one) if kind == "sqlite" else postgres_held(name):
            locked = time.time()
            call = oracles.made(one.ledger())[0]
            report = json.dumps(reports_of(call["call"], call["phone"])[3]).encode()
            assert answered(one, report) == (503, "5")
            time.sleep(max(0.0, locked + held - time.time()))
            freed = time.time()
        # Whoever had a permit when the lock came was called by it: within a second, or not at all.
        sent = asked_between(one, locked + 1.5, freed)
        assert sent == 0
        assert answered(one, report)[0] == 200
        until_state(one, "finished", 120)
        judged(one)
        settled(one)
        assert [row for row in one.ask("attempts", "hard") if row["state"] == "uncertain"] == []
        figure("D2", "requests while the database was held", sent, database=kind, seconds=held)


READS = """
import sqlite3, sys, time
raw = sqlite3.connect(sys.argv[1])
raw.execute("BEGIN")
raw.execute("SELECT COUNT(*) FROM attempt").fetchone()
print("reading", flush=True)
time.sleep(600)
"""


@pytest.mark.system
@pytest.mark.row("D2")
def test_a_reader_that_never_ends_stops_no_call(tmp_path: Path, long: bool, figure: Figure) -> None:
    plan = Plan(people=900 if long else 12, at_once=60, per_second=40, server=TALK)
    with rig(tmp_path, plan) as one:
        running = one.run()
        one.until("made", 2, 60)
        words = [sys.executable, "-c", READS, str(one.folder / "live.db")]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "reading\n"
            assert one.ended(running, 120) == 0, one.complained(running)
            log = (one.folder / "live.db-wal").stat().st_size
            reader.kill()
        settled(one)
        figure("D2", "bytes of the log behind a reader that never ends", log, calls=len(oracles.made(one.ledger())))
