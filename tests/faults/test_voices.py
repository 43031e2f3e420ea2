"""`kill -9` on HMS Sovereign and Callab: independent stand-ins that lose answers and webhooks are the judges."""

import asyncio
import contextlib
import io
import json
import random
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import oracles
import pytest
from foreign.callab import AGENT, Callab
from foreign.callab import Rules as CallabRules
from foreign.calls import Course
from foreign.hmsovereign import ASSISTANT_ID, NUMBER, HmsSovereign, Rules
from foreign.standin import Habits
from foreign.wire import post, serving
from rig import COMMAND, PHONES, TOKEN, free_port

from campaigns.cli.main import run as command

SECRET = "a secret that both sides know"
FATES = {"3": ("no_answer",), "4": ("busy", "answered"), "6": ("failed",)}
COURSE = Course((0.1, 0.4), (0.6, 1.0), FATES, {"": {"heard": True}})
FAULTS = Habits(seed=11, odd=0.3, cut_after=0.04, fail_after=0.01, cut_before=0.02, fail_before=0.01)
AT_ONCE, MOST = 12, 3
PEOPLE, KILLS = {False: 12, True: 32}, {False: 2, True: 4}
"""In the short form, and in the long one."""
RANG_NOBODY = ("not_sent", "refused", "not_created", "intent")
CAMPAIGN = f"""
campaign: hard
purpose: informational
provider: voice
agent: "{{agent}}"
caller_ids: ["{NUMBER}"]
contacts: [{{{{file: people.csv, region: GB, columns: {{{{phone: Phone, id: Id}}}}}}}}]
calling_hours: "24/7"
legal_hours: {{{{off: "a provider on this machine, at any hour"}}}}
timezone: Europe/London
pacing: {{{{at_once: {AT_ONCE}, per_second: 12}}}}
attempts: {{{{max: {MOST}, per_day: 9, gap: 0.5s, retry: {{{{no_answer: 0.5s, busy: 0.5s, voicemail: 0.5s}}}}}}}}
"""
SETTINGS = f"""
database = "sqlite:///{{folder}}/live.db"
listen = "127.0.0.1:{{port}}"
public_url = "http://127.0.0.1:{{port}}"
[providers.voice]
kind = "{{kind}}"
base_url = "{{url}}"
api_key = "foreign-key"
webhook_token = "{TOKEN}"
webhook_secret = "{{secret}}"
at_once = {AT_ONCE}
per_second = 12
requests_per_minute = 60000
poll_every = "0.3s"
lookups = ["0.5s", "1s", "2s"]
ring = "5s"
longest_call = "20s"
"""


def written(folder: Path, agent: str, long: bool, **settings: Any) -> None:
    """The files of a run."""
    (folder / "settings.toml").write_text(SETTINGS.format(folder=folder, **settings))
    (folder / "campaign.yaml").write_text(CAMPAIGN.format(agent=agent))
    rows = [f"{phone},p{n}" for n, phone in enumerate(PHONES[: PEOPLE[long]])]
    (folder / "people.csv").write_text("\n".join(["Phone,Id", *rows]) + "\n")


def killed(folder: Path, seed: int, long: bool) -> int:
    """Run, kill at random moments, run to the end; the exit code."""
    dice = random.Random(seed)
    words = [*COMMAND, "--settings", str(folder / "settings.toml"), "run", str(folder / "campaign.yaml"), "--json"]
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        for _ in range(KILLS[long]):
            running = subprocess.Popen(words, cwd=folder, stdout=out, stderr=err)
            time.sleep(1.2 + dice.expovariate(2.0))
            running.kill()
            running.wait()
        return subprocess.run(words, cwd=folder, stdout=out, stderr=err, timeout=60, check=False).returncode


def asked(folder: Path, *words: str) -> Any:
    """A command of the product, with JSON."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert command(["--settings", str(folder / "settings.toml"), *words, "--json"]) == 0
    return json.loads(out.getvalue())


def judged(folder: Path, vendor: HmsSovereign | Callab) -> None:
    """The truth against what we have made of it."""
    truth = [
        {"what": "made", "call": c.call_id, "phone": c.to, "at": c.made_at, "ends": c.end_at, "fate": c.fate}
        for c in vendor.calls
    ]
    attempts: list[dict[str, Any]] = asked(folder, "attempts", "hard")
    rang = Counter(row["phone"] for row in attempts if row["state"] not in RANG_NOBODY)
    assert [phone for phone, calls in oracles.by_phone(truth).items() if len(calls) > rang[phone]] == []
    assert oracles.called_too_often(truth, MOST) == []
    assert oracles.called_while_open(truth) == []
    assert oracles.most_open(truth) <= AT_ONCE
    assert oracles.unaccounted(truth, attempts) == []
    assert oracles.wrongly_settled(truth, attempts) == []
    assert {row["state"] for row in attempts} <= {*RANG_NOBODY, "ended", "uncertain"}
    leads = asked(folder, "leads", "hard")
    assert {lead["state"] for lead in leads} <= {"closed", "held"}
    assert {lead["outcome"] for lead in leads} <= {"reached", "exhausted", None, ""}


@pytest.mark.row("K12", "N1", "W5")
def test_hms_sovereign_rings_nobody_twice_and_loses_no_call_over_kills_faults_and_forgeries(
    tmp_path: Path, long: bool
) -> None:
    rules = Rules(per_minute=10**6, casing="mixed", drop=0.3, twice=0.3, forge=0.4, delay=(0.0, 0.5))
    vendor = HmsSovereign(FAULTS, rules, COURSE)
    vendor.rows["assistants"][ASSISTANT_ID]["webhook_secret"] = SECRET
    with serving(vendor) as url:
        written(tmp_path, ASSISTANT_ID, long, kind="hmsovereign", url=f"{url}/api/v1", port=free_port(), secret=SECRET)
        assert killed(tmp_path, 3, long) in (0, 1), (tmp_path / "err").read_text()
        judged(tmp_path, vendor)
    assert {sent.status for sent in vendor.sent if sent.forged} <= {401, 0}
    assert any(sent.status == 200 for sent in vendor.sent)


@pytest.mark.row("K12", "N1", "W5")
def test_callab_rings_nobody_twice_and_loses_no_call_over_kills_faults_and_forgeries(
    tmp_path: Path, long: bool
) -> None:
    port = free_port()
    hook = f"http://127.0.0.1:{port}/webhooks/voice/"
    vendor = Callab(replace(FAULTS, faulty=("POST",)), CallabRules(webhook=hook + TOKEN), COURSE)
    with serving(vendor) as url, ThreadPoolExecutor() as threads:
        written(tmp_path, AGENT, long, kind="callab", url=f"{url}/v1", port=port, secret="unused")
        running = threads.submit(killed, tmp_path, 4, long)
        answers = []
        while not running.done():
            known = [call.call_id for call in vendor.calls[-3:]] or ["call-1"]
            lies = [{"event": "call.ended", "data": {"id": name, "opt_out": True}} for name in known]
            guesses = [asyncio.run(post(hook + "a-guess", json.dumps(lie).encode(), {})) for lie in lies]
            answers += guesses
            time.sleep(0.05)
        assert running.result() in (0, 1), (tmp_path / "err").read_text()
        judged(tmp_path, vendor)
    assert set(answers) <= {401, 429, 0}  # nobody listens, or whoever guesses so often is to wait
    assert 401 in answers
