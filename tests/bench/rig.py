"""What every bench stands on: rows of figures, facts of the machine, and processes that end with the bench."""

import asyncio
import http.client
import json
import os
import platform
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("CAMPAIGNS_", "PYTHON"))},
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
}
"""Of every process: the product of this very checkout, with no settings but those of the bench, its bytecode kept."""
PATIENCE = 600.0
"""Seconds after which a bench that waits gives up."""


def yardstick() -> float:
    """Milliseconds of the processor for a fixed loop: where others press on the caches, it takes longer too."""
    begun, table = time.process_time(), {}
    for n in range(50_000):
        table[n & 1023] = str(n)
    return round(1000 * (time.process_time() - begun), 2)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its floor, measured in the same run."""

    bench: str
    figure: str
    ours: float
    unit: str
    floor: float | None = None
    """What a few lines of raw code need for the same; None: there is no such thing."""
    most: float | None = None
    """Target: no more than this."""
    least: float | None = None
    """Target: no less than this."""
    times: float | None = None
    """Target: no more than so many times the floor."""
    notes: dict[str, Any] = field(default_factory=dict)
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))
    """Of the machine, when it was measured: other work shares it."""
    yardstick_ms: float = field(default_factory=yardstick)
    """What a fixed piece of Python took of the processor then: 10 ms on an idle machine of 2024."""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether every target is; None: there is none."""
        kept = [
            *([self.ours <= self.most] if self.most is not None else []),
            *([self.ours >= self.least] if self.least is not None else []),
            *([self.ratio <= self.times] if self.times is not None and self.ratio is not None else []),
        ]
        return all(kept) if kept else None

    def target(self) -> str:
        told = [f"≤ {self.most:g}"] if self.most is not None else []
        told += [f"≥ {self.least:g}"] if self.least is not None else []
        told += [f"≤ {self.times:g} x floor"] if self.times is not None else []
        return ", ".join(told)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "target": self.target(), "met": self.met}


@dataclass(frozen=True, slots=True)
class Wish:
    """How the benches are to run."""

    quick: bool = False
    huge: bool = False
    stores: dict[str, str | None] = field(default_factory=lambda: {"SQLite": None})
    """By name: the address of a server on which databases may be created; None: a file."""
    folder: Path = Path()


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    names = ("aiosqlite", "asyncpg", "httptools", "starlette", "uvicorn", "uvloop", "aiohttp", "procrastinate",
             "pgqueuer", "dbos")  # fmt: skip
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "sqlite": sqlite3.sqlite_version,
        "load": os.getloadavg(),
        "versions": {name: found for name in names if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


HEAD = ("figure", "ours", "floor", "ratio", "target", "met", "load")


def table(rows: Sequence[Row]) -> str:
    """For people: one line each."""
    lines = [HEAD, *(_line(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def line(row: Row) -> str:
    """One of them alone."""
    named = zip(HEAD, _line(row), strict=True)
    return "  ".join(cell if name == "figure" else f"{name} {cell}" for name, cell in named if cell)


def _line(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: ""}[row.met]
    floor, ratio = f"{row.floor:,.4g}" if row.floor is not None else "", f"{row.ratio:.2f}" if row.ratio else ""
    figure = f"{row.bench}: {row.figure}"
    return figure, f"{_short(row.ours)} {row.unit}", floor, ratio, row.target(), met, f"{row.load:.1f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def busiest(instants: Sequence[float], seconds: float = 1.0) -> int:
    """The largest count in any window of so many seconds, its end left out."""
    ordered, first, most = sorted(instants), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A program that this bench has started; its output goes to a file."""

    def __init__(self, command: Sequence[str], folder: Path, name: str) -> None:
        self.log = folder / f"{name}.log"
        self._out = self.log.open("ab")
        self.raw = subprocess.Popen(
            list(command), cwd=folder, env=ENVIRONMENT, stdout=self._out, stderr=subprocess.STDOUT
        )
        self.facts = psutil.Process(self.raw.pid)

    def cpu(self) -> float:
        """Seconds of processor so far, of all its threads and ended children."""
        used = self.facts.cpu_times()
        return float(used.user + used.system)

    def rss_mb(self) -> float:
        return float(self.facts.memory_info().rss / 2**20)

    def most_rss_mb(self) -> float:
        """The most it has ever held."""
        for line in Path(f"/proc/{self.raw.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self, how: int = signal.SIGTERM, patience: float = 40.0) -> int:
        """End it; killed where it does not go by itself."""
        if self.raw.poll() is None:
            self.raw.send_signal(how)
            try:
                self.raw.wait(patience)
            except subprocess.TimeoutExpired:
                self.raw.kill()
                self.raw.wait()
        self._out.close()
        return self.raw.returncode

    def check(self) -> None:
        """Raises RuntimeError with its last words where it is gone."""
        if self.raw.poll() is not None:
            raise RuntimeError(f"{self.log.name} ended with {self.raw.returncode}: {self.said()}")

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


@contextmanager
def process(command: Sequence[str], folder: Path, name: str) -> Iterator[Process]:
    started = Process(command, folder, name)
    try:
        yield started
    finally:
        started.stop()


def until(holds: Callable[[], bool], what: str, *, every: float = 0.05, patience: float = PATIENCE) -> None:
    """Wait for something. Raises RuntimeError when it does not come."""
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"gave up waiting: {what}")
        time.sleep(every)


class Provider:
    """The raw provider, started."""

    SECRET = "a-secret-that-signs-reports"

    def __init__(self, folder: Path, *, talk: float = 0.05) -> None:
        self.port = free_port()
        script = str(Path(__file__).with_name("provider.py"))
        command = [sys.executable, script, str(self.port), "--talk", str(talk), "--secret", self.SECRET]
        self.process = Process(command, folder, "provider")
        until(self._listens, "the provider listens", patience=20)

    def _listens(self) -> bool:
        self.process.check()
        return "ready" in self.process.said()

    def ask(self, what: str, *, post: bool = False) -> dict[str, Any]:
        """`counts`, `ledger` or `end`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST" if post else "GET", f"/bench/{what}")
        try:
            return dict(json.load(connection.getresponse()))
        finally:
            connection.close()


@contextmanager
def provider(folder: Path, *, talk: float = 0.05) -> Iterator[Provider]:
    started = Provider(folder, talk=talk)
    try:
        yield started
    finally:
        started.process.stop()


def query(database: str, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a product's database, read beside it."""
    if database.startswith("sqlite:///"):
        with sqlite3.connect(f"file:{database.removeprefix('sqlite:///')}?mode=ro", uri=True, timeout=30) as db:
            found = db.execute(sql).fetchall()
        db.close()
        return found
    return asyncio.run(_asked(database, sql))


async def _asked(database: str, sql: str) -> list[tuple[Any, ...]]:
    import asyncpg  # noqa: PLC0415 - only where there is a server

    db = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await db.fetch(sql)]
    finally:
        await db.close()
