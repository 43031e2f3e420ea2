"""The HMS Sovereign simulator as a raw client sees it: contract, limits, shapes, faults; what it tells and asks."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from openapi.contract import Contract
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.errors import InputError
from campaigns.serving import bind, serving
from campaigns.vendors import simulate
from campaigns.vendors.hmsovereign.simulator import Faults, HMSovereignSimulator, How, Options, Rule, load_faults
from campaigns.vendors.hmsovereign.simulator.campaigning import opening
from campaigns.vendors.simulated.people import Person

START = datetime(2026, 11, 23, 9, 0, 20, tzinfo=UTC)
PEOPLE = [f"+442079460{number:03}" for number in range(200)]
CALLER = "+442079460900"
HOUR = timedelta(hours=1)


def person(how: How, *, at: datetime = START) -> str:
    """Somebody whose first call comes to this."""
    fates = ((phone, Person(1, phone).fate(1, at)) for phone in PEOPLE)
    return next(
        phone for phone, fate in fates if fate.how is how and not fate.troubled and fate.calls_back_after is None
    )


TALKER = person(How.ANSWERED)


class Http(httpx.AsyncClient):
    """Inside whose requests virtual time stands still."""

    clock: DiscreteClock

    async def send(self, request: httpx.Request, **parts: Any) -> httpx.Response:
        with self.clock.work():
            return await super().send(request, **parts)


@dataclass(frozen=True)
class Told:
    """One webhook as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: datetime

    @property
    def message(self) -> dict[str, Any]:
        return dict(json.loads(self.body)["message"])

    def is_signed_with(self, secret: str) -> bool:
        signed = f"{self.headers['x-webhook-timestamp']}.".encode() + self.body
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return self.headers.get("x-webhook-signature") == f"sha256={digest}"


@dataclass
class World:
    """A simulator, somebody who asks it, and somebody who hears it."""

    http: Http
    simulator: HMSovereignSimulator
    clock: DiscreteClock
    ear: str
    heard: list[Told]

    async def dial(self, phone: str = TALKER, **more: Any) -> httpx.Response:
        return await self.http.post("/calls/outbound", json={"destination": phone, "assistant_id": "a"} | more)

    async def call(self, call_id: str) -> dict[str, Any]:
        return dict((await self.http.get(f"/calls/{call_id}")).json())

    async def talking(self, **more: Any) -> str:
        """A call to TALKER, once they have answered."""
        call_id = str((await self.dial(**more)).json()["call_id"])
        answered = next(call.answered_at for call in self.simulator.calls if call.call_id == call_id)
        assert answered is not None
        await self.clock.sleep_until(answered + timedelta(seconds=2))
        return call_id


@asynccontextmanager
async def world(clock: DiscreteClock, *rules: Rule, **options: Any) -> AsyncIterator[World]:
    heard: list[Told] = []

    async def hear(request: Request) -> Response:
        heard.append(Told(request.url.path, dict(request.headers), await request.body(), clock.now()))
        return JSONResponse({"result": "yes"})

    faults = Faults(rules=rules, options=Options(**({"per_minute": None, "numbers": {"n1": CALLER}} | options)))
    simulator = HMSovereignSimulator(clock=clock, faults=faults)
    ear = Starlette(routes=[Route("/{path:path}", hear, methods=["POST"])])
    async with (
        serving(simulator.app, bind("127.0.0.1", 0)) as address,
        serving(ear, bind("127.0.0.1", 0)) as listener,
        Http(base_url=address + simulator.prefix, trust_env=False, timeout=5) as http,
        anyio.create_task_group() as tasks,
    ):
        http.clock = clock
        tasks.start_soon(simulator.run)
        await anyio.lowlevel.checkpoint()
        yield World(http, simulator, clock, listener, heard)
        tasks.cancel_scope.cancel()


def virtually(main: Callable[[DiscreteClock], Awaitable[None]], start: datetime = START) -> None:
    clock = DiscreteClock(start)
    run_virtual(clock, lambda: main(clock))


# --- calls ------------------------------------------------------------------------------------------------------------


def test_a_call_is_accepted_dials_rings_talks_and_ends() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            answer = await w.dial(number_id="n1")
            call_id = answer.json()["call_id"]
            assert (answer.status_code, answer.json()) == (
                200,
                {"success": True, "call_id": call_id, "status": "dialing"},
            )
            words = [(await w.call(call_id))["status"]]
            (call,) = w.simulator.calls
            assert call.rings_at is not None
            for at in (call.rings_at, call.answered_at, call.ended_at):
                assert at is not None
                await clock.sleep_until(at)
                words.append((await w.call(call_id))["status"])
            assert words[:3] == ["connecting", "ringing", "in-progress"]
            assert words[3] in ("ended", "transferred")
            over = await w.call(call_id)
            assert (over["caller_phone"], over["assistant_phone"], over["number_id"]) == (TALKER, CALLER, "n1")
            assert over["messages"][0]["role"] == "assistant"
            assert over["analysis_result"] == call.analysis
            assert "metadata" not in over

    virtually(main)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"assistant_id": "a"}, 400, "destination"), ({"destination": TALKER}, 400, "assistant_id"),
        ({"destination": "020 7946 0123", "assistant_id": "a"}, 400, "destination"),
        ({"destination": TALKER, "assistant": {"first_message": "x"}}, 400, "llm_config"),
        ({"destination": TALKER, "assistant_id": "a", "assistant_override": "x"}, 400, "assistant_override"),
        ({"destination": TALKER, "assistant_id": "gone"}, 404, None),
        ({"destination": TALKER, "assistant_id": "a", "number_id": "gone"}, 404, None), ([], 400, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("errors", ["flat", "nested"])
def test_a_bad_order_is_refused_without_a_call(body: Any, status: int, param: str | None, errors: str) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, errors=errors, assistants=frozenset({"a"})) as w:
            answer = await w.http.post("/calls/outbound", json=body)
            error = answer.json()["error"]
            assert answer.status_code == status
            assert isinstance(error, dict) == (errors == "nested")
            assert errors == "flat" or error["param"] == param
            assert TALKER not in answer.text
            assert not w.simulator.calls

    virtually(main)


def test_the_three_modes_of_an_order_and_the_old_names() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, assistants=frozenset({"a"})) as w:
            transient = {"llm_config": {"provider": "openai", "model": "x"}}
            for order in (
                {"assistant_id": "a"}, {"agent_id": "a"}, {"assistant": transient}, {"agent": transient},
                {"assistant_id": "a", "assistant_override": {"first_message": "Hoi"}},
            ):  # fmt: skip
                assert (await w.http.post("/calls/outbound", json={"destination": TALKER} | order)).status_code == 200
            assert len(w.simulator.calls) == 5

    virtually(main)


def test_without_minutes_nobody_is_called() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, credits=0, errors="nested") as w:
            answer = await w.dial()
            assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_credits")
            assert (await w.http.get("/organizations")).json()["minutes_balance"] == 0

    virtually(main)


def test_calls_are_listed_newest_first_in_pages_by_status_and_date() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            ids = []
            for phone in PEOPLE[:5]:
                ids.append((await w.dial(phone)).json()["call_id"])
                await clock.sleep_until(clock.now() + HOUR)
            page = (await w.http.get("/calls", params={"limit": "2", "offset": "1"})).json()
            assert [call["id"] for call in page["calls"]] == ids[::-1][1:3]
            assert page["pagination"] == {"total": 5, "limit": 2, "offset": 1}
            late = (await w.http.get("/calls", params={"start_date": (START + 3 * HOUR).isoformat()})).json()
            assert [call["id"] for call in late["calls"]] == ids[:2:-1]
            early = (await w.http.get("/calls", params={"end_date": (START + HOUR).isoformat()})).json()
            assert [call["id"] for call in early["calls"]] == ids[1::-1]
            assert (await w.http.get("/calls", params={"status": "in-progress"})).json()["calls"] == []
            for wrong in ({"limit": "0"}, {"limit": "1001"}, {"offset": "-1"}, {"start_date": "soon"}):
                assert (await w.http.get("/calls", params=wrong)).status_code == 400

    virtually(main)


def test_numbers_are_forgotten_after_their_retention() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, numbers_kept_days=30) as w:
            call_id = (await w.dial()).json()["call_id"]
            await clock.sleep_until(START + timedelta(days=29))
            assert (await w.call(call_id))["caller_phone"] == TALKER
            await clock.sleep_until(START + timedelta(days=31))
            assert (await w.call(call_id))["caller_phone"] is None

    virtually(main)


# --- control ----------------------------------------------------------------------------------------------------------


def test_only_a_live_call_is_steered_and_ten_times_a_minute() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            call_id = (await w.dial()).json()["call_id"]
            path = f"/calls/{call_id}/control"
            assert (await w.http.post(path, json={"type": "end-call"})).status_code == 400
            assert (await w.http.post("/calls/none/control", json={"type": "end-call"})).status_code == 404
            call_id = await w.talking()
            path = f"/calls/{call_id}/control"
            wrong = [
                {},
                {"type": "mute"},
                {"type": "say", "content": "x"},
                {"type": "say", "content": 1, "end_after": True},
            ]
            for command in wrong:
                assert (await w.http.post(path, json=command)).status_code == 400
            right = {"type": "inject-context", "content": "VIP", "trigger_response": False}
            codes = [(await w.http.post(path, json=right)).status_code for _ in range(8)]
            assert codes == [200] * 6 + [429] * 2

    virtually(main)


@pytest.mark.parametrize(
    ("command", "status", "reason", "after"),
    [
        ({"type": "end-call", "message": "Bye"}, "ended", "agent_hangup", 0),
        ({"type": "transfer", "destination": CALLER}, "transferred", "transferred", 0),
        ({"type": "say", "content": "Bye", "end_after": True}, "ended", "agent_hangup", 3),
    ],
)
def test_a_call_that_is_ended_by_command_is_told_of_as_it_was(
    command: dict[str, Any], status: str, reason: str, after: int
) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, tools=("lookup",)) as w:
            w.simulator.webhook = f"{w.ear}/account"
            call_id = await w.talking()
            assert (await w.http.post(f"/calls/{call_id}/control", json=command)).json()["success"]
            cut = clock.now() + timedelta(seconds=after)
            await clock.sleep_until(START + HOUR)
            record = await w.call(call_id)
            assert (record["status"], record["end_reason"], record["duration_seconds"]) == (status, reason, 2 + after)
            events = [(told.message["type"], told.message["call"]["status"], told.at) for told in w.heard]
            assert [event[:2] for event in events] == [
                ("status-update", "in-progress"), ("status-update", "ended"), ("end-of-call-report", "ended")
            ]  # fmt: skip
            assert events[1][2] == cut
            assert w.heard[-1].message["duration_seconds"] == 2 + after
            assert w.simulator.answers == []
            assert w.simulator.stats()["calls"] == 1

    virtually(main)


# --- what is told and asked -------------------------------------------------------------------------------------------


def test_webhooks_go_to_the_calls_own_address_else_the_assistants_else_the_accounts() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, secret="account secret") as w:
            w.simulator.webhook = f"{w.ear}/account"
            own = {"name": "X", "webhook_url": f"{w.ear}/assistant", "webhook_secret": "assistant secret"}
            agent = (await w.http.post("/assistants", json=own)).json()["assistant"]["id"]
            override = {"webhook_url": f"{w.ear}/call", "webhook_events": ["end-of-call-report"]}
            await w.dial()
            await w.dial(assistant_id=agent)
            await w.dial(assistant_id=agent, assistant_override=override)
            await clock.sleep_until(START + HOUR)
            by_path = {
                path: [told for told in w.heard if told.path == path] for path in ("/account", "/assistant", "/call")
            }
            assert [len(by_path[path]) for path in ("/account", "/assistant")] == [3, 3]
            assert [told.message["type"] for told in by_path["/call"]] == ["end-of-call-report"]
            assert all(told.is_signed_with("account secret") for told in by_path["/account"])
            assert all(told.is_signed_with("assistant secret") for told in by_path["/assistant"] + by_path["/call"])
            first = w.heard[0].headers
            assert (first["user-agent"], first["x-webhook-event"]) == ("HMS-Sovereign/1.0", "status-update")
            assert int(first["x-webhook-timestamp"]) == int(w.heard[0].at.timestamp())

    virtually(main)


@pytest.mark.parametrize("how", [How.NO_ANSWER, How.BUSY, How.DECLINED, How.BAD_NUMBER])
def test_of_a_call_that_nobody_answers_nothing_is_told(how: How) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, says_why=False) as w:
            w.simulator.webhook = f"{w.ear}/account"
            call_id = (await w.dial(person(how))).json()["call_id"]
            await clock.sleep_until(START + HOUR)
            assert w.heard == []
            record = await w.call(call_id)
            assert (record["started_at"], record["end_reason"], record["error"]) == (None, None, None)
            assert record["status"] in ("ended", "failed", "rejected")

    virtually(main)


@pytest.mark.parametrize("casing", ["snake", "camel"])
def test_what_is_told_and_asked_keeps_to_the_document(casing: str) -> None:
    contract = Contract.load("hmsovereign")

    async def main(clock: DiscreteClock) -> None:
        async with world(clock, casing=casing, tools=("lookup",), secret="s") as w:
            w.simulator.webhook = f"{w.ear}/account"
            for phone in PEOPLE[:40]:
                await w.dial(phone)
            await clock.sleep_until(START + 3 * HOUR)
            events = {told.headers["x-webhook-event"] for told in w.heard}
            assert events == {"assistant-request", "tool-calls", "status-update", "end-of-call-report"}
            for told in w.heard:
                assert contract.event(told.headers["x-webhook-event"], told.body, told.headers) == []

    virtually(main)


def test_without_a_secret_nothing_is_signed() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            w.simulator.webhook = f"{w.ear}/account"
            await w.dial()
            await clock.sleep_until(START + HOUR)
            assert w.heard
            assert not any("x-webhook-signature" in told.headers for told in w.heard)

    virtually(main)


def test_a_tools_own_address_and_secret_go_before_the_assistants() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            server = {"url": f"{w.ear}/tool", "secret": "tool secret"}
            tools = [{"type": "function", "function": {"name": name}, "server": at} for name, at in
                     (("own", server), ("plain", {}))]  # fmt: skip
            own = {
                "name": "X",
                "webhook_url": f"{w.ear}/assistant",
                "llm_config": {"tools": [*tools, {"type": "end_call"}]},
            }
            agent = (await w.http.post("/assistants", json=own)).json()["assistant"]["id"]
            await w.dial(assistant_id=agent)
            await clock.sleep_until(START + HOUR)
            asked = {told.path: told for told in w.heard if told.message["type"] == "tool-calls"}
            assert {path: told.message["tool_call_list"][0]["function"]["name"] for path, told in asked.items()} == {
                "/tool": "own", "/assistant": "plain"
            }  # fmt: skip
            assert asked["/tool"].is_signed_with("tool secret")
            assert [answer.body for answer in w.simulator.answers] == [{"result": "yes"}] * 2

    virtually(main)


# --- campaigns --------------------------------------------------------------------------------------------------------

CAMPAIGN = {"name": "X", "agent_id": "a", "schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00",
            "timezone": "Europe/London"}  # fmt: skip


def test_a_campaign_dials_nobody_as_a_draft_then_one_after_the_other_inside_its_span() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            leads = [{"phone_number": phone, "variables": {"name": "Z"}} for phone in PEOPLE[:6]]
            body = CAMPAIGN | {
                "leads": leads,
                "system_message_template": "Say {{name}}",
                "schedule_end_time": "09:05:00",
            }
            made = (await w.http.post("/campaigns", json=body)).json()["campaign"]
            path = f"/campaigns/{made['id']}"
            await clock.sleep_until(START + timedelta(minutes=1))
            assert (made["status"], w.simulator.calls) == ("draft", [])
            await w.http.patch(path, json={"status": "scheduled"})
            await clock.sleep_until(START + timedelta(seconds=62))
            first = (await w.http.get(f"{path}/leads")).json()["leads"][0]
            assert (first["status"], first["attempts"]) == ("calling", 1)
            assert (await w.http.delete(f"{path}/leads/{first['id']}")).status_code == 409
            await clock.sleep_until(START + timedelta(days=9))
            assert (await w.http.get(path)).json()["campaign"]["status"] == "completed"
            calls = w.simulator.calls
            ours = [call for call in calls if call.direction == "outbound"]
            assert [call.phone_number for call in ours] == PEOPLE[:6]
            assert all(before.ended_at < after.created_at for before, after in pairwise(ours))
            assert {call.created_at.hour for call in ours} == {9}
            assert all(call.created_at.minute < 5 for call in ours)
            assert len({call.created_at.date() for call in ours}) > 1
            assert (ours[0].metadata or {})["llm_config"]["messages"][0]["content"] == "Say Z"
            states = [lead["status"] for lead in (await w.http.get(f"{path}/leads")).json()["leads"]]
            assert states == ["completed" if call.answered_at else "failed" for call in ours]
            assert (await w.http.patch(path, json={"name": "Y"})).status_code == 400

    virtually(main)


def test_a_paused_campaign_ends_its_call_and_dials_nobody_until_it_is_started_again() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            leads = [{"phone_number": phone} for phone in PEOPLE[:3]]
            made = (await w.http.post("/campaigns", json=CAMPAIGN | {"leads": leads})).json()["campaign"]
            path = f"/campaigns/{made['id']}"
            for status in ("scheduled", "paused"):
                await w.http.patch(path, json={"status": status})
                await clock.sleep_until(clock.now() + timedelta(seconds=2))
            await clock.sleep_until(START + 2 * HOUR)
            assert len([call for call in w.simulator.calls if call.direction == "outbound"]) == 1
            states = [lead["status"] for lead in (await w.http.get(f"{path}/leads")).json()["leads"]]
            assert states[0] in ("completed", "failed")
            assert states[1:] == ["pending", "pending"]
            await w.http.patch(path, json={"status": "scheduled"})
            await clock.sleep_until(START + 4 * HOUR)
            assert (await w.http.get(path)).json()["campaign"]["status"] == "completed"

    virtually(main)


@pytest.mark.parametrize(
    ("starts", "ends", "zone", "now", "opens"),
    [
        ("09:00:00", "17:00:00", "UTC", "2026-11-23T09:00:00", "2026-11-23T09:00:00"),
        ("09:00:00", "17:00:00", "UTC", "2026-11-23T17:00:00", "2026-11-24T09:00:00"),
        ("09:00:00", "17:00:00", "Europe/Amsterdam", "2026-11-23T07:00:00", "2026-11-23T08:00:00"),
        ("22:00:00", "02:00:00", "UTC", "2026-11-23T01:00:00", "2026-11-23T01:00:00"),
        ("22:00:00", "02:00:00", "UTC", "2026-11-23T02:00:00", "2026-11-23T22:00:00"),
        ("09:00:00", "17:00:00", "Europe/London", "2026-10-24T17:00:00", "2026-10-25T09:00:00"),
    ],
)
def test_the_daily_span_opens_by_the_wall_clock_of_its_zone(
    starts: str, ends: str, zone: str, now: str, opens: str
) -> None:
    campaign = {"schedule_start_time": starts, "schedule_end_time": ends, "timezone": zone}
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert opening(campaign, at) == datetime.fromisoformat(opens).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong", [{"timezone": "Mars"}, {"schedule_end_time": "soon"}, {"leads": [{"phone_number": "1"}]}]
)
def test_a_campaign_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            assert (await w.http.post("/campaigns", json=CAMPAIGN | wrong)).status_code == 400
            assert (await w.http.get("/campaigns")).json() == {"campaigns": []}

    virtually(main)


# --- limits and faults ------------------------------------------------------------------------------------------------


def test_every_answer_says_what_is_left_and_a_429_when_to_come_back() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, per_minute=3, api_key="k") as w:
            answers = [await w.http.get("/voices", headers={"Authorization": "Bearer k"}) for _ in range(3)]
            answers.append(await w.dial())
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
            assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
            assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"3"}
            assert answers[-1].headers["retry-after"] == "40"
            assert answers[-1].json() == {"error": "Rate limit exceeded", "retry_after": 40}
            await clock.sleep_until(START + timedelta(seconds=40))
            assert (await w.http.get("/voices")).status_code == 401

    virtually(main)


@pytest.mark.parametrize(
    ("rule", "calls", "status"),
    [
        (Rule(at="create", kind="error", status=503), 1, 503), (Rule(at="create", kind="drop"), 1, None),
        (Rule(at="create", kind="error_before", status=500), 0, 500), (Rule(at="create", kind="drop_before"), 0, None),
        (Rule(at="create", kind="refuse", status=422), 0, 422), (Rule(at="create", kind="no_id"), 1, 200),
        (Rule(at="create", kind="html"), 1, 200), (Rule(at="create", kind="redirect"), 0, 302),
    ],
)  # fmt: skip
def test_a_fault_at_the_dial_leaves_a_call_or_none(rule: Rule, calls: int, status: int | None) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock, rule) as w:
            try:
                answer = await w.dial()
            except httpx.HTTPError:
                assert status is None
            else:
                assert answer.status_code == status
                assert "call_id" not in answer.text
            assert len(w.simulator.calls) == calls

    virtually(main)


def test_faults_of_webhooks_lie_without_the_secret() -> None:
    async def main(clock: DiscreteClock) -> None:
        rule = Rule(at="webhook", kind="forge", match="end-of-call-report")
        async with world(clock, rule, secret="s") as w:
            w.simulator.webhook = f"{w.ear}/token1"
            await w.dial()
            await clock.sleep_until(START + HOUR)
            forged = [told for told in w.heard if told.path != "/token1"]
            assert [told.message["analysis"]["opt_out"] for told in forged] == [True]
            assert not forged[0].is_signed_with("s")

    virtually(main)


def test_the_ledger_goes_on_with_calls_that_were_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"

    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            w.simulator._exchange.ledger._path = path
            call_id = await w.talking()
            await w.http.post(f"/calls/{call_id}/control", json={"type": "end-call"})
            again = simulate("hmsovereign", clock=clock, ledger=path, callers=[CALLER], secret="s")
            assert [call.talk_seconds for call in again.calls] == pytest.approx([2])  # type: ignore[attr-defined]
            assert again.stats()["credits"] == w.simulator.stats()["credits"]  # type: ignore[attr-defined]

    virtually(main)


def test_a_fault_file_names_what_is_wrong_with_it(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("rules: [{at: create, kind: drop}]\noptions: {casing: camel}\n")
    assert load_faults(file).options.casing == "camel"
    file.write_text("options: {casing: loud}\n")
    with pytest.raises(InputError, match=r"options\.casing"):
        load_faults(file)


def test_the_control_routes_show_the_truth_and_turn_the_webhooks() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with world(clock) as w:
            call_id = (await w.dial()).json()["call_id"]
            root = str(w.http.base_url).removesuffix("/api/v1/")
            assert call_id in (await w.http.get(f"{root}/_simulator/ledger")).text
            assert (await w.http.get(f"{root}/_simulator/stats")).json()["outbound"] == 1
            turned = await w.http.post(f"{root}/_simulator/webhook", json={"url": f"{w.ear}/x"})
            assert (turned.status_code, w.simulator.webhook) == (200, f"{w.ear}/x")
            assert (await w.http.post(f"{root}/_simulator/webhook", json={"url": "x"})).status_code == 400

    virtually(main)
