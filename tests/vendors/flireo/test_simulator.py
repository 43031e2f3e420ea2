"""The simulator under virtual time, over real HTTP: lives of calls, webhooks, replays, restarts."""

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.errors import InputError
from campaigns.serving import bind, serving
from campaigns.vendors.flireo.simulator import Faults, FlireoSimulator, How, Options, Rule, SimCall
from campaigns.vendors.flireo.simulator.words import ended_reason
from campaigns.vendors.flireo.simulator.words import status as status_of

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PEOPLE = [f"+1212555{number:04}" for number in range(100, 200)] + [f"+442079460{number:03}" for number in range(60)]
TLS = ssl.create_default_context()
"""Made once: it takes longer than a call."""
SOME = PEOPLE[::4]
MISSED = (How.NO_ANSWER, How.BUSY, How.DECLINED, How.BAD_NUMBER, How.PROVIDER_ERROR)


@dataclass
class World:
    """A served simulator, a client that counts as work, and an ear for webhooks."""

    clock: DiscreteClock
    simulator: FlireoSimulator
    http: httpx.AsyncClient
    heard: list[tuple[datetime, str, dict[str, Any]]] = field(default_factory=list)

    async def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        with self.clock.work():
            return await self.http.request(method, path, **rest)

    async def dial(self, phone: str) -> str:
        answer = await self.ask("POST", "/calls/direct", json={"assistant_id": "a", "phone_number": phone})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["call_id"])

    async def call(self, call_id: str) -> dict[str, Any]:
        return dict((await self.ask("GET", f"/calls/{call_id}")).json())

    async def wait(self, **span: float) -> None:
        await self.clock.sleep_until(self.clock.now() + timedelta(**span))


@asynccontextmanager
async def a_world(clock: DiscreteClock, *, is_heard: bool = True, **parts: Any) -> AsyncIterator[World]:
    simulator = FlireoSimulator(clock=clock, **parts)
    world = World(clock, simulator, httpx.AsyncClient(trust_env=False, verify=TLS))

    async def hear(request: Request) -> Response:
        world.heard.append((clock.now(), request.url.path, await request.json()))
        return Response(status_code=204)

    ear = Starlette(routes=[Route("/{path:path}", hear, methods=["POST"])])
    async with (
        serving(simulator.app, bind("127.0.0.1", 0)) as address,
        serving(ear, bind("127.0.0.1", 0)) as listener,
        world.http,
        anyio.create_task_group() as tasks,
    ):
        world.http.base_url = httpx.URL(address)
        simulator.webhook = f"{listener}/hook/secret" if is_heard else None
        tasks.start_soon(simulator.run)
        yield world
        tasks.cancel_scope.cancel()


def play(main: Callable[[World], Awaitable[Any]], *, start: datetime = START, **parts: Any) -> World:
    """Run `main` in a world of its own; gives the world for questions afterwards."""
    clock = DiscreteClock(start)

    async def whole() -> World:
        async with a_world(clock, **parts) as world:
            await main(world)
        return world

    return run_virtual(clock, whole)


async def dial_everybody(world: World) -> None:
    for phone in PEOPLE:
        await world.dial(phone)
        await world.wait(seconds=1)
    await world.wait(hours=3)


def outcomes(world: World) -> dict[How, SimCall]:
    """One outbound call of each kind."""
    return {call.how: call for call in world.simulator.calls if call.direction == "outbound"}


def test_a_call_is_queued_then_rings_then_talks_then_ends() -> None:
    seen: list[dict[str, Any]] = []

    async def main(world: World) -> None:
        for phone in SOME:
            await world.dial(phone)
        call = outcomes(world)[How.ANSWERED]
        assert call.rings_at
        assert call.answered_at
        for at in (call.created_at, call.rings_at, call.answered_at, call.ended_at):
            await world.clock.sleep_until(at)
            seen.append(await world.call(call.call_id))

    play(main)
    assert [each["status"] for each in seen] == ["queued", "ringing", "in-progress", "ended"]
    assert [each["started_at"] is not None for each in seen] == [False, False, True, True]
    assert [each["ended_reason"] is not None for each in seen] == [False, False, False, True]
    last = seen[-1]
    assert 15 <= last["duration_seconds"] <= 240
    assert last["direction"] == "outbound"
    assert last["from_number"] == "+31200000001"
    assert set(last["analysis"]) == {"summary", "structuredData", "successEvaluation"}
    assert last["transcript"].startswith("AI: ")


def test_every_fate_happens_and_has_its_words() -> None:
    world = play(dial_everybody, is_heard=False)
    kinds = outcomes(world)
    assert set(kinds) == set(How)
    status = {how: status_of(call, world.clock.now()) for how, call in kinds.items()}
    assert status == {how: "failed" if how in (How.BAD_NUMBER, How.PROVIDER_ERROR) else "ended" for how in How}
    assert ended_reason(kinds[How.NO_ANSWER]) == "customer-did-not-answer"
    assert ended_reason(kinds[How.BUSY]) == "customer-busy"
    assert ended_reason(kinds[How.VOICEMAIL]) == "voicemail"
    assert 15 <= kinds[How.VOICEMAIL].talk_seconds <= 30
    assert all(kinds[how].answered_at is None for how in MISSED)
    assert kinds[How.BAD_NUMBER].rings_at is None


def test_webhooks_have_the_vendors_shapes_and_their_moments() -> None:
    world = play(dial_everybody)
    calls = {call.call_id: call for call in world.simulator.calls}
    by_call: dict[str, list[tuple[datetime, dict[str, Any]]]] = {}
    for at, path, body in world.heard:
        assert path == "/hook/secret"
        by_call.setdefault(body.get("callSession") or body["callId"], []).append((at, body))
    assert set(by_call) == {call_id for call_id, call in calls.items() if call.answered_at}
    for call_id, items in by_call.items():
        call = calls[call_id]
        (began, first), (ended, second), (told, report) = items
        assert set(first) == {"eventTimestamp", "eventType", "callSession", "fromCaller", "toAssistant", "status"}
        assert (first["eventType"], first["status"], began) == ("status-update", "in-progress", call.answered_at)
        assert second["status"] == ("ended-with-debugging" if call.troubled else "ended")
        assert ("debugging-artifact" in second) is call.troubled
        assert ended == call.ended_at
        assert report["eventType"] == "end-of-call-report"
        assert (report["fromCaller"], report["toAssistant"]) == (call.phone_number, call.own_number)
        assert report["callLengthSeconds"] == pytest.approx(call.talk_seconds, abs=0.1)
        assert report["analysis"]["structuredData"] == call.analysis
        assert {"transcriptText", "summaryText", "recordings", "endedReason"} < set(report)
        assert timedelta(seconds=2) <= told - ended <= timedelta(seconds=6)
        assert report["eventTimestamp"] == int(told.timestamp() * 1000)


def test_some_whom_we_missed_call_back_within_ninety_minutes_and_are_listed() -> None:
    listed: list[dict[str, Any]] = []

    async def main(world: World) -> None:
        await dial_everybody(world)
        answer = await world.ask("GET", "/calls", params={"limit": 100})
        listed.extend(answer.json()["calls"])

    world = play(main)
    inbound = [call for call in world.simulator.calls if call.direction == "inbound"]
    assert inbound
    for call in inbound:
        missed = next(each for each in world.simulator.calls if each.call_id == call.answers_call_id)
        assert timedelta(minutes=10) <= call.created_at - missed.ended_at <= timedelta(minutes=91)
        record = next(each for each in listed if each["call_id"] == call.call_id)
        assert (record["direction"], record["from_number"]) == ("inbound", missed.phone_number)
        assert record["to_number"] == missed.own_number
        reports = [body for _, _, body in world.heard if body.get("callId") == call.call_id]
        assert [body["fromCaller"] for body in reports] == [missed.phone_number]


def test_two_runs_with_one_seed_leave_the_same_ledger_however_calls_arrive(tmp_path: Path) -> None:
    async def one_by_one(world: World) -> None:
        for phone in SOME:
            await world.dial(phone)
        await world.wait(hours=3)

    async def at_once(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            for phone in reversed(SOME):
                tasks.start_soon(world.dial, phone)
        await world.wait(hours=3)

    ledgers = []
    for name, main, seed in (("a", one_by_one, 7), ("b", at_once, 7), ("c", at_once, 8)):
        play(main, seed=seed, ledger=tmp_path / name, is_heard=False)
        ledgers.append(sorted((tmp_path / name).read_text().splitlines()))
    assert ledgers[0] == ledgers[1]
    assert ledgers[0] != ledgers[2]


def test_a_restart_with_the_same_ledger_goes_on_with_every_call(tmp_path: Path) -> None:
    ledger = tmp_path / "truth.jsonl"

    async def begin(world: World) -> None:
        for phone in SOME:
            await world.dial(phone)
        await world.wait(seconds=10)

    whole = play(dial_and_rest(hours=3), ledger=tmp_path / "whole.jsonl")
    play(begin, ledger=ledger)
    with ledger.open("a") as file:
        file.write('{"call_id": "torn')

    async def resume(world: World) -> None:
        await world.wait(hours=3)
        await world.dial(SOME[0])

    second = play(resume, ledger=ledger, start=START + timedelta(seconds=10))
    assert [call.call_id for call in second.simulator.calls[:-1]] == [call.call_id for call in whole.simulator.calls]
    assert second.simulator.calls[-1].ordinal == 2
    late = [body for at, _, body in whole.heard if at > START + timedelta(seconds=10)]
    assert [body for _, _, body in second.heard] == late
    assert all(json.loads(line) for line in ledger.read_text().splitlines())


def dial_and_rest(**span: float) -> Callable[[World], Awaitable[None]]:
    async def main(world: World) -> None:
        for phone in SOME:
            await world.dial(phone)
        await world.wait(**span)

    return main


def test_a_file_that_is_no_ledger_is_refused_with_its_line(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text('{"deleted": "x"}\nhello\n')
    with pytest.raises(InputError, match=r"notes\.txt:2: is no line of a simulator's ledger"):
        FlireoSimulator(clock=DiscreteClock(START), ledger=wrong)
    with pytest.raises(InputError, match="cannot be kept: No such file or directory"):
        FlireoSimulator(clock=DiscreteClock(START), ledger=tmp_path / "absent" / "ledger")


def test_a_deleted_record_is_gone_but_the_call_goes_on(tmp_path: Path) -> None:
    async def main(world: World) -> None:
        call_id = await world.dial(PEOPLE[0])
        assert (await world.ask("DELETE", f"/calls/{call_id}")).json() == {"message": "Call deleted"}
        assert (await world.ask("GET", f"/calls/{call_id}")).status_code == 404
        assert (await world.ask("GET", "/calls")).json()["pagination"]["total"] == 0
        assert len(world.simulator.calls) == 1

    play(main, ledger=tmp_path / "truth")
    again = FlireoSimulator(clock=DiscreteClock(START), ledger=tmp_path / "truth")
    assert again.stats()["calls"] == 1


@cache
def undisturbed() -> World:
    return play(dial_and_rest(hours=4))


def reports(world: World) -> list[tuple[datetime, str, dict[str, Any]]]:
    return [each for each in world.heard if each[2]["eventType"] == "end-of-call-report"]


@pytest.mark.parametrize(("kind", "seconds"), [("lose", 0), ("duplicate", 90), ("delay", 300), ("wrong_number", 0)])
def test_a_webhook_fault_changes_what_is_heard(kind: str, seconds: float) -> None:
    rule = Rule(at="webhook", kind=kind, match="end-of-call-report", seconds=seconds)
    plain = reports(undisturbed())
    world = play(dial_and_rest(hours=4), faults=Faults(rules=(rule,)))
    heard = reports(world)
    match kind:
        case "lose":
            assert not heard
            assert world.simulator.stats()["webhooks"]["lost"] == len(plain)  # type: ignore[index]
        case "duplicate":
            assert len(heard) == 2 * len(plain)
        case "delay":
            moved = sorted((at + timedelta(seconds=300), body["callId"]) for at, _, body in plain)
            assert sorted((at, body["callId"]) for at, _, body in heard) == moved
        case "wrong_number":
            right = {body["callId"]: body["fromCaller"] for _, _, body in plain}
            assert all(body["fromCaller"] != right[body["callId"]] for _, _, body in heard)


def test_reordered_news_comes_after_the_report() -> None:
    rule = Rule(at="webhook", kind="reorder", match="status-update ended", seconds=20)
    world = play(dial_and_rest(hours=4), faults=Faults(rules=(rule,)))
    kinds: dict[str, list[str]] = {}
    for _, _, body in world.heard:
        kinds.setdefault(body.get("callSession") or body["callId"], []).append(body["eventType"])
    assert {tuple(each) for each in kinds.values()} == {("status-update", "end-of-call-report", "status-update")}


def test_a_forged_report_comes_to_a_wrong_address_with_another_story() -> None:
    rule = Rule(at="webhook", kind="forge", match="in-progress", first=1)
    world = play(dial_and_rest(hours=1), faults=Faults(rules=(rule,)))
    (forged,) = [body for _, path, body in world.heard if path != "/hook/secret"]
    assert forged["eventType"] == "end-of-call-report"
    assert forged["analysis"]["structuredData"]["opt_out"] is True
    assert forged["callId"] in {call.call_id for call in world.simulator.calls}


def test_webhooks_can_name_calls_otherwise_and_echo_metadata() -> None:
    options = Options(other_webhook_ids=True, metadata_in_webhooks=True, metadata_in_calls=False)

    async def main(world: World) -> None:
        for phone in SOME:
            body = {"assistant_id": "a", "phone_number": phone, "metadata": {"attempt": phone}}
            await world.ask("POST", "/calls/direct", json=body)
        await world.wait(minutes=9)
        assert (await world.call(world.simulator.calls[0].call_id))["metadata"] is None

    world = play(main, options=options)
    ids = {call.call_id for call in world.simulator.calls}
    assert not ids & {body["callId"] for _, _, body in reports(world)}
    assert all(body["userMetadata"]["attempt"] == body["fromCaller"] for _, _, body in reports(world))


def test_a_dropped_call_can_appear_later_and_lists_can_lag() -> None:
    late = Rule(at="create", kind="drop_late", seconds=40, match=PEOPLE[0])
    lag = Rule(at="list", kind="lag", seconds=30)

    async def main(world: World) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await world.dial(PEOPLE[0])
        call_id = await world.dial(PEOPLE[1])
        totals = []
        for _ in range(8):
            totals.append((await world.ask("GET", "/calls")).json()["pagination"]["total"])
            await world.wait(seconds=10.5)
        assert totals == [0, 0, 0, 1, 1, 1, 1, 2]
        assert (await world.call(call_id))["call_id"] == call_id

    play(main, faults=Faults(rules=(late, lag)))


def test_analysis_can_come_later_than_the_end() -> None:
    async def main(world: World) -> None:
        for phone in SOME:
            await world.dial(phone)
        call = next(call for call in world.simulator.calls if call.how is How.ANSWERED)
        await world.clock.sleep_until(call.ended_at)
        early = await world.call(call.call_id)
        await world.wait(seconds=5)
        later = await world.call(call.call_id)
        assert (early["status"], early["analysis"], early["transcript"]) == ("ended", None, None)
        assert later["analysis"]["structuredData"] == call.analysis

    play(main, options=Options(analysis_lag=5))
