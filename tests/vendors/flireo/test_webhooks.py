"""Flireo's webhooks: the four events read whole, and every forgery refused with ProofError and nothing else."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.call import CallReport, Grade, Notice, Webhook
from campaigns.domain.errors import ProofError
from campaigns.vendors.flireo import webhooks

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOKEN, SECRET = "t0ken-" + "x" * 26, "a secret of the vendor"
CALL = "6b0a5a51-0a0f-4a65-9c2c-3f5a4e0f7a10"
PARTIES = {"fromCaller": "+31200000001", "toAssistant": "+31200000099"}
REPORT = {
    "eventTimestamp": 1795424400000, "eventType": "end-of-call-report", "callId": CALL, **PARTIES,
    "transcriptText": "AI: Goedemiddag.\nGebruiker: Hallo.", "summaryText": "Korte kennismaking.",
    "recordings": {"linkStereo": "https://storage.example/rec.mp3?token=x"}, "callLengthSeconds": 41.5,
    "analysis": {"summary": "x", "structuredData": {"confirmed": True}, "successEvaluation": "true"},
    "endedReason": "customer-ended-call", "userMetadata": {"attempt_id": "a1"},
}  # fmt: skip


def packed(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def signature(body: bytes, stamp: str, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed(body: bytes, at: datetime = NOW, **more: str) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {"x-webhook-timestamp": stamp, "x-webhook-signature": signature(body, stamp)} | more


def read(event: object, *, token: str = TOKEN, headers: dict[str, str] | None = None, secret: str = SECRET) -> Notice:
    body = event if isinstance(event, bytes) else packed(event)
    return webhooks.read(
        Webhook(token, headers or {}, body), tokens=(TOKEN,), secrets=(secret,) if secret else (), now=NOW
    )


# --- what is understood -----------------------------------------------------------------------------------------------


def test_an_end_of_call_report_is_read_member_by_member() -> None:
    notice = read(REPORT)
    assert notice.grade is Grade.TOKEN
    assert notice.report == CallReport(
        call_id=CALL, attempt_id="a1", phone="+31200000001", ended=True, ended_reason="customer-ended-call",
        talk_seconds=41.5, summary="Korte kennismaking.", transcript="AI: Goedemiddag.\nGebruiker: Hallo.",
        analysis={"confirmed": True}, recording="https://storage.example/rec.mp3?token=x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "ended"), [("in-progress", False), ("ended", True), ("ended-with-debugging", True), ("new word", False)]
)
def test_a_status_update_names_the_call_as_a_session(status: str, ended: bool) -> None:
    event = {"eventTimestamp": 1795424400000, "eventType": "status-update", "callSession": CALL, **PARTIES}
    report = read(event | {"status": status, "debugging-artifact": "note"}).report
    assert report == CallReport(call_id=CALL, phone="+31200000001", ended=ended)


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "assistant-request", **PARTIES},
        {"eventTime": 1795424400000, "eventType": "tool-calls", "callId": CALL, **PARTIES, "userMetadata": None,
         "tasksInitiated": [{"taskId": "t", "taskName": "book", "taskPayload": {"day": "ma"}},
                            {"taskId": "u", "taskName": "x"}]},
        {"eventType": "end-of-call-report", **PARTIES},
        {"eventType": "status-update", "callSession": "", "status": "ended"},
    ],
)  # fmt: skip
def test_an_event_without_news_of_a_call_is_proved_but_reports_nothing(event: dict[str, Any]) -> None:
    assert read(event).report is None


@pytest.mark.parametrize(
    "odd",
    [
        {"analysis": "text"}, {"analysis": []}, {"recordings": []}, {"recordings": None}, {"callLengthSeconds": "long"},
        {"callLengthSeconds": -1}, {"summaryText": None}, {"userMetadata": "x"}, {"userMetadata": {"attempt_id": 7}},
        {"fromCaller": None}, {"endedReason": {}}, {"transcriptText": ["AI: x"]}, {"more": {"of": "it"}},
    ],
)  # fmt: skip
def test_one_odd_member_does_not_lose_the_report(odd: dict[str, Any]) -> None:
    report = read(REPORT | odd).report
    assert report is not None
    assert (report.call_id, report.ended) == (CALL, True)
    assert report.talk_seconds in (None, 41.5)


def test_half_an_emoji_and_a_nul_become_text_that_can_be_stored() -> None:
    report = read(b'{"eventType":"end-of-call-report","callId":"c","summaryText":"Bye \\ud83d\\u0000!"}').report
    assert report is not None
    assert report.summary == "Bye ?!"


def test_the_same_news_has_the_same_key_and_other_news_another() -> None:
    first, again, other = read(REPORT), read(REPORT), read(REPORT | {"callLengthSeconds": 42})
    assert first.dedupe_key == again.dedupe_key != other.dedupe_key
    body = packed(REPORT)
    assert read(body, headers=signed(body)).dedupe_key == first.dedupe_key


def test_a_fresh_signature_proves_the_body() -> None:
    body = packed(REPORT)
    for at in (NOW, NOW - timedelta(seconds=299), NOW + timedelta(seconds=299)):
        assert read(body, headers=signed(body, at)).grade is Grade.BODY


def test_without_a_secret_of_ours_a_signature_proves_nothing() -> None:
    body = packed(REPORT)
    assert read(body, headers=signed(body), secret="").grade is Grade.TOKEN


# --- forgeries --------------------------------------------------------------------------------------------------------

BODY = packed(REPORT)
STAMP = str(int(NOW.timestamp()))
RIGHT = signature(BODY, STAMP)


def with_headers(**headers: str) -> Webhook:
    return Webhook(TOKEN, {name.replace("_", "-"): value for name, value in headers.items()}, BODY)


def stamped(stamp: str) -> Webhook:
    """Rightly signed, under a time stamp that is none."""
    return with_headers(
        x_webhook_timestamp=stamp, x_webhook_signature=signature(BODY, stamp.encode("utf-8", "replace").decode())
    )


def told(body: bytes) -> Webhook:
    return Webhook(TOKEN, {}, body)


FORGERIES: dict[str, Webhook] = {
    "no token": Webhook("", {}, BODY),
    "a wrong token": Webhook("y" * len(TOKEN), {}, BODY),
    "a shorter token": Webhook(TOKEN[:-1], {}, BODY),
    "a longer token": Webhook(TOKEN + "x", {}, BODY),
    "a token in capitals": Webhook(TOKEN.upper(), {}, BODY),
    "a token with a blank": Webhook(TOKEN + " ", {}, BODY),
    "a token with a NUL": Webhook(TOKEN + "\0", {}, BODY),
    "a foreign token": Webhook("tökén-" + "x" * 26, {}, BODY),
    "a token of half characters": Webhook("\ud800" * 32, {}, BODY),
    "a right signature under a wrong token": Webhook("y" * 32, signed(BODY), BODY),
    "an empty signature": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature=""),
    "a signature without its stamp": with_headers(x_webhook_signature=RIGHT),
    "a signature without its prefix": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature=RIGHT[7:]),
    "a signature of another kind": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature="sha1=" + RIGHT[7:]),
    "a signature in capitals": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature=RIGHT.upper()),
    "a short signature": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature=RIGHT[:-1]),
    "a long signature": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature=RIGHT + "0"),
    "a signature with one wrong digit": with_headers(
        x_webhook_timestamp=STAMP, x_webhook_signature=RIGHT[:-1] + ("0" if RIGHT[-1] != "0" else "1")
    ),
    "a signature that stands twice": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature=f"{RIGHT}, {RIGHT}"),
    "a signature of half characters": with_headers(x_webhook_timestamp=STAMP, x_webhook_signature="\ud800"),
    "a signature with another secret": with_headers(
        x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP, "other")
    ),
    "a signature with no secret": with_headers(
        x_webhook_timestamp=STAMP, x_webhook_signature=signature(BODY, STAMP, "")
    ),
    "a signature of the body alone": with_headers(
        x_webhook_timestamp=STAMP,
        x_webhook_signature="sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest(),
    ),
    "a signature of another stamp": with_headers(x_webhook_timestamp=str(int(STAMP) + 1), x_webhook_signature=RIGHT),
    "a changed body": Webhook(TOKEN, signed(BODY), BODY.replace(b"41.5", b"41.6")),
    "a body with a blank more": Webhook(TOKEN, signed(BODY), BODY + b" "),
    "another body": Webhook(TOKEN, signed(BODY), packed({"eventType": "status-update"})),
    "a stale stamp": Webhook(TOKEN, signed(BODY, NOW - timedelta(seconds=301)), BODY),
    "a stamp of last year": Webhook(TOKEN, signed(BODY, NOW - timedelta(days=365)), BODY),
    "a stamp from the future": Webhook(TOKEN, signed(BODY, NOW + timedelta(seconds=301)), BODY),
    "no stamp": stamped(""),
    "a stamp in milliseconds": stamped(STAMP + "000"),
    "a negative stamp": stamped("-" + STAMP),
    "a signed stamp": stamped("+" + STAMP),
    "a stamp with a fraction": stamped(STAMP + ".0"),
    "a stamp with a blank": stamped(" " + STAMP),
    "a stamp with an underscore": stamped(STAMP[:4] + "_" + STAMP[4:]),
    "a stamp in other digits": stamped(STAMP.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))),
    "a stamp that is a power": stamped("1e9"),
    "a stamp as a date": stamped(NOW.isoformat()),
    "a stamp of 5,000 digits": stamped("1" * 5000),
    "a stamp that stands twice": stamped(f"{STAMP}, {STAMP}"),
    "no body": told(b""),
    "no JSON": told(b"eventType=end-of-call-report"),
    "half JSON": told(BODY[:-5]),
    "JSON and more": told(BODY + b"{}"),
    "a key twice": told(b'{"eventType":"status-update","eventType":"end-of-call-report","callId":"c"}'),
    "an inner key twice": told(b'{"eventType":"end-of-call-report","callId":"c","analysis":{"a":1,"a":2}}'),
    "an escaped key twice": told(b'{"eventType":"status-update","event\\u0054ype":"end-of-call-report"}'),
    "NaN": told(b'{"eventType":"end-of-call-report","callId":"c","callLengthSeconds":NaN}'),
    "infinity": told(b'{"eventType":"end-of-call-report","callId":"c","callLengthSeconds":-Infinity}'),
    "a number that is infinite": told(b'{"eventType":"end-of-call-report","callId":"c","analysis":{"a":1e999}}'),
    "an integer of 5,000 digits": told(b'{"eventType":"status-update","callSession":' + b"9" * 5000 + b"}"),
    "bad UTF-8": told(BODY.replace(b"Korte", b"K\xffrte")),
    "Latin-1": told(BODY.replace(b"Korte", "Körte".encode("latin-1"))),
    "UTF-16": told(BODY.decode().encode("utf-16")),
    "a byte order mark": told(b"\xef\xbb\xbf" + BODY),
    "100,000 brackets": told(b"[" * 100_000),
    "deep nesting": told(
        b'{"eventType":"end-of-call-report","callId":"c","analysis":' + b'{"a":' * 500 + b"1" + b"}" * 501
    ),
    "a list": told(packed([REPORT])),
    "a text": told(b'"end-of-call-report"'),
    "a number": told(b"7"),
    "null": told(b"null"),
    "no event": told(b'{"callId":"c"}'),
    "an unknown event": told(packed(REPORT | {"eventType": "call-started"})),
    "an event in capitals": told(packed(REPORT | {"eventType": "End-Of-Call-Report"})),
    "an event that is a list": told(packed(REPORT | {"eventType": ["end-of-call-report"]})),
    "an event of the other generation": told(packed({"message": {"type": "end-of-call-report", "call": {"id": "c"}}})),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    with pytest.raises(ProofError) as caught:
        webhooks.read(FORGERIES[name], tokens=(TOKEN,), secrets=(SECRET,), now=NOW)
    assert TOKEN not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("token", ["", "short", "x" * 15])
def test_a_token_that_could_be_guessed_admits_nobody(token: str) -> None:
    with pytest.raises(ProofError):
        webhooks.read(Webhook(token, {}, BODY), tokens=(token,), secrets=(SECRET,), now=NOW)


MUTATIONS = st.lists(st.tuples(st.integers(0, len(BODY) - 1), st.binary(max_size=3), st.integers(0, 3)), max_size=6)


@settings(max_examples=400, deadline=None)
@given(MUTATIONS)
def test_a_signed_body_with_any_byte_changed_is_refused(changes: list[tuple[int, bytes, int]]) -> None:
    body = bytearray(BODY)
    for where, new, drop in changes:
        body[where : where + drop] = new
    hook = Webhook(TOKEN, signed(BODY), bytes(body))
    if bytes(body) == BODY:
        assert webhooks.read(hook, tokens=(TOKEN,), secrets=(SECRET,), now=NOW).grade is Grade.BODY
    else:
        with pytest.raises(ProofError):
            webhooks.read(hook, tokens=(TOKEN,), secrets=(SECRET,), now=NOW)


@settings(max_examples=400, deadline=None)
@given(MUTATIONS)
def test_any_body_is_either_understood_or_refused(changes: list[tuple[int, bytes, int]]) -> None:
    body = bytearray(BODY)
    for where, new, drop in changes:
        body[where : where + drop] = new
    try:
        notice = webhooks.read(told(bytes(body)), tokens=(TOKEN,), secrets=(SECRET,), now=NOW)
    except ProofError:
        return
    assert notice.grade is Grade.TOKEN


HEADERS = st.dictionaries(st.sampled_from(["x-webhook-signature", "x-webhook-timestamp", "x-other"]), st.text())


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters()), HEADERS, st.binary() | st.sampled_from([BODY, b"{}", b"[[[["]))
def test_whatever_a_stranger_sends_ends_in_a_proof_error(token: str, headers: dict[str, str], body: bytes) -> None:
    for address in (token, TOKEN):
        try:
            webhooks.read(Webhook(address, headers, body), tokens=(TOKEN,), secrets=(SECRET,), now=NOW)
        except ProofError:
            continue
        assert address == TOKEN
        assert "x-webhook-signature" not in headers
