"""A list that changes while its campaign runs."""

from pathlib import Path

from campaigns.clock import real_sleep
from campaigns.running import Progress, RunOptions, run_campaign

CAMPAIGN = """
campaign: refreshed
purpose: informational
contacts:
  - file: list.csv
    region: GB
    columns: {phone: Phone, id: Id}
    refresh: 10m
    removed: stop
calling_hours: "24/7"
legal_hours: {off: "made-up people"}
timezone: Europe/London
pacing: {at_once: 1}
attempts: {max: 1}
"""


def rows(*numbers: int) -> str:
    return "Id,Phone\n" + "".join(f"p{number},020 7946 0{number:03d}\n" for number in numbers)


def test_new_rows_join_a_running_campaign_and_removed_rows_leave_it(tmp_path: Path) -> None:
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN)
    contacts = tmp_path / "list.csv"
    contacts.write_text(rows(*range(30)))

    async def change_the_list(progress: Progress) -> None:
        while progress.loaded is None:
            await real_sleep(0.001)
        contacts.write_text(rows(*range(29), 99))

    summary = run_campaign(tmp_path / "campaign.yaml", RunOptions(report=tmp_path / "r.html"), change_the_list)
    assert summary.counts.outcomes["stopped"] == 1
    assert sum(summary.counts.outcomes.values()) == 31
    assert summary.exit_code == 0


def test_a_list_that_cannot_be_read_any_more_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN)
    contacts = tmp_path / "list.csv"
    contacts.write_text(rows(*range(12)))

    async def remove_the_list(progress: Progress) -> None:
        while progress.loaded is None:
            await real_sleep(0.001)
        contacts.unlink()

    summary = run_campaign(tmp_path / "campaign.yaml", RunOptions(report=tmp_path / "r.html"), remove_the_list)
    assert "stopped" not in summary.counts.outcomes
    assert sum(summary.counts.outcomes.values()) == 12
