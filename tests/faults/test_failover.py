"""A standby that had fallen behind takes over: nobody dials from it until its missing calls are found."""

import json
import signal
import time
from pathlib import Path

import oracles
import pytest
from postgres import mortal_server
from proving import Figure
from rig import Plan, rig, signalled
from test_copies import SHORT, as_the_file_says, refused, told
from test_hard_run import settled


@pytest.mark.row("D5", "D7")
def test_a_promoted_standby_dials_nobody_until_the_calls_that_it_has_missed_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool, figure: Figure
) -> None:
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", "a key for tests that all machines share, and for tests only")
    people, missed = (600, 200) if long else (20, 8)
    plan = Plan(people=people, at_once=6 * people // 24, per_second=12, longest="8s", poll_every="1s", server=SHORT)
    with mortal_server() as primary, primary.standby() as standby, rig(tmp_path, plan) as one:
        # As a settings file has it that knows both: whoever leads is taken.
        home = primary.url.partition("host=")[2]
        monkeypatch.setenv("CAMPAIGNS_DATABASE", f"postgresql://postgres@/postgres?host={home},{standby.folder}")
        running = one.live("run", str(one.campaign), "--json")
        one.until("made", 8)
        standby.fall_behind()
        one.until("made", len(oracles.made(one.ledger())) + missed, 120)
        primary.crash()
        standby.promote()
        promoted = time.time()
        one.until_said(running, "campaigns adopt")  # it comes back to this one by itself, and does not believe it
        time.sleep(1)
        signalled(running, signal.SIGTERM)
        one.ended(running, 35)
        assert sum(line["what"] == "asked" and line["at"] > promoted for line in one.ledger()) == 0

        monkeypatch.setenv("CAMPAIGNS_DATABASE", standby.url)
        assert "campaigns adopt" in refused(one, "run", str(one.campaign))
        code, out, said = told(one, "adopt", "--json")
        assert code in (0, 1), said
        (found,) = json.loads(out)["providers"]
        assert found["calls"] == found["adopted"] > 0
        again = one.live("run", str(one.campaign), "--json")
        assert one.ended(again, 120) == 0, one.complained(again)
        as_the_file_says(one)
        settled(one)
        figure(
            "D5", "people called again after a standby that had fallen behind took over", 0,
            calls=len(oracles.made(one.ledger())), unknown_to_the_standby=found["calls"],
        )  # fmt: skip
