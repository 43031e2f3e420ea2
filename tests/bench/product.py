"""The product as a user has it: settings, a campaign file and a list in a folder, and its commands as processes."""

import csv
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import phonenumbers
from rig import ENVIRONMENT, Process, Provider, free_port, query, until

COMMAND = [sys.executable, "-c", "from campaigns.cli import main; main()"]
SETTINGS = """
database = "{database}"
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
hash_key = "{key}"

[providers.bench]
kind = "hmsovereign"
base_url = "http://127.0.0.1:{provider}/api/v1"
api_key = "bench"
webhook_secret = "{secret}"
at_once = {at_once}
per_second = {per_second}
requests_per_minute = 1000000
poll_every = "5s"
"""
CAMPAIGN = """
campaign: {name}
purpose: informational
provider: bench
agent: a1
contacts:
  - file: {name}.csv
    region: US
    columns: {{phone: phone, name: name, id: id}}
    consent: {{basis: prior_written, proof: "a form"}}
calling_hours: "24/7"
timezone: {zone}
legal_hours: {legal}
pacing: {{at_once: {at_once}, per_second: {per_second}}}
attempts: {{max: 3, gap: 2h}}
variables: {{first_name: "{{{{ name }}}}"}}
outcomes:
  - {{when: 'report.analysis.confirmed == true', outcome: reached, label: confirmed}}
"""
NO_LAW = '{off: "a benchmark on loopback"}'


@dataclass
class Product:
    """One folder with one campaign and one database.

    Args:
        folder: Where everything lies.
        provider: Who is dialled with.
        address: Of a database on a server; None: SQLite in the folder.
        name: Of the campaign.
        at_once, per_second: Of the account and of the campaign.
        more: Lines of the provider's settings.
        ports: Where each worker listens.
    """

    folder: Path
    provider: Provider
    address: str | None = None
    name: str = "bench"
    at_once: int = 100
    per_second: float = 10_000
    more: str = ""
    ports: list[int] = field(default_factory=lambda: [free_port()])
    database: str = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = self.address or f"sqlite:///{self.folder / 'bench.db'}"
        self.write_campaign(self.name)
        for number in range(len(self.ports)):
            self.settings(number)

    def settings(self, number: int = 0) -> Path:
        """The settings of the worker with this number: each listens on a port of its own."""
        file = self.folder / f"campaigns-{number}.toml"
        text = SETTINGS.format(
            database=self.database, port=self.ports[number], key="k" * 40, provider=self.provider.port,
            secret=self.provider.SECRET, at_once=self.at_once, per_second=self.per_second,
        )  # fmt: skip
        file.write_text(text + self.more)
        return file

    def write_campaign(self, name: str, *, legal: str = NO_LAW) -> None:
        """Without law everybody may be called at once, whatever the hour here."""
        zone = "Europe/Amsterdam" if legal == NO_LAW else "contact"
        text = CAMPAIGN.format(name=name, legal=legal, zone=zone, at_once=self.at_once, per_second=self.per_second)
        (self.folder / f"{name}.yaml").write_text(text)

    def write_contacts(self, phones: Iterable[str], *, name: str | None = None) -> None:
        with (self.folder / f"{name or self.name}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("id", "name", "phone"))
            rows.writerows((f"P{n}", f"Person {n}", phone) for n, phone in enumerate(phones))

    def command(self, *words: str, number: int = 0) -> list[str]:
        return [*COMMAND, "--settings", str(self.folder / f"campaigns-{number}.toml"), *words]

    def run(self, *words: str) -> str:
        """A command to its end. Raises RuntimeError with what it said."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=ENVIRONMENT, check=False, capture_output=True, text=True,
            timeout=3600,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def start(self, name: str | None = None) -> None:
        """Read the list into the database and let a worker dial it."""
        self.run("start", f"{name or self.name}.yaml", "--yes")

    @contextmanager
    def worker(self, number: int = 0) -> Iterator[Process]:
        started = self.begin_worker(number)
        try:
            yield started
        finally:
            started.stop()

    def begin_worker(self, number: int = 0) -> Process:
        return Process(self.command("worker", number=number), self.folder, f"worker-{number}")

    def closed(self) -> int:
        return int(query(self.database, "SELECT COUNT(*) FROM lead WHERE state = 'closed'")[0][0])

    def states(self) -> dict[str, int]:
        """How many leads are in which state."""
        return {state: int(n) for state, n in query(self.database, "SELECT state, COUNT(*) FROM lead GROUP BY state")}

    def wait_closed(self, count: int, *workers: Process, every: float = 0.25) -> int:
        """Until so many leads are settled; returns how many are."""
        found = 0

        def enough() -> bool:
            nonlocal found
            for worker in workers:
                worker.check()
            found = self.closed()
            return found >= count

        until(enough, f"{count} leads are closed", every=every)
        return found


@cache
def _areas() -> tuple[int, ...]:
    """Area codes in whose range of made-up numbers, 555-01xx, libphonenumber believes."""
    return tuple(
        area for area in range(201, 990) if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{area}5550100"))
    )


def phones(count: int) -> list[str]:
    """So many different numbers that belong to nobody: +1 xxx 555 01xx, written in ever more ways when they run out."""
    ways = ("+1{}55501{:02}", "+1 {} 555 01{:02}", "+1-{}-555-01{:02}", "+1 ({}) 555-01{:02}", "+1.{}.555.01{:02}",
            "1 {} 555-01{:02}", "({}) 555-01{:02}", "{}-555-01{:02}")  # fmt: skip
    areas = _areas()
    each = len(areas) * 100
    return [
        ways[n // each % len(ways)].format(areas[n % each // 100], n % 100) + " " * (n // each // len(ways))
        for n in range(count)
    ]
