"""A list that changes while its campaign runs."""

from pathlib import Path
from types import SimpleNamespace

import anyio

from campaigns.app import Session, open_session
from campaigns.clock import DiscreteClock, real_sleep, run_virtual
from campaigns.editing import put_campaign
from campaigns.engine.wake import Wake
from campaigns.files import load_campaign
from campaigns.running import Progress, RunOptions, refresh_lists, run_campaign
from campaigns.settings import Settings
from campaigns.testing import instant

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


async def loads_of(session: Session) -> int:
    """How often the lists were read; asking counts as one."""
    return await session.store.next_load("refreshed")


def test_of_two_workers_one_reads_the_lists_again_and_the_other_when_it_cannot(tmp_path: Path) -> None:
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN)
    contacts = tmp_path / "list.csv"
    contacts.write_text(rows(1))
    loaded, clock = load_campaign(tmp_path / "campaign.yaml"), DiscreteClock(instant("2026-11-23T09:00Z"))
    runner = SimpleNamespace(wake=Wake())

    async def main() -> None:
        async with (
            open_session(Settings(), clock, simulated=True) as one,
            open_session(Settings(), clock, simulated=True) as other,
            anyio.create_task_group() as tasks,
        ):
            await put_campaign(one, loaded)
            tasks.start_soon(refresh_lists, one, "refreshed", runner)
            await clock.sleep_until(instant("2026-11-23T09:04Z"))
            tasks.start_soon(refresh_lists, other, "refreshed", runner)
            await clock.sleep_until(instant("2026-11-23T10:05Z"))
            assert await loads_of(one) == 6 + 1  # 09:10, 09:20 … 10:00
            contacts.unlink()  # and back a minute later: only the one who comes at :14 finds it
            await clock.sleep_until(instant("2026-11-23T10:11Z"))
            contacts.write_text(rows(1, 2))
            await clock.sleep_until(instant("2026-11-23T10:15Z"))
            assert await loads_of(one) == 6 + 1 + 1 + 1
            tasks.cancel_scope.cancel()

    run_virtual(clock, main)
