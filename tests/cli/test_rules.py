"""The legal rules at the command line: shown with their sources, and jurisdictions closed at once."""

from pathlib import Path

import pytest

from campaigns.domain.rules import Rule
from campaigns.rules import load_rules

OWN = """\
- id: our-own
  jurisdiction: DE
  name: Never in the afternoon
  scope: [research]
  voice: any
  binding: default
  hours_source: product_default
  consent: not_applicable
  hours: {mon: ['09:00-12:00'], tue: [], wed: [], thu: [], fri: [], sat: [], sun: []}
  instrument: our own
  effective: null
  source_kind: none
  confidence: low
"""


def test_rules_lists_every_row_once_by_country(cli):
    said = cli("rules")
    assert said.code == 0
    for rule in load_rules().rules:
        assert sum(f" {rule.id} " in line for line in said.out.splitlines()) == 1, rule.id
    assert "not legal advice" in said.out
    places = [line.split()[0] for line in said.out.splitlines()[1:] if line[:1].isupper() and line[2:3] == " "]
    assert places == sorted(set(places)), "each country once"


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("US-FL", ["us-fl-telemarketing", "us-telemarketing", "us-ai-voice-exempt", "us-ai-voice-hipaa", "us-debt"]),
        ("us-fl", ["us-fl-telemarketing", "us-telemarketing", "us-ai-voice-exempt", "us-ai-voice-hipaa", "us-debt"]),
        ("US-OH", ["us-telemarketing", "us-ai-voice-exempt", "us-ai-voice-hipaa", "us-debt"]),
        ("DE", ["eu-ai-disclosure", "de-telemarketing"]),
        ("GB", ["gb-telemarketing"]),
        ("us-fl-telemarketing", ["us-fl-telemarketing", "us-telemarketing"]),
        ("US-NY", ["us-nyc-debt", "us-ny-telemarketing"]),
        ("KE", []),
    ],
)
def test_a_code_shows_its_rows_those_above_and_what_they_inherit(cli, code, rows):
    data = cli("rules", code, "--json").data
    shown = [rule["id"] for rule in data["rules"]]
    assert shown[: len(rows)] == rows if code == "US-NY" else sorted(shown) == sorted(rows)
    assert "not legal advice" in data["advice"]
    assert all(Rule.model_validate(rule) for rule in data["rules"])


def test_a_row_is_shown_with_everything_that_is_known_of_it(cli):
    said = cli("rules", "US-FL").out
    for word in (
        "Mon-Sun 08-20 (from: law)", "3 attempts/1 d per subject", "prior written consent", "say who calls",
        "since 2021-07-01", "501.059", "high; source: primary", "https://", "not legal advice", "2026-11-20.",
    ):  # fmt: skip
        assert word in said


def test_a_place_without_rows_says_that_nobody_is_called_there(cli):
    said = cli("rules", "KE")
    assert (said.code, "nobody is called there" in said.out, "fallback" in said.out) == (0, True, True)


@pytest.mark.parametrize(("code", "mend"), [("US-LB", "US-LA"), ("de-telemarketin", "de-telemarketing"), ("!", "ISO")])
@pytest.mark.parametrize("words", [(), ("suspend",), ("resume",)])
def test_an_unknown_code_is_refused_with_the_nearest(cli, words, code, mend):
    said = cli("rules", *words, code)
    assert (said.code, mend in said.err) == (2, True)


def test_own_rows_are_shown_with_the_products(cli):
    Path("own.yaml").write_text(OWN)
    Path("campaigns.toml").write_text('calling_rules = "own.yaml"\n')
    data = cli("rules", "DE", "--json").data
    assert "our-own" in [rule["id"] for rule in data["rules"]]
    assert data["data"] != load_rules().version


def test_a_closed_jurisdiction_is_shown_for_trial_runs_and_for_real_ones_until_it_is_opened(cli, folder):
    said = cli("rules", "suspend", "us-la", "--why", "hurricane", "--who", "Ann", "--json")
    assert said.data == {"suspended": "US-LA"}
    closed = cli("rules", "--json").data["suspended"]
    assert [one["database"] for one in closed] == ["campaigns.db", "campaigns-simulated.db"]
    assert {(one["code"], one["why"], one["who"], one["until"]) for one in closed} == {
        ("US-LA", "hurricane", "Ann", "")
    }
    assert "CLOSED    US-LA" in cli("rules", "GB").out
    assert cli("rules", "resume", "US-LA").out.startswith("US-LA is open again")
    assert cli("rules", "--json").data["suspended"] == []
    again = cli("rules", "resume", "US-LA")
    assert (again.code, "is not closed" in again.err) == (2, True)


def test_nobody_in_a_closed_jurisdiction_is_called(cli, folder):
    cli("rules", "suspend", "GB")
    said = cli("run", "small.yaml", "--json")
    assert said.data["attempts"]["total"] == 0
    assert said.data["outcomes"]["expired"] == 6


def test_a_suspension_may_end_by_itself_in_a_time_to_come(cli, folder):
    assert "until 2099-01-01 00:00Z" in cli("rules", "suspend", "DE", "--until", "2099-01-01T00:00Z").out
    for until, why in (("2020-01-01T00:00Z", "is over"), ("2099-01-01T00:00", "no offset"), ("soon", "not a time")):
        said = cli("rules", "suspend", "DE", "--until", until)
        assert (said.code, "until" in said.err, why in said.err) == (2, True, True)


def test_the_fallback_is_no_place_to_close(cli):
    assert "is no place" in cli("rules", "suspend", "ZZ").err
