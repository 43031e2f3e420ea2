"""Ends lives of workers at random: at failpoints, at any moment, frozen, politely; and tells what it cost."""

import random
import signal
import sqlite3
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import oracles
import postgres
from rig import Process, Rig, signalled

from campaigns.failpoints import POINTS

FAULTS = {
    "ring": (0.1, 0.4), "talk": (0.2, 0.8), "lose_reply": 0.03, "fail_after": 0.01, "fail_before": 0.005,
    "hang": 0.005, "hang_seconds": 2.0, "webhook_twice": 0.2, "webhook_drop": 0.2, "webhook_forge": 0.1,
    "webhook_delay": (0.0, 0.5),
}  # fmt: skip
"""What the provider does meanwhile."""
FATES = {
    "1": ["refused"], "2": ["opt_out"], "9": ["confirmed"],
    "3": ["no_answer"], "4": ["busy", "answered"], "5": ["voicemail", "no_answer", "answered"], "6": ["failed"],
}  # fmt: skip
WAYS = {"point": 42, "moment": 32, "freeze": 12, "term": 8, "raise": 6}
"""How a life is to end, and how often."""
DEEDS = {"point": "kill", "freeze": "stop", "raise": "raise"}
MOST, PATIENCE = 16, 20
"""Dials in a life, and its seconds."""
COLD = 0.1
"""Of all lives that end without failpoints; these read the whole program, as after a real crash."""


@dataclass
class Killer:
    """Whatever befalls the workers of one rig."""

    one: Rig
    dice: random.Random
    database: str = ""
    """Of PostgreSQL; empty: the rig's own file."""
    cold: float = COLD
    ended: Counter[str] = field(default_factory=Counter)
    restarts: list[float] = field(default_factory=list)
    """When cold lives were begun."""
    _read: int = 0
    _asked: int = 0

    def life(self) -> None:
        """One worker, from its birth to its end."""
        way = self.chosen()
        self.end(self.born(way), way)

    def chosen(self) -> str:
        return self.dice.choices([*WAYS], [*WAYS.values()])[0]

    def born(self, way: str) -> Process:
        """A worker, and what it is to meet."""
        if way in DEEDS:
            point = self.dice.choice([*POINTS])
            return self.one.live("worker", failpoints=f"{point}={DEEDS[way]}@{self.dice.randint(1, 5)}")
        if self.dice.random() >= self.cold:
            return self.one.live("worker")
        self.restarts.append(time.time())
        return self.one.start("worker")

    def end(self, worker: Process, way: str) -> None:
        """Let it live for a moment and end it; one that ends by itself is counted as what it died of."""
        dials = MOST if way in ("point", "raise") else self.dice.choice([0, 1, 2, 4, 8, MOST])
        code = self._lives(worker, dials)
        if way == "freeze" or (way == "moment" and self.dice.random() < 0.1):
            code = self._frozen(worker)
        if way == "term":
            signalled(worker, signal.SIGTERM)
            code = ended_within(worker, 40 if self.dice.random() < 0.5 else self.dice.uniform(0, 0.3))
        if code is None:
            worker.kill()
            code = worker.wait()
        self.ended["killed" if code == -signal.SIGKILL else "raised" if code else "stopped"] += 1

    def _lives(self, worker: Process, dials: int) -> int | None:
        """Until there were so many dials more, and a moment longer; its exit code, None: it lives on."""
        limit, enough = time.monotonic() + PATIENCE, self._dials() + dials
        while self._dials() < enough and time.monotonic() < limit and is_awake(worker):
            time.sleep(0.05)
        return ended_within(worker, self.dice.expovariate(10))

    def _dials(self) -> int:
        """How many there were; the ledger only grows."""
        with (self.one.folder / "ledger.jsonl").open("rb") as file:
            file.seek(self._read)
            news = file.read()
        self._asked += news.count(b'"what": "asked"')
        self._read += len(news)
        return self._asked

    def _frozen(self, worker: Process) -> int | None:
        """It stands still, by now or by its failpoint, for longer than a permit lasts or not."""
        signalled(worker, signal.SIGSTOP)
        time.sleep(self.dice.choice([0.2, 1.3]))
        signalled(worker, signal.SIGCONT)
        self.ended["frozen"] += 1
        return ended_within(worker, self.dice.uniform(0, 0.5))

    def rows(self, query: str) -> list[list[str]]:
        """What stands in the database: for figures of what the program knows, never for whether it is right."""
        if self.database:
            return [line.split("|") for line in postgres.tell(query, self.database).splitlines()]
        with closing(sqlite3.connect(self.one.folder / "live.db")) as raw:
            return [[str(value) for value in row] for row in raw.execute(query)]

    def recoveries(self) -> list[float]:
        """Seconds from each cold start to the first dial or end that the provider saw after it, if it came to that."""
        moments = [line["at"] for line in self.one.ledger() if line["what"] in ("asked", "told")]
        ends = [*self.restarts[1:], float("inf")]
        spans = zip(self.restarts, ends, strict=False)
        firsts = [(begun, min((at for at in moments if begun < at < end), default=None)) for begun, end in spans]
        return [first - begun for begun, first in firsts if first is not None]


def is_awake(worker: Process) -> bool:
    """Neither dead nor standing still."""
    if worker.poll() is not None:
        return False
    stat = Path(f"/proc/{worker.pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "TZ"


def ended_within(worker: Process, seconds: float) -> int | None:
    """Its exit code; None: it lives on."""
    try:
        return worker.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


_DOUBTS = """
SELECT a.state, a.call_id IS NOT NULL, MAX(j.at) - MIN(j.at) FROM attempt a JOIN journal j ON j.attempt_id = a.id
WHERE EXISTS (SELECT 1 FROM journal u WHERE u.attempt_id = a.id AND u.to_state = 'unclear')
AND (j.to_state = 'unclear' OR (j.from_state = 'unclear' AND j.to_state <> 'unclear'))
GROUP BY a.id, a.state, a.call_id
"""


def doubts(killer: Killer) -> list[tuple[str, float | None]]:
    """Each attempt whose answer nobody had: its state, and after how many seconds its call was found; None: never."""
    found = killer.rows(_DOUBTS)
    return [(state, int(took) / 1e6 if known in ("1", "t") else None) for state, known, took in found]


def percentile(values: Sequence[float], share: int) -> float | None:
    """None: there is hardly anything to say it of."""
    if len(values) < 2:
        return None
    return round(statistics.quantiles(values, n=100, method="inclusive")[share - 1], 2)


def injected(ledger: Sequence[dict[str, Any]]) -> int:
    """Answers that the provider itself lost, spoilt or kept back."""
    happened = oracles.counted(ledger)
    return sum(happened[what] for what in ("reply_lost", "failed_after", "failed_before", "hung"))
