"""Callab as a call provider: caller ids, pages of calls, single calls, health; and a round trip with the simulator."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import (
    CallOrder,
    CallReport,
    Disposition,
    Grade,
    NotSent,
    Placed,
    Question,
    Refused,
    Reply,
    Unclear,
    Webhook,
)
from campaigns.domain.errors import AccountRefused, ProofError, Throttled, VendorError
from campaigns.ports.health import Needs
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callab.provider import CallabProvider
from campaigns.vendors.callab.simulator import CallabSimulator, How, Options, Rule, own_numbers

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PHONE, CALLER = "+442079460123", "+31200000001"
TOKEN = "t" * 32
ORDER = CallOrder("attempt-1", PHONE, "agent-1", CALLER, {"first_name": "Zoë"})


@asynccontextmanager
async def provider(account: VendorAccount) -> AsyncIterator[CallabProvider]:
    made = CallabProvider(account, Surroundings(DiscreteClock(NOW), patient=False))
    yield made
    await made.aclose()


def error(message: str, status: int = 200) -> JSONResponse:
    return JSONResponse({"status": "error", "message": message, "data": ""}, status)


# --- what is asked ----------------------------------------------------------------------------------------------------


async def test_the_body_of_a_dial_holds_what_callab_takes_and_no_more() -> None:
    async with provider(VendorAccount("callab", "http://x.invalid", facts={"workspace": "north"})) as callab:
        assert json.loads(callab.encode(ORDER)) == {
            "ai_agent_id": "agent-1", "call_from": CALLER, "call_to": PHONE, "workspace": "north",
            "dynamic_variables": [{"name": "first_name", "value": "Zoë"}],
        }  # fmt: skip
        assert callab.encode(ORDER) == callab.encode(ORDER)


NUMBERS = [{"nickname": "Main", "phone_number": "31200000001"}, {"id": "n2", "phone_number": "+31200000002"}]


async def test_ids_of_numbers_become_numbers_where_the_api_shows_them(scripted: Any) -> None:
    async with scripted(lambda _asked: NUMBERS) as vendor, provider(vendor.account()) as callab:
        await callab.prepare([CALLER, "n2", "+31200000002"])
        shown = json.loads(callab.encode(CallOrder("a", PHONE, "agent", "n2", {})))
        assert shown["call_from"] == "+31200000002"
        with pytest.raises(AccountRefused, match="2 of the caller_ids"):
            await callab.prepare([CALLER, "n3", "+31200000099"])
        assert [asked.path for asked in vendor.heard] == ["/phone_number", "/phone_number"]


@pytest.mark.parametrize("said", [error("error"), PlainTextResponse("", 404), "no list"])
async def test_where_the_old_path_is_gone_numbers_pass_and_ids_do_not(scripted: Any, said: Any) -> None:
    async with scripted(lambda _asked: said) as vendor, provider(vendor.account()) as callab:
        await callab.prepare([CALLER])
        with pytest.raises(AccountRefused, match="1 of the caller_ids"):
            await callab.prepare([CALLER, "n2"])


async def test_what_is_no_word_on_numbers_is_raised(scripted: Any) -> None:
    for said, kind in ((PlainTextResponse("", 500), VendorError), (PlainTextResponse("", 429), Throttled),
                       (error("unauthorized"), AccountRefused)):  # fmt: skip
        async with scripted(lambda _asked, said=said: said) as vendor, provider(vendor.account()) as callab:
            with pytest.raises(kind):
                await callab.prepare([CALLER])


async def test_a_campaign_without_a_number_to_show_is_refused() -> None:
    async with provider(VendorAccount("callab", "http://x.invalid")) as callab:
        with pytest.raises(AccountRefused, match="Write caller_ids"):
            await callab.prepare([])


# --- what is answered -------------------------------------------------------------------------------------------------


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


def call(name: object, minutes: float, **more: Any) -> dict[str, Any]:
    return {"id": str(name), "call_to": PHONE, "created_at": at(minutes)} | more


def cut(rows: list[dict[str, Any]], most: int = 100) -> Callable[[Any], Any]:
    def answer(asked: Any) -> Any:
        size = min(int(asked.query["per_page"]), most)
        first = int(asked.query["page"]) * size
        return rows[first : first + size]

    return answer


async def swept(callab: CallabProvider, since: datetime, limit: int = 100) -> list[str]:
    """All ids, read as the engine turns pages."""
    found: list[str] = []
    offset = 0
    while True:
        page = await callab.page(since=since, offset=offset, limit=limit)
        found += [report.call_id for report in page.reports]
        offset += len(page.reports)
        if not page.has_more or not page.reports:
            return found


async def test_calls_are_read_from_the_newest_until_one_is_too_old(scripted: Any) -> None:
    rows = [call(number, -number) for number in range(250)]
    async with scripted(cut(rows)) as vendor, provider(vendor.account()) as callab:
        assert await swept(callab, NOW - timedelta(minutes=120)) == [str(number) for number in range(121)]
    assert [asked.query["page"] for asked in vendor.heard] == ["0", "1"]
    assert vendor.heard[0].query == {
        "workspace": "default", "page": "0", "per_page": "100", "sort_column": "created_at", "order": "desc",
    }  # fmt: skip


@pytest.mark.parametrize("most", [100, 50, 30, 10])
async def test_no_call_is_missed_where_the_vendor_makes_pages_smaller(scripted: Any, most: int) -> None:
    rows = [call(number, -number / 10) for number in range(120)]
    async with scripted(cut(rows, most)) as vendor, provider(vendor.account()) as callab:
        assert set(await swept(callab, NOW - timedelta(minutes=60))) == {str(number) for number in range(120)}


async def test_rows_that_are_no_calls_do_not_hide_those_behind_them(scripted: Any) -> None:
    rows = [call(number, -number / 10) if number % 3 else {"call_to": PHONE} for number in range(300)]
    async with scripted(cut(rows)) as vendor, provider(vendor.account()) as callab:
        found = set(await swept(callab, NOW - timedelta(minutes=60)))
    assert found == {str(number) for number in range(300) if number % 3}
    assert [asked.query["page"] for asked in vendor.heard] == ["0", "1", "2", "2", "3"], "hardly a page twice"


async def test_a_list_in_another_order_is_not_believed_to_be_complete(scripted: Any) -> None:
    rows = [call(number, -1000 + number) for number in range(100)]
    async with scripted(cut(rows)) as vendor, provider(vendor.account()) as callab:
        page = await callab.page(since=NOW, offset=0, limit=100)
    assert (page.reports, page.total, page.has_more) == ((), None, True)


async def test_calls_without_a_time_of_creation_show_no_order(scripted: Any) -> None:
    rows = [call("c1", -90, created_at=None, started_at=at(-90)), call("c2", -95, created_at=None, started_at=at(-95))]
    async with scripted(cut(rows)) as vendor, provider(vendor.account()) as callab:
        assert (await callab.page(since=NOW - timedelta(hours=1), offset=0, limit=2)).has_more


@pytest.mark.parametrize("rows", [[], None])
async def test_an_empty_list_is_complete(scripted: Any, rows: Any) -> None:
    async with scripted(lambda _asked: rows) as vendor, provider(vendor.account()) as callab:
        page = await callab.page(since=NOW, offset=0, limit=100)
    assert (page.reports, page.has_more) == ((), False)


async def test_a_call_is_fetched_by_its_id(scripted: Any) -> None:
    row = call("c/1", -5, call_status="completed", call_duration=20, agent_post_call_outcomes={"x": 1})
    async with scripted(lambda _asked: row) as vendor, provider(vendor.account()) as callab:
        report = await callab.fetch("c/1")
    assert report is not None
    assert (report.disposition, report.analysis) == (Disposition.ANSWERED, {"x": 1})
    assert vendor.heard[0].path == "/v1/calls/c/1"


@pytest.mark.parametrize("said", [error("error"), error("Call not found"), error("gone", 404), {}, call("other", 0)])
async def test_a_call_that_is_not_there_is_none(scripted: Any, said: Any) -> None:
    async with scripted(lambda _asked: said) as vendor, provider(vendor.account()) as callab:
        assert await callab.fetch("c1") is None


@pytest.mark.parametrize("said", [error("database is down"), error("x", 500), error("slow", 429), error("no", 401)])
async def test_any_other_error_is_no_proof_of_absence(scripted: Any, said: Any) -> None:
    async with scripted(lambda _asked: said) as vendor, provider(vendor.account()) as callab:
        with pytest.raises((VendorError, AccountRefused)):
            await callab.fetch("c1")


async def test_nothing_is_asked_by_callab_and_nothing_can_be_erased() -> None:
    async with provider(VendorAccount("callab", "http://x.invalid", webhook_token=TOKEN)) as callab:
        assert callab.answer(Question(()), Reply()) == {}
        assert await callab.erase("c1") is False
        notice = callab.read(Webhook(TOKEN, {}, b'{"call_id": "c1"}'), now=NOW)
        assert (notice.grade, notice.report) == (Grade.TOKEN, CallReport("c1"))
        with pytest.raises(ProofError):
            callab.read(Webhook("x" * 32, {}, b'{"call_id": "c1"}'), now=NOW)


# --- health -----------------------------------------------------------------------------------------------------------


async def told(account: VendorAccount, needs: Needs) -> dict[str, bool | None]:
    async with provider(account) as callab:
        return {finding.subject: finding.ok for finding in await callab.health(needs)}


FULL = Needs(frozenset({"a"}), (CALLER,), calls=10, talk_minutes=30, reports_come=True)


async def test_a_sound_account_has_no_fault(simulated: Any) -> None:
    async with simulated(assistants={"a"}) as vendor:
        found = await told(vendor.account(), FULL)
        found.pop("clock", None)  # the server's clock is real, ours is not
        assert found == {"key": True, "agent": True, "numbers": True, "credits": None, "webhooks": None}
        assert (await told(vendor.account(), Needs()))["key"] is True


async def test_each_fault_of_an_account_is_found(simulated: Any) -> None:
    async with simulated(assistants={"b"}, api_key="right") as vendor:
        assert await told(vendor.account(api_key="wrong"), FULL) | {"clock": None} == {"key": False, "clock": None}
        needs = Needs(frozenset({"a"}), ("+31200000099",), calls=1, reports_come=True)
        found = await told(vendor.account(api_key="right", webhook_token="short"), needs)
        assert found["agent"] is found["numbers"] is found["webhooks"] is False
        assert (await told(vendor.account(api_key="right"), Needs(calls=1)))["numbers"] is False, "one must be shown"
        assert "numbers" not in await told(vendor.account(api_key="right"), Needs()), "nobody is called: none is needed"


async def test_an_inactive_agent_is_a_fault(scripted: Any) -> None:
    def answer(asked: Any) -> Any:
        return {"name": "x", "status": "Inactive"} if asked.path.endswith("/a") else []

    async with scripted(answer) as vendor:
        assert (await told(vendor.account(), Needs(frozenset({"a"}))))["agent"] is False


@pytest.mark.parametrize("said", [error("error"), error(""), error("x", 500)])
async def test_an_agent_is_not_missing_at_a_vendor_who_answers_nothing(scripted: Any, said: Any) -> None:
    async with scripted(lambda _asked: said) as vendor:
        assert not [subject for subject, ok in (await told(vendor.account(), FULL)).items() if ok is False]


async def test_health_raises_nothing_whatever_happens(scripted: Any) -> None:
    for said in (error("error"), error("x", 500), error("x", 429), PlainTextResponse("<html>"), {}, []):
        async with scripted(lambda _asked, said=said: said) as vendor:
            assert await told(vendor.account(), FULL)
    assert await told(VendorAccount("callab", "http://127.0.0.1:9/v1"), FULL)


# --- the placements of the simulator, and a round trip ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "kind", "calls"),
    [
        (None, Placed, 1),
        ({"kind": "refuse"}, Refused, 0),
        ({"kind": "refuse", "code": "insufficient credits"}, Refused, 0),
        ({"kind": "refuse", "status": 401}, Refused, 0),
        ({"kind": "refuse", "status": 429, "retry_after": "7"}, Refused, 0),
        ({"kind": "error"}, Unclear, 1),
        ({"kind": "error_before"}, Unclear, 0),
        ({"kind": "error", "status": 502}, Unclear, 1),
        ({"kind": "drop"}, Unclear, 1),
        ({"kind": "drop_before"}, Unclear, 0),
        ({"kind": "half"}, Unclear, 1),
        ({"kind": "html"}, Unclear, 1),
        ({"kind": "no_id"}, Unclear, 1),
        ({"kind": "redirect"}, Unclear, 0),
    ],
)
async def test_whatever_goes_wrong_at_a_dial_is_judged_by_what_it_proves(
    simulated: Any, rule: dict[str, Any] | None, kind: type, calls: int
) -> None:
    rules = [Rule(at="create", **rule)] if rule else []
    async with simulated(*rules) as vendor, provider(vendor.account()) as callab:
        assert isinstance(await callab.place(callab.encode(ORDER), attempt_id="a"), kind)
        assert len(vendor.simulator.calls) == calls


async def test_the_simulators_own_refusals_are_understood(simulated: Any) -> None:
    async with simulated(assistants={"agent-1"}, credits=0) as vendor, provider(vendor.account()) as callab:
        for change, account in (({}, True), ({"agent": "x"}, True), ({"caller_id": None}, True),
                                ({"caller_id": "+31200000098"}, True), ({"phone": "nobody"}, False)):  # fmt: skip
            members = {
                name: getattr(ORDER, name) for name in ("attempt_id", "phone", "agent", "caller_id", "variables")
            }
            refused = await callab.place(callab.encode(CallOrder(**(members | change))), attempt_id="a")
            assert isinstance(refused, Refused)
            assert (refused.account, refused.bad_data) == (account, not account)
        assert not vendor.simulator.calls


async def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    async with provider(VendorAccount("callab", "http://127.0.0.1:9/v1")) as callab:
        assert isinstance(await callab.place(callab.encode(ORDER), attempt_id="a"), NotSent)


def test_a_small_campaign_is_placed_told_of_and_read_again() -> None:
    """Place forty calls, take the hints that come, fetch each; the list, the records and the hints say the same."""
    clock = DiscreteClock(NOW)
    run_virtual(clock, lambda: _round_trip(clock))


async def _round_trip(clock: DiscreteClock) -> None:
    hooks: list[Webhook] = []

    async def receive(request: Request) -> Response:
        hooks.append(Webhook(request.path_params["token"], {}, await request.body()))
        return PlainTextResponse("")

    simulator = CallabSimulator(clock=clock, options=Options(numbers=own_numbers(CALLER)))
    receiver = Starlette(routes=[Route("/webhooks/callab/{token}", receive, methods=["POST"])])
    async with (
        serving(simulator.app, bind("127.0.0.1", 0)) as address,
        serving(receiver, bind("127.0.0.1", 0)) as own,
        anyio.create_task_group() as tasks,
    ):
        simulator.webhook = f"{own}/webhooks/callab/{TOKEN}"
        tasks.start_soon(simulator.run)
        account = VendorAccount("callab", f"{address}{simulator.prefix}", webhook_token=TOKEN)
        callab = CallabProvider(account, Surroundings(clock, patient=False))
        await callab.prepare([CALLER])
        placed = [await _dial(callab, clock, number) for number in range(40)]
        await clock.sleep_until(NOW + timedelta(hours=2))
        reports = {name: await callab.fetch(name) for name in placed}
        listed = {
            r.call_id: r for r in (await callab.page(since=NOW - timedelta(minutes=2), offset=0, limit=100)).reports
        }
        notices = [callab.read(hook, now=clock.now()) for hook in hooks]
        await callab.aclose()
        tasks.cancel_scope.cancel()
    assert {name: listed[name] for name in placed} == reports
    assert {notice.report.call_id for notice in notices if notice.report} >= set(placed)
    for made in simulator.calls:
        if made.direction == "outbound":
            _is_truly_told(made, reports[made.call_id])


async def _dial(callab: CallabProvider, clock: DiscreteClock, number: int) -> str:
    await clock.sleep_until(NOW + timedelta(seconds=number))
    order = CallOrder(f"attempt-{number}", f"+442079460{number:03}", "agent", CALLER, {})
    answer = await callab.place(callab.encode(order), attempt_id=order.attempt_id)
    assert isinstance(answer, Placed)
    return answer.call_id


def _is_truly_told(made: Any, report: CallReport | None) -> None:
    assert report is not None
    assert report.ended
    assert report.disposition == ("failed" if made.how is How.PROVIDER_ERROR else made.how.value)
    assert report.phone == made.phone_number
    assert report.talk_seconds == round(made.talk_seconds)
    assert report.analysis == made.analysis
    assert report.created_at == made.created_at
