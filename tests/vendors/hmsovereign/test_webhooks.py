"""HMS Sovereign's webhooks: four events in three forms, questions and their answers; and every forgery refused."""

import ast
import contextlib
import hashlib
import hmac
import inspect
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.call import CallReport, Direction, Disposition, Grade, Notice, Question, Reply, ToolCall, Webhook
from campaigns.domain.errors import ProofError
from campaigns.vendors.hmsovereign import webhooks
from campaigns.vendors.hmsovereign.facts import Facts
from campaigns.vendors.signatures import attempt_token

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOKEN, SECRET = "t0ken-" + "x" * 26, "a secret of the assistant"
PERSON, OURS = "+442079460001", "+442079460900"
FACTS = Facts()
PARTIES = {"phone_number": {"id": "n1", "number": OURS, "name": "Main"}, "customer": {"number": PERSON}}
CALL = {"id": "c1", "type": "outbound_phone_call", "status": "ended"}
REPORT = {
    "message": {
        "type": "end-of-call-report", "timestamp": "2026-11-23T09:00:00.000Z", "call": CALL, **PARTIES,
        "duration_seconds": 41, "end_reason": "user_hangup", "started_at": "2026-11-23T08:59:10Z",
        "ended_at": "2026-11-23T08:59:51Z", "summary": "Kort gesprek.", "analysis": {"confirmed": True},
        "messages": [{"role": "assistant", "content": "Hoi."}, {"role": "user", "content": "Ja."}],
        "recording_url": "https://storage.example/r.mp3",
    }
}  # fmt: skip
CAMEL = {
    "message": {
        "type": "end-of-call-report", "timestamp": "2025-12-23T09:00:00.000Z",
        "call": {"id": "c1", "type": "outboundPhoneCall", "status": "ended"}, "phoneNumber": {"number": OURS},
        "customer": {"number": PERSON}, "durationSeconds": 41, "summary": "Kort gesprek.",
        "messages": [{"role": "assistant", "content": "Hoi."}, {"role": "user", "content": "Ja."}],
        "analysis": {"confirmed": True}, "recordingUrl": "https://storage.example/r.mp3",
    }
}  # fmt: skip
FLAT = {
    "eventType": "end-of-call-report", "eventTimestamp": 1795424400000, "callId": "c1", "fromCaller": PERSON,
    "toAssistant": OURS, "transcriptText": "AI: Hoi.\nUser: Ja.", "summaryText": "Kort gesprek.",
    "recordings": {"linkStereo": "https://storage.example/r.mp3"}, "callLengthSeconds": 41,
    "analysis": {"structuredData": {"confirmed": True}},
}  # fmt: skip
LEAST = CallReport(
    call_id="c1", phone=PERSON, ended=True, disposition=Disposition.ANSWERED, talk_seconds=41, summary="Kort gesprek.",
    transcript="AI: Hoi.\nUser: Ja.", analysis={"confirmed": True}, recording="https://storage.example/r.mp3",
)  # fmt: skip


def packed(event: object) -> bytes:
    return event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()


def signature(body: bytes, stamp: str, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed(body: bytes, at: datetime = NOW, **more: str) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {"x-webhook-timestamp": stamp, "x-webhook-signature": signature(body, stamp)} | more


def read(event: object, *, token: str = TOKEN, secret: str = SECRET) -> Notice:
    body = packed(event)
    return webhooks.read(
        Webhook(token, signed(body), body), FACTS, tokens=(TOKEN,), secrets=(secret,) if secret else (), now=NOW
    )


def message(kind: str, **more: Any) -> dict[str, Any]:
    return {"message": {"type": kind, "timestamp": "2026-11-23T09:00:00Z", "call": CALL, **PARTIES, **more}}


# --- what is understood -----------------------------------------------------------------------------------------------


def test_an_end_of_call_report_is_read_in_every_form() -> None:
    start = datetime(2026, 11, 23, 8, 59, 10, tzinfo=UTC)
    report = read(REPORT).report
    assert report == CallReport(
        call_id="c1", phone=PERSON, ended=True, disposition=Disposition.ANSWERED, ended_reason="user_hangup",
        talk_seconds=41, started_at=start, ended_at=start + timedelta(seconds=41), summary="Kort gesprek.",
        transcript="AI: Hoi.\nUser: Ja.", analysis={"confirmed": True}, recording="https://storage.example/r.mp3",
        agent_ended=False,
    )  # fmt: skip
    assert read(CAMEL).report == LEAST
    assert read(FLAT).report == LEAST


@pytest.mark.parametrize(
    ("status", "ended"),
    [("in-progress", False), ("ended", True), ("ended-with-error", True), ("a new word", False), (None, False)],
)
def test_a_status_update_tells_whether_a_call_is_over_and_never_how(status: str | None, ended: bool) -> None:
    call = CALL | {"status": status}
    for event in (
        message("status-update", call=call, error="text"),
        {"message": {"type": "status-update", "call": call, "customer": {"number": PERSON}, "phoneNumber": {}}},
        {"eventType": "status-update", "callSession": "c1", "fromCaller": PERSON, "status": status},
    ):
        assert read(event).report == CallReport(call_id="c1", phone=PERSON, ended=ended)
    said = read(message("status-update", call=call | {"status": "ended"}, end_reason="max_duration")).report
    assert said == CallReport("c1", phone=PERSON, ended=True, ended_reason="max_duration", agent_ended=True)


def test_a_machine_shows_in_the_summary_alone() -> None:
    report = read(message("end-of-call-report", duration_seconds=20, summary="Left a message on the voicemail.")).report
    assert report is not None
    assert report.disposition is Disposition.VOICEMAIL


@pytest.mark.parametrize(
    ("members", "disposition"),
    [({}, None), ({"duration_seconds": 0}, None), ({"duration_seconds": 0, "end_reason": "user_hangup"}, None),
     ({"duration_seconds": 0, "end_reason": "voicemail"}, Disposition.VOICEMAIL),
     ({"end_reason": "busy"}, Disposition.BUSY), ({"duration_seconds": 1}, Disposition.ANSWERED),
     ({"duration_seconds": 0, "started_at": "2026-11-23T09:00:00Z"}, Disposition.ANSWERED)],
)  # fmt: skip
def test_a_report_says_how_a_call_ended_only_where_it_shows_a_talk_or_a_reason_for_none(
    members: dict[str, Any], disposition: Disposition | None
) -> None:
    report = read(message("end-of-call-report", call={"id": "c1"}, summary="x", **members)).report
    assert report is not None
    assert (report.ended, report.disposition) == (True, disposition)


@pytest.mark.parametrize(
    ("kind", "direction"),
    [("inbound_phone_call", Direction.INBOUND), ("inboundPhoneCall", Direction.INBOUND),
     ("web_call", Direction.INBOUND), ("webCall", Direction.INBOUND), ("outbound_phone_call", Direction.OUTBOUND),
     ("outboundPhoneCall", Direction.OUTBOUND)],
)  # fmt: skip
def test_the_type_of_a_call_tells_who_called(kind: str, direction: Direction) -> None:
    report = read(message("status-update", call=CALL | {"type": kind})).report
    assert report is not None
    assert report.direction is direction


def test_numbers_that_are_null_on_web_calls_or_forgotten_break_nothing() -> None:
    nulls = {"phone_number": {"id": None, "number": None}, "customer": {"number": None}}
    for more in (nulls, {"phone_number": None, "customer": None}):
        report = read(message("end-of-call-report", duration_seconds=3, summary=None, messages=None, **more)).report
        assert report is not None
        assert (report.phone, report.summary, report.transcript) == (None, "", "")


def test_an_event_whose_call_has_no_name_is_no_news() -> None:
    for call in ({}, {"id": None}, {"id": ""}, "c1"):
        notice = read(message("status-update", call=call))
        assert (notice.report, notice.question) == (None, None)


def test_the_address_of_one_attempt_names_it_and_else_what_the_vendor_echoes() -> None:
    own = attempt_token(TOKEN, "attempt-7")
    echo = {"assistant": {"metadata": {"attempt_id": "attempt-9"}}}
    body = packed(message("status-update", **echo))
    for token, attempt in ((own, "attempt-7"), (TOKEN, "attempt-9")):
        report = webhooks.read(
            Webhook(token, signed(body), body), FACTS, tokens=(TOKEN,), secrets=(SECRET,), now=NOW
        ).report
        assert report is not None
        assert report.attempt_id == attempt
    flat = read({"eventType": "status-update", "callSession": "c1", "userMetadata": {"attempt_id": "attempt-3"}})
    assert flat.report is not None
    assert flat.report.attempt_id == "attempt-3"


def test_without_a_secret_the_address_alone_is_proof_and_a_hint() -> None:
    body = packed(REPORT)
    for headers in ({}, signed(body), {"x-webhook-signature": "sha256=00"}):
        notice = webhooks.read(Webhook(TOKEN, headers, body), FACTS, tokens=(TOKEN,), secrets=(), now=NOW)
        assert notice.grade is Grade.TOKEN
    assert read(REPORT).grade is Grade.BODY


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_a_signature_within_five_minutes_is_fresh(seconds: int) -> None:
    body = packed(REPORT)
    headers = signed(body, NOW + timedelta(seconds=seconds))
    notice = webhooks.read(Webhook(TOKEN, headers, body), FACTS, tokens=(TOKEN,), secrets=(SECRET,), now=NOW)
    assert notice.grade is Grade.BODY


def test_the_same_news_has_the_same_key_and_other_news_another() -> None:
    keys = [read(event).dedupe_key for event in (REPORT, REPORT, CAMEL, message("status-update"))]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert not any(PERSON in key for key in keys)


# --- questions --------------------------------------------------------------------------------------------------------

TOOL = {"id": "t1", "type": "function", "function": {"name": "free_slots", "arguments": {"day": "Monday"}}}


@pytest.mark.parametrize(
    "event",
    [
        message("tool-calls", tool_call_list=[TOOL]),
        {"message": {"type": "tool-calls", "call": {"id": "c1", "type": "outboundPhoneCall"}, "toolCallList": [TOOL],
                     "customer": {"number": PERSON}, "phoneNumber": {"number": OURS}}},
        {"eventType": "tool-calls", "callId": "c1", "fromCaller": PERSON, "toAssistant": OURS,
         "tasksInitiated": [{"taskId": "t1", "taskName": "free_slots", "taskPayload": {"day": "Monday"}}]},
        message("tool-calls", tool_call_list=[
            TOOL | {"function": {"name": "free_slots", "arguments": '{"day": "Monday"}'}}]),
    ],
)  # fmt: skip
def test_tool_calls_are_a_question_in_every_form(event: object) -> None:
    tool = ToolCall("t1", "free_slots", {"day": "Monday"})
    notice = read(event, token=attempt_token(TOKEN, "a1"))
    assert notice.report is None
    assert notice.question == Question((tool,), call_id="c1", attempt_id="a1", phone=PERSON, own_number=OURS)


def test_a_tool_without_arguments_has_none_and_one_without_a_name_is_no_question() -> None:
    bare = {"eventType": "tool-calls", "callId": "c1", "tasksInitiated": [{"taskId": "t", "taskName": "n"}]}
    question = read(bare).question
    assert question is not None
    assert question.tools == (ToolCall("t", "n"),)
    for tools in ([], [{"id": "t"}], None, "x"):
        assert read(message("tool-calls", tool_call_list=tools)).question is None


def test_who_is_to_talk_is_a_question_without_tools() -> None:
    for event in (message("assistant-request", call=CALL | {"type": "inbound_phone_call"}),
                  {"eventType": "assistant-request", "fromCaller": PERSON, "toAssistant": OURS}):  # fmt: skip
        question = read(event).question
        assert question is not None
        assert (question.tools, question.phone, question.own_number) == ((), PERSON, OURS)


def test_answers_are_in_the_vendors_words() -> None:
    tools = Question((ToolCall("t1", "f"), ToolCall("t2", "g")))
    assert webhooks.answer(tools, Reply(tools={"t2": "yes", "t1": "no", "t9": "x"})) == {
        "results": [{"toolCallId": "t1", "result": "no"}, {"toolCallId": "t2", "result": "yes"}]
    }
    assert webhooks.answer(tools, Reply())["results"][0] == {"toolCallId": "t1", "result": ""}
    who = Question(())
    assert webhooks.answer(who, Reply()) == {}
    assert webhooks.answer(who, Reply(assistant={"first_message": "Hoi"})) == {"first_message": "Hoi"}


# --- what is refused --------------------------------------------------------------------------------------------------

BODY = packed(REPORT)
STAMP = str(int(NOW.timestamp()))
OWN = attempt_token(TOKEN, "a1")


def told(body: bytes, token: str = TOKEN) -> Webhook:
    return Webhook(token, signed(body), body)


def headed(**headers: str) -> Webhook:
    return Webhook(TOKEN, {name.replace("_", "-"): value for name, value in headers.items()}, BODY)


def stamped(stamp: str) -> Webhook:
    return headed(x_webhook_timestamp=stamp, x_webhook_signature=signature(BODY, stamp))


FORGERIES = {
    "no token": told(BODY, ""),
    "another token": told(BODY, "y" * 32),
    "half the token": told(BODY, TOKEN[:16]),
    "the token and more": told(BODY, TOKEN + "x"),
    "the token in capitals": told(BODY, TOKEN.upper()),
    "an attempt without its proof": told(BODY, "a1."),
    "an attempt with the account's token": told(BODY, f"a1.{TOKEN}"),
    "another attempt's proof": told(BODY, "a2." + OWN.partition(".")[2]),
    "half an attempt's proof": told(BODY, OWN[:-1]),
    "an attempt's proof with more": told(BODY, OWN + "0"),
    "an attempt without a name": told(BODY, "." + OWN.partition(".")[2]),
    "a proof under another token": told(BODY, attempt_token("z" * 32, "a1")),
    "no signature": headed(x_webhook_timestamp=STAMP),
    "no headers at all": headed(),
    "an empty signature": headed(x_webhook_timestamp=STAMP, x_webhook_signature=""),
    "no prefix": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP).removeprefix("sha256=")),
    "the prefix alone": headed(x_webhook_timestamp=STAMP, x_webhook_signature="sha256="),
    "another secret": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP, "guess")),
    "an empty secret": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP, "")),
    "the key as a secret": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP, TOKEN)),
    "another prefix": headed(
        x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP).replace("sha256", "sha1")
    ),
    "the prefix twice": headed(x_webhook_timestamp=STAMP, x_webhook_signature="sha256=" + signature(BODY, STAMP)),
    "capital digits": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP).upper()),
    "half a signature": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP)[:-1]),
    "a signature and more": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP) + "0"),
    "two signatures": headed(
        x_webhook_timestamp=STAMP, x_webhook_signature=f"{signature(BODY, STAMP)}, {signature(BODY, STAMP)}"
    ),
    "a signature without ASCII": headed(x_webhook_timestamp=STAMP, x_webhook_signature="sha256=é" * 8),
    "of the body alone": headed(
        x_webhook_timestamp=STAMP,
        x_webhook_signature="sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest(),
    ),
    "of another body": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY + b" ", STAMP)),
    "of another stamp": headed(x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, str(int(STAMP) - 1))),
    "a body that was changed": Webhook(TOKEN, signed(BODY), BODY.replace(b"41", b"42")),
    "a replay after five minutes": Webhook(TOKEN, signed(BODY, NOW - timedelta(seconds=301)), BODY),
    "a replay of last year": Webhook(TOKEN, signed(BODY, NOW - timedelta(days=365)), BODY),
    "from the future": Webhook(TOKEN, signed(BODY, NOW + timedelta(seconds=301)), BODY),
    "no stamp": headed(x_webhook_signature=signature(BODY, "")),
    "a stamp in milliseconds": stamped(STAMP + "000"),
    "a negative stamp": stamped("-" + STAMP),
    "a stamp with a sign": stamped("+" + STAMP),
    "a stamp with a fraction": stamped(STAMP + ".0"),
    "a stamp with a blank": stamped(" " + STAMP),
    "a stamp in other digits": stamped(STAMP.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))),
    "a stamp as a date": stamped(NOW.isoformat()),
    "a stamp of 5,000 digits": stamped("1" * 5000),
    "no body": told(b""),
    "no JSON": told(b"type=end-of-call-report"),
    "half JSON": told(BODY[:-5]),
    "JSON and more": told(BODY + b"{}"),
    "a key twice": told(b'{"message":{"type":"status-update","type":"end-of-call-report","call":{"id":"c"}}}'),
    "a message twice": told(b'{"message":{"type":"status-update"},"message":{"type":"status-update"}}'),
    "NaN": told(b'{"message":{"type":"end-of-call-report","call":{"id":"c"},"duration_seconds":NaN}}'),
    "infinity": told(b'{"message":{"type":"end-of-call-report","call":{"id":"c"},"analysis":{"a":1e999}}}'),
    "bad UTF-8": told(BODY.replace(b"Kort", b"K\xffrt")),
    "UTF-16": told(BODY.decode().encode("utf-16")),
    "a byte order mark": told(b"\xef\xbb\xbf" + BODY),
    "100,000 brackets": told(b"[" * 100_000),
    "deep nesting": told(b'{"message":{"type":"status-update","x":' + b'{"a":' * 500 + b"1" + b"}" * 502),
    "a list": told(packed([REPORT])),
    "a text": told(b'"end-of-call-report"'),
    "null": told(b"null"),
    "an empty object": told(b"{}"),
    "an empty message": told(b'{"message":{}}'),
    "a message that is a list": told(b'{"message":[]}'),
    "a message that is null": told(b'{"message":null}'),
    "an unknown event": told(packed(message("call-started"))),
    "an event in capitals": told(packed(message("End-Of-Call-Report"))),
    "an event that is a list": told(packed({"message": {"type": ["status-update"]}})),
    "an unknown flat event": told(b'{"eventType":"call-started","callId":"c"}'),
}


def test_there_are_at_least_forty_forgeries() -> None:
    assert len(FORGERIES) >= 40


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    with pytest.raises(ProofError) as caught:
        webhooks.read(FORGERIES[name], FACTS, tokens=(TOKEN,), secrets=(SECRET,), now=NOW)
    for secret in (TOKEN, SECRET, PERSON):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("token", ["", "short", "x" * 15])
def test_a_token_that_could_be_guessed_admits_nobody(token: str) -> None:
    with pytest.raises(ProofError):
        webhooks.read(Webhook(token, signed(BODY), BODY), FACTS, tokens=(token,), secrets=(SECRET,), now=NOW)


MUTATIONS = st.lists(st.tuples(st.integers(0, len(BODY) - 1), st.binary(max_size=3), st.integers(0, 3)), max_size=6)


@settings(max_examples=300, deadline=None)
@given(MUTATIONS)
def test_a_body_with_any_byte_changed_is_refused_where_it_was_signed_and_else_understood_or_refused(
    changes: list[tuple[int, bytes, int]],
) -> None:
    body = bytearray(BODY)
    for where, new, drop in changes:
        body[where : where + drop] = new
    hook = Webhook(TOKEN, signed(BODY), bytes(body))
    if bytes(body) != BODY:
        with pytest.raises(ProofError):
            webhooks.read(hook, FACTS, tokens=(TOKEN,), secrets=(SECRET,), now=NOW)
    with contextlib.suppress(ProofError):
        assert webhooks.read(hook, FACTS, tokens=(TOKEN,), secrets=(), now=NOW).grade is Grade.TOKEN


HEADERS = st.dictionaries(st.sampled_from(["x-webhook-signature", "x-webhook-timestamp", "x-other"]), st.text())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = [*webhooks._Message.model_fields, "phoneNumber", "toolCallList", "durationSeconds", "analysis"]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters()), HEADERS, st.binary() | st.sampled_from([BODY, b"{}", b"[[[["]))
def test_whatever_a_stranger_sends_ends_in_a_proof_error(token: str, headers: dict[str, str], body: bytes) -> None:
    for address in (token, TOKEN):
        with pytest.raises(ProofError):
            webhooks.read(Webhook(address, headers, body), FACTS, tokens=(TOKEN,), secrets=(SECRET,), now=NOW)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(webhooks.REPORTS + webhooks.QUESTIONS), st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_members_of_any_kind_are_as_good_as_absent_where_they_cannot_be_understood(
    kind: str, members: dict[str, Any]
) -> None:
    notice = read({"message": {**members, "type": kind, "call": {"id": "c1"}}})
    assert (notice.report is not None) == (kind in webhooks.REPORTS)


def test_secrets_are_compared_by_the_shared_proofs_alone() -> None:
    tree = ast.parse(inspect.getsource(webhooks))
    compared = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert not [text for text in compared if any(word in text for word in ("token", "signature", "secret"))]
