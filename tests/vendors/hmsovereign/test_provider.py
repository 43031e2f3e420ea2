"""HMS Sovereign as a call provider: what answers prove, what records come to; and a round trip with the simulator."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import parse_qsl, urlsplit

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, SystemClock, run_virtual
from campaigns.domain.call import (
    CallOrder,
    CallReport,
    Direction,
    Disposition,
    Grade,
    Notice,
    NotSent,
    Placed,
    Placement,
    Refused,
    Reply,
    Unclear,
    Webhook,
)
from campaigns.domain.errors import AccountRefused, InputError, ProofError, Throttled, VendorError
from campaigns.ports.health import Needs
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.dial import Answer
from campaigns.vendors.hmsovereign.calls import disposition_of, is_over, report_of, said_by
from campaigns.vendors.hmsovereign.client.placing import classify
from campaigns.vendors.hmsovereign.facts import Facts
from campaigns.vendors.hmsovereign.models import Call
from campaigns.vendors.hmsovereign.provider import HMSovereignProvider
from campaigns.vendors.hmsovereign.simulator import HMSovereignSimulator, How, Options
from campaigns.vendors.signatures import attempt_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PHONE, CALLER = "+442079460001", "+442079460900"
TOKEN = "t0ken-" + "x" * 26
SECRET = "a secret of the assistant"
FACTS = Facts()
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
async def vendor(
    answer: Answers, webhooks: str | None = None, **account: Any
) -> AsyncIterator[tuple[HMSovereignProvider, list[Asked]]]:
    """The provider against a server whose every answer is `answer`."""
    heard: list[Asked] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await _asked(reader))
        status, body, more = answer(heard[-1])
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in more.items())]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1/"
        defaults = {"name": "hms", "base_url": address, "api_key": "key", "webhook_token": TOKEN}
        around = Surroundings(SystemClock(), patient=False, webhooks=webhooks)
        provider = HMSovereignProvider(VendorAccount(**(defaults | account)), around)
        yield provider, heard
        await provider.aclose()


# --- what an answer to "please call" proves ---------------------------------------------------------------------------


def nested(code: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": "Text", "param": param, "type": "invalid_request_error"}}


def flat(code: str, _param: str | None = None) -> dict[str, Any]:
    return {"error": code, "message": "Text"}


def judged(status: int, body: object = None, **headers: str) -> Placement:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify(Answer(status, {name.lower(): value for name, value in headers.items()}, content), FACTS, now=NOW)


@pytest.mark.parametrize(
    ("body", "call_id"),
    [
        ({"success": True, "call_id": "c", "status": "dialing"}, "c"), ({"call_id": "c"}, "c"),
        ({"success": True, "call_id": "c", "status": "dialing", "room_name": "r"}, "c"), ({"call_id": 17}, "17"),
        ({"success": True, "call_id": "call-_+442079460001_x"}, "call-_+442079460001_x"),
        ({"success": None, "call_id": "c"}, "c"), ({"success": True, "call_id": "c", "status": "failed"}, "c"),
        (b'\xef\xbb\xbf{"call_id":"c"}', "c"), (b'{"call_id":"c","cost":NaN}', "c"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_with_a_call_id_is_placed(status: int, body: object, call_id: str) -> None:
    assert judged(status, body) == Placed(call_id)


@pytest.mark.parametrize(
    "body",
    [
        None, {}, [], [{"call_id": "c"}], "c", 7, {"call_id": None}, {"call_id": ""}, {"call_id": "  "}, {"id": "c"},
        {"call_id": True}, {"call_id": 1.5}, {"call_id": {"id": "c"}}, {"status": "dialing"}, {"success": True},
        {"success": False}, {"success": False, "error": "upstream"}, {"success": False, "status": "failed"},
        {"success": False, "call_id": "c"}, {"success": False, "call_id": "c", "error": "insufficient_credits"},
        nested("server_error"), nested("insufficient_credits"), flat("Oops"), b"", b"<html>Welcome</html>",
        b'{"call_id":"c"', b"\xff\xfe", b"[" * 100_000, b'{"call_id":' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_that_proves_neither_a_call_nor_a_refusal_is_unclear(status: int, body: object) -> None:
    assert isinstance(judged(status, body), Unclear)


@pytest.mark.parametrize(
    ("said", "account", "throttled", "bad_data"),
    [
        ({"error": "insufficient_credits"}, True, False, False),
        ({"error": "Insufficient credits"}, True, False, False),
        ({"status": "insufficient-credits"}, True, False, False), (nested("api_key_revoked"), True, False, False),
        ({"code": "unauthorized"}, True, False, False), (nested("invalid_request"), False, False, True),
        (nested("missing_field"), False, False, True), ({"error": "rate_limit_exceeded"}, False, True, False),
    ],
)  # fmt: skip
def test_a_success_in_name_only_is_refused_where_its_code_proves_it(
    said: dict[str, Any], account: bool, throttled: bool, bad_data: bool
) -> None:
    answer = judged(200, {"success": False, **said})
    assert isinstance(answer, Refused)
    assert (answer.account, answer.throttled, answer.bad_data) == (account, throttled, bad_data)


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
    [(401, "api_key_expired"), (402, "insufficient_credits"), (403, "forbidden"), (404, "not_found")],
)
def test_a_refused_account_says_so_whatever_its_body(status: int, code: str, shape: Callable[[str], Any]) -> None:
    assert judged(status, shape(code)) == Refused(f"HTTP {status} {code} Text", account=True)
    bodies: list[Any] = [None, b"", b"<html>", {}, []]
    for body in bodies:
        assert judged(status, body) == Refused(f"HTTP {status}", account=True)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("body", "account"),
    [
        (nested("invalid_request"), False), (flat("Bad Request"), False), ({}, False), (b"", False), (None, False),
        (nested("invalid_request", "destination"), False), (nested("insufficient_credits"), True),
        (nested("invalid_request", "assistant_id"), True), (nested("missing_field", "number_id"), True),
        (nested("invalid_request", "assistant_override.llm_config"), True), (flat("unauthorized"), True),
    ],
)  # fmt: skip
def test_a_400_blames_the_leads_data_or_what_all_calls_share(status: int, body: object, account: bool) -> None:
    answer = judged(status, body)
    assert isinstance(answer, Refused)
    assert (answer.account, answer.bad_data, answer.throttled) == (account, not account, False)


CALLS = ({"call_id": "c1"}, {"room_name": "r1"}, {"data": {"call_id": "c1"}}, {"call": {"id": "c1"}})


@pytest.mark.parametrize("status", [200, 400, 402, 404, 422])
@pytest.mark.parametrize("named", CALLS)
@pytest.mark.parametrize("code", ["invalid_request", "insufficient_credits"])
def test_an_answer_that_names_a_call_proves_no_refusal(status: int, named: dict[str, Any], code: str) -> None:
    said = {"success": False, "error": {"code": code, "message": "x"}, **named}
    answer = Answer(status, {}, json.dumps(said).encode())
    assert isinstance(classify(answer, FACTS, now=NOW), Unclear)


def test_a_refusal_does_not_repeat_the_number() -> None:
    said = f"destination {PHONE} is not reachable"
    for body in ({"error": {"code": "invalid_request", "message": said}}, {"error": said, "message": said}):
        answer = judged(400, body)
        assert isinstance(answer, Refused)
        assert PHONE not in answer.reason
        assert len(answer.reason) <= 200


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 30), ({"retry-after": "7"}, 7), ({"retry-after": "0"}, 1), ({"retry-after": "nan"}, 30),
        ({"retry-after": "99999999"}, 3600), ({"retry-after": "Mon, 23 Nov 2026 09:00:45 GMT"}, 45),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 20)}, 20),
    ],
)  # fmt: skip
def test_a_429_asks_for_silence_and_proves_that_nothing_was_done(headers: dict[str, str], seconds: float) -> None:
    answer = judged(429, nested("rate_limit_exceeded"), **headers)
    assert isinstance(answer, Refused)
    assert (answer.throttled, answer.account, answer.bad_data) == (True, False, False)
    assert answer.retry_after == timedelta(seconds=seconds)


async def test_a_dial_is_one_post_with_the_frozen_body_and_the_key() -> None:
    async with vendor(says(200, {"success": True, "call_id": "c"})) as (provider, heard):
        body = provider.encode(ORDER)
        assert await provider.place(body, attempt_id="attempt-1") == Placed("c")
        (request,) = heard
        assert (request.method, request.path) == ("POST", "/api/v1/calls/outbound")
        assert request.headers["authorization"] == "Bearer key"
        assert request.headers["content-type"] == "application/json"
        assert request.body == body


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_dial_is_never_repeated(status: int) -> None:
    async with vendor(says(status, flat("no"))) as (provider, heard):
        await provider.place(provider.encode(ORDER), attempt_id="a")
        assert len(heard) == 1


async def test_a_dial_that_never_connected_is_not_sent() -> None:
    async with vendor(says(201)) as (provider, _):
        pass
    assert isinstance(await provider.place(b"{}", attempt_id="a"), NotSent)


async def test_the_body_carries_attempt_and_variables_in_the_override_and_is_always_the_same() -> None:
    async with vendor(says(200)) as (provider, _):
        body = provider.encode(ORDER)
        assert body == provider.encode(ORDER)
        assert json.loads(body) == {
            "destination": PHONE,
            "assistant_id": "assistant-1",
            "assistant_override": {"metadata": {"attempt_id": "attempt-1", "variables": {"first_name": "Zoë"}}},
        }
        odd = CallOrder("a", PHONE, "x", "number-id", {"note": "half \ud83d"})
        assert json.loads(provider.encode(odd))["number_id"] == "number-id"


async def test_the_override_is_what_the_campaign_wants_and_an_address_for_this_attempt_alone() -> None:
    async with vendor(says(200), "https://host.example/webhooks/hms", webhook_secret=SECRET) as (provider, _):
        wish = {"first_message": "Hoi", "metadata": {"shop": "7"}, "webhook_url": "https://elsewhere.example"}
        body = provider.encode(CallOrder("attempt-1", PHONE, "a", None, {"n": "1"}, wish))
        override = json.loads(body)["assistant_override"]
        address, _, token = override.pop("webhook_url").rpartition("/")
        assert address == "https://host.example/webhooks/hms"
        assert attempt_of(token, (TOKEN,)) == "attempt-1"
        assert override == {
            "first_message": "Hoi",
            "metadata": {"shop": "7", "attempt_id": "attempt-1", "variables": {"n": "1"}},
            "webhook_events": ["status-update", "end-of-call-report", "tool-calls"],
        }
        assert SECRET.encode() not in body
        assert TOKEN.encode() not in body


# --- what a record comes to -------------------------------------------------------------------------------------------

D = Disposition


def record(**members: Any) -> Call:
    return Call.model_validate({"id": "c", "direction": "outbound", "caller_phone": PHONE, **members})


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"status": "connecting"}, None), ({"status": "dialing"}, None), ({"status": "ringing"}, None),
        ({"status": "in-progress", "started_at": "2026-11-23T09:00:00Z"}, None), ({"status": "In_Progress"}, None),
        ({"status": "a new word"}, None), ({}, None), ({"status": "in-progress", "end_reason": "user_hangup"}, None),
        ({"status": "ended"}, D.NO_ANSWER), ({"status": "ended", "duration_seconds": 0}, D.NO_ANSWER),
        ({"status": "ended", "duration_seconds": 30}, D.ANSWERED),
        ({"status": "ended", "started_at": "2026-11-23T09:00:00Z"}, D.ANSWERED),
        ({"status": "ended", "duration_seconds": 30, "end_reason": "user_hangup"}, D.ANSWERED),
        ({"status": "ended", "end_reason": "max_duration"}, D.ANSWERED),
        ({"status": "ended", "duration_seconds": 0, "end_reason": "user_hangup"}, D.NO_ANSWER),
        ({"status": "ended", "duration_seconds": 20, "summary": "Reached a voicemail."}, D.VOICEMAIL),
        ({"status": "ended", "duration_seconds": 20, "end_reason": "user_hangup", "summary": "VoiceMail"}, D.VOICEMAIL),
        ({"status": "ended", "duration_seconds": 20, "end_reason": "voicemail_detected"}, D.VOICEMAIL),
        ({"status": "ended", "end_reason": "a new word"}, D.UNKNOWN),
        ({"status": "ended", "duration_seconds": 9, "end_reason": "a new word"}, D.ANSWERED),
        ({"status": "ended", "error": "a new word"}, D.UNKNOWN),
        ({"status": "failed"}, D.FAILED), ({"status": "failed", "error": "SIP 486 Busy Here"}, D.BUSY),
        ({"status": "failed", "error": "no answer"}, D.NO_ANSWER), ({"status": "failed", "error": "x"}, D.FAILED),
        ({"status": "failed", "end_reason": "unallocated number"}, D.BAD_NUMBER), ({"status": "rejected"}, D.DECLINED),
        ({"status": "failed", "error": "upstream error", "duration_seconds": 12}, D.ANSWERED),
        ({"status": "ended-with-error"}, D.FAILED), ({"status": "ended-with-error", "duration_seconds": 5}, D.ANSWERED),
        ({"status": "transferred", "duration_seconds": 5}, D.ANSWERED), ({"status": "transferred"}, D.ANSWERED),
        ({"status": "insufficient-credits"}, D.FAILED), ({"status": "insufficient_credits"}, D.FAILED),
        ({"status": "a new word", "ended_at": "2026-11-23T09:00:00Z"}, D.NO_ANSWER),
        ({"status": "in-progress", "ended_at": "2026-11-23T09:00:00Z", "duration_seconds": 4}, D.ANSWERED),
        ({"status": "a new word", "end_reason": "user_hangup"}, D.ANSWERED),
        ({"status": "a new word", "end_reason": "another new word"}, None), ({"end_reason": "a new word"}, D.UNKNOWN),
    ],
)  # fmt: skip
def test_a_record_is_over_only_when_it_says_so_and_tells_how(
    members: dict[str, Any], expected: Disposition | None
) -> None:
    report = report_of(record(**members), FACTS)
    assert (report.ended, report.disposition) == (expected is not None, expected)


PUBLISHED = ("connecting", "ringing", "in-progress", "ended", "ended-with-error", "transferred", "failed", "rejected",
             "insufficient-credits", "dialing")  # fmt: skip


@pytest.mark.parametrize("word", PUBLISHED)
def test_every_published_status_is_known(word: str) -> None:
    assert (word in FACTS.live) != (word in FACTS.over)


def test_every_word_of_the_tables_is_as_words_are_compared_and_none_is_live_and_over() -> None:
    words = [*FACTS.live, *FACTS.over, *FACTS.end_reasons, *FACTS.end_hints, *FACTS.ended_by_us, *FACTS.refusals]
    assert [word for word in words if word != "-".join(word.lower().replace("_", "-").split())] == []
    assert not FACTS.live & FACTS.over.keys()


def test_a_word_that_nobody_has_met_is_unknown() -> None:
    assert said_by("quantum-flux", FACTS) is None
    assert said_by(None, FACTS) is None
    assert not is_over(record(status="quantum-flux"), FACTS)
    assert disposition_of(record(status="quantum-flux", end_reason="quantum-flux"), FACTS) is D.UNKNOWN


def test_the_settings_add_words_to_the_tables() -> None:
    account = VendorAccount("hms", "", facts={"end_reasons": {"Quantum_Flux": "busy"}, "over": {"gone": None}})
    facts = Facts.corrected(account)
    assert said_by("quantum flux", facts) is D.BUSY
    assert said_by("user_hangup", facts) is D.ANSWERED
    assert is_over(record(status="gone"), facts)
    assert is_over(record(status="ended"), facts)
    with pytest.raises(InputError, match=r"\[providers\.hms\] facts\.end_reasons"):
        Facts.corrected(VendorAccount("hms", "", facts={"end_reasons": {"x": "no such word"}}))


def test_a_record_is_read_member_by_member() -> None:
    row = {
        "id": "c", "caller_phone": PHONE, "assistant_phone": CALLER, "status": "ended", "direction": "outbound",
        "end_reason": "user_hangup", "error": None, "started_at": "2026-11-23T09:00:05.000Z",
        "ended_at": "2026-11-23T09:00:46Z", "duration_seconds": 41, "summary": "Short.",
        "analysis_result": {"confirmed": True}, "recording_url": "https://storage.example/r.mp3", "room_name": "r",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "assistant", "content": "Hoi."},
                     {"role": "user", "content": "Ja."}, {"role": "user", "content": None}, {"role": "tool"}],
        "created_at": "2026-11-23T09:00:00", "updated_at": "odd", "unknown": {"deep": 1},
    }  # fmt: skip
    assert report_of(Call.model_validate(row), FACTS) == CallReport(
        call_id="c", phone=PHONE, ended=True, disposition=D.ANSWERED, ended_reason="user_hangup", talk_seconds=41,
        started_at=NOW + timedelta(seconds=5), ended_at=NOW + timedelta(seconds=46), created_at=NOW, summary="Short.",
        transcript="AI: Hoi.\nUser: Ja.", analysis={"confirmed": True}, recording="https://storage.example/r.mp3",
        agent_ended=False,
    )  # fmt: skip


def test_a_record_whose_numbers_were_forgotten_is_still_a_report() -> None:
    nulls = dict.fromkeys(set(Call.model_fields) - {"id"})
    report = report_of(Call.model_validate({**nulls, "id": "c", "status": "ended", "duration_seconds": 12}), FACTS)
    assert (report.phone, report.disposition, report.talk_seconds) == (None, D.ANSWERED, 12)


@pytest.mark.parametrize(
    ("members", "own", "phone"),
    [
        ({"caller_phone": PHONE, "assistant_phone": CALLER}, (), PHONE),
        ({"caller_phone": PHONE, "agent_phone": CALLER}, (CALLER,), PHONE),
        ({"caller_phone": CALLER, "assistant_phone": PHONE}, (CALLER,), PHONE),
        ({"caller_phone": CALLER, "assistant_phone": None}, (CALLER,), CALLER),
        ({"caller_phone": None, "assistant_phone": CALLER}, (CALLER,), None),
    ],
)
def test_the_person_of_a_call_is_never_a_number_of_ours_where_both_are_shown(
    members: dict[str, Any], own: tuple[str, ...], phone: str | None
) -> None:
    call = Call.model_validate({"id": "c", **members})
    assert report_of(call, FACTS, own=own).phone == phone
    other = report_of(Call.model_validate({"id": "c", "caller_phone": CALLER, "assistant_phone": PHONE}),
                      Facts(person="assistant_phone"))  # fmt: skip
    assert other.phone == PHONE


@pytest.mark.parametrize(
    ("word", "direction"),
    [("outbound", Direction.OUTBOUND), ("inbound", Direction.INBOUND), ("web", Direction.INBOUND),
     (None, Direction.OUTBOUND), ("Inbound", Direction.INBOUND)],
)  # fmt: skip
def test_who_came_to_us_was_not_called(word: str | None, direction: Direction) -> None:
    assert report_of(record(direction=word), FACTS).direction is direction


# --- pages ------------------------------------------------------------------------------------------------------------


def row(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": f"c{number}", "caller_phone": PHONE, "status": "in-progress"} | more


ROWS = [row(n) for n in range(3)]


@pytest.mark.parametrize(
    ("envelope", "total", "more"),
    [
        ({"calls": ROWS, "pagination": {"total": 3, "limit": 3, "offset": 0}}, 3, False),
        ({"calls": ROWS, "pagination": {"total": 9}}, 9, True), ({"calls": ROWS}, None, True),
        ({"calls": ROWS, "pagination": None}, None, True), ({"calls": ROWS, "pagination": {"total": "9"}}, None, True),
        ({"calls": ROWS, "pagination": {"total": True}}, None, True), ({"calls": ROWS[:2]}, None, True),
        (ROWS, None, True), ([], None, False), ({"calls": [], "pagination": {"total": 0}}, 0, False),
        ({"calls": [], "pagination": {"total": 7}}, 7, True),
    ],
)  # fmt: skip
async def test_a_page_says_whether_more_follows(envelope: Any, total: int | None, more: bool) -> None:
    async with vendor(says(200, envelope)) as (provider, heard):
        page = await provider.page(since=NOW, offset=0, limit=3)
        assert [report.call_id for report in page.reports] in ([], ["c0", "c1"], ["c0", "c1", "c2"])
        assert (page.total, page.has_more) == (total, more)
        query = heard[0].query
        assert (query["limit"], query["offset"], query["start_date"]) == ("3", "0", "2026-11-23T09:00:00.000Z")


async def test_a_row_that_is_no_call_is_passed_over_but_does_not_end_the_list() -> None:
    rows: list[Any] = [row(0), {"status": "ended"}, row(2)]
    async with vendor(says(200, {"calls": rows})) as (provider, _):
        page = await provider.page(since=NOW, offset=0, limit=3)
        assert ([report.call_id for report in page.reports], page.has_more) == (["c0", "c2"], True)


@pytest.mark.parametrize(
    "body", [{}, {"calls": None}, {"calls": "none"}, {"message": "ok"}, "text", 7, b"<html>", b"", b'{"calls":[']
)
async def test_an_answer_that_is_no_list_of_calls_is_never_an_empty_list(body: object) -> None:
    async with vendor(says(200, body)) as (provider, _):
        with pytest.raises(VendorError):
            await provider.page(since=NOW, offset=0, limit=100)


async def test_errors_of_a_page_are_told_apart() -> None:
    async with vendor(says(429, flat("slow down"), retry_after="11")) as (provider, _):
        with pytest.raises(Throttled) as throttled:
            await provider.page(since=NOW, offset=0, limit=100)
        assert throttled.value.retry_after == timedelta(seconds=11)
    for status in (401, 402, 403):
        async with vendor(says(status, flat("forbidden"))) as (provider, _):
            with pytest.raises(AccountRefused, match=f"hms: list_calls: HTTP {status} forbidden"):
                await provider.page(since=NOW, offset=0, limit=100)
    async with vendor(says(500, flat("Oops"))) as (provider, heard):
        with pytest.raises(VendorError, match="hms: list_calls: HTTP 500"):
            await provider.page(since=NOW, offset=0, limit=100)
        assert len(heard) == 1


async def test_a_call_is_fetched_bare_or_wrapped_and_one_that_is_gone_is_none() -> None:
    name = "call-_+442079460001_x/y"
    for body in (row(1), {"call": row(1)}):
        async with vendor(says(200, body)) as (provider, heard):
            report = await provider.fetch(name)
            assert report is not None
            assert report.call_id == "c1"
            assert heard[0].path == "/api/v1/calls/call-_%2B442079460001_x%2Fy"
    async with vendor(says(404, flat("Not found"))) as (provider, _):
        assert await provider.fetch("c") is None
    async with vendor(says(200, {"calls": []})) as (provider, _):
        with pytest.raises(VendorError, match="the answer is no Call"):
            await provider.fetch("c")


async def test_caller_numbers_are_sent_as_their_ids_and_one_of_another_account_is_refused_before_any_dial() -> None:
    numbers = {"numbers": [{"id": "n1", "phone_number": CALLER}, {"phone_number": "+442079460901"}]}
    async with vendor(says(200, numbers)) as (provider, heard):
        await provider.prepare([])
        await provider.prepare(["an-id"])
        assert heard == []
        await provider.prepare([CALLER, "an-id"])
        order = CallOrder("a", PHONE, "x", CALLER, {})
        assert json.loads(provider.encode(order))["number_id"] == "n1"
        await provider.prepare([CALLER])
        assert len(heard) == 1
        with pytest.raises(AccountRefused, match="1 of the caller_ids") as caught:
            await provider.prepare(["+442079460902"])
        assert "+44" not in str(caught.value)


async def test_nothing_can_be_erased_at_this_vendor() -> None:
    async with vendor(says(500)) as (provider, heard):
        assert await provider.erase("c") is False
        assert heard == []


# --- health -----------------------------------------------------------------------------------------------------------


def account_of(**members: Any) -> Answers:
    """An account's answers, by the first part of the path."""
    told: dict[str, Any] = {
        "organizations": {"id": "o", "name": "X", "minutes_balance": 100},
        "assistants": {"assistant": {"id": "a1", "is_active": True, "webhook_secret": "s"}},
        "numbers": {"numbers": [{"id": "n1", "phone_number": CALLER, "is_active": True, "agent_id": "a1"}]},
        **members,
    }

    def answer(asked: Asked) -> Said:
        said = told[asked.path.split("/")[3].partition("?")[0]]
        status, body = said if isinstance(said, tuple) else (200, said)
        return status, body if isinstance(body, bytes) else json.dumps(body).encode(), {}

    return answer


NEEDS = Needs(frozenset({"a1"}), (CALLER,), calls=10, talk_minutes=50, reports_come=True)
HOOKS = "https://host.example/webhooks/hms"


async def found(answer: Answers, needs: Needs = NEEDS, hooks: str | None = HOOKS, **account: Any) -> dict[str, Any]:
    async with vendor(answer, hooks, **({"webhook_secret": SECRET} | account)) as (provider, _):
        findings = await provider.health(needs)
        assert not any(SECRET in str(finding) or CALLER in str(finding) for finding in findings)
        return {finding.subject: finding.ok for finding in reversed(findings)}


async def test_a_healthy_account_is_well_in_every_respect() -> None:
    assert await found(account_of()) == dict.fromkeys(("key", "credits", "agent", "numbers", "webhooks"), True)


@pytest.mark.parametrize(
    ("members", "subject", "ok"),
    [
        ({"organizations": (401, flat("bad key"))}, "key", False), ({"organizations": (500, {})}, "key", None),
        ({"organizations": (404, flat("no"))}, "key", None), ({"numbers": (404, b"")}, "numbers", None),
        ({"organizations": {"id": "o", "minutes_balance": 0}}, "credits", False),
        ({"organizations": {"id": "o", "minutes_balance": 49}}, "credits", None),
        ({"organizations": {"id": "o"}}, "credits", None), ({"assistants": (404, flat("no"))}, "agent", False),
        ({"assistants": {"assistant": {"id": "a1", "is_active": False}}}, "agent", False),
        ({"assistants": (503, {})}, "agent", None), ({"numbers": {"numbers": []}}, "numbers", False),
        ({"assistants": {"assistant": {"id": "a1", "is_active": True}}}, "webhooks", None),
        ({"numbers": {"numbers": [{"id": "n1", "phone_number": CALLER, "is_active": False}]}}, "numbers", False),
        ({"numbers": {"numbers": [{"id": "n1", "phone_number": CALLER, "is_active": True}]}}, "numbers", None),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_account_is_found(members: dict[str, Any], subject: str, ok: bool | None) -> None:
    assert (await found(account_of(**members)))[subject] is ok


async def test_reports_need_an_address_and_are_believed_with_a_secret() -> None:
    assert (await found(account_of(), hooks=None))["webhooks"] is None
    assert (await found(account_of(), webhook_secret=""))["webhooks"] is True
    assert (await found(account_of(), webhook_token="short"))["webhooks"] is False
    polling = Needs(frozenset({"a1"}), ("n1",), talk_minutes=1)
    assert "webhooks" not in await found(account_of(), polling, hooks=None)
    assert (await found(account_of(), Needs()))["numbers"] is None


# --- with the simulator -----------------------------------------------------------------------------------------------

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PEOPLE = [f"+442079460{number:03}" for number in range(40)]


@dataclass
class Heard:
    """What reached our webhook address."""

    token: str
    headers: dict[str, str]
    body: bytes
    at: datetime


@pytest.mark.parametrize("casing", ["snake", "camel", "flat"])
@pytest.mark.parametrize("secret", [SECRET, ""])
def test_a_round_trip_with_the_simulator(casing: str, secret: str) -> None:
    """Place, page, fetch, read webhooks and answer questions: our reading of the vendor and the simulator's agree."""
    clock = DiscreteClock(START)
    heard: list[Heard] = []

    async def main() -> None:
        options = Options(
            api_key="key", secret=secret, casing=casing, tools=("lookup",), errors="flat" if secret else "nested",
            caller_is="person" if secret else "us", numbers={"n1": CALLER},
        )  # fmt: skip
        simulator = HMSovereignSimulator(clock=clock, options=options)

        async def hear(request: Request) -> Response:
            body, token = await request.body(), request.path_params["token"]
            heard.append(Heard(token, dict(request.headers), body, clock.now()))
            notice = provider.read(Webhook(token, dict(request.headers), body), now=clock.now())
            asked = notice.question
            tools = {tool.id: f"{tool.name} says yes" for tool in asked.tools} if asked else {}
            return JSONResponse(provider.answer(asked, Reply(tools=tools)) if asked else {})

        ear = Starlette(routes=[Route("/webhooks/hms/{token}", hear, methods=["POST"])])
        async with (
            serving(simulator.app, bind("127.0.0.1", 0)) as address,
            serving(ear, bind("127.0.0.1", 0)) as listener,
            anyio.create_task_group() as tasks,
        ):
            hooks = f"{listener}/webhooks/hms"
            simulator.webhook = f"{hooks}/{TOKEN}"
            tasks.start_soon(simulator.run)
            account = VendorAccount("hms", address + simulator.prefix, "key", TOKEN, secret)
            provider = HMSovereignProvider(account, Surroundings(clock, webhooks=hooks))
            attempts = await _placed(provider, clock)
            await clock.sleep_until(START + timedelta(hours=3))
            await _agrees(provider, simulator, attempts)
            await _refusals(address + simulator.prefix, clock)
            _told(provider, heard, simulator, attempts, signed=bool(secret))
            await provider.aclose()
            tasks.cancel_scope.cancel()

    run_virtual(clock, main)


async def _placed(provider: HMSovereignProvider, clock: DiscreteClock) -> dict[str, str]:
    """Everybody called; attempts by call id."""
    await provider.prepare([CALLER])
    attempts: dict[str, str] = {}
    for number, phone in enumerate(PEOPLE):
        order = CallOrder(f"attempt-{number}", phone, "assistant", CALLER, {"name": "X"})
        placement = await provider.place(provider.encode(order), attempt_id=order.attempt_id)
        assert isinstance(placement, Placed)
        attempts[placement.call_id] = order.attempt_id
    live = await provider.fetch(next(iter(attempts)))
    assert live is not None
    assert (live.ended, live.disposition, live.phone) == (False, None, PEOPLE[0])
    return attempts


TRUTH = {
    How.ANSWERED: {D.ANSWERED}, How.VOICEMAIL: {D.VOICEMAIL}, How.NO_ANSWER: {D.NO_ANSWER}, How.BUSY: {D.BUSY},
    How.DECLINED: {D.DECLINED}, How.BAD_NUMBER: {D.BAD_NUMBER}, How.PROVIDER_ERROR: {D.FAILED},
}  # fmt: skip


async def _agrees(provider: HMSovereignProvider, simulator: HMSovereignSimulator, attempts: dict[str, str]) -> None:
    """Pages show every call once, as fetching does, and as it was in truth."""
    seen: dict[str, CallReport] = {}
    while True:
        page = await provider.page(since=START - timedelta(minutes=1), offset=len(seen), limit=10)
        seen.update((report.call_id, report) for report in page.reports)
        if not page.has_more:
            break
    truth = {call.call_id: call for call in simulator.calls}
    assert page.total == len(seen) == len(truth)
    for call_id, report in seen.items():
        call = truth[call_id]
        assert (report.ended, report.phone) == (True, call.phone_number)
        assert report.direction == call.direction
        assert report.disposition in TRUTH[call.how]
    for call_id in list(attempts)[:5]:
        assert await provider.fetch(call_id) == seen[call_id]
    assert len({report.disposition for report in seen.values()}) > 4


async def _refusals(address: str, clock: DiscreteClock) -> None:
    stranger = HMSovereignProvider(VendorAccount("hms", address, "wrong"), Surroundings(clock, patient=False))
    refused = await stranger.place(stranger.encode(ORDER), attempt_id="a")
    assert isinstance(refused, Refused)
    assert refused.account
    with pytest.raises(AccountRefused):
        await stranger.page(since=START, offset=0, limit=10)
    await stranger.aclose()


def _told(
    provider: HMSovereignProvider,
    heard: list[Heard],
    simulator: HMSovereignSimulator,
    attempts: dict[str, str],
    *,
    signed: bool,
) -> None:
    """Every webhook is proved, names its attempt by its address, and tells the truth; questions were answered."""
    known = {call.call_id: call for call in simulator.calls}
    notices: list[Notice] = []
    for one in heard:
        notices.append(provider.read(Webhook(one.token, one.headers, one.body), now=one.at))
        notice = notices[-1]
        assert notice.grade is (Grade.BODY if signed else Grade.TOKEN)
        told = notice.report or notice.question
        assert told is not None
        assert told.call_id is not None
        assert told.phone == known[told.call_id].phone_number
        assert told.attempt_id == attempts.get(told.call_id)
        with pytest.raises(ProofError):
            provider.read(Webhook("y" * 32, one.headers, one.body), now=one.at)
    last = [n.report for n in notices if n.report and n.dedupe_key.startswith("end-of-call-report")]
    assert all(report.ended and report.disposition in TRUTH[known[report.call_id].how] for report in last)
    answered = {call.call_id for call in known.values() if call.answered_at}
    assert {report.call_id for report in last} == answered
    used = [one for one in simulator.answers if one.event == "tool-calls"]
    assert {one.call_id for one in used} == answered
    assert all(one.body["results"] == [{"toolCallId": one.asked[0], "result": "lookup says yes"}] for one in used)
    asked = [one for one in simulator.answers if one.event == "assistant-request"]
    assert len(asked) == len([call for call in known.values() if call.direction == "inbound"])
    assert all(one.body == {} for one in asked)


def test_the_kinds_of_refusal_are_all_judged() -> None:
    words = get_args(get_args(Facts.model_fields["refusals"].annotation)[1])
    assert set(words) == set(FACTS.refusals.values())
