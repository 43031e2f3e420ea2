"""A disk that is full, of the log or of the database: nobody is called whose call could not be written down."""

from pathlib import Path

import oracles
import pytest
from rig import Plan, rig
from test_hard_run import SHORT, judged, settled

FULL_LOG = ("sh", "-c", 'exec "$@" 2>/dev/full', "sh")


@pytest.mark.row("D3")
def test_a_full_log_stops_no_call_and_loses_no_outcome(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=10, server=SHORT)) as one:
        running = one.start("-v", "run", str(one.campaign), "--json", under=FULL_LOG)
        assert one.ended(running) == 0
        assert one.said(running)["state"] == "finished"
        assert oracles.counted(one.ledger())["made"] > 10
        judged(one)
        settled(one)
