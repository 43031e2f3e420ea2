"""`plan`: the campaign ahead in words, numbers and pictures; it calls nobody and writes nothing."""

import hashlib
from pathlib import Path

import pytest


def everything(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_plan_tells_finish_calls_lines_reasons_and_what_it_rests_on(folder, cli):
    said = cli("plan", "small.yaml")
    assert said.code == 0, said.err
    for word in ("nobody was called", "first call", "finish", "reached", "calls per hour", "what if", "rests on"):
        assert word in said.out
    assert "made-up people" in said.out
    assert "Mon 23 Nov" in said.out


def test_a_plan_writes_nothing_and_makes_no_database(folder, cli):
    before = everything(folder)
    assert cli("plan", "small.yaml").code == 0
    assert everything(folder) == before


def test_a_plan_leaves_a_database_as_it_is(played, cli):
    before = everything(Path())
    assert "campaigns-simulated.db" in before
    assert cli("plan", "small.yaml").code == 0
    assert everything(Path()) == before


def test_a_plan_in_json_has_bands_and_series(folder, cli):
    data = cli("plan", "small.yaml", "--json").data
    assert data["leads"] == data["open"] == 6
    low, middle, high = data["finish"]
    assert low <= middle <= high
    assert sum(hour["calls"] for hour in data["calls_per_hour"]) == pytest.approx(data["attempts"][1], abs=3)
    assert sum(why["leads"] for why in data["why"]) == pytest.approx(6, abs=0.1)
    assert data["first_call"] == "2026-11-23T09:00:00+00:00"
    assert data["cost"] is None
    assert data["lines"]["at_once"] == 5


def test_a_plan_goes_on_from_where_the_database_stands(folder, cli):
    cli("run", "small.yaml", "--limit", "2", "--json")
    data = cli("plan", "small.yaml", "--json").data
    assert data["goes_on"] is True
    assert data["open"] < data["leads"] == 6


def test_a_finished_campaign_has_nothing_ahead(played, cli):
    data = cli("plan", "small.yaml", "--json").data
    assert (data["open"], data["finish"], data["calls_per_hour"]) == (0, None, [])


def test_a_plan_begins_when_it_is_told_to(folder, cli):
    data = cli("plan", "small.yaml", "--json", "--at", "2026-11-25T12:00Z").data
    assert data["first_call"] == "2026-11-25T12:00:00+00:00"


def test_what_a_call_costs_is_told_in_the_currency_of_the_settings(folder, cli):
    Path("campaigns.toml").write_text(
        '[providers.simulator]\nkind = "flireo"\nprice_per_minute = 0.2\ncurrency = "EUR"\n'
    )
    data = cli("plan", "small.yaml", "--json").data
    assert data["currency"] == "EUR"
    assert data["cost"][1] == pytest.approx(data["talk_minutes"][1] * 0.2, abs=0.02)


@pytest.mark.parametrize(("name", "begins"), [("ahead.png", b"\x89PNG"), ("ahead.svg", b"<?xml")])
def test_a_plan_is_drawn(folder, cli, name, begins):
    said = cli("plan", "small.yaml", "--plot", name)
    assert said.code == 0, said.err
    assert Path(name).read_bytes().startswith(begins)


def test_a_drawing_names_the_campaign_its_finish_and_its_colours(folder, cli):
    cli("plan", "small.yaml", "--plot", "ahead.svg")
    drawn = Path("ahead.svg").read_text()
    for word in ("small: finished about", "Calls per hour", "Calling hours", "Reached", "All 6 leads"):
        assert f"<!-- {word}" in drawn


def test_other_pictures_are_refused(folder, cli):
    said = cli("plan", "small.yaml", "--plot", "ahead.gif")
    assert said.code == 2
    assert ".png or .svg" in said.err


def test_a_picture_that_cannot_be_written_is_told(folder, cli):
    said = cli("plan", "small.yaml", "--plot", "nowhere/ahead.png")
    assert said.code == 2
    assert "cannot be written" in said.err


def test_a_database_of_another_program_is_refused(folder, cli):
    Path("other.db").write_bytes(b"SQLite format 3\0 or not")
    said = cli("plan", "small.yaml", "--db", "sqlite:///other.db")
    assert said.code == 2
