"""Several processes on one PostgreSQL, against a server that shares no code with us; its ledger is the judge."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import oracles
import pytest
from postgres import server, tell
from rig import Plan, Rig, free_port, rig, signalled
from test_hard_run import SHORT, judged, settled
from test_worker import until_listening, until_state


def until_there_are(one: Rig, workers: str, within: float = 60) -> None:
    """Wait until `doctor` sees so many."""
    limit = time.monotonic() + within
    while (seen := _workers(one)) != workers:
        assert time.monotonic() < limit, seen


def _workers(one: Rig) -> str:
    return str(next(check["detail"] for check in one.ask("doctor") if check["check"] == "database workers"))


@pytest.mark.long
@pytest.mark.row("D1")
def test_two_runs_at_once_share_the_leads_and_the_limits(tmp_path: Path, shared: str) -> None:
    with rig(tmp_path, Plan(people=24, at_once=8, per_second=8, server=SHORT)) as one:
        first = one.run()
        one.until("made", 2)
        signalled(first, signal.SIGSTOP)  # however long the other takes to begin, it finds something to do
        second = one.run()
        until_there_are(one, "0 connected, and 2 `campaigns run`.")
        one.until("made", len(oracles.made(one.ledger())) + 3)
        signalled(first, signal.SIGCONT)
        running = [first, second]
        assert [one.ended(each) for each in running] == [0, 0], [one.complained(each) for each in running]
        judged(one)
        settled(one)
        assert one.said(running[0])["outcomes"] == one.said(running[1])["outcomes"]
        name = shared.partition("?")[0].rpartition("/")[2]
        assert tell("SELECT count(DISTINCT lease_owner) FROM attempt", name) == "2"


@pytest.mark.long
@pytest.mark.row("D1")
def test_workers_come_and_go_and_are_steered_together(
    tmp_path: Path, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig(tmp_path, Plan(people=24, at_once=10, per_second=20, listen=free_port(), server=SHORT)) as one:
        first = one.start("worker")
        until_listening(one)
        monkeypatch.setenv("CAMPAIGNS_LISTEN", f"127.0.0.1:{free_port()}")
        second = one.start("worker")
        until_there_are(one, "2 connected.")
        one.ask("start", str(one.campaign), "--yes")
        one.until("made", 8)
        signalled(first, signal.SIGTERM)
        assert one.ended(first, 35) == 0, one.complained(first)
        until_there_are(one, "1 connected.")
        one.until("made", 14, 90)
        one.ask("pause", "hard")
        until_state(one, "paused")
        third = one.start("run", str(one.campaign), "--json")
        until_state(one, "finished")
        assert one.ended(third) == 0, one.complained(third)
        judged(one)
        settled(one)
        signalled(second, signal.SIGTERM)
        assert one.ended(second, 35) == 0, one.complained(second)


def test_a_second_worker_on_the_same_port_says_which_setting_to_change(tmp_path: Path, shared: str) -> None:
    with rig(tmp_path, Plan(people=1, listen=free_port(), server=SHORT)) as one:
        one.start("worker")
        until_listening(one)
        second = one.start("worker")
        assert one.ended(second) == 2
        said = one.complained(second)
        assert f"Cannot listen on 127.0.0.1:{one.plan.listen}: " in said
        assert "Set `listen` in the settings to a free address." in said


def test_a_worker_leaves_campaigns_of_other_providers_to_the_others(
    tmp_path: Path, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig(tmp_path, Plan(people=6, listen=free_port(), server=SHORT)) as one:
        one.ask("start", str(one.campaign), "--yes")
        settings = tmp_path / "settings.toml"
        whole = settings.read_text()
        settings.write_text(whole.replace("[providers.foreign]", "[providers.other]"))
        one.start("worker")
        until_listening(one)
        settings.write_text(whole)
        monkeypatch.setenv("CAMPAIGNS_LISTEN", f"127.0.0.1:{free_port()}")
        one.start("worker")
        until_state(one, "finished")
        judged(one)
        settled(one)


README = (Path(__file__).parents[2] / "README.md").read_text()
CHAPTER = README.partition("## Many machines: PostgreSQL\n")[2].partition("\n## ")[0]


def test_the_readmes_way_to_many_machines(tmp_path: Path, shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    making, settings, using = re.findall(r"```(?:toml|sh)\n(.*?)```", CHAPTER, re.DOTALL)
    for name in ("CAMPAIGNS_DATABASE", "CAMPAIGNS_HASH_KEY"):
        monkeypatch.delenv(name)
    host = parse_qs(urlsplit(shared).query)["host"][0]
    monkeypatch.setenv("PGHOST", host)
    monkeypatch.setenv("PATH", f"{server().bin_path}:{Path(sys.executable).parent}:{os.environ['PATH']}")

    def here(text: str) -> str:
        """The README's words, with a server of this machine in the place of its own."""
        text = text.replace("-h db.example.org -U campaigns campaigns", "-U postgres many_machines")
        return text.replace("postgresql://campaigns@db.example.org/campaigns", "postgresql://postgres@/many_machines")

    made = subprocess.run(["sh", "-ec", here(making)], check=True, capture_output=True, text=True)
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", made.stdout.strip())
    with rig(tmp_path, Plan(people=3, listen=free_port(), server=SHORT)) as one:
        file = tmp_path / "settings.toml"
        rest = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("database"))
        file.write_text(here(settings) + rest)
        commands = [line.split()[1:] for line in using.splitlines()]
        assert [words[0] for words in commands] == ["doctor", "start", "worker", "status"]
        worker = None
        for words in commands:
            command = one.start(*(str(one.campaign) if word == "campaign.yaml" else word for word in words))
            if words == ["worker"]:
                worker = command
                until_listening(one)
            else:
                assert one.ended(command) == 0, one.complained(command)
        until_state(one, "finished")
        settled(one)
        assert worker is not None
        signalled(worker, signal.SIGTERM)
        assert one.ended(worker, 35) == 0, one.complained(worker)
    tell("DROP DATABASE many_machines")
