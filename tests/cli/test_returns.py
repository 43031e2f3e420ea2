"""Outcomes of a list in a file, from the command line: `NAME.outcomes.csv` beside it."""

import csv
import json
import sqlite3
import time
from pathlib import Path

import pytest

from campaigns.clock import SystemClock, real_now, run_real
from campaigns.domain.lead import CampaignState, Lead, lead_id
from campaigns.ports.store import CampaignRecord, NewLead
from campaigns.stores.sqlite import open_sqlite
from campaigns.testing import a_contact

from .test_commands import a_process, stopped

FILE = Path("people.outcomes.csv")


def rows():
    with FILE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def small(folder):
    """A small campaign whose outcomes go back."""
    path = Path("small.yaml")
    path.write_text(path.read_text() + "write_back: true\n")
    return path


def test_a_run_leaves_a_file_with_exactly_the_closed_leads(cli, small):
    before = Path("people.csv").read_bytes()
    said = cli("run", small, "--json")
    assert said.code == 0, said.err
    assert said.data["write_back"] == {"landed": 6, "waiting": 0, "unwritable": 0}
    leads = cli("leads", "small", "--json").data
    told = rows()
    assert [row["id"] for row in told] == ["1", "2", "3", "4", "5", "6"]
    assert [(row["outcome"], int(row["attempts"])) for row in told] == [
        (each["outcome"], each["attempts"]) for each in leads
    ]
    assert {row["campaign"] for row in told} == {"small"}
    assert all(row["phone"].startswith("+44") and row["last_attempt_at"].endswith("+00:00") for row in told)
    assert len({row["reference"] for row in told}) == 6
    assert Path("people.csv").read_bytes() == before
    assert not list(Path().glob(".*.part"))


def test_a_run_that_pauses_has_told_of_those_who_are_closed(cli, small):
    said = cli("run", small, "--limit", "2", "--json")
    assert said.code == 3
    assert len(rows()) == sum(said.data["outcomes"][word] for word in ("reached", "exhausted", "bad_number"))
    assert cli("run", small, "--json").data["write_back"]["landed"] == 6
    assert len(rows()) == 6


def test_without_write_back_nothing_is_said_of_it_and_no_file_is_written(cli, folder):
    assert "write_back" not in cli("run", "small.yaml", "--json").data
    assert not FILE.exists()
    assert "write-back" not in cli("status", "small").out


def test_a_file_that_cannot_be_written_waits_for_a_person_and_a_later_run_goes_on(cli, small):
    FILE.mkdir()
    said = cli("run", small)
    assert said.code == 1
    assert "6 outcomes have not gone back yet" in said.out
    assert "people.outcomes.csv cannot be written (Is a directory)" in " ".join(said.out.split())
    (one,) = cli("--json", "status").data
    assert (one["write_back"]["landed"], one["write_back"]["waiting"]) == (0, 6)
    assert "6 waiting: " in cli("status", "small").out
    FILE.rmdir()
    again = cli("run", small)
    assert again.code == 0
    assert "6 landed" in again.out
    assert len(rows()) == 6


def test_a_number_that_opts_out_later_shows_after_the_next_run(cli, small):
    cli("run", small)
    assert rows()[0]["outcome"] != "do_not_call"
    assert cli("--db", "sqlite:///campaigns-simulated.db", "suppress", "add", "+442079460001").code == 0
    assert "1 waiting" in cli("status", "small").out
    assert cli("run", small, "--json").data["write_back"]["waiting"] == 0
    assert rows()[0]["outcome"] == "do_not_call"


def test_a_campaign_that_is_forgotten_begins_its_file_anew(cli, small):
    cli("run", small)
    Path("people.csv").write_text("Id,Name,Mobile\n9,Ann,020 7946 0009\n")
    assert cli("run", small, "--fresh", "--json").data["write_back"]["landed"] == 1
    assert [row["id"] for row in rows()] == ["9"]
    with sqlite3.connect("campaigns-simulated.db") as raw:
        assert raw.execute("SELECT COUNT(*) FROM write_back").fetchone() == (0,)


def test_a_test_call_is_nobody_s_outcome(cli, small):
    assert cli("call", "+442079460123", "--as", small).code in {0, 1}
    assert not FILE.exists()


def test_json_of_a_status_has_the_reasons(cli, small):
    FILE.mkdir()
    cli("run", small)
    one = cli("--json", "status", "small").data
    assert list(one["write_back"]) == ["landed", "waiting", "unwritable", "reasons"]
    assert json.dumps(one["write_back"]["reasons"]).count("cannot be written") == 1


def test_a_worker_brings_back_what_a_stopped_campaign_left(cli, small):
    async def leave():
        async with open_sqlite(Path("campaigns.db"), clock=SystemClock(), simulated=False) as store:
            record = CampaignRecord(
                "small", CampaignState.ACTIVE, small.read_text(), str(Path.cwd()), "none", "informational",
                real_now(),
            )  # fmt: skip
            await store.put_campaign(record, now=real_now())
            contact = a_contact(1)
            lead = Lead(lead_id("small", contact.key), "small", contact, "person")
            await store.put_leads("small", [NewLead(lead, ("key",), 0)], load=1, now=real_now())
            stopped_ = CampaignState.STOPPED
            await store.steer("small", stopped_, expect=[CampaignState.ACTIVE], reason="", now=real_now())

    run_real(leave)
    assert cli("--json", "status", "small").data["write_back"]["waiting"] == 1
    Path("campaigns.toml").write_text('listen = "127.0.0.1:0"\n')
    worker = a_process("worker")
    assert "listening on" in worker.stderr.readline()
    until = time.monotonic() + 30
    while not FILE.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert [row["outcome"] for row in rows()] == ["stopped"]
    code, said = stopped(worker)
    assert code == 0, said
    assert cli("--json", "status", "small").data["write_back"]["landed"] == 1
