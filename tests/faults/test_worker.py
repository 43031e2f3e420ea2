"""A worker, steered from other processes, and its webhooks over HTTP."""

import http.client
import json
import signal
import socket
import time
from contextlib import AbstractContextManager, ExitStack
from itertools import permutations
from pathlib import Path
from typing import Any

import oracles
import pytest
from proving import Figure
from rig import TOKEN, Plan, Rig, free_port, rig, signalled
from test_hard_run import SHORT, judged, settled

PATH = f"/webhooks/foreign/{TOKEN}"
TALKING = {
    "fates": {"3": ["refused"], "4": ["opt_out"], "5": ["callback", "confirmed"], "6": ["voicemail", "confirmed"]},
    "webhook_delay": (0.0, 0.3),
}


def with_webhooks(**server: Any) -> tuple[int, dict[str, Any]]:
    """A free port, and the options of a server that reports there."""
    port = free_port()
    return port, {**SHORT, **server, "webhook": f"http://127.0.0.1:{port}{PATH}"}


def post(one: Rig, path: str, body: bytes) -> int:
    """The status with which a webhook is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", one.plan.listen, timeout=10)
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def until_listening(one: Rig, within: float = 15) -> None:
    limit = time.monotonic() + within
    while time.monotonic() < limit:
        try:
            with socket.create_connection(("127.0.0.1", one.plan.listen), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("nothing listens")


def until_state(one: Rig, state: str, within: float = 40) -> dict[str, Any]:
    limit = time.monotonic() + within
    while (status := one.ask("status", "hard"))["state"] != state:
        assert time.monotonic() < limit, status
    return dict(status)


def by_ending(one: Rig) -> dict[str, set[tuple[str, str]]]:
    """(outcome, label) of the leads, by the last digit of their number."""
    found: dict[str, set[tuple[str, str]]] = {}
    for lead in one.ask("leads", "hard"):
        found.setdefault(lead["phone"][-1], set()).add((lead["outcome"], lead["label"]))
    return found


def test_a_worker_is_steered_from_outside_and_ends_on_sigterm(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=18, at_once=8, listen=free_port(), server=SHORT)) as one:
        worker = one.start("worker")
        until_listening(one)
        one.ask("start", str(one.campaign), "--yes")
        one.until("made", 6)
        one.ask("pause", "hard")
        time.sleep(2)
        paused_at = len(oracles.made(one.ledger()))
        time.sleep(1.5)
        assert len(oracles.made(one.ledger())) == paused_at
        one.ask("resume", "hard")
        one.until("made", paused_at + 5)
        signalled(worker, signal.SIGTERM)
        assert one.ended(worker, 35) == 0, one.complained(worker)
        stopped_at = len(oracles.made(one.ledger()))
        assert stopped_at < 27
        worker = one.start("worker")
        until_state(one, "finished")
        judged(one)
        settled(one)
        signalled(worker, signal.SIGTERM)
        assert one.ended(worker, 35) == 0, one.complained(worker)


def test_two_campaigns_share_one_account_and_once_stopped_they_ring_nobody(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(people=60, at_once=10, per_second=20, listen=free_port(), server=SHORT)) as one:
        other = tmp_path / "other.yaml"
        other.write_text(one.campaign.read_text().replace("campaign: hard", "campaign: other"))
        one.start("worker")
        until_listening(one)
        one.ask("start", str(one.campaign), "--yes")
        one.ask("start", str(other), "--yes")
        one.until("made", 30)
        judged(one, most=6)
        one.ask("stop", "hard")
        one.ask("stop", "other")
        time.sleep(2.2)
        made = len(oracles.made(one.ledger()))
        time.sleep(1)
        assert len(oracles.made(one.ledger())) == made
        for name in ("hard", "other"):
            assert {lead["state"] for lead in one.ask("leads", name)} == {"closed"}


def reporting(tmp_path: Path, drop: float, people: int) -> AbstractContextManager[Rig]:
    port, server = with_webhooks(**TALKING, webhook_drop=drop, webhook_twice=0.5, webhook_forge=0.5)
    return rig(tmp_path / str(drop), Plan(people=people, listen=port, public=True, server=server))


@pytest.mark.row("W4", "W5")
def test_reports_decide_outcomes_and_however_many_are_lost_no_outcome_is(
    tmp_path: Path, long: bool, figure: Figure
) -> None:
    people, drops = 300 if long else 10, (0.0, 0.5, 1.0)
    with ExitStack() as stack:
        rigs = [stack.enter_context(reporting(tmp_path, drop, people)) for drop in drops]
        for drop, one, running in [(drop, one, one.run()) for drop, one in zip(drops, rigs, strict=True)]:
            assert one.ended(running, 60 + people) == 0, one.complained(running)
            ledger = one.ledger()
            forged = [line["status"] for line in ledger if line["what"] == "webhook" and line["kind"] == "forged"]
            assert {*forged} & {"401", "429"}
            assert {*forged} <= {"401", "429", "none"}  # none: the run is over, and nobody listens
            assert oracles.called_without_proof(ledger) == []
            lost = oracles.unaccounted(ledger, one.ask("attempts", "hard"))
            assert lost == []
            figure("W4", "outcomes lost", len(lost), calls=len(oracles.made(ledger)), webhooks_dropped=f"{drop:.0%}")
            figure("W5", "forged webhooks believed", 0, forged=len(forged), webhooks_dropped=f"{drop:.0%}")
        outcomes, untold = by_ending(rigs[0]), by_ending(rigs[-1])
        assert set().union(*untold.values()) == {("reached", "")}
        assert outcomes["3"] == {("refused", "")}
        assert outcomes["4"] == {("do_not_call", "opt-out")}
        assert outcomes["5"] == outcomes["6"] == {("reached", "confirmed")}
        assert outcomes["0"] == {("reached", "")}


def reports_of(call: str, phone: str) -> list[dict[str, Any]]:
    """Five reports of one call."""
    base = {"fromCaller": phone, "toAssistant": "+31850000001"}
    end = {**base, "eventType": "end-of-call-report", "callId": call, "callLengthSeconds": 1.0}
    return [
        {**base, "eventType": "status-update", "callSession": call, "status": "in-progress", "eventTimestamp": 1},
        {**base, "eventType": "status-update", "callSession": call, "status": "ended", "eventTimestamp": 2},
        {**end, "eventTimestamp": 3, "analysis": {"structuredData": {"confirmed": True}}},
        {**end, "eventTimestamp": 4, "summaryText": "Bevestigd.", "analysis": {"structuredData": {"score": 3}}},
        {**end, "eventTimestamp": 5, "transcriptText": "AI: Dag.", "analysis": {"structuredData": {"confirmed": True}}},
    ]


@pytest.mark.row("W2")
def test_five_reports_in_any_order_give_one_and_the_same_end(tmp_path: Path, long: bool) -> None:
    orders = list(permutations(range(5)))[:: 1 if long else 10]
    talk = {"ring": (0.1, 0.2), "talk": (1.0, 1.0)}
    # Nobody is asked before all reports are posted: a run whose calls are all settled stops listening.
    plan = Plan(
        people=len(orders), at_once=120, per_second=100, poll_every="20s", listen=free_port(), public=True,
        server={**talk, "fates": {}},
    )  # fmt: skip
    with rig(tmp_path, plan) as one:
        running = one.run()
        one.until("made", len(orders))
        for call, order in zip(oracles.made(one.ledger()), orders, strict=True):
            reports = reports_of(call["call"], call["phone"])
            assert [post(one, PATH, json.dumps(reports[n]).encode()) for n in order] == [200] * 5
        assert one.ended(running, 60) == 0, one.complained(running)
        leads, attempts = one.ask("leads", "hard"), one.ask("attempts", "hard")
        assert {(lead["state"], lead["outcome"], lead["label"], lead["attempts"]) for lead in leads} == {
            ("closed", "reached", "confirmed", 1)
        }
        assert {(row["state"], row["disposition"], row["summary"]) for row in attempts if row["call_id"]} == {
            ("ended", "answered", "Bevestigd.")
        }


@pytest.mark.row("W5", "K9")
def test_unproved_and_oversized_reports_change_nothing_and_a_killed_worker_keeps_what_it_acknowledged(
    tmp_path: Path,
) -> None:
    talk = {"ring": (0.1, 0.2), "talk": (3.0, 3.0), "fates": {}}
    with rig(tmp_path, Plan(people=3, poll_every="2s", listen=free_port(), public=True, server=talk)) as one:
        worker = one.start("worker")
        until_listening(one)
        one.ask("start", str(one.campaign), "--yes")
        one.until("made", 3)
        calls = oracles.made(one.ledger())
        call = calls[0]
        report = {**reports_of(call["call"], call["phone"])[2], "callLengthSeconds": 3.0}
        body = json.dumps({**report, "analysis": {"structuredData": {"opt_out": True}}}).encode()
        assert post(one, PATH[:-1] + "y", body) == 401
        assert post(one, f"/webhooks/nobody/{TOKEN}", body) == 401
        assert post(one, PATH, b"{" + b" " * 1_100_000 + body[1:]) == 413
        assert post(one, PATH, b"not json") == 401
        for made in calls:
            told = {**reports_of(made["call"], made["phone"])[3], "callLengthSeconds": 3.0}
            assert post(one, PATH, json.dumps(told if made is not call else report).encode()) == 200
        worker.kill()
        worker.wait()
        one.start("worker")
        until_state(one, "finished")
        found = {lead["phone"]: (lead["outcome"], lead["label"]) for lead in one.ask("leads", "hard")}
        assert found.pop(call["phone"]) == ("reached", "confirmed")
        assert set(found.values()) == {("reached", "")}
