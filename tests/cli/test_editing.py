"""A changed campaign file: what it changes and whom it moves is told before it is applied."""

from pathlib import Path

import pytest

LIVE = (
    'listen = "127.0.0.1:0"\n[providers.loop]\nkind = "flireo"\nbase_url = "http://127.0.0.1:9"\napi_key = "k"\n'
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_law(folder):
    """The law is off, so that nothing but the edit moves anybody."""
    with Path("small.yaml").open("a") as file:
        file.write('legal_hours: {off: "made-up people"}\n')


def change(old: str, new: str, file: str = "small.yaml") -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def live(folder) -> None:
    """A campaign for a worker that begins in the far future."""
    Path("campaigns.toml").write_text(LIVE)
    text = Path("small.yaml").read_text().replace("starts: 2026-11-23\nends: 2026-11-27\n", "starts: 2099-01-01\n")
    Path("live.yaml").write_text("campaign: live\nprovider: loop\nagent: a\n" + text.partition("\n")[2])


def test_run_tells_what_an_edit_changes_and_whom_it_moves_and_goes_on(cli, folder):
    cli("run", "small.yaml", "--limit", "1")
    change("ends: 2026-11-27", "ends: 2026-11-22")
    change("starts: 2026-11-23", "starts: 2026-11-20")
    said = cli("run", "small.yaml")
    assert said.code == 0
    assert "changed  starts: 2026-11-23 -> 2026-11-20\nchanged  ends: 2026-11-27 -> 2026-11-22\n" in said.err
    assert "effect  5 leads will be closed: the deadline has passed (ends)\n" in said.err
    assert "effect  finished leads stay finished, calls under way go on\n" in said.err
    outcomes = cli("status", "small", "--json").data["outcomes"]
    assert outcomes["expired"] == 5


def test_run_has_the_edit_as_data_and_a_first_or_equal_file_has_none(cli, folder):
    assert "edit" not in cli("run", "small.yaml", "--limit", "1", "--json").data
    assert "edit" not in cli("run", "small.yaml", "--limit", "1", "--json").data
    change("max: 2", "max: 3")
    edit = cli("run", "small.yaml", "--json").data["edit"]
    assert edit["changes"] == [{"key": "attempts.max", "old": "2", "new": "3"}]
    assert (edit["effect"]["waiting"], edit["effect"]["unchanged"]) == (4, 4)


def test_an_edit_that_moves_nobody_says_so(cli, folder):
    cli("run", "small.yaml", "--limit", "1")
    change("attempts:", "pacing: {at_once: 2}\nattempts:")
    said = cli("run", "small.yaml")
    assert "changed  pacing.at_once: 5 -> 2\neffect  nobody is called at another time\n" in said.err


def test_a_file_that_is_only_written_otherwise_changes_nothing(cli, folder):
    cli("run", "small.yaml", "--limit", "1")
    change("purpose: informational", "purpose: informational  # as before")
    said = cli("run", "small.yaml")
    assert "changed  nothing but how it is written\neffect  nobody is called at another time\n" in said.err


def test_start_shows_the_edit_before_it_asks_and_writes_nothing_without_a_yes(cli, folder):
    live(folder)
    assert cli("start", "live.yaml", "--yes").code == 0
    change("max: 2", "max: 3", "live.yaml")
    refused = cli("start", "live.yaml")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert "changed  attempts.max: 2 -> 3\neffect  6 leads keep their time\n" in refused.err
    again = cli("start", "live.yaml", "--yes", "--json")
    assert again.data["edit"]["changes"] == [{"key": "attempts.max", "old": "2", "new": "3"}]
    assert "edit" not in cli("start", "live.yaml", "--yes", "--json").data


def test_start_of_a_new_campaign_shows_no_difference(cli, folder):
    live(folder)
    assert "changed" not in cli("start", "live.yaml", "--yes").err
