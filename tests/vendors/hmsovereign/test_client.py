"""HMS Sovereign's client, alone: every endpoint once against the simulator, long lists, and the vendor's budget."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from openapi.contract import Contract, Ledger, overheard
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Served

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import Placed, Refused
from campaigns.domain.errors import AccountRefused, InputError, Throttled, VendorError
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.hmsovereign import HMSovereign
from campaigns.vendors.hmsovereign.facts import ROUTES
from campaigns.vendors.hmsovereign.simulator import HMSovereignSimulator, How, Options
from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.people import Person

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SEED = 1
PEOPLE = [f"+442079460{number:03}" for number in range(60)]
TALKER = next(
    p for p in PEOPLE if (f := Person(SEED, p).fate(1, START)).how is How.ANSWERED and f.talks > 30 and not f.troubled
)


@asynccontextmanager
async def served(
    clock: DiscreteClock, *, patient: bool = True, ledger: Ledger | None = None, **options: Any
) -> AsyncIterator[tuple[HMSovereign, HMSovereignSimulator]]:
    """The client against a simulator with the key `key` and no limit of requests."""
    setup = {"api_key": "key", "per_minute": None, "numbers": {"n1": "+442079460900"}} | options
    simulator = HMSovereignSimulator(clock=clock, seed=SEED, options=Options(**setup))
    around = Surroundings(clock, patient=patient)
    async with (
        serving(overheard(simulator.app, ledger) if ledger else simulator.app, bind("127.0.0.1", 0)) as address,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(simulator.run)
        account = VendorAccount("hmsovereign", address + simulator.prefix, "key")
        async with HMSovereign(account=account, around=around) as client:
            yield client, simulator
        tasks.cancel_scope.cancel()


def virtually(main: Callable[[DiscreteClock], Awaitable[None]]) -> None:
    clock = DiscreteClock(START)
    run_virtual(clock, lambda: main(clock))


class Seen:
    """Notes which operations a client asked."""

    def __init__(self, client: HMSovereign) -> None:
        self.operations: set[str] = set()
        ask, url = client.rest.ask, client.rest.url

        async def noted(operation: str, **parts: Any) -> Any:
            self.operations.add(operation)
            return await ask(operation, **parts)

        def addressed(operation: str, **ids: str) -> str:
            self.operations.add(operation)
            return url(operation, **ids)

        client.rest.ask, client.rest.url = noted, addressed  # type: ignore[assignment, method-assign]


OVERRIDE = {"metadata": {"k": 1}}


def test_every_endpoint_is_served_and_understood_and_both_sides_keep_to_the_document() -> None:
    async def main(clock: DiscreteClock) -> None:
        ledger = Ledger(Contract.load("hmsovereign"), base="/api/v1")
        async with served(clock, ledger=ledger) as (client, _):
            seen = Seen(client)
            await _agents(client)
            await _calls(client, clock)
            await _campaigns(client)
            await _tools(client)
            await _account(client)
            await _legacy(client)
            assert seen.operations == set(ROUTES)
        assert set(ledger.heard) == set(ledger.contract.operations)
        assert (ledger.requests, ledger.answers) == ([], [])

    virtually(main)


async def _agents(client: HMSovereign) -> None:
    made = await client.create_assistant(name="Sanne", first_message="Hoi")
    assert (made.name, made.first_message, made.is_active) == ("Sanne", "Hoi", True)
    changed = await client.update_assistant(made.id, first_message=None)
    assert (changed.name, changed.first_message) == ("Sanne", None)
    assert await client.get_assistant(made.id) == changed
    assert [one.id for one in await client.list_assistants()] == [made.id]
    flow = await client.create_workflow(
        name="Desk", definition={"version": 1, "entry_node": "a", "nodes": [{"id": "a", "type": "conversation"}]}
    )
    assert [(one.node_count, one.definition) for one in await client.list_workflows()] == [(1, None)]
    assert (await client.update_workflow(flow.id, is_active=False)).is_active is False
    number = await client.create_number("+442079460901", agent_id=made.id)
    assert (await client.update_number(number.id, workflow_id=flow.id)).agent_id == made.id
    with pytest.raises(VendorError, match="HTTP 409"):
        await client.delete_workflow(flow.id)
    assert (await client.update_number(number.id, workflow_id=None)).workflow_id is None
    await client.delete_workflow(flow.id)
    with pytest.raises(VendorError, match="get_workflow: HTTP 404"):
        await client.get_workflow(flow.id)
    assert (await client.get_number(number.id)).phone_number == "+442079460901"
    assert [one.id for one in await client.list_numbers()] == ["n1", number.id]
    await client.delete_number(number.id)
    await client.delete_assistant(made.id)
    assert await client.list_assistants() == []


async def _calls(client: HMSovereign, clock: DiscreteClock) -> None:
    placed = await client.place_call(
        TALKER, assistant_id="a", number_id="n1", assistant_override={"metadata": {"k": 1}}
    )
    assert isinstance(placed, Placed)
    call_id = placed.call_id
    with pytest.raises(VendorError, match=r"control_call: HTTP 400"):
        await client.end_call(call_id)
    fate = Person(SEED, TALKER).fate(1, START)
    await clock.sleep_until(START + timedelta(seconds=fate.queued + (fate.rings or 0) + 5))
    live = await client.get_call(call_id)
    assert (live.status, live.caller_phone, live.assistant_phone) == ("in-progress", TALKER, "+442079460900")
    assert (await client.inject_context(call_id, "VIP", respond=True)).success
    assert (await client.say(call_id, "One moment")).success
    assert (await client.end_call(call_id, "Bye")).success
    over = await client.get_call(call_id)
    assert (over.status, over.end_reason, over.duration_seconds) == ("ended", "agent_hangup", 5)
    assert over.ended_at is not None
    assert timedelta() <= clock.now() - over.ended_at < timedelta(milliseconds=1)
    page = await client.list_calls(status="ended")
    assert ([call.id for call in page.items], page.total, page.last) == ([call_id], 1, True)
    assert [call.id async for call in client.calls(since=START, until=clock.now())] == [call_id]
    assert [call.id async for call in client.calls(since=clock.now())] == []


async def _campaigns(client: HMSovereign) -> None:
    made = await client.create_campaign(
        "Reminders", agent_id="a", starts="09:00:00", ends="17:00:00", timezone="Europe/London",
        template="Say {{name}}", leads=[{"phone_number": PEOPLE[0]}],
    )  # fmt: skip
    assert (made.status, made.total_leads) == ("draft", 1)
    lead = await client.add_lead(made.id, {"phone_number": PEOPLE[1], "variables": {"name": "Zoë"}})
    assert (lead.status, lead.attempts, lead.variables) == ("pending", 0, {"name": "Zoë"})
    assert [one.phone_number for one in await client.list_leads(made.id)] == PEOPLE[:2]
    await client.remove_lead(made.id, lead.id)
    assert (await client.update_campaign(made.id, status="paused")).status == "paused"
    assert (await client.get_campaign(made.id)).total_leads == 1
    assert [one.name for one in await client.list_campaigns()] == ["Reminders"]
    await client.delete_campaign(made.id)
    assert await client.list_campaigns() == []


async def _tools(client: HMSovereign) -> None:
    tool = await client.create_tool_template(name="Look up", tool_type="function", tool_config={"name": "look_up"})
    assert (await client.update_tool_template(tool.id, description="x")).tool_config == {"name": "look_up"}
    assert (await client.get_tool_template(tool.id)).description == "x"
    assert len(await client.list_tool_templates()) == 1
    await client.delete_tool_template(tool.id)
    plan = await client.create_analysis_template(
        name="Mood", system_prompt="s", user_prompt="{transcript}", schema={"type": "object"}
    )
    assert (await client.update_analysis_template(plan.id, name="Moods")).output_schema == {"type": "object"}
    assert (await client.get_analysis_template(plan.id)).name == "Moods"
    assert len(await client.list_analysis_templates()) == 1
    await client.delete_analysis_template(plan.id)
    server = await client.create_mcp_server(name="CRM", url="https://mcp.example/mcp", headers={"X-Key": "secret"})
    assert (server.header_names, "secret" in repr(server)) == (["X-Key"], False)
    assert (await client.update_mcp_server(server.id, timeout_seconds=30)).timeout_seconds == 30
    assert (await client.get_mcp_server(server.id)).name == "CRM"
    assert len(await client.list_mcp_servers()) == 1
    assert (await client.test_mcp_server(server.id, {"X-Key": "other"})).ok
    await client.delete_mcp_server(server.id)
    assert [voice.language for voice in await client.list_voices()] == ["nl", "en"]


async def _account(client: HMSovereign) -> None:
    own = await client.get_organization(children=True)
    assert (own.name, own.minutes_balance, own.children, own.api_key) == ("Simulated", 1_000_000, [], None)
    child = await client.create_organization("Child")
    assert child.api_key is not None
    assert child.api_key not in repr(child)
    kept = await client.update_organization(content_days=30, metadata_days=365)
    assert (kept.content_retention_days, kept.metadata_retention_days) == (30, 365)
    assert (await client.get_health())["status"] == "ok"
    page, summary = await client.list_usage(since=START)
    assert (len(page.items), summary.total_calls, summary.total_seconds) == (1, 1, 5)
    assert [log.duration_sec async for log in client.usage()] == [5]
    trunk = await client.create_sip_trunk("Carrier", provider="x", address="sip.example.com", auth_password="pw")
    assert (await client.get_sip_trunk(trunk.id)).transport == "udp"
    assert "pw" not in repr(await client.list_sip_trunks())
    await client.delete_sip_trunk(trunk.id)
    assert list(await client.set_byok("openai", "sk")) == ["openai_secret_id"]
    assert await client.set_byok_config("openai", {"region": "eu"}) == {"openai": {"region": "eu"}}
    assert list(await client.get_byok()) == ["openai_secret_id"]
    assert await client.delete_byok("openai") == {}
    assert await client.get_domain() is None
    assert (await client.create_domain("mail.example.com")).status == "not_started"
    domains, chosen = await client.list_resend_domains()
    assert ([one.id for one in domains], chosen) == (["resend-1"], None)
    assert (await client.sync_domain("resend-1")).resend_domain_id == "resend-1"
    assert (await client.verify_domain()).status == "verified"
    assert (await client.refresh_domain()).verified_at is not None
    await client.delete_domain()


async def _legacy(client: HMSovereign) -> None:
    assert (await client.get_account())["company_name"] == "Simulated"
    chat = await client.create_chat(title="x")
    assert [one["id"] for one in await client.list_chats()] == [chat["id"]]
    assert await client.get_chat_context() == {"context": [], "chats": 1}
    await client.delete_chat(chat["id"])


def test_no_operation_is_a_put_and_what_creates_or_dials_is_never_repeated() -> None:
    assert {route.method for route in ROUTES.values()} == {"GET", "POST", "PATCH", "DELETE"}
    never = {name for name in ROUTES if name.startswith(("create_", "add_"))}
    for name in never | {"place_call", "control_call", "update_campaign"}:
        assert not ROUTES[name].repeatable
    assert {name for name, route in ROUTES.items() if route.legacy} == {
        "get_account", "list_chats", "create_chat", "delete_chat", "get_chat_context"
    }  # fmt: skip


# --- against scripted answers -----------------------------------------------------------------------------------------

Answer = Callable[[int], Response]


def said(status: int, body: Any = None, **headers: Any) -> Response:
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Response(json.dumps(body if body is not None else {}), status, named)


@asynccontextmanager
async def scripted(
    answer: Callable[[Request, int], Response], clock: DiscreteClock, **around: Any
) -> AsyncIterator[tuple[HMSovereign, list[datetime]]]:
    asked: list[datetime] = []

    async def endpoint(request: Request) -> Response:
        await request.body()
        asked.append(clock.now())
        return answer(request, len(asked))

    app = SeveringApp(routes=[Served("/{path:path}", endpoint, methods=["GET", "POST", "PATCH", "DELETE"])])
    async with serving(app, bind("127.0.0.1", 0)) as address:
        account = VendorAccount("hmsovereign", address, "key")
        async with HMSovereign(account=account, around=Surroundings(clock, **around)) as client:
            yield client, asked


def test_whoever_has_nothing_left_waits_for_the_reset_instead_of_a_429() -> None:
    reset = START + timedelta(seconds=40)

    def answer(_request: Request, number: int) -> Response:
        left = {1: 1, 2: 0}.get(number, 99)
        headers = {"x_ratelimit_remaining": left, "x_ratelimit_reset": int(reset.timestamp())}
        return said(200, {"voices": []}, **headers)

    async def main(clock: DiscreteClock) -> None:
        async with scripted(answer, clock) as (client, asked):
            for _ in range(4):
                await client.list_voices()
            assert asked == [START, START, reset, reset]

    virtually(main)


@pytest.mark.parametrize("reset", ["", "soon", "-5", str(10**30), str(int(START.timestamp()) - 5)])
def test_a_reset_that_is_none_keeps_nobody_waiting(reset: str) -> None:
    def answer(_request: Request, _number: int) -> Response:
        return said(200, {"voices": []}, x_ratelimit_remaining=0, x_ratelimit_reset=reset)

    async def main(clock: DiscreteClock) -> None:
        async with scripted(answer, clock) as (client, asked):
            await client.list_voices()
            await client.list_voices()
            assert asked == [START, START]

    virtually(main)


def test_a_reset_far_ahead_is_waited_for_a_minute_at_most_and_a_dial_does_not_wait() -> None:
    far = int((START + timedelta(days=3)).timestamp())

    def answer(request: Request, _number: int) -> Response:
        body = {"success": True, "call_id": "c"} if request.method == "POST" else {"voices": []}
        return said(200, body, x_ratelimit_remaining=0, x_ratelimit_reset=far)

    async def main(clock: DiscreteClock) -> None:
        async with scripted(answer, clock) as (client, asked):
            await client.list_voices()
            assert await client.place_call(PEOPLE[0], assistant_id="a") == Placed("c")
            await client.list_voices()
            assert asked == [START, START, START + timedelta(minutes=1)]

    virtually(main)


def test_the_documented_budget_is_kept_without_any_header_and_the_simulator_never_has_to_say_429() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with served(clock, patient=False, per_minute=100) as (client, _):
            for _ in range(250):
                await client.list_voices()
            assert clock.now() - START >= timedelta(minutes=2)

    virtually(main)


def test_a_list_of_calls_that_shifts_yields_nobody_twice_and_nobody_less() -> None:
    rows = [{"id": f"c{number}"} for number in range(250)]

    def answer(request: Request, number: int) -> Response:
        offset, limit = int(request.query_params["offset"]), int(request.query_params["limit"])
        now = [{"id": f"new{n}"} for n in range(min(number, 3))] + rows
        return said(200, {"calls": now[offset : offset + limit], "pagination": {"total": len(now)}})

    async def main(clock: DiscreteClock) -> None:
        async with scripted(answer, clock) as (client, _):
            met = [call.id async for call in client.calls()]
            assert len(met) == len(set(met))
            assert {row["id"] for row in rows} <= set(met)

    virtually(main)


def test_a_list_that_is_not_known_to_have_pages_is_read_whole_where_its_total_shows_that_it_has() -> None:
    numbers = [{"id": f"n{number}"} for number in range(25)]

    def answer(request: Request, _number: int) -> Response:
        limit, offset = int(request.query_params.get("limit", 10)), int(request.query_params.get("offset", 0))
        page = numbers[offset : offset + limit]
        return said(200, {"numbers": page, "pagination": {"total": 25, "limit": limit, "offset": offset}})

    async def main(clock: DiscreteClock) -> None:
        async with scripted(answer, clock) as (client, asked):
            assert [number.id for number in await client.list_numbers()] == [number["id"] for number in numbers]
            assert len(asked) == 3
        endless = said(200, {"numbers": [], "pagination": {"total": 9}})
        async with scripted(lambda _request, _number: endless, clock) as (client, asked):
            assert await client.list_numbers() == []
            assert len(asked) == 1

    virtually(main)


@pytest.mark.parametrize("body", [{"error": {"code": "not_found", "message": "Text"}}, {"error": "not_found"}])
def test_errors_in_both_shapes_name_vendor_operation_status_code_and_what_to_do(body: Any) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with scripted(lambda _request, _number: said(404, body), clock) as (client, _):
            with pytest.raises(VendorError) as caught:
                await client.get_campaign("x")
            text = str(caught.value)
            assert text.startswith("hmsovereign: get_campaign: HTTP 404: not_found")
            assert "Check the id" in text

    virtually(main)


@pytest.mark.parametrize(
    "asking",
    [
        lambda c: c.add_lead("x", {"phone_number": PEOPLE[0]}),
        lambda c: c.create_campaign("x", agent_id="a", starts="09:00:00", ends="10:00:00", timezone="UTC"),
        lambda c: c.update_campaign("x", status="scheduled"),
        lambda c: c.end_call("x"),
        lambda c: c.create_assistant(name="x"),
    ],
)
def test_what_creates_or_dials_is_asked_once_where_the_answer_is_broken(asking: Callable[..., Awaitable[Any]]) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with scripted(lambda _request, _number: said(502), clock) as (client, asked):
            with pytest.raises(VendorError, match="HTTP 502"):
                await asking(client)
            assert len(asked) == 1

    virtually(main)


def test_reading_and_writing_the_same_again_is_repeated_and_a_429_is_waited_out() -> None:
    def answer(_request: Request, number: int) -> Response:
        return said(503) if number == 1 else said(200, {"assistant": {"id": "a"}})

    async def main(clock: DiscreteClock) -> None:
        async with scripted(answer, clock) as (client, asked):
            await client.update_assistant("a", name="x")
            assert len(asked) == 2
        first = {1: said(429, None, retry_after=7)}
        async with scripted(lambda _r, n: first.get(n, said(201, {"lead": {"id": "l"}})), clock) as (client, asked):
            await client.add_lead("x", {"phone_number": PEOPLE[0]})
            assert asked[1] - asked[0] == timedelta(seconds=7)

    virtually(main)


def test_what_was_not_done_and_what_is_no_answer_are_errors() -> None:
    async def main(clock: DiscreteClock) -> None:
        async with scripted(lambda _request, _number: said(200, {"success": False}), clock) as (client, _):
            with pytest.raises(VendorError, match="delete_number: it was not done"):
                await client.delete_number("x")
            with pytest.raises(VendorError, match="list_numbers: the answer is no list of Number"):
                await client.list_numbers()
            with pytest.raises(VendorError, match="get_number: the answer is no Number"):
                await client.get_number("x")
        async with scripted(lambda _request, _number: Response(status_code=204), clock) as (client, _):
            await client.delete_number("x")
        async with scripted(lambda _request, _number: said(402, {"error": "x"}), clock) as (client, _):
            with pytest.raises(AccountRefused, match="Add credits"):
                await client.list_numbers()
            assert isinstance(await client.place_call(PEOPLE[0], assistant_id="a"), Refused)
        async with scripted(lambda _r, _n: said(429, None, retry_after=90), clock) as (client, _):
            with pytest.raises(Throttled):
                await client.list_numbers()

    virtually(main)


def test_settings_correct_routes_and_name_what_is_none() -> None:
    corrected = VendorAccount("hms", "https://x.example", routes={"list_voices": "GET /speech/voices"})
    client = HMSovereign(account=corrected)
    assert client.rest.url("list_voices") == "https://x.example/speech/voices"
    with pytest.raises(InputError, match=r"\[providers\.hms\] routes\.list_voice"):
        HMSovereign(account=VendorAccount("hms", "https://x.example", routes={"list_voice": "/x"}))
