"""`init`: four questions or flags, and files that validate and plan at once."""

import io
import re
import shlex
import sys
from pathlib import Path

import pytest

from campaigns.files import load_campaign

SAMPLES = Path(__file__).parents[2] / "sample_campaigns"
DENTIST = SAMPLES / "dentist-reminders" / "afspraken.csv"


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self):
        return True


@pytest.fixture
def typing(monkeypatch):
    """Lets somebody type these lines."""
    return lambda *lines: monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))


def follow(cli, said):
    """Does what the answer says is next, to the letter."""
    commands = re.findall(r"^next +campaigns (.+)$", said.out, re.MULTILINE)
    assert [re.search("validate|plan", command)[0] for command in commands] == ["validate", "plan"]
    return [cli(*shlex.split(command)) for command in commands]


def test_four_questions_make_a_campaign_of_a_list_of_ones_own(cli, typing):
    typing("Spring reminders", "", DENTIST, "NL", "", "Mo-Fr 10:00-17:00; PH off")
    said = cli("init", "mine")
    assert said.code == 0
    assert re.findall(r"\d/4", said.err) == ["1/4", "2/4", "3/4", "4/4"]
    assert "54 numbers have no +" in said.err
    assert "phone: Mobiel, Thuis; name: Naam; id: PatientNr; key: AfspraakId" in said.out
    assert "59 of the first 60 rows have a number that can be called in NL" in said.out
    checked, planned = follow(cli, said)
    assert (checked.code, planned.code) == (0, 0)
    assert "60 rows read, 59 good, 1 bad" in checked.out
    assert "57, of whom 57 have no outcome yet" in planned.out
    campaign = load_campaign(Path("mine/campaign.yaml")).campaign
    assert (campaign.campaign, campaign.calling_hours) == ("spring-reminders", "Mo-Fr 10:00-17:00; PH off")


def test_a_wrong_answer_is_explained_and_asked_for_again(cli, typing):
    typing("!!", "mine", "sales", "research", "none.csv", "", "twilio", "", "9 to 5", "Mo-Fr 09:00-17:00")
    said = cli("init")
    assert said.code == 0
    for told in (
        "Write letters and digits", "'sales' is no purpose", "'none.csv' is no file here", "'twilio' places no calls",
        "Write 09:00-17:00",
    ):  # fmt: skip
        assert told in said.err
    assert load_campaign(Path("campaign.yaml")).campaign.purpose == "research"


def test_what_a_flag_says_is_not_asked(cli, typing):
    typing("", "")
    said = cli("init", "--name", "x", "--list", "made-up", "--hours", "24/7")
    assert said.code == 0
    assert re.findall(r"\d/4", said.err) == ["3/4"]


def test_where_nobody_types_nothing_is_asked(cli):
    said = cli("init", "mine")
    assert (said.code, said.err) == (0, "")
    assert [one.code for one in follow(cli, said)] == [0, 0]
    assert cli("run", "mine/campaign.yaml", "--json").data["state"] == "finished"


@pytest.mark.parametrize("provider", ["flireo", "hmsovereign", "callab"])
def test_a_campaign_over_a_vendor_is_played_by_its_simulator_until_the_settings_say_otherwise(cli, provider):
    said = cli("init", "mine", "--provider", provider, "--list", DENTIST, "--region", "NL", "--yes")
    checked, planned = follow(cli, said)
    assert (checked.code, planned.code) == (0, 0)
    assert f"[providers.{provider}]" in Path("mine/campaigns.toml").read_text()


@pytest.mark.parametrize("list_", ["us-lead-follow-up/leads.xlsx", "town-survey/residents.jsonl"])
def test_every_kind_of_list_is_read(cli, list_):
    said = cli("--json", "init", "--list", SAMPLES / list_, "--region", "GB", "--yes").data
    assert said["written"] == ["campaign.yaml", "campaigns.toml"]
    assert said["list"]["columns"]["phone"]
    assert said["next"] == ["campaigns validate campaign.yaml", "campaigns plan campaign.yaml"]
    assert cli("validate", "campaign.yaml").code == 0


def test_columns_with_odd_names_are_written_so_that_yaml_keeps_them(cli):
    Path("people.csv").write_text(
        "No: 1,Tel. #1,yes,Due {x}\n1,+442079460001,a,2026-12-01\n2,+442079460002,b,2026-12-02\n"
    )
    Path("odd.csv").write_text("Phone: mobile,Name\n+442079460001,Ann\n")
    assert cli("init", "a", "--list", "odd.csv", "--yes").code == 0
    assert cli("validate", "a/campaign.yaml").code == 0
    assert cli("init", "b", "--list", "people.csv", "--yes").code == 0
    assert cli("validate", "b/campaign.yaml").code == 0


WRONG = {
    "region missing": (["--list", DENTIST], "54 rows have numbers without +, and of which country is not known"),
    "region wrong": (["--list", DENTIST, "--region", "UK"], "--region: 'UK' is not a country code. Did you mean GB?"),
    "no list": (["--list", "none.csv"], "--list: 'none.csv' is no file here"),
    "no numbers": (["--list", "nobody.csv"], "no column of phone numbers was recognised. It has: Name, Age."),
    "no provider": (["--provider", "twilio"], "Write one of simulator, flireo, hmsovereign, callab"),
    "hours": (["--hours", "9 to 5"], "--hours: Calling hours: '9 to 5' cannot be read. Write 09:00-17:00."),
    "name": (["--name", "!!"], "--name: This name cannot be used"),
    "emergency": (["--purpose", "emergency"], 'legal_hours: {off: "reason"}'),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_flag_is_told_and_nothing_is_written(cli, case):
    words, hint = WRONG[case]
    Path("nobody.csv").write_text("Name,Age\nAnn,40\n")
    said = cli("init", "mine", "--yes", *words)
    assert said.code == 2
    assert hint in said.err
    assert not Path("mine").exists()


def test_nothing_that_is_there_is_overwritten(cli):
    Path("campaigns.toml").write_text("# mine\n")
    said = cli("init", "--yes")
    assert said.code == 2
    assert "campaigns.toml exist already" in said.err
    assert sorted(path.name for path in Path().iterdir()) == ["campaigns.toml"]
    assert Path("campaigns.toml").read_text() == "# mine\n"
