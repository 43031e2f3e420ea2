"""Every sample campaign, played to its end by the real command line, and judged by the simulator's own ledger."""

import json
import shutil
from collections import Counter
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from once import made_once

from campaigns.cli.main import run
from campaigns.domain.contact import Contact
from campaigns.domain.mapping import row_mapper
from campaigns.domain.rows import Row
from campaigns.files import load_campaign
from campaigns.lists import open_list

SAMPLES = Path(__file__).parents[1] / "sample_campaigns"
READ = {"dentist-reminders": 60, "us-lead-follow-up": 54, "town-survey": 81}
WEEKS = {
    "dentist-reminders": {"Mo Tu We Th Fr": [("09:00", "12:30"), ("13:30", "17:30")]},
    "us-lead-follow-up": {"Mo Tu We Th Fr": [("09:00", "12:00"), ("13:00", "20:00")], "Sa": [("10:00", "17:00")]},
    "town-survey": {"Mo Tu We Th": [("17:00", "20:30")], "Sa": [("10:00", "13:00")]},
}
"""The hours of the samples once more, so that what is checked does not come from what is checked."""
MOST = {"dentist-reminders": (4, 2), "us-lead-follow-up": (5, 2), "town-survey": (3, 1)}
"""Attempts for each number of a lead, in all and on one day."""
each_sample = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in READ]
)
"""Whoever has played a sample for one test has it for all."""


@pytest.fixture
def played(tmp_path_factory):
    """Each sample's summary, ledger and folder; played when it is first asked for."""

    def play(name, capsys):
        def make(folder):
            (folder / "said.json").write_text(json.dumps(_run(name, folder, capsys)))

        folder = made_once(tmp_path_factory, name, make)
        return (*json.loads((folder / "said.json").read_text()), folder)

    return play


def _run(name, folder, capsys, *words):
    capsys.readouterr()
    database = f"sqlite:///{folder}/played.db"
    code = run(["--json", "--db", database, "run", str(SAMPLES / name / "campaign.yaml"), *words])
    summary = json.loads(capsys.readouterr().out)
    assert code == int(summary["outcomes"]["held"] > 0)
    ledger = (folder / f"played.{name}.ledger.jsonl").read_text()
    return summary, ledger


def _calls(ledger):
    return [call for call in map(json.loads, ledger.splitlines()) if call.get("direction") == "outbound"]


def _is_open(name, at, zone):
    local = at.astimezone(ZoneInfo(zone))
    day = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")[local.weekday()]
    spans = [span for days, spans in WEEKS[name].items() if day in days.split() for span in spans]
    return any(time.fromisoformat(start) <= local.time() < time.fromisoformat(end) for start, end in spans)


def _zones(name):
    """Number → every zone in which its owner may be."""
    loaded = load_campaign(SAMPLES / name / "campaign.yaml")
    found = {}
    for source in loaded.campaign.contacts:
        rows = open_list(loaded.folder / source.file)
        read = row_mapper(source, loaded.campaign, rows.header(), file=source.file)
        for contact in (read(row) for row in rows.rows() if isinstance(row, Row)):
            if isinstance(contact, Contact):
                zones = (loaded.campaign.zone,) if loaded.campaign.zone else contact.zones
                found |= {phone.e164: zones for phone in contact.phones}
    return found


@pytest.mark.parametrize("name", READ)
def test_every_lead_of_a_sample_gets_an_outcome_and_every_row_is_counted(played, capsys, name):
    summary, _, _ = played(name, capsys)
    contacts, outcomes, attempts = summary["contacts"], summary["outcomes"], summary["attempts"]
    assert summary["state"] == "finished"
    assert contacts["read"] == READ[name] == sum(count for word, count in contacts.items() if word != "read")
    assert sum(outcomes.values()) == contacts["leads"]
    assert outcomes["open"] == 0
    assert outcomes["reached"] > contacts["leads"] / 2
    assert attempts["total"] == sum(count for word, count in attempts.items() if word != "total")


@pytest.mark.parametrize("name", READ)
def test_no_call_of_a_sample_is_outside_the_hours_of_anywhere_the_person_may_be(played, capsys, name):
    zones = _zones(name)
    calls = _calls(played(name, capsys)[1])
    assert len(calls) > 50
    for call in calls:
        at = datetime.fromisoformat(call["created_at"])
        assert all(_is_open(name, at, zone) for zone in zones[call["phone_number"]]), call["created_at"]


@pytest.mark.parametrize("name", READ)
def test_nobody_in_a_sample_is_called_twice_for_one_attempt_or_too_often(played, capsys, name):
    summary, ledger, _ = played(name, capsys)
    calls = _calls(ledger)
    assert len(calls) == summary["attempts"]["total"]
    assert max(Counter(call["metadata"]["attempt_id"] for call in calls).values()) == 1
    most, a_day = MOST[name]
    callbacks = 1  # promised to whoever asks for one, beyond the limits
    assert max(Counter(call["phone_number"] for call in calls).values()) <= most + callbacks
    zones = _zones(name)
    days = Counter((call["phone_number"], _day(call, zones)) for call in calls)
    assert max(days.values()) <= a_day + callbacks


def _day(call, zones):
    zone = zones[call["phone_number"]][0]
    return datetime.fromisoformat(call["created_at"]).astimezone(ZoneInfo(zone)).date()


@pytest.mark.parametrize("name", READ)
def test_never_more_calls_at_once_than_the_sample_has_lines(played, capsys, name):
    most = load_campaign(SAMPLES / name / "campaign.yaml").campaign.pacing.at_once
    moments = []
    for call in _calls(played(name, capsys)[1]):
        moments += [(call["created_at"], 1), (call["ended_at"], -1)]
    lines = peak = 0
    for _, change in sorted((datetime.fromisoformat(at), change) for at, change in moments):
        lines += change
        peak = max(peak, lines)
    assert 1 < peak <= most


def test_two_plays_are_identical(played, capsys, tmp_path):
    name = "dentist-reminders"
    summary, ledger, _ = played(name, capsys)
    again, ledger_again = _run(name, tmp_path, capsys)
    assert again == summary
    assert ledger_again == ledger


def test_what_is_settled_is_not_played_again(played, capsys, tmp_path):
    name = "town-survey"
    summary, ledger, folder = played(name, capsys)
    shutil.copytree(folder, tmp_path / name)  # others read the first
    again, ledger_again = _run(name, tmp_path / name, capsys)
    assert again == summary
    assert ledger_again == ledger
