"""Kills at any moment, on a provider that loses replies: nobody is called again without proof, no outcome is lost."""

import random
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import oracles
import postgres
import pytest
from killer import FATES, FAULTS, Killer, doubts, injected, percentile
from proving import Figure
from rig import TOKEN, Plan, Process, Rig, free_port, rig

PLAIN = Path(__file__).with_name("plain_queue.py")

DONE = (0, 1)
"""The second: with a doubt that waits for a person."""
NIGHTS, KILLS = 4, 100
"""In the long form."""


def plan_for(kills: int, **server: Any) -> Plan:
    """People enough for every life to dial some, and lines enough for the doubts of all."""
    port = free_port()
    hook = f"http://127.0.0.1:{port}/webhooks/foreign/{TOKEN}"
    return Plan(
        people=12 + 9 * kills, at_once=60 + 3 * kills, per_second=12, listen=port, public=True,
        server={**FAULTS, "fates": FATES, "webhook": hook, **server},
    )  # fmt: skip


def judged(one: Rig) -> None:
    """By the provider's ledger: nobody was called again without proof, and no call is lost."""
    ledger, attempts = one.ledger(), one.ask("attempts", "hard")
    assert oracles.called_without_proof(ledger) == []
    assert oracles.called_too_often(ledger, 3) == []
    assert oracles.most_open(ledger) <= one.plan.at_once
    assert oracles.unaccounted(ledger, attempts) == []
    assert oracles.wrongly_settled(ledger, attempts) == []
    assert oracles.settled_without_call(ledger, attempts) == []
    assert oracles.disobeyed(ledger, one.ask("leads", "hard")) == []


def to_the_end(one: Rig) -> None:
    """Where many doubts in a row pause it, a person says to go on."""
    for _ in range(5):
        running = one.live("run", str(one.campaign), "--json")
        if one.ended(running, 300) in DONE:
            return
    raise AssertionError(one.complained(running))


@dataclass
class Night:
    """What a campaign came to whose workers were killed."""

    ended: Counter[str]
    calls: int
    lost_answers: int
    """By the provider itself."""
    doubts: list[tuple[str, float | None]]
    unfound: int
    """Doubts that stayed, though there was a call."""
    recoveries: list[float]


def night_of(killer: Killer) -> Night:
    """Brought to its end, and judged."""
    to_the_end(killer.one)
    judged(killer.one)
    ledger, attempts = killer.one.ledger(), killer.one.ask("attempts", "hard")
    calls = oracles.made(ledger)
    unfound = {call["attempt"] for call in calls} & {row["attempt"] for row in attempts if row["state"] == "uncertain"}
    return Night(killer.ended, len(calls), injected(ledger), doubts(killer), len(unfound), killer.recoveries())


def told(nights: list[Night], figure: Figure, **where: str) -> None:
    """The figures of several nights, for the table."""
    ended = sum((night.ended for night in nights), Counter[str]())
    doubted = [each for night in nights for each in night.doubts]
    found = [took for _, took in doubted if took is not None]
    soon = [each for night in nights for each in night.recoveries]
    of = {**where, "calls": sum(night.calls for night in nights), **ended}
    of["answers lost by the provider"] = sum(night.lost_answers for night in nights)
    figure("K12", "people called twice", 0, **of)
    figure("K12", "outcomes lost or wrong", 0, **of)
    figure("K12", "doubts", len(doubted), resolved=len(found), uncertain=len(doubted) - len(found), wrong=0, **where)
    figure("K12", "doubts about calls that took place, never resolved", sum(night.unfound for night in nights), **where)
    figure("K12", "seconds until a doubt is resolved", percentile(found, 50), p99=percentile(found, 99), **where)
    figure(
        "K12", "seconds from a start to the first dial or end", percentile(soon, 50), p99=percentile(soon, 99),
        starts=len(soon), **where,
    )  # fmt: skip


def killed(folder: Path, kills: int, dice: random.Random, database: str) -> Night:
    """A campaign whose one worker is killed so often."""
    with rig(folder, plan_for(kills)) as one:
        one.ask("start", str(one.campaign), "--yes")
        killer = Killer(one, dice, database)
        while killer.ended["killed"] < kills:
            killer.life()
        return night_of(killer)


@pytest.mark.row("K12")
@pytest.mark.parametrize("base", ["sqlite", "postgres"])
def test_random_kills_call_nobody_twice_lose_no_outcome_and_forget_no_acknowledged_report(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch, long: bool, dice: random.Random, figure: Figure
) -> None:
    nights = []
    for number in range(NIGHTS if long else 1):
        name = on(base, monkeypatch)
        nights.append(killed(tmp_path / str(number), KILLS if long else 5, dice, name))
    told(nights, figure, database=base)


@pytest.mark.long
@pytest.mark.row("K12", "D1")
def test_random_kills_among_three_workers_call_nobody_twice_and_lose_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool, dice: random.Random, figure: Figure
) -> None:
    nights = []
    for number in range(2 if long else 1):
        name = on("postgres", monkeypatch)
        with rig(tmp_path / str(number), plan_for(KILLS if long else 3)) as one:
            one.ask("start", str(one.campaign), "--yes")
            fleet = Fleet(one, dice, name, monkeypatch)
            while fleet.ended["killed"] < (KILLS if long else 3):
                fleet.life()
            fleet.rest()
            nights.append(night_of(fleet))
    told(nights, figure, database="postgres", workers="3")


class Fleet(Killer):
    """Three workers; one of them ends, and another takes its place."""

    def __init__(self, one: Rig, dice: random.Random, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(one, dice, database, cold=0)
        self._environ = monkeypatch
        self._alive = [self._another() for _ in range(3)]

    def _another(self) -> tuple[Process, str]:
        self._environ.setenv("CAMPAIGNS_LISTEN", f"127.0.0.1:{free_port()}")
        way = self.chosen()
        return self.born(way), way

    def life(self) -> None:
        self.end(*self._alive.pop(self.dice.randrange(3)))
        self._alive.append(self._another())

    def rest(self) -> None:
        """Kill them all."""
        for worker, way in self._alive:
            self.end(worker, way)


def on(base: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let every command use a new database of this kind; PostgreSQL's name of it."""
    if base == "sqlite":
        return ""
    address = postgres.new_database()
    monkeypatch.setenv("CAMPAIGNS_DATABASE", address)
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", "a key for tests that all machines share, and for tests only")
    return address.partition("?")[0].rpartition("/")[2]


class PlainQueue(Killer):
    """The same kills, for a plain job queue."""

    def chosen(self) -> str:
        return "moment"

    def born(self, way: str) -> Process:
        address = tomllib.loads((self.one.folder / "settings.toml").read_text())["providers"]["foreign"]["base_url"]
        words = [self.one.folder, address, str(self.one.plan.per_second)]
        worker = subprocess.Popen([sys.executable, PLAIN, *words], text=True)
        self.one.started.append(worker)
        return worker


@pytest.mark.row("K12")
def test_a_plain_job_queue_calls_people_twice_under_the_same_kills(
    tmp_path: Path, long: bool, dice: random.Random, figure: Figure
) -> None:
    kills = KILLS if long else 6
    with rig(tmp_path, plan_for(kills, fates={}, webhook="", fail_before=0.0)) as one:
        queue = PlainQueue(one, dice)
        while queue.ended["killed"] < kills:
            queue.life()
            assert queue.ended["killed"] + 20 > queue.ended.total(), "it is done too early"
        assert one.ended(queue.born(""), 300) == 0
        called = oracles.by_phone(one.ledger())
        twice = sum(len(calls) > 1 for calls in called.values())
        lost = injected(one.ledger())
    assert set(called) == set(one.phones)
    assert twice > 0, "the rig would not see it either"
    of = {"people": len(called), "killed": kills, "answers lost by the provider": lost}
    figure("K12", "people called twice by a plain job queue", twice, **of)
