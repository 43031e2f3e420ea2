"""Flireo as a call provider: what every answer proves, odd pages, caller ids; and a round trip with the simulator."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, SystemClock, run_virtual
from campaigns.domain.call import (
    CallOrder,
    CallReport,
    Direction,
    Disposition,
    Grade,
    NotSent,
    Placed,
    Placement,
    Refused,
    Unclear,
    Webhook,
)
from campaigns.domain.errors import AccountRefused, InputError, ProofError, Throttled, VendorError
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.dial import Answer
from campaigns.vendors.flireo.provider import FlireoProvider, classify
from campaigns.vendors.flireo.simulator import FlireoSimulator, Options

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PHONE, CALLER = "+31200000001", "+31200000099"
TOKEN = "t0ken-" + "x" * 26
ORDER = CallOrder("attempt-1", PHONE, "assistant-1", None, {"first_name": "Zoë"})


@dataclass(frozen=True)
class Asked:
    """One request as the server read it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))


Said = tuple[int, bytes, dict[str, str]]
Answers = Callable[[Asked], Said]


def says(status: int, body: object = None, **headers: str) -> Answers:
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _asked: (status, said, {name.lower().replace("_", "-"): value for name, value in headers.items()})


async def _asked(reader: asyncio.StreamReader) -> Asked:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = lines[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:-2])}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


@asynccontextmanager
async def flireo(answer: Answers, **account: Any) -> AsyncIterator[tuple[FlireoProvider, list[Asked]]]:
    """The provider against a server whose every answer is `answer`."""
    heard: list[Asked] = []
    gates: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await _asked(reader))
        status, body, more = answer(heard[-1])
        length = {} if status == 204 else {"Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in (length | more).items())]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + (b"" if status == 204 else body))
        await writer.drain()
        writer.close()

    async def gate() -> None:
        gates.append(1)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        defaults = {"name": "flireo", "base_url": f"{address}/v1/", "api_key": "key", "webhook_token": TOKEN}
        provider = FlireoProvider(VendorAccount(**(defaults | account)), Surroundings(SystemClock(), gate))
        yield provider, heard
        await provider.aclose()
        assert len(gates) == len([asked for asked in heard if asked.method == "GET"])


# --- what an answer to "please call" proves ---------------------------------------------------------------------------


def nested(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "Text", "details": {}}}


def flat(code: str) -> dict[str, Any]:
    return {"error": code, "message": "Text"}


def judged(status: int, body: object = None, **headers: str) -> Placement:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify(Answer(status, {name.lower(): value for name, value in headers.items()}, content), now=NOW)


@pytest.mark.parametrize("status", [400, 402, 404, 422])
@pytest.mark.parametrize("named", [{"call_id": "c1"}, {"data": {"call_id": "c1"}}, {"call": {"id": "c1"}}])
def test_an_error_that_names_a_call_proves_no_refusal(status: int, named: dict[str, Any]) -> None:
    assert isinstance(judged(status, flat("invalid_parameters") | named), Unclear)


@pytest.mark.parametrize(
    ("body", "call_id"),
    [
        ({"call_id": "c", "status": "queued"}, "c"), ({"call_id": "c"}, "c"), ({"call_id": 17}, "17"),
        ({"call_id": "call-_+31200000001_x"}, "call-_+31200000001_x"),
        ({"message": "Started", "data": {"call_id": "c"}}, "c"), ({"call_id": "c", "data": []}, "c"),
        ({"call_id": "c", "more": {"deep": [1]}}, "c"), (b'\xef\xbb\xbf{"call_id":"c"}', "c"),
        (b'{"call_id":"c","cost":NaN}', "c"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_with_a_call_id_is_placed(status: int, body: object, call_id: str) -> None:
    assert judged(status, body) == Placed(call_id)


@pytest.mark.parametrize(
    "body",
    [
        None, {}, [], [{"call_id": "c"}], "c", 7, {"call_id": None}, {"call_id": ""}, {"call_id": "  "}, {"id": "c"},
        {"call_id": True}, {"call_id": 1.5}, {"call_id": {"id": "c"}}, {"data": {}}, {"data": {"id": "c"}},
        {"status": "queued"}, {"success": False}, {"success": False, "error": "upstream"}, nested("server_error"),
        flat("Oops"), b"", b"<html>Welcome</html>", b'{"call_id":"c"', b"\xff\xfe", b"[" * 100_000,
        b'{"call_id":' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_without_a_readable_call_id_is_unclear(status: int, body: object) -> None:
    assert isinstance(judged(status, body), Unclear)


@pytest.mark.parametrize("shape", [nested, flat])
@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 405, 406, 408, 409, 410, 413, 415, 418, 423, 425,
                                    451, 500, 501, 502, 503, 504, 507, 520, 524, 599])  # fmt: skip
def test_whatever_is_not_known_to_prove_a_refusal_is_unclear(status: int, shape: Callable[[str], Any]) -> None:
    bodies: list[Any] = [shape("server_error"), shape("insufficient_credits"), b"", b"<html>", {"call_id": "c"}]
    for body in bodies:
        assert isinstance(judged(status, body), Unclear)


@pytest.mark.parametrize("shape", [nested, flat])
@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "unauthorized"), (402, "insufficient_credits"), (403, "forbidden"), (404, "not_found")],
)
def test_a_refused_account_says_so_whatever_its_body(status: int, code: str, shape: Callable[[str], Any]) -> None:
    assert judged(status, shape(code)) == Refused(f"HTTP {status} {code} Text", account=True)
    bodies: list[Any] = [None, b"", b"<html>", {}, []]
    for body in bodies:
        assert judged(status, body) == Refused(f"HTTP {status}", account=True)


@pytest.mark.parametrize("shape", [nested, flat])
@pytest.mark.parametrize("code", ["no_phone_number", "already_in_use", "invalid_status", "not_found"])
@pytest.mark.parametrize("status", [400, 422])
def test_a_400_that_names_the_accounts_side_refuses_the_account(
    status: int, code: str, shape: Callable[[str], Any]
) -> None:
    answer = judged(status, shape(code))
    assert isinstance(answer, Refused)
    assert (answer.account, answer.bad_data, answer.throttled) == (True, False, False)


@pytest.mark.parametrize("body", [nested("invalid_parameters"), flat("Bad Request"), {}, b"", b"<html>", None])
@pytest.mark.parametrize("status", [400, 422])
def test_any_other_400_refuses_this_leads_data(status: int, body: object) -> None:
    answer = judged(status, body)
    assert isinstance(answer, Refused)
    assert (answer.account, answer.bad_data, answer.throttled) == (False, True, False)


def test_a_refusal_does_not_repeat_the_number() -> None:
    said = f"phone_number {PHONE} is not reachable"
    for body in ({"error": {"code": "invalid_parameters", "message": said}}, {"error": said, "message": said}):
        answer = judged(400, body)
        assert isinstance(answer, Refused)
        assert PHONE not in answer.reason
        assert len(answer.reason) <= 200


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 30), ({"retry-after": "7"}, 7), ({"retry-after": "0"}, 1), ({"retry-after": "-1"}, 1),
        ({"retry-after": "nan"}, 30), ({"retry-after": "99999999"}, 3600), ({"retry-after": "soon"}, 30),
        ({"retry-after": "Mon, 23 Nov 2026 09:00:45 GMT"}, 45),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 20)}, 20),
    ],
)  # fmt: skip
def test_a_429_asks_for_silence_and_proves_that_nothing_was_done(headers: dict[str, str], seconds: float) -> None:
    answer = judged(429, nested("rate_limit_exceeded"), **headers)
    assert isinstance(answer, Refused)
    assert (answer.throttled, answer.account, answer.bad_data) == (True, False, False)
    assert answer.retry_after == timedelta(seconds=seconds)


async def test_a_dial_is_one_post_with_the_frozen_body_and_the_key() -> None:
    async with flireo(says(201, {"call_id": "c"})) as (provider, heard):
        body = provider.encode(ORDER)
        assert await provider.place(body, attempt_id="attempt-1") == Placed("c")
        (request,) = heard
        assert (request.method, request.path) == ("POST", "/v1/calls/direct")
        assert request.headers["authorization"] == "Bearer key"
        assert request.headers["content-type"] == "application/json"
        assert request.body == body


async def test_a_dial_that_never_connected_is_not_sent() -> None:
    async with flireo(says(201)) as (provider, _):
        pass
    assert isinstance(await provider.place(b"{}", attempt_id="a"), NotSent)


def test_the_body_names_assistant_number_and_attempt_and_is_always_the_same() -> None:
    provider = FlireoProvider(
        VendorAccount("flireo", "http://127.0.0.1"), Surroundings(SystemClock(), anyio.lowlevel.checkpoint)
    )
    body = provider.encode(ORDER)
    assert body == provider.encode(ORDER)
    assert json.loads(body) == {
        "assistant_id": "assistant-1",
        "phone_number": PHONE,
        "metadata": {"attempt_id": "attempt-1", "variables": {"first_name": "Zoë"}},
    }
    odd = CallOrder("a", PHONE, "x", "number-id", {"note": "half \ud83d"})
    assert json.loads(provider.encode(odd))["phone_number_id"] == "number-id"


@pytest.mark.parametrize("key", ["secret\n", "secret\r\nX: y", "sécret", "sec\x00ret", "secret\t"])
def test_a_key_that_no_header_can_carry_is_an_input_error_that_does_not_show_it(key: str) -> None:
    with pytest.raises(InputError, match="api_key") as caught:
        VendorAccount("flireo", "http://127.0.0.1", api_key=key)
    assert key not in str(caught.value)
    assert key not in repr(VendorAccount("flireo", "http://127.0.0.1", api_key="a-plain-key"))


async def test_a_route_of_the_settings_corrects_an_assumed_one() -> None:
    async with flireo(says(201, {"call_id": "c"}), routes={"place": "/calls/outbound"}) as (provider, heard):
        await provider.place(b"{}", attempt_id="a")
        assert heard[0].path == "/v1/calls/outbound"


# --- pages ------------------------------------------------------------------------------------------------------------


def row(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"call_id": f"c{number}", "to_number": PHONE, "status": "in-progress"} | more


ROWS = [row(n) for n in range(3)]


@pytest.mark.parametrize(
    ("envelope", "total", "more"),
    [
        ({"calls": ROWS, "pagination": {"total": 3, "limit": 3, "offset": 0, "has_more": False}}, 3, False),
        ({"calls": ROWS, "pagination": {"total": 9, "has_more": True}}, 9, True),
        ({"data": ROWS, "meta": {"total": 3, "limit": 3, "offset": 0}}, 3, False),
        ({"data": ROWS, "meta": {"total": 9}}, 9, True),
        ({"data": {"calls": ROWS}, "meta": {"total": 9}}, 9, True),
        ({"calls": ROWS}, None, True),
        ({"calls": ROWS, "pagination": None}, None, True),
        ({"calls": ROWS, "pagination": {"total": "9", "has_more": "yes"}}, None, True),
        ({"calls": ROWS, "pagination": {"total": True}}, None, True),
        ({"calls": ROWS, "pagination": [1]}, None, True),
        ({"calls": ROWS[:2]}, None, False),
        (ROWS, None, True),
        ([], None, False),
        ({"calls": [], "pagination": {"total": 0, "has_more": False}}, 0, False),
    ],
)
async def test_a_page_is_read_in_every_envelope(envelope: Any, total: int | None, more: bool) -> None:
    async with flireo(says(200, envelope)) as (provider, heard):
        page = await provider.page(since=NOW, offset=0, limit=3)
        assert [report.call_id for report in page.reports] in ([], ["c0", "c1"], ["c0", "c1", "c2"])
        assert (page.total, page.has_more) == (total, more)
        query = heard[0].query
        assert (query["limit"], query["offset"], query["start_date"]) == ("3", "0", "2026-11-23T09:00:00Z")


async def test_a_row_that_is_no_call_is_passed_over_but_does_not_end_the_list() -> None:
    rows: list[Any] = [row(0), {"status": "ended"}, row(2)]
    async with flireo(says(200, {"calls": rows})) as (provider, _):
        page = await provider.page(since=NOW, offset=0, limit=3)
        assert ([report.call_id for report in page.reports], page.has_more) == (["c0", "c2"], True)
    async with flireo(says(200, {"calls": rows, "pagination": {"total": 3}})) as (provider, _):
        assert not (await provider.page(since=NOW, offset=0, limit=3)).has_more


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"calls": None},
        {"calls": "none"},
        {"message": "ok"},
        {"data": None},
        "text",
        7,
        b"<html>",
        b"",
        b'{"calls":[',
    ],
)
async def test_an_answer_that_is_no_list_of_calls_is_never_an_empty_list(body: object) -> None:
    async with flireo(says(200, body)) as (provider, _):
        with pytest.raises(VendorError):
            await provider.page(since=NOW, offset=0, limit=100)


@pytest.mark.parametrize("status", [201, 204, 301, 400, 404, 500, 503])
async def test_a_page_that_failed_is_a_vendor_error(status: int) -> None:
    async with flireo(says(status, b"" if status == 204 else nested("server_error"))) as (provider, _):
        with pytest.raises(VendorError) as caught:
            await provider.page(since=NOW, offset=0, limit=100)
        assert caught.value.status == status


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refused_account_is_told_apart(status: int) -> None:
    async with flireo(says(status, flat("forbidden"))) as (provider, _):
        with pytest.raises(AccountRefused, match=f"HTTP {status}"):
            await provider.page(since=NOW, offset=0, limit=100)


async def test_a_throttled_page_says_for_how_long() -> None:
    async with flireo(says(429, flat("slow down"), retry_after="11")) as (provider, _):
        with pytest.raises(Throttled) as caught:
            await provider.page(since=NOW, offset=0, limit=100)
        assert caught.value.retry_after == timedelta(seconds=11)


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "ftp://127.0.0.1", "http://127.0.0.1:port", "nowhere"])
async def test_a_server_that_cannot_be_asked_is_a_vendor_error(base: str) -> None:
    provider = FlireoProvider(VendorAccount("flireo", base), Surroundings(SystemClock(), anyio.lowlevel.checkpoint))
    with pytest.raises(VendorError):
        await provider.page(since=NOW, offset=0, limit=100)
    await provider.aclose()


# --- one call ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [lambda r: r, lambda r: {"call": r}, lambda r: {"data": r}])
async def test_a_call_is_fetched_in_every_envelope(shape: Callable[[Any], Any]) -> None:
    async with flireo(says(200, shape(row(7, call_id="a b/../+7")))) as (provider, heard):
        report = await provider.fetch("a b/../+7")
        assert report is not None
        assert (report.call_id, report.phone) == ("a b/../+7", PHONE)
        assert heard[0].path == "/v1/calls/a%20b%2F..%2F%2B7"


async def test_an_unknown_call_is_none() -> None:
    async with flireo(says(404, nested("not_found"))) as (provider, _):
        assert await provider.fetch("c") is None


@pytest.mark.parametrize("body", [{}, [], {"calls": []}, {"call": None}, b"<html>", "text"])
async def test_an_answer_that_is_no_call_is_a_vendor_error(body: object) -> None:
    async with flireo(says(200, body)) as (provider, _):
        with pytest.raises(VendorError):
            await provider.fetch("c")


async def test_half_an_emoji_in_a_summary_does_not_hide_a_call() -> None:
    body = b'{"call_id":"c","status":"ended","summary":"Bye \\ud83d","analysis":{"note":"\\ude00\\u0000"}}'
    async with flireo(says(200, body)) as (provider, _):
        report = await provider.fetch("c")
        assert report is not None
        assert (report.summary, report.analysis) == ("Bye ?", {"note": "?"})


# --- caller ids -------------------------------------------------------------------------------------------------------


def numbers(count: int, last: str = CALLER) -> Answers:
    """A list of `count` numbers, `last` at its end, in pages."""
    every = [{"id": f"n{n}", "phone_number": f"+1212555{n:04}"} for n in range(count - 1)]
    every.append({"id": "mine", "phone_number": last})

    def answer(asked: Asked) -> Said:
        limit, offset = int(asked.query["limit"]), int(asked.query.get("offset", 0))
        shared = [{"id": "shared", "phone_number": "+31200000098"}, {"id": None, "phone_number": "+31200000097"}]
        page = {"data": every[offset : offset + limit], "shared_numbers": shared, "meta": {"total": count}}
        return 200, json.dumps(page).encode(), {}

    return answer


@pytest.mark.parametrize("count", [1, 100, 101, 250])
async def test_caller_numbers_become_the_ids_that_a_dial_needs(count: int) -> None:
    async with flireo(numbers(count)) as (provider, heard):
        await provider.prepare([CALLER, "+31200000098", "already-an-id"])
        for caller, number_id in ((CALLER, "mine"), ("+31200000098", "shared"), ("already-an-id", "already-an-id")):
            order = CallOrder("a", PHONE, "x", caller, {})
            assert json.loads(provider.encode(order))["phone_number_id"] == number_id
        asked = len(heard)
        await provider.prepare([CALLER])
        assert len(heard) == asked


async def test_a_caller_number_of_somebody_else_refuses_the_account_without_showing_it() -> None:
    for caller in ("+31200000055", "+31200000097"):
        async with flireo(numbers(3)) as (provider, _):
            with pytest.raises(AccountRefused, match="1 of the caller_ids") as caught:
                await provider.prepare([CALLER, caller])
            assert caller not in str(caught.value)


async def test_without_caller_numbers_nothing_is_asked() -> None:
    async with flireo(says(500)) as (provider, heard):
        await provider.prepare([])
        await provider.prepare(["an-id"])
        assert heard == []


# --- with the simulator -----------------------------------------------------------------------------------------------

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize("envelope", ["named", "guide"])
def test_a_round_trip_with_the_simulator(envelope: str) -> None:
    """Place, page, fetch and read webhooks: our reading of the vendor and the simulator's agree."""
    clock = DiscreteClock(START)
    heard: list[bytes] = []

    async def hear(request: Request) -> Response:
        heard.append(await request.body())
        return Response(status_code=204)

    async def gate() -> None:
        pass

    async def main() -> None:
        options = Options(envelope=envelope, errors="nested" if envelope == "named" else "flat", api_key="key")
        simulator = FlireoSimulator(clock=clock, options=options)
        ear = Starlette(routes=[Route("/{path:path}", hear, methods=["POST"])])
        async with (
            serving(simulator.app, bind("127.0.0.1", 0)) as address,
            serving(ear, bind("127.0.0.1", 0)) as listener,
            anyio.create_task_group() as tasks,
        ):
            simulator.webhook = f"{listener}/hook"
            tasks.start_soon(simulator.run)
            account = VendorAccount("flireo", address, "key", TOKEN)
            provider = FlireoProvider(account, Surroundings(clock, gate))
            await _round_trip(provider, simulator, clock)
            await _refusals(address, clock, gate)
            _heard(provider, heard, simulator)
            await provider.aclose()
            tasks.cancel_scope.cancel()

    run_virtual(clock, main)


async def _round_trip(provider: FlireoProvider, simulator: FlireoSimulator, clock: DiscreteClock) -> None:
    await provider.prepare(["+31200000001"])
    people = [f"+442079460{n:03}" for n in range(24)]
    ids: dict[str, str] = {}
    for number, phone in enumerate(people):
        order = CallOrder(f"attempt-{number}", phone, "assistant", "+31200000001", {"name": "X"})
        placement = await provider.place(provider.encode(order), attempt_id=order.attempt_id)
        assert isinstance(placement, Placed)
        ids[placement.call_id] = order.attempt_id
    live = await provider.fetch(next(iter(ids)))
    assert live is not None
    assert (live.ended, live.disposition) == (False, None)

    await clock.sleep_until(START + timedelta(hours=1))
    seen: dict[str, CallReport] = {}
    while True:
        page = await provider.page(since=START - timedelta(minutes=1), offset=len(seen), limit=10)
        seen.update((report.call_id, report) for report in page.reports)
        if not page.has_more:
            break
    assert page.total == len(seen)
    assert {call_id: seen[call_id].attempt_id for call_id in ids} == ids
    truth = {call.call_id: call for call in simulator.calls}
    for call_id in ids:
        report, call = seen[call_id], truth[call_id]
        assert report == await provider.fetch(call_id)
        assert (report.ended, report.direction, report.phone) == (True, Direction.OUTBOUND, call.phone_number)
        assert report.disposition is not Disposition.UNKNOWN
        assert call.answered_at is not None or report.disposition is not Disposition.ANSWERED
    assert len({seen[call_id].disposition for call_id in ids}) > 2


async def _refusals(address: str, clock: DiscreteClock, gate: Any) -> None:
    stranger = FlireoProvider(VendorAccount("flireo", address, "wrong"), Surroundings(clock, gate))
    refused = await stranger.place(stranger.encode(ORDER), attempt_id="a")
    assert isinstance(refused, Refused)
    assert refused.account
    with pytest.raises(AccountRefused):
        await stranger.page(since=START, offset=0, limit=10)
    await stranger.aclose()


def _heard(provider: FlireoProvider, heard: list[bytes], simulator: FlireoSimulator) -> None:
    known = {call.call_id: call for call in simulator.calls}
    ended = 0
    assert heard
    for body in heard:
        notice = provider.read(Webhook(TOKEN, {}, body), now=START)
        assert (notice.grade, notice.report is not None) == (Grade.TOKEN, True)
        assert notice.report is not None
        assert notice.report.phone == known[notice.report.call_id].phone_number
        ended += notice.report.ended
        with pytest.raises(ProofError):
            provider.read(Webhook("y" * 32, {}, body), now=START)
    assert 0 < ended < len(heard)
