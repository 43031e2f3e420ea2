"""Questions while somebody is on the line: read from webhooks, answered in Flireo's words, asked by the simulator."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, SystemClock, run_virtual
from campaigns.domain.call import CallOrder, Grade, Question, Reply, ToolCall, Webhook
from campaigns.domain.errors import ProofError
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.flireo.provider import FlireoProvider
from campaigns.vendors.flireo.simulator import FlireoSimulator, How, Options

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOKEN = "t0ken-" + "x" * 26
PHONE, OURS = "+442079460001", "+31200000001"
PARTIES = {"fromCaller": PHONE, "toAssistant": OURS}
REQUEST = {"eventType": "assistant-request", **PARTIES}
TOOLS = {
    "eventTime": 1795424400000, "callId": "c1", "eventType": "tool-calls", **PARTIES,
    "userMetadata": {"attempt_id": "a1"},
    "tasksInitiated": [{"taskId": "t1", "taskName": "book", "taskPayload": {"day": "ma"}},
                       {"taskId": "t2", "taskName": "hang_up"}],
}  # fmt: skip


def provider() -> FlireoProvider:
    return FlireoProvider(VendorAccount("flireo", "http://127.0.0.1:1", "k", TOKEN), Surroundings(SystemClock()))


def asked(event: dict[str, Any], token: str = TOKEN) -> Question | None:
    notice = provider().read(Webhook(token, {}, json.dumps(event).encode()), now=START)
    assert (notice.grade, notice.report) == (Grade.TOKEN, None)
    return notice.question


def test_an_assistant_request_asks_who_is_to_talk() -> None:
    assert asked(REQUEST) == Question((), phone=PHONE, own_number=OURS)


def test_tool_calls_ask_for_each_tool_with_its_arguments() -> None:
    tools = (ToolCall("t1", "book", {"day": "ma"}), ToolCall("t2", "hang_up"))
    assert asked(TOOLS) == Question(tools, "c1", "a1", PHONE, OURS)


@pytest.mark.parametrize("tasks", [None, [], "text", [{"taskName": "x"}], [7], [{"taskId": ""}]])
def test_tool_calls_without_a_tool_that_can_be_answered_ask_nothing(tasks: object) -> None:
    """Else it would look like the question who is to talk."""
    assert asked(TOOLS | {"tasksInitiated": tasks}) is None


def test_one_odd_task_does_not_hide_the_others() -> None:
    question = asked(TOOLS | {"tasksInitiated": [{"taskName": "x"}, {"taskId": 7, "taskPayload": "odd"}]})
    assert question is not None
    assert question.tools == (ToolCall("7", ""),)


def test_reports_ask_nothing_and_strangers_are_not_heard() -> None:
    report = {"eventType": "end-of-call-report", "callId": "c1", **PARTIES}
    assert provider().read(Webhook(TOKEN, {}, json.dumps(report).encode()), now=START).question is None
    for event in (REQUEST, TOOLS):
        with pytest.raises(ProofError):
            asked(event, token="y" * 32)


def test_answers_are_in_the_vendors_words() -> None:
    talk, tools = Question(()), Question((ToolCall("t1", "book"), ToolCall("t2", "x")))
    one = provider()
    assert one.answer(talk, Reply({"firstMessage": "Hello"})) == {"assistant": {"firstMessage": "Hello"}}
    assert one.answer(talk, Reply()) == {}
    assert one.answer(tools, Reply(tools={"t1": "Monday", "other": "x"})) == {
        "results": [{"toolCallId": "t1", "result": "Monday"}, {"toolCallId": "t2", "result": ""}]
    }


@pytest.mark.parametrize("name", ["firstMessage", "first_message"])
def test_of_an_assistant_of_ones_own_the_first_message_goes_with_the_call(name: str) -> None:
    order = CallOrder("a", PHONE, "x", None, {}, {name: "Hello Anna", "model": {"provider": "p"}})
    body = json.loads(provider().encode(order))
    assert body["first_message"] == "Hello Anna"
    assert "model" not in body
    booked = json.loads(provider().encode_booking(order, START))
    assert (booked["first_message"], booked["scheduled_at"]) == ("Hello Anna", "2026-11-23T09:00:00.000Z")
    plain = CallOrder("a", PHONE, "x", None, {}, {name: None, "model": {}})
    assert "first_message" not in json.loads(provider().encode(plain))


# --- with the simulator -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def ringing(clock: DiscreteClock, simulator: FlireoSimulator, ear: Any) -> AsyncIterator[httpx.AsyncClient]:
    routes = [Route("/{path:path}", ear, methods=["POST"])]
    async with (
        serving(simulator.app, bind("127.0.0.1", 0)) as address,
        serving(Starlette(routes=routes), bind("127.0.0.1", 0)) as listener,
        httpx.AsyncClient(base_url=address, trust_env=False) as http,
        anyio.create_task_group() as tasks,
    ):
        simulator.webhook = f"{listener}/{TOKEN}"
        tasks.start_soon(simulator.run)
        yield http
        tasks.cancel_scope.cancel()


def play(reply: Reply | None, **options: Any) -> tuple[FlireoSimulator, dict[str, Any]]:
    """Forty calls by a simulator whose questions our provider answers; `reply` None: with an error."""
    clock = DiscreteClock(START)
    simulator = FlireoSimulator(clock=clock, options=Options(**options))
    shown: dict[str, Any] = {}

    async def ear(request: Request) -> Response:
        ours = provider()
        notice = ours.read(Webhook(request.path_params["path"][-len(TOKEN) :], {}, await request.body()), now=START)
        shown.setdefault("paths", set()).add(request.path_params["path"])
        if notice.question is None or reply is None:
            return Response(status_code=204 if reply else 500)
        said = Reply(reply.assistant, {tool.id: f"{tool.name} done" for tool in notice.question.tools})
        return JSONResponse(ours.answer(notice.question, said))

    async def main() -> None:
        async with ringing(clock, simulator, ear) as http:
            with clock.work():
                made = (await http.post("/assistants", json={"name": "A", "type": "external"})).json()
                shown["made"] = made["assistant_id"]
            for number in range(40):
                body = {"assistant_id": "a", "phone_number": f"+442079460{number:03}"}
                with clock.work():
                    assert (await http.post("/calls/direct", json=body)).status_code == 201
            await clock.sleep_until(START + timedelta(hours=3))
            with clock.work():
                shown["answers"] = (await http.get("/_simulator/answers")).json()
                shown["stats"] = (await http.get("/_simulator/stats")).json()

    run_virtual(clock, main)
    return simulator, shown


def test_tools_are_asked_for_in_the_middle_of_some_conversations_and_every_task_is_answered() -> None:
    simulator, shown = play(Reply(), tools=("book", "weather"))
    talks = {call.call_id for call in simulator.calls if call.how is How.ANSWERED}
    answers = [answer for answer in simulator.answers if answer.kind == "tool-calls"]
    assert 0 < len(answers) < len(talks)
    for answer in answers:
        assert answer.call_id in talks
        tasks = answer.asked["tasksInitiated"]
        assert [task["taskName"] for task in tasks] == ["book", "weather"]
        assert ["taskPayload" in task for task in tasks] == [True, False]
        assert {result["toolCallId"]: result["result"] for result in answer.body["results"]} == {
            task["taskId"]: f"{task['taskName']} done" for task in tasks
        }
    assert len(shown["answers"]) == len(answers)
    assert shown["stats"]["questions"] == {"tool-calls answered": len(answers)}


def test_who_calls_back_is_put_through_to_the_assistant_that_we_name() -> None:
    simulator, _ = play(Reply({"firstMessage": "You rang?"}), external=True)
    inbound = [call for call in simulator.calls if call.direction == "inbound"]
    requests = [answer for answer in simulator.answers if answer.kind == "assistant-request"]
    assert len(inbound) == len(requests) > 0
    assert all(answer.body == {"assistant": {"firstMessage": "You rang?"}} for answer in requests)
    assert {answer.asked["fromCaller"] for answer in requests} == {call.phone_number for call in inbound}
    assert all(call.how is How.ANSWERED for call in inbound)


@pytest.mark.parametrize("reply", [None, Reply()])
def test_a_call_for_which_no_assistant_comes_back_ends_with_a_debugging_note(reply: Reply | None) -> None:
    simulator, shown = play(reply, external=True)
    inbound = [call for call in simulator.calls if call.direction == "inbound"]
    assert inbound
    assert all((call.how, call.troubled) == (How.PROVIDER_ERROR, True) for call in inbound)
    assert all(call.talk_seconds < 1 for call in inbound)
    answered = "answered" if reply else "unanswered"
    assert shown["stats"]["questions"] == {f"assistant-request {answered}": len(inbound)}


def test_assistants_set_up_in_the_dashboard_ask_nothing() -> None:
    simulator, shown = play(Reply())
    assert simulator.answers == []
    assert shown["answers"] == []


def test_an_assistant_with_a_server_of_its_own_reports_and_asks_there() -> None:
    clock = DiscreteClock(START)
    simulator = FlireoSimulator(clock=clock)
    heard: list[tuple[str, str]] = []

    async def ear(request: Request) -> Response:
        heard.append((request.url.path, (await request.json())["eventType"]))
        return JSONResponse({"results": []})

    async def main() -> None:
        async with ringing(clock, simulator, ear) as http:
            url = (simulator.webhook or "").replace(TOKEN, "own")
            body = {"name": "A", "server_url": url, "tools": [{"name": "book"}]}
            with clock.work():
                agent = (await http.post("/assistants", json=body)).json()["assistant_id"]
                for number in range(40):
                    call = {"assistant_id": agent, "phone_number": f"+442079460{number:03}"}
                    await http.post("/calls/direct", json=call)
            await clock.sleep_until(START + timedelta(hours=3))

    run_virtual(clock, main)
    assert {path for path, _ in heard} == {"/own"}
    assert {kind for _, kind in heard} == {"status-update", "tool-calls", "end-of-call-report"}
