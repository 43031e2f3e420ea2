"""A campaign on a foreign server, each in a process of its own, in a folder that the test throws away."""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from foreign_flireo import Options
from lives import Life

from campaigns.cli.main import run as command
from campaigns.failpoints import VARIABLE

SERVER = Path(__file__).with_name("foreign_flireo.py")
COMMAND = [sys.executable, "-c", "from campaigns.cli import main; main()"]
Process = subprocess.Popen[str] | Life
TOKEN = "a-token-of-thirty-characters-xx"
AREAS = (212, 213, 305, 312, 415, 617, 702, 404, 206, 303, 214, 215, 313, 503, 512, 602, 614, 619, 704, 713)
PHONES = [f"+4420794600{n:02}" for n in range(100)] + [f"+442079460{n}" for n in range(100, 1000)]
PHONES += [f"+1{area}55501{n:02}" for area in AREAS for n in range(100)]
"""Numbers kept for fiction, in the order in which they are used."""

FATES = {
    "3": ["no_answer"], "4": ["busy", "answered"], "5": ["voicemail", "no_answer", "answered"], "6": ["failed"],
}  # fmt: skip
"""How calls to numbers that end so go; all others are answered."""
EXPECTED = {"3": ("exhausted", 3), "4": ("reached", 2), "5": ("reached", 3), "6": ("exhausted", 1)}
"""What the campaign below must make of it: outcome and attempts; of all others: reached at the first."""

CAMPAIGN = """
campaign: hard
purpose: informational
provider: foreign
agent: agent-1
contacts: [{{file: people.csv, region: GB, columns: {{phone: Phone, id: Id}}}}]
calling_hours: "{hours}"
legal_hours: {{off: "a provider on this machine, at any hour"}}
timezone: Europe/London
pacing: {{at_once: {at_once}, per_second: {per_second}}}
dialing: {dialing}
write_back: {write_back}
attempts: {{max: 3, per_day: 9, gap: {gap}, retry: {{no_answer: {gap}, busy: {gap}, voicemail: {gap}}}}}
outcomes:
  - {{when: 'report.analysis.refused == true', outcome: refused}}
  - {{when: 'report.analysis.call_back_at != ""', callback: 'report.analysis.call_back_at'}}
  - {{when: 'report.analysis.confirmed == true', outcome: reached, label: confirmed}}
"""
SETTINGS = """
database = "sqlite:///{folder}/live.db"
listen = "127.0.0.1:{listen}"
{public_url}
[providers.foreign]
kind = "flireo"
base_url = "http://127.0.0.1:{port}"
api_key = "foreign-key"
webhook_token = "{token}"
at_once = {at_once}
per_second = {per_second}
requests_per_minute = 60000
poll_every = "{poll_every}"
lookups = ["0.5s", "1s", "2s"]
ring = "5s"
longest_call = "{longest}"
book_ahead = "{book_ahead}"
"""


@dataclass
class Plan:
    """What a run is made of."""

    people: int = 60
    at_once: int = 40
    per_second: float = 100
    hours: str = "24/7"
    longest: str = "20s"
    poll_every: str = "0.3s"
    gap: str = "0.3s"
    dialing: str = "direct"
    book_ahead: str = "6s"
    listen: int = 0
    write_back: str = "false"
    public: bool = False
    """Whether the settings say that reports can come."""
    server: dict[str, Any] = field(default_factory=dict)


@dataclass
class Rig:
    """One foreign server, and commands against it."""

    folder: Path
    plan: Plan
    server: subprocess.Popen[str]
    started: list[Process] = field(default_factory=list)

    @property
    def campaign(self) -> Path:
        return self.folder / "campaign.yaml"

    @property
    def phones(self) -> list[str]:
        return PHONES[: self.plan.people]

    def start(self, *words: str, under: Sequence[str] = (), **environ: str) -> subprocess.Popen[str]:
        """A command of the product, running, `under` another program; its output goes to files."""
        number = len(self.started)
        out, err = (self.folder / f"{number}.{name}" for name in ("out", "err"))
        with out.open("w") as stdout, err.open("w") as stderr:
            settings = ["--settings", str(self.folder / "settings.toml")]
            process = subprocess.Popen(
                [*under, *COMMAND, *settings, *words],
                stdout=stdout, stderr=stderr, cwd=self.folder, text=True, env=os.environ | environ,
            )  # fmt: skip
        self.started.append(process)
        return process

    def live(self, *words: str, failpoints: str = "") -> Life:
        """The same, without what it takes to read the program."""
        number = len(self.started)
        out, err = (self.folder / f"{number}.{name}" for name in ("out", "err"))
        asked = {VARIABLE: failpoints} if failpoints else {}
        life = Life(
            ["--settings", str(self.folder / "settings.toml"), *words], self.folder, os.environ | asked, out, err
        )
        self.started.append(life)
        return life

    def run(self, *words: str) -> subprocess.Popen[str]:
        """The campaign, running."""
        return self.start("run", str(self.campaign), "--json", *words)

    def ended(self, process: Process, within: float = 60) -> int:
        """The exit code. Raises TimeoutExpired."""
        return process.wait(timeout=within)

    def said(self, process: Process) -> Any:
        """The JSON document that a command has written."""
        return json.loads((self.folder / f"{self.started.index(process)}.out").read_text())

    def complained(self, process: Process) -> str:
        """What a command wrote on stderr."""
        return (self.folder / f"{self.started.index(process)}.err").read_text()

    def until_said(self, process: Process, word: str, within: float = 60) -> None:
        """Wait until a command has written this on stderr. Raises TimeoutError."""
        limit = time.monotonic() + within
        while word not in self.complained(process):
            if time.monotonic() > limit or process.poll() is not None:
                raise TimeoutError(f"nothing is said of {word}: {self.complained(process)}")
            time.sleep(0.05)

    def ask(self, *words: str) -> Any:
        """A command that answers at once, with JSON; in this process, which is another than the dialling one."""
        settings = ["--settings", str(self.folder / "settings.toml")]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = command([*settings, *words, "--json"])
            assert code == 0, out.getvalue()
        return json.loads(out.getvalue())

    def ledger(self) -> list[dict[str, Any]]:
        """The truth, so far."""
        text = (self.folder / "ledger.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def until(self, what: str, count: int, within: float = 30) -> None:
        """Wait until the ledger tells of something so often. Raises TimeoutError."""
        limit = time.monotonic() + within
        while sum(line["what"] == what for line in self.ledger()) < count:
            if time.monotonic() > limit:
                raise TimeoutError(f"the ledger has no {count} lines '{what}' after {within} s")
            time.sleep(0.02)


@contextlib.contextmanager
def rig(folder: Path, plan: Plan) -> Iterator[Rig]:
    """Start the server; end it, and whatever was started against it."""
    folder.mkdir(exist_ok=True)
    told = {"fates": FATES, "ledger": str(folder / "ledger.jsonl"), **plan.server}
    (folder / "options.json").write_text(json.dumps(asdict(Options(**told))))
    server = subprocess.Popen([sys.executable, SERVER, folder / "options.json"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    _write_files(folder, plan, int(server.stdout.readline()))
    one = Rig(folder, plan, server)
    try:
        yield one
    finally:
        for process in [*one.started, server]:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        server.stdout.close()


def _write_files(folder: Path, plan: Plan, port: int) -> None:
    numbers = {"at_once": plan.at_once, "per_second": plan.per_second}
    told = {name: getattr(plan, name) for name in ("listen", "poll_every", "longest", "book_ahead")}
    public = f'public_url = "http://127.0.0.1:{plan.listen}"' if plan.public else ""
    settings = SETTINGS.format(folder=folder, port=port, token=TOKEN, public_url=public, **told, **numbers)
    (folder / "settings.toml").write_text(settings)
    (folder / "campaign.yaml").write_text(
        CAMPAIGN.format(hours=plan.hours, gap=plan.gap, dialing=plan.dialing, write_back=plan.write_back, **numbers)
    )
    rows = [f"{phone},p{n}" for n, phone in enumerate(PHONES[: plan.people])]
    (folder / "people.csv").write_text("\n".join(["Phone,Id", *rows]) + "\n")


def free_port() -> int:
    """A port of loopback that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def signalled(process: Process, number: signal.Signals) -> None:
    """Send a signal to one of ours, if it still runs."""
    if process.poll() is None:
        os.kill(process.pid, number)
