"""Many workers on one PostgreSQL, and whatever may befall them: by the provider's own ledger nobody is called twice."""

import random
import signal
import time
from pathlib import Path
from typing import Any

import oracles
import postgres
import pytest
from rig import Plan, Rig, rig, signalled

SHORT = {"ring": (0.1, 0.3), "talk": (0.2, 0.6)}
WORKERS = 3


class Fleet:
    """Workers on one database, and a dice that says what befalls them."""

    def __init__(self, one: Rig, address: str, seed: int, workers: int = WORKERS) -> None:
        self._one, self._dice = one, random.Random(seed)
        self._name = address.partition("?")[0].rpartition("/")[2]
        self.workers = [one.start("worker") for _ in range(workers)]
        for worker in self.workers:
            one.until_said(worker, "listening", 120)

    def befall(self, what: str) -> None:
        """`kill`, `freeze` or `cut`."""
        getattr(self, what)()

    def kill(self) -> None:
        """One worker dies, and another begins in its place."""
        at = self._dice.randrange(len(self.workers))
        self.workers[at].kill()
        self.workers[at].wait()
        self.workers[at] = self._one.start("worker")

    def freeze(self) -> None:
        """One stands still, for a moment or for longer than its permits last."""
        worker = self._dice.choice(self.workers)
        signalled(worker, signal.SIGSTOP)
        time.sleep(self._dice.choice([0.3, 1.5]))
        signalled(worker, signal.SIGCONT)

    def cut(self) -> None:
        """The server closes connections, some or all, in the middle of whatever they do."""
        share = self._dice.choice([0.3, 1.0])
        self.tell(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND pid <> pg_backend_pid() AND random() < {share}"
        )

    def tell(self, command: str) -> str:
        return postgres.tell(command, self._name)

    def until(self, condition: str, within: float) -> None:
        """Wait until this holds in the database. Raises TimeoutError."""
        limit = time.monotonic() + within
        while self.tell(f"SELECT {condition}") != "t":
            if time.monotonic() > limit:
                raise TimeoutError(f"{condition} does not hold after {within} s")
            time.sleep(0.2)

    def stop(self) -> list[int]:
        """Their exit codes after SIGTERM."""
        for worker in self.workers:
            self._one.until_said(worker, "listening", 120)  # else it does not heed signals yet
            signalled(worker, signal.SIGTERM)
        return [self._one.ended(worker) for worker in self.workers]


SETTLED = "NOT EXISTS (SELECT 1 FROM lead WHERE state <> 'closed')"
AS_FAR_AS_KNOWN = """NOT EXISTS (SELECT 1 FROM lead WHERE state <> 'closed' AND NOT EXISTS (
    SELECT 1 FROM attempt a WHERE a.lead_id = lead.id AND (a.state IN ('unclear', 'uncertain') OR (a.state = 'sending'
    AND a.first_sent_at < EXTRACT(EPOCH FROM clock_timestamp() - INTERVAL '10 s') * 1000000))))"""
"""Whoever was killed while asking leaves a doubt, which is looked into after a minute: then nobody can ask any more."""


def judged(one: Rig, *campaigns: str) -> dict[str, Any]:
    """Nobody was called twice, no call is lost, limits hold over all workers; what the run came to."""
    names = campaigns or ("hard",)
    ledger, attempts = one.ledger(), [row for name in names for row in one.ask("attempts", name)]
    doubtful = {row["phone"] for row in attempts if row["state"] in ("sending", "unclear", "uncertain")}
    assert oracles.called_without_proof(ledger) == []
    assert oracles.called_too_often(ledger, 3 * len(names)) == []
    clear = [line for line in ledger if line.get("phone") not in doubtful]
    assert oracles.unaccounted(clear, attempts) == []
    assert oracles.wrongly_settled(ledger, attempts) == []
    assert oracles.most_open(ledger) <= one.plan.at_once
    # The server notes when it reads a request: where processors are short, it reads those of a second and more at once.
    assert oracles.busiest(ledger, 3.0) <= one.plan.per_second * 4.5
    return {
        "calls": len(oracles.made(ledger)), "busiest": oracles.busiest(ledger),
        "open": oracles.most_open(ledger), "doubtful": len(doubtful),
    }  # fmt: skip


@pytest.mark.row("D1")
def test_workers_share_campaigns_their_people_their_lines_and_the_asking(
    tmp_path: Path, shared: str, long: bool, figure
) -> None:
    workers, people, names = (8, 2_500, ("hard", "b", "c", "d")) if long else (2, 20, ("hard", "b"))
    rate, lines = (100, 200) if long else (12, 10)
    plan = Plan(people=people, at_once=lines, per_second=rate, poll_every="0.5s", server=SHORT)
    with rig(tmp_path, plan) as one:
        fleet = Fleet(one, shared, 1, workers)
        for name in names:
            file = tmp_path / f"{name}.yaml"
            file.write_text(one.campaign.read_text().replace("campaign: hard", f"campaign: {name}"))
            one.ask("start", str(file), "--yes")
        fleet.until(SETTLED, 3_600 if long else 90)
        owners = fleet.tell("SELECT COUNT(DISTINCT lease_owner) FROM attempt")
        asked = oracles.counted(one.ledger())["listed"]
        lasted = one.ledger()[-1]["at"] - one.ledger()[0]["at"]
        assert fleet.stop() == [0] * workers
        found = judged(one, *names)
    assert int(owners) > 1, "one did all"
    pages = 1 + lines // 100
    assert asked <= 2 * pages * (lasted / 0.5 + 2), "one asks for all"
    assert found["doubtful"] == 0
    figure(
        "D1", "people called twice at once", 0, workers=workers, contacts=people * len(names), numbers=people,
        calls=found["calls"], seconds=round(lasted, 1), calls_a_second=round(found["calls"] / lasted, 1),
    )  # fmt: skip


@pytest.mark.row("D1", "K12")
def test_whatever_befalls_workers_nobody_is_called_twice(tmp_path: Path, shared: str, seed: int, long: bool) -> None:
    # Lines for all: a doubt holds its line as long as a call may last.
    workers, people, rounds = (WORKERS, 500, 40) if long else (2, 24, 1)
    plan = Plan(people=people, at_once=people + 10, per_second=12, server=SHORT)
    with rig(tmp_path, plan) as one:
        fleet = Fleet(one, shared, seed, workers)
        one.ask("start", str(one.campaign), "--yes")
        one.until("made", 5)
        for what in ("kill", "cut", "freeze", "cut", "kill")[: 5 if long else 3] * rounds:
            fleet.befall(what)
            time.sleep(0.5)
        fleet.until(AS_FAR_AS_KNOWN, 900 if long else 90)
        assert fleet.stop() == [0] * workers
        judged(one)
        assert fleet.tell("SELECT COUNT(*) FROM lead WHERE lease_owner IS NOT NULL") == "0"
