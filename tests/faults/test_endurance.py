"""A worker for hours, with reports, an API that is asked, and somebody who looks on: nothing of it grows."""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

import oracles
import pytest
from rig import Plan, Rig, rig, signalled
from test_worker import with_webhooks

HOURS = 2.0
ONLOOKER = Path(__file__).with_name("onlooker.py")


@dataclass(frozen=True)
class Sample:
    """What a worker holds at a moment."""

    at: float
    rss_mb: float
    fds: int
    tasks: int
    log_mb: float
    """What SQLite's log takes on disk."""


def sampled(one: Rig, pid: int, token: str) -> Sample:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    log = one.folder / "live.db-wal"
    return Sample(
        time.monotonic(), pages * 4096 / 2**20, len(list(Path(f"/proc/{pid}/fd").iterdir())), tasks(one, token),
        log.stat().st_size / 2**20 if log.exists() else 0.0,
    )  # fmt: skip


def tasks(one: Rig, token: str) -> int:
    """As `/metrics` tells."""
    connection = http.client.HTTPConnection("127.0.0.1", one.plan.listen, timeout=30)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
    text = connection.getresponse().read().decode()
    connection.close()
    found = re.search(r"^campaigns_tasks (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return int(float(found[1]))


@contextmanager
def onlooker(one: Rig, token: str, seconds: float) -> Iterator[Callable[[], bool]]:
    """Somebody looks on; what they were refused is an error. Yields whether a page has told them anything yet."""
    said, refused = one.folder / "onlooker.out", one.folder / "onlooker.err"
    with said.open("w") as out, refused.open("w") as err:
        address = f"http://127.0.0.1:{one.plan.listen}"
        process = subprocess.Popen([sys.executable, ONLOOKER, address, token, str(seconds)], stdout=out, stderr=err)
        try:
            yield lambda: re.search(r"heard [1-9]", said.read_text()) is not None
            assert process.poll() is None, refused.read_text()
        finally:
            process.kill()
            process.wait()
    assert refused.read_text() == ""


def an_hour(samples: Sequence[Sample], what: str) -> float:
    """By how much it grows in an hour, by the straight line nearest to all samples."""
    line = linear_regression([one.at / 3600 for one in samples], [getattr(one, what) for one in samples])
    return line.slope


@pytest.mark.long
@pytest.mark.row("O4")
def test_nothing_grows_while_a_worker_calls_reports_and_is_looked_at(tmp_path: Path, long: bool, figure) -> None:
    lasts, every, people, rate = (HOURS * 3600, 10.0, 3_000, 3_000 / HOURS / 3600) if long else (4.0, 0.5, 40, 2.5)
    port, server = with_webhooks(fates={"3": ["no_answer"], "4": ["busy", "answered"]}, webhook_twice=0.1)
    plan = Plan(
        people=people, per_second=rate, at_once=30, gap="60s" if long else "1s", listen=port,
        public=True, server=server | ({"ring": (2.0, 10.0), "talk": (5.0, 40.0)} if long else {}),
        longest="120s", poll_every="5s" if long else "0.5s",
    )  # fmt: skip
    with rig(tmp_path, plan) as one:
        token = one.ask("token", "add", "onlooker", "--role", "operate")["token"]
        worker = one.start("worker")
        one.until_said(worker, "listening")
        one.ask("start", str(one.campaign), "--yes")
        with onlooker(one, token, 60.0 if long else 1.0) as heard:
            samples, end = [], time.monotonic() + lasts
            while time.monotonic() < end or not heard():
                assert time.monotonic() < end + 90, "the page told nothing"
                time.sleep(every)
                samples.append(sampled(one, worker.pid, token))
                with (tmp_path / "samples.jsonl").open("a") as file:
                    file.write(json.dumps(samples[-1].__dict__) + "\n")
        calls = len(oracles.made(one.ledger()))
        signalled(worker, signal.SIGTERM)
        assert one.ended(worker, 35) == 0, one.complained(worker)
        assert oracles.called_without_proof(one.ledger()) == []
    steady = samples[len(samples) // 3 :]
    grown = {what: an_hour(steady, what) for what in ("rss_mb", "fds", "tasks", "log_mb")}
    if long:
        assert grown["rss_mb"] < 8
        assert abs(grown["fds"]) < 2
        assert abs(grown["tasks"]) < 4
        most = max(one.rss_mb for one in samples)
        figure("O4", "growth an hour", grown, calls=calls, seconds=round(lasts), most_rss_mb=most)
    assert max(one.fds for one in steady) - min(one.fds for one in steady) < 40
    assert max(one.tasks for one in steady) - min(one.tasks for one in steady) < 80
    assert max(one.log_mb for one in samples) < 16
