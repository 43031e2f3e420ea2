"""`kill -9` at any moment, on a provider that loses replies: nobody is called again without proof."""

import csv
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import oracles
from rig import TOKEN, Plan, Rig, free_port, rig

SHORT = {"ring": (0.1, 0.4), "talk": (0.3, 1.0)}
FAULTY = {**SHORT, "lose_reply": 0.03, "fail_after": 0.01}
CODES = ([0, 0], [0, 1], [1, 0], [1, 1])
"""Done; or done, with a doubt that waits for a person."""


def killed(one: Rig, kills: int, seed: int) -> int:
    """Run, kill at random moments, run to the end; the exit code."""
    dice = random.Random(seed)
    for _ in range(kills):
        running = one.run()
        time.sleep(1.1 + dice.expovariate(1.6))
        running.kill()
        running.wait()
        if one.plan.write_back == "true":
            returned(one)
    running = one.run()
    return one.ended(running)


def returned(one: Rig) -> dict[str, str]:
    """The outcomes beside the list, by its ids: a whole file with nobody in it twice, at whatever moment it is read."""
    path = one.folder / "people.outcomes.csv"
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {len(rows[0])}
    found = {row["id"]: row["outcome"] for row in (dict(zip(rows[0], row, strict=True)) for row in rows[1:])}
    assert len(found) == len(rows) - 1
    return found


def judged(one: Rig) -> None:
    """Nobody was called again without proof, and no call is lost."""
    ledger, attempts = one.ledger(), one.ask("attempts", "hard")
    assert oracles.called_without_proof(ledger) == []
    assert oracles.called_too_often(ledger, 3) == []
    assert oracles.most_open(ledger) <= one.plan.at_once
    assert oracles.unaccounted(ledger, attempts) == []
    assert oracles.wrongly_settled(ledger, attempts) == []
    assert oracles.settled_without_call(ledger, attempts) == []


def test_random_kills_call_nobody_twice_lose_no_call_and_forget_no_acknowledged_report(tmp_path: Path) -> None:
    port = free_port()
    hooks = {"webhook": f"http://127.0.0.1:{port}/webhooks/foreign/{TOKEN}", "webhook_twice": 0.3, "webhook_forge": 0.2}
    fates = {"3": ["refused"], "4": ["opt_out"], "5": ["confirmed"]}
    told = {**FAULTY, **hooks, "fates": fates}
    with (
        rig(tmp_path / "silent", Plan(people=60, at_once=30, server=FAULTY, write_back="true")) as silent,
        rig(tmp_path / "told", Plan(people=40, at_once=20, listen=port, public=True, server=told)) as talking,
        ThreadPoolExecutor() as threads,
    ):
        assert list(threads.map(killed, (silent, talking), (6, 6), (20, 6))) in CODES
        judged(silent)
        judged(talking)
        closed = [lead for lead in silent.ask("leads", "hard") if lead["state"] == "closed"]
        assert sorted(returned(silent).values()) == sorted(lead["outcome"] for lead in closed)
        assert oracles.disobeyed(talking.ledger(), talking.ask("leads", "hard")) == []
