"""Killed at every point between the wish to dial and the outcome: what the provider's ledger says of each crash."""

import json
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import oracles
import pytest
from killer import Killer
from proving import Figure
from rig import TOKEN, Plan, Rig, free_port, rig
from test_kills import on, to_the_end

QUICK = {"ring": (0.1, 0.3), "talk": (0.3, 0.6), "fates": {}}
POINTS = {
    "K1": "before_intent", "K2": "after_intent", "K3": "after_permit", "K4": "amid_request", "K5": "",
    "K6": "after_answer", "K7": "after_placed", "K8": "before_report", "K9": "after_report", "K10": "amid_outcome",
}  # fmt: skip
"""Where each row's crash is; of K5 the provider itself takes care."""


def plan_for(crashes: int, folder: Path, **server: Any) -> Plan:
    """Some people for every crash."""
    port = free_port()
    hook = f"http://127.0.0.1:{port}/webhooks/foreign/{TOKEN}"
    told = {**QUICK, "webhook": hook, "victim": str(folder / "victim"), **server}
    return Plan(people=8 + 8 * crashes, at_once=200, per_second=8, listen=port, public=True, server=told)


@dataclass
class Crashes:
    """Workers of one campaign that die at a given point, and what each death left behind."""

    one: Rig
    killer: Killer
    left: dict[str, Counter[str]] = field(default_factory=dict)
    """By row: attempts by their states; those that the provider knows of apart."""
    seen: dict[str, str] = field(default_factory=dict)
    """Attempts that were open at a death, and their states."""

    def die(self, row: str, nth: int) -> None:
        """One life, ended at the n-th passage of this row's point."""
        point = POINTS[row]
        worker = self.one.live("worker", failpoints=f"{point}=kill@{nth}" if point else "")
        if not point:
            self.one.until("made", len(oracles.made(self.one.ledger())) + nth)
            (self.one.folder / "victim").write_text(str(worker.pid))
        assert worker.wait(60) == -signal.SIGKILL, self.one.complained(worker)
        known = {call["attempt"] for call in oracles.made(self.one.ledger())}
        rows = self.killer.rows("SELECT id, state FROM attempt WHERE state IN ('intent', 'sending', 'placed')")
        news = [(key, state) for key, state in rows if self.seen.get(key) != state]
        found = [f"{state}, {'a' if key in known else 'no'} call" for key, state in news]
        self.left.setdefault(row, Counter()).update(found)
        self.seen.update(dict(rows))  # type: ignore[arg-type] # pairs
        assert self.killer.rows(HALF) == []

    def judged(self) -> None:
        """Everybody was called once and has that outcome, but for those whose dial nobody can know of."""
        ledger, attempts = self.one.ledger(), self.one.ask("attempts", "hard")
        states = {row["attempt"]: row["state"] for row in attempts}
        called = {call["attempt"]: call["phone"] for call in oracles.made(ledger)}
        assert len(set(called.values())) == len(called), "somebody was called twice"
        for attempt, state in self.seen.items():
            expected = "not_sent" if state == "intent" else "ended" if attempt in called else "uncertain"
            assert states[attempt] == expected, (attempt, state)
        doubtful = {row["phone"] for row in attempts if row["state"] == "uncertain"}
        assert doubtful.isdisjoint(called.values())
        assert {*called.values()} | doubtful == set(self.one.phones)
        assert oracles.unaccounted(ledger, attempts) == []
        assert oracles.wrongly_settled(ledger, attempts) == []


HALF = """
SELECT a.id FROM attempt a JOIN lead l ON l.id = a.lead_id
WHERE (a.state = 'ended' AND l.state = 'calling') OR (a.state = 'placed' AND l.state = 'closed')
"""
"""An outcome without its attempt's end, or the other way round."""


@pytest.mark.row("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K10")
@pytest.mark.parametrize("base", ["sqlite", "postgres"])
def test_killed_at_any_point_of_a_call_nobody_is_called_twice_and_every_call_has_its_outcome(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch, long: bool, dice: random.Random, figure: Figure
) -> None:
    rows = [row for row in POINTS if row != "K9"] * (12 if long else 1)
    if long:
        dice.shuffle(rows)
    name = on(base, monkeypatch)
    with rig(tmp_path, plan_for(len(rows), tmp_path, webhook_tries=60)) as one:
        one.ask("start", str(one.campaign), "--yes")
        crashes = Crashes(one, Killer(one, dice, name))
        for row in rows:
            crashes.die(row, dice.randint(1, 4))
        to_the_end(one)
        crashes.judged()
        attempts = one.ask("attempts", "hard")
    left = crashes.left
    assert left["K2"]["intent, no call"]
    assert left["K3"]["sending, no call"]
    assert left["K4"]["sending, no call"]
    assert left["K5"]["sending, a call"]
    assert left["K6"]["sending, a call"]
    assert left["K7"]["placed, a call"]
    assert "K10" in left  # whose end was being written may have been placed in an earlier life: HALF judges it
    for row in left:
        figure(row, "people called twice, outcomes lost", 0, crashes=rows.count(row), database=base, **left[row])
    lost = sum(counts["sending, a call"] for counts in left.values())
    found = sum(crashes.seen.get(row["attempt"]) == "sending" and bool(row["call_id"]) for row in attempts)
    figure("K5", "calls found again whose answer was lost in a crash", found, lost=lost, database=base)


@pytest.mark.row("K9")
@pytest.mark.parametrize("base", ["sqlite", "postgres"])
def test_a_report_that_was_kept_before_a_crash_is_applied_at_the_next_start_though_it_is_never_sent_again(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch, long: bool, dice: random.Random, figure: Figure
) -> None:
    crashes = 12 if long else 1
    name = on(base, monkeypatch)
    plan = plan_for(4 * crashes, tmp_path, fates={"": ["confirmed"]})
    with rig(tmp_path, plan) as one:
        one.ask("start", str(one.campaign), "--yes")
        killer, kept = Killer(one, dice, name), set[str]()
        while len(kept) < crashes:  # of the three webhooks of a call one tells its outcome
            Crashes(one, killer).die("K9", dice.randint(3, 9))
            news = [json.loads(text) for (text,) in killer.rows("SELECT report FROM inbox WHERE state = 'new'")]
            kept |= {report["call_id"] for report in news if report.get("analysis")}
        to_the_end(one)
        phones = {call["phone"] for call in oracles.made(one.ledger()) if call["call"] in kept}
        labels = Counter(lead["label"] for lead in one.ask("leads", "hard") if lead["phone"] in phones)
        assert oracles.called_without_proof(one.ledger()) == []
    assert labels == {"confirmed": len(phones)}
    figure("K9", "reports lost", 0, crashes=crashes, reports=len(phones), database=base)
