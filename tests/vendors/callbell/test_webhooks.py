"""Callbell's webhooks: the signature, its forgeries, the simulator's deliveries, and the one key of an event."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from callbell_bench import NOW, person
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.errors import ProofError
from campaigns.serving import bind, serving
from campaigns.vendors.callbell.simulator import CallbellSimulator, simulate
from campaigns.vendors.callbell.webhooks import parse, read

SECRET, STAMP = "whsec_demo_0001", 1790500000
BODY = b'{"event":"contact_updated","payload":{"uuid":"c0ffee00c0ffee00c0ffee00c0ffee00"}}'
VECTOR = "6cfb0e0979c7f07b536737853ee835732d5071fe33d1da85f5157a1bc7c06f4c"
AT = datetime.fromtimestamp(STAMP, UTC)


def signed(stamp: object = STAMP, *, secret: str = SECRET, body: bytes = BODY) -> str:
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def test_the_vector_of_the_notes_is_believed() -> None:
    event = read({"X-Callbell-Signature": f"t={STAMP},v1={VECTOR}"}, BODY, secret=SECRET, now=AT)
    assert event is not None
    assert (event.name, event.payload["uuid"]) == ("contact_updated", "c0ffee00c0ffee00c0ffee00c0ffee00")
    assert event.contact is not None
    assert event.contact.uuid == "c0ffee00c0ffee00c0ffee00c0ffee00"
    for seconds in (-300, 0, 300):
        assert read({"x-callbell-signature": signed()}, BODY, secret=SECRET, now=AT + timedelta(seconds=seconds))


GOOD = signed()
FORGERIES = {
    "no header": None,
    "empty": "",
    "blank": " ",
    "no parts": VECTOR,
    "no stamp": f"v1={VECTOR}",
    "no digest": f"t={STAMP}",
    "empty digest": f"t={STAMP},v1=",
    "empty stamp": f"t=,v1={VECTOR}",
    "other order": f"v1={VECTOR},t={STAMP}",
    "other version": f"t={STAMP},v0={VECTOR}",
    "two versions": f"t={STAMP},v0={'0' * 64},v1={VECTOR}",
    "two digests": f"t={STAMP},v1={'0' * 64},v1={VECTOR}",
    "two stamps": f"t={STAMP},t={STAMP + 1},v1={VECTOR}",
    "trailing": f"{GOOD},",
    "leading blank": f" {GOOD}",
    "line break": f"{GOOD}\n",
    "null": f"{GOOD}\0",
    "capitals": f"t={STAMP},v1={VECTOR.upper()}",
    "half": f"t={STAMP},v1={VECTOR[:32]}",
    "too long": f"t={STAMP},v1={VECTOR}0",
    "first digit": f"t={STAMP},v1={'7' + VECTOR[1:]}",
    "last digit": f"t={STAMP},v1={VECTOR[:-1] + 'd'}",
    "zeroes": f"t={STAMP},v1={'0' * 64}",
    "not hex": f"t={STAMP},v1={'g' * 64}",
    "unicode": f"t={STAMP},v1={'é' * 64}",
    "surrogate": f"t={STAMP},v1=\udce9{VECTOR[1:]}",
    "other stamp": f"t={STAMP + 1},v1={VECTOR}",
    "stamp with sign": f"t=+{STAMP},v1={VECTOR}",
    "stamp with blanks": f"t= {STAMP},v1={VECTOR}",
    "stamp with point": f"t={STAMP}.0,v1={VECTOR}",
    "stamp in other digits": f"t=١٧٩٠٥٠٠٠٠٠,v1={VECTOR}",
    "stamp with underscore": f"t=1_790_500_000,v1={VECTOR}",
    "huge stamp": signed(10**15),
    "milliseconds": signed(STAMP * 1000),
    "negative": signed(-STAMP),
    "zero": signed(0),
    "too old": signed(STAMP - 301),
    "from the future": signed(STAMP + 301),
    "other secret": signed(secret="whsec_demo_0002"),
    "secret without prefix": signed(secret="demo_0001"),
    "empty secret": signed(secret=""),
    "other body": signed(body=BODY + b" "),
    "empty body": signed(body=b""),
    "body alone": f"t={STAMP},v1={hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}",
    "plain hash": f"t={STAMP},v1={hashlib.sha256(str(STAMP).encode() + b'.' + BODY).hexdigest()}",
    "hash with the secret": f"t={STAMP},v1={hashlib.sha256(SECRET.encode() + BODY).hexdigest()}",
    "sha1": f"t={STAMP},v1={hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()}",
    "joined without point": f"t={STAMP},v1={hmac.new(SECRET.encode(), b'1790500000' + BODY, 'sha256').hexdigest()}",
    "prefix": f"sha256={VECTOR}",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    header = FORGERIES[name]
    with pytest.raises(ProofError):
        read({} if header is None else {"X-Callbell-Signature": header}, BODY, secret=SECRET, now=AT)


def test_a_changed_byte_a_second_header_and_a_missing_secret_are_refused() -> None:
    for n in range(0, len(BODY), 7):
        changed = BODY[:n] + bytes([BODY[n] ^ 1]) + BODY[n + 1 :]
        with pytest.raises(ProofError):
            read({"X-Callbell-Signature": GOOD}, changed, secret=SECRET, now=AT)
    with pytest.raises(ProofError):
        read({"X-Callbell-Signature": GOOD, "x-callbell-signature": GOOD}, BODY, secret=SECRET, now=AT)
    with pytest.raises(ProofError):
        read({"X-Callbell-Signature": signed(secret="")}, BODY, secret="", now=AT)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[]", b"ping", b"\xff\xfe", b'{"event":""}', b'{"event":7}'])
def test_a_connection_check_is_no_event(body: bytes) -> None:
    assert read({"X-Callbell-Signature": signed(body=body)}, body, secret=SECRET, now=AT) is None
    assert parse(body) is None


def test_the_same_news_has_the_same_key_and_no_other_has() -> None:
    events = [
        parse(json.dumps({"event": name, "payload": payload}).encode())
        for name in ("contact_updated", "message_created")
        for payload in ({"uuid": "a"}, {"uuid": "b"}, {"uuid": "a", "tags": ["vip"]}, {}, None, [])
    ]
    keys = [event.dedupe_key for event in events if event]
    assert len(set(keys)) == len(keys) == 12
    assert parse(BODY) == parse(BODY)
    assert "c0ffee00" not in repr(parse(BODY)).replace(keys[0], "").split("dedupe_key")[0]


def test_whom_an_event_is_about() -> None:
    about = {"event": "message_created", "payload": {"text": "Hello", "contact": {"uuid": "a", "tags": ["vip"]}}}
    event = parse(json.dumps(about).encode())
    assert event is not None
    assert event.contact is not None
    assert event.contact.tags == ["vip"]
    other = parse(b'{"event":"agent_status_updated","payload":{"email":"x"}}')
    assert other is not None
    assert other.contact is None


# ── the simulator's deliveries ──


class Receiver:
    """Takes webhooks, and answers as told."""

    def __init__(self, clock: DiscreteClock, *answers: int) -> None:
        self._clock, self._answers = clock, list(answers)
        self.taken: list[tuple[datetime, str, bytes]] = []

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        app = Starlette(routes=[Route("/hook", self._take, methods=["POST"])])
        async with serving(app, bind("127.0.0.1", 0)) as address:
            yield f"{address}/hook"

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        self.taken.append((self._clock.now(), request.headers.get("x-callbell-signature", ""), body))
        return JSONResponse({"status": "ok"}, self._answers.pop(0) if self._answers else 200)


def played(*answers: int, secret: str = SECRET, hours: float = 0.05) -> tuple[Receiver, CallbellSimulator]:
    """A contact is changed while somebody listens."""
    clock = DiscreteClock(NOW)
    receiver = Receiver(clock, *answers)

    async def main() -> CallbellSimulator:
        async with receiver.serve() as url, anyio.create_task_group() as tasks:
            simulator = simulate(clock, webhook=url, secret=secret)
            simulator.contacts = [person(1)]
            tasks.start_soon(simulator.run)
            await clock.sleep_until(NOW + timedelta(seconds=1))
            simulator.teller.tell("contact_updated", {"uuid": f"{1:032x}"})
            await clock.sleep_until(NOW + timedelta(hours=hours))
            tasks.cancel_scope.cancel()
        return simulator

    return receiver, run_virtual(clock, main)


def test_what_the_simulator_signs_our_side_believes() -> None:
    receiver, simulator = played()
    [(at, signature, body)] = receiver.taken
    event = read({"x-callbell-signature": signature}, body, secret=SECRET, now=at)
    assert event is not None
    assert event.name == "contact_updated"
    assert [entry["success"] for entry in simulator.teller.log] == [True]
    assert played(secret="")[0].taken[0][1] == ""


def test_a_delivery_that_fails_is_tried_three_times_and_signed_anew() -> None:
    receiver, simulator = played(500, 503, 500)
    times = [(at - NOW).total_seconds() for at, _, _ in receiver.taken]
    assert times == [1, 11, 71]
    assert len({signature for _, signature, _ in receiver.taken}) == 3
    for at, signature, body in receiver.taken:
        assert read({"x-callbell-signature": signature}, body, secret=SECRET, now=at)
    assert [entry["success"] for entry in simulator.teller.log] == [False]
    again, simulator = played(500, 201)
    assert len(again.taken) == 2
    assert [entry["success"] for entry in simulator.teller.log] == [False], "success means exactly 200"


def test_connection_checks_come_by_themselves_and_six_hours_of_silence_end_them() -> None:
    receiver, simulator = played(hours=0.2)
    assert [body for _, _, body in receiver.taken][1:] == [b"{}", b"{}"]
    assert simulator.teller.enabled
    clock = DiscreteClock(NOW)
    alone = simulate(clock, webhook="http://127.0.0.1:9/hook")

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(alone.run)
            await clock.sleep_until(NOW + timedelta(hours=5.9))
            assert alone.teller.enabled
            await clock.sleep_until(NOW + timedelta(hours=6.2))
            tasks.cancel_scope.cancel()

    run_virtual(clock, main)
    assert not alone.teller.enabled
