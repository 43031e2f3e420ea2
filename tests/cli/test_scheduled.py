"""A campaign with scheduled dialing, from the file to the last outcome, against the built-in simulator."""

import json
from pathlib import Path

from campaigns.ports import ProviderFacts
from campaigns.vendors.flireo.provider import FlireoProvider


def ledger() -> tuple[list[dict], list[dict]]:
    """(scheduled calls as they stand, calls) by the simulator's truth."""
    (file,) = Path().glob("*.ledger.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    scheduled = {line["scheduled"]["scheduled_call_id"]: line["scheduled"] for line in lines if "scheduled" in line}
    return list(scheduled.values()), [line for line in lines if "call_id" in line]


def test_every_call_comes_from_a_booking_inside_the_hours_and_every_outcome_is_found(cli, folder) -> None:
    Path("small.yaml").write_text(Path("small.yaml").read_text() + "dialing: scheduled\n")
    said = cli("run", "small.yaml", "--json")
    assert said.code == 0, said.err
    assert said.data["state"] == "finished"
    scheduled, calls = ledger()
    ours = [call for call in calls if call["direction"] == "outbound"]
    assert {call["scheduled_call_id"] for call in ours} == {s["scheduled_call_id"] for s in scheduled if s["call_id"]}
    assert {s["state"] for s in scheduled} <= {"fired", "cancelled"}
    assert len(ours) == said.data["attempts"]["total"] > 0
    hours = [call["created_at"][11:16] for call in ours]
    assert all("09:00" <= at < "12:30" or "13:30" <= at < "17:30" for at in hours)


def test_a_provider_that_cannot_hold_calls_is_an_error_of_the_file(cli, folder, monkeypatch) -> None:
    monkeypatch.setattr(FlireoProvider, "facts", ProviderFacts(documented_per_minute=None))
    Path("small.yaml").write_text(Path("small.yaml").read_text() + "dialing: scheduled\n")
    for command in ("validate", "run"):
        said = cli(command, "small.yaml")
        assert said.code == 2
        assert "cannot hold calls for later" in said.err
        assert "Write `dialing: direct`" in said.err
