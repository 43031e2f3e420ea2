"""What others may import: exactly what is named, typed, and usable as the README shows."""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import campaigns
from campaigns import Call, Law, RunOptions, Wait, decide, load_campaign, load_rules, run_campaign
from campaigns.domain.errors import InputError
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

FILE = """\
campaign: small
purpose: informational
voice: human
contacts: [{file: people.csv, region: GB, columns: {phone: Mobile}}]
calling_hours: "Mo-Fr 09:00-17:00"
timezone: Europe/London
starts: 2026-11-23
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(FILE)
    (tmp_path / "people.csv").write_text("Mobile\n020 7946 0001\n020 7946 0002\n")
    return path


def test_all_is_what_there_is():
    assert {name for name in campaigns.__all__ if not hasattr(campaigns, name)} == set()
    assert list(campaigns.__all__) == sorted(campaigns.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        campaigns.nothing  # noqa: B018 - asking is the test


def test_everything_public_says_what_it_is_for():
    assert [name for name in campaigns.__all__ if not (getattr(campaigns, name).__doc__ or "").strip()] == []


def test_the_package_says_that_it_is_typed():
    assert (files("campaigns") / "py.typed").is_file()


def test_a_campaign_is_loaded_decided_on_and_run(file, tmp_path):
    loaded = load_campaign(file)
    contact, law = a_contact(zones=("Europe/London",), jurisdictions=("GB",)), Law(load_rules())
    facts = Facts(Lead("id", "small", contact, "person"))
    early = decide(facts, loaded.campaign, law, now=instant("2026-11-23T08:00Z"))
    assert isinstance(early, Wait)
    assert (early.until, early.rule) == (instant("2026-11-23T09:00Z"), "calling_hours")
    assert isinstance(decide(facts, loaded.campaign, law, now=instant("2026-11-23T09:00Z")), Call)
    summary = run_campaign(file, RunOptions(report=tmp_path / "r.html"))
    assert summary.exit_code == 0
    assert summary.as_json()["contacts"]["leads"] == 2
    assert (tmp_path / "r.html").is_file()


def test_a_wrong_file_raises_with_every_problem(file):
    file.write_text(FILE.replace("purpose", "purpse").replace("timezone", "timzone"))
    with pytest.raises(InputError) as caught:
        load_campaign(file)
    assert {problem.where.rpartition(" ")[2] for problem in caught.value.problems} >= {"purpse", "timzone"}


def test_decisions_need_neither_clock_nor_database():
    facts = Facts(Lead("id", "test", a_contact(), "person"))
    step = decide(facts, a_campaign(), NO_LAW, now=instant("2026-11-23T08:00Z"))
    assert step == decide(facts, a_campaign(), NO_LAW, now=instant("2026-11-23T08:00Z"))


def test_the_readme_imports_what_there_is():
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    for line in re.findall(r"^from campaigns import (.+)$", readme, re.MULTILINE):
        assert {name.strip() for name in line.split(",")} <= set(campaigns.__all__)


def test_the_module_and_the_script_are_the_same_program():
    code = "from campaigns.cli import main; main(['providers'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "simulator" in said.stdout
