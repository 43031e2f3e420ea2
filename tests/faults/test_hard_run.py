"""A campaign in real time against a server that shares no line of code with us; its ledger is the judge."""

import signal
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import oracles
import pytest
from rig import EXPECTED, Plan, Rig, rig, signalled

SHORT = {"ring": (0.1, 0.3), "talk": (0.3, 0.8)}


def judged(one: Rig, *, most: int = 3) -> None:
    """Nobody was called too often, too fast, too many at once, or while an earlier call was open."""
    ledger = one.ledger()
    assert oracles.most_open(ledger) <= one.plan.at_once
    assert oracles.busiest(ledger) <= one.plan.per_second
    assert oracles.called_while_open(ledger) == []
    assert oracles.called_without_proof(ledger) == []
    assert oracles.called_too_often(ledger, most) == []


def settled(one: Rig) -> None:
    """Every call that was made has its one right disposition, and every lead ended as the file says."""
    attempts, leads = one.ask("attempts", "hard"), one.ask("leads", "hard")
    assert oracles.unaccounted(one.ledger(), attempts) == []
    assert oracles.wrongly_settled(one.ledger(), attempts) == []
    assert oracles.settled_without_call(one.ledger(), attempts) == []
    assert oracles.wrongly_closed(leads, EXPECTED) == []


def test_contacts_end_as_the_file_says_within_all_limits(tmp_path: Path, long: bool) -> None:
    people = 100 if long else 40
    with rig(tmp_path, Plan(people, at_once=people * 3 // 5, per_second=people // 2, server=SHORT)) as one:
        running = one.run()
        assert one.ended(running) == 0, one.complained(running)
        assert one.said(running)["outcomes"]["reached"] == people * 8 // 10
        judged(one)
        settled(one)


SHAPES = (
    {"order": "oldest", "page": 10, "start_date": False, "echo": True},
    {"order": "shuffled", "envelope": "guide", "page": 7, "list_lag": 0.7, "slow": 0.2, "slow_seconds": 0.5},
    {"lists_fail": 0.3, "throttle": 0.05, "start_date": False},
)


@pytest.mark.long
@pytest.mark.row("N3", "W4")
def test_whatever_shape_the_lists_have_every_call_is_settled(tmp_path: Path, long: bool) -> None:
    people = 14 if long else 8
    with ExitStack() as rigs:
        ones = [
            rigs.enter_context(rig(tmp_path / str(n), Plan(people, server=SHORT | s))) for n, s in enumerate(SHAPES)
        ]
        for one, running in [(one, one.run()) for one in ones]:
            assert one.ended(running) == 0, one.complained(running)
            judged(one)
            settled(one)


@pytest.mark.row("X6")
def test_a_refused_number_is_blocked_and_a_withdrawn_key_stops_the_campaign(tmp_path: Path) -> None:
    bad = Plan(people=12, server={**SHORT, "bad": {"001": 422, "007": 400}})
    late = Plan(people=60, at_once=5, server={**SHORT, "unauthorized_after": 8})
    with rig(tmp_path / "bad", bad) as numbers, rig(tmp_path / "late", late) as key:
        first, second = numbers.run(), key.run()
        assert numbers.ended(first) == 0, numbers.complained(first)
        assert numbers.said(first)["outcomes"]["blocked"] == 2
        assert oracles.counted(numbers.ledger())["refused"] == 2
        assert key.ended(second) == 4, key.complained(second)
        assert oracles.counted(key.ledger())["made"] == 8
        assert oracles.counted(key.ledger())["refused"] <= 5


OPENS = datetime(2026, 11, 23, 9, tzinfo=UTC)
FAST = ("--speed", "60", "--at", "2026-11-23T08:59:50Z")


def test_at_sixty_times_real_time_windows_hold_and_time_does_not_go_back_when_a_stopped_run_goes_on(
    tmp_path: Path,
) -> None:
    server = {"start": OPENS.isoformat(), "speed": 60.0, "ring": (3, 6), "talk": (10, 40)}
    hours = "Mo-Fr 09:00-09:02,09:04-12:00"
    with rig(tmp_path, Plan(20, 8, 5, hours=hours, gap="20s", poll_every="10s", longest="5m", server=server)) as one:
        running = one.run(*FAST)
        one.until("made", 10)
        signalled(running, signal.SIGTERM)
        assert one.ended(running, 35) == 3, one.complained(running)
        moments = [line["at"] - OPENS.timestamp() for line in oracles.made(one.ledger())]
        assert [at for at in moments if not 0 <= at < 120] == []
        earlier = {row["attempt"] for row in one.ask("attempts", "hard")}
        running = one.run(*FAST)
        assert one.ended(running) == 0, one.complained(running)
        placed = {row["attempt"]: datetime.fromisoformat(row["placed_at"]) for row in one.ask("attempts", "hard")}
        assert not [at for at in placed.values() if 120 <= (at - OPENS).total_seconds() < 239]
        assert max(placed[name] for name in earlier) <= min(at for name, at in placed.items() if name not in earlier)
        settled(one)
