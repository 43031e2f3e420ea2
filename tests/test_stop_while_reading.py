"""Stop means stop, also while a run still reads its lists and asks the provider."""

from pathlib import Path

import pytest

from campaigns.domain.lead import CampaignState
from campaigns.running import Progress, RunOptions, run_campaign

CAMPAIGN = """
campaign: steered
purpose: informational
contacts: [{file: list.csv, region: GB, columns: {phone: Phone, id: Id}}]
calling_hours: "24/7"
legal_hours: {off: "made-up people"}
timezone: Europe/London
"""


@pytest.mark.parametrize("before", [None, CampaignState.FINISHED], ids=["a new campaign", "one that is run again"])
def test_a_stop_said_while_a_run_reads_its_lists_holds(before: CampaignState | None, tmp_path: Path) -> None:
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN)
    contacts = tmp_path / "list.csv"
    contacts.write_text("Id,Phone\n" + "".join(f"p{n},020 7946 0{n:03}\n" for n in range(2)))
    options = RunOptions(report=tmp_path / "r.html")
    first = run_campaign(tmp_path / "campaign.yaml", options) if before else None
    contacts.write_text("Id,Phone\n" + "".join(f"p{n},020 7946 0{n:03}\n" for n in range(60)))

    async def say_it(progress: Progress) -> None:
        assert progress.loaded is None
        store, now = progress.session.store, progress.session.clock.now()
        await store.steer(progress.name, CampaignState.STOPPED, expect=list(CampaignState), reason="my word", now=now)

    summary = run_campaign(tmp_path / "campaign.yaml", options, say_it)
    assert summary.end.state is CampaignState.STOPPED
    dialled = sum(first.counts.dispositions.values()) if first else 0
    assert sum(summary.counts.dispositions.values()) == dialled
