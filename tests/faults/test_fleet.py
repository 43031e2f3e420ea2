"""Several processes on one PostgreSQL, against a server that shares no code with us; its ledger is the judge."""

import signal
from pathlib import Path

import pytest
from postgres import tell
from rig import Plan, Rig, free_port, rig, signalled
from test_hard_run import SHORT, judged, settled
from test_worker import until_listening, until_state


@pytest.fixture
def shared(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What every command of this test finds in its environment: one database, and the key that all need."""
    monkeypatch.setenv("CAMPAIGNS_DATABASE", postgres_url)
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", "a key for tests that all machines share, and for tests only")
    return postgres_url


def workers_of(one: Rig) -> str:
    """How many `doctor` sees."""
    return str(next(check["detail"] for check in one.ask("doctor") if check["check"] == "database workers"))


def test_two_runs_at_once_share_the_leads_and_the_limits(tmp_path: Path, shared: str) -> None:
    with rig(tmp_path, Plan(people=50, at_once=12, per_second=30, server=SHORT)) as one:
        running = [one.run(), one.run()]
        one.until("made", 10)
        assert workers_of(one) == "0 connected, and 2 `campaigns run`."
        assert [one.ended(each) for each in running] == [0, 0], [one.complained(each) for each in running]
        judged(one)
        settled(one)
        assert one.said(running[0])["outcomes"] == one.said(running[1])["outcomes"]
        name = shared.partition("?")[0].rpartition("/")[2]
        assert tell("SELECT count(DISTINCT lease_owner) FROM attempt", name) == "2"


def test_workers_come_and_go_and_are_steered_together(
    tmp_path: Path, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig(tmp_path, Plan(people=40, at_once=10, per_second=20, listen=free_port(), server=SHORT)) as one:
        first = one.start("worker")
        until_listening(one)
        monkeypatch.setenv("CAMPAIGNS_LISTEN", f"127.0.0.1:{free_port()}")
        second = one.start("worker")
        one.ask("start", str(one.campaign), "--yes")
        one.until("made", 8)
        assert workers_of(one) == "2 connected."
        signalled(first, signal.SIGTERM)
        assert one.ended(first, 35) == 0, one.complained(first)
        one.until("made", 20)
        assert workers_of(one) == "1 connected."
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
