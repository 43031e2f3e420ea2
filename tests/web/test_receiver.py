"""Webhooks over ASGI: questions are answered in the body, news is kept first, and what is not proved gets neither."""

import json
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest

from campaigns.app import Account
from campaigns.clock import SystemClock, real_now
from campaigns.domain.call import Webhook
from campaigns.domain.errors import ProofError, StoreUnavailable
from campaigns.engine import answering
from campaigns.ports.meters import UNMETERED
from campaigns.scripted import TOKEN
from campaigns.stores.memory import MemoryStore
from campaigns.testing import Night, a_campaign, a_contact, a_night
from campaigns.web.knocks import MOST, Knocks
from campaigns.web.receiver import receiver

CAMPAIGN = {
    "variables": {"first_name": "{{ name }}"},
    "assistant": {"firstMessage": "Hello {{ first_name }}"},
    "tools": {"who": "This is {{ first_name }}."},
}
ANN = a_contact(1, variables={"first_name": "Ann"})
PHONE = ANN.phones[0].e164
TOOLS = {"t1": "who"}
TO_ANN = {"assistant": {"firstMessage": "Hello Ann"}, "tools": {"t1": "This is Ann."}}
TO_NOBODY = {"assistant": None, "tools": {"t1": answering.NO_ANSWER}}


@asynccontextmanager
async def web(store: Any) -> Any:
    """A night and `post(body, token, provider)`."""
    async with a_night(store, SystemClock(), campaign=a_campaign(**CAMPAIGN), contacts=[ANN]) as night:
        session: Any = SimpleNamespace(store=store, book=night.book, clock=night.clock, meters=UNMETERED)
        account = Account("scripted", night.provider, night.dialer, night.reconciler)
        transport = httpx.ASGITransport(receiver(session, {"scripted": account}, Knocks(real_now)))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:

            async def post(body: Any, token: str = TOKEN, provider: str = "scripted") -> httpx.Response:
                text = body if isinstance(body, str) else json.dumps(body)
                return await client.post(f"/webhooks/{provider}/{token}", content=text)

            yield night, post
    store.close()


async def kept(night: Night) -> list[str]:
    return [item.report["call_id"] for item in await night.store.inbox("scripted", limit=9)]


async def test_a_question_is_answered_in_the_vendors_words_and_not_kept() -> None:
    async with web(MemoryStore()) as (night, post):
        answer = await post({"phone": PHONE, "tools": TOOLS})
        assert (answer.status_code, answer.json()) == (200, TO_ANN)
        assert await kept(night) == []


async def test_a_report_in_the_same_notice_is_kept() -> None:
    async with web(MemoryStore()) as (night, post):
        answer = await post({"phone": PHONE, "tools": TOOLS, "call_id": "call-7", "reported": True})
        assert (answer.status_code, answer.json()) == (200, TO_ANN)
        assert await kept(night) == ["call-7"]


async def test_news_wakes_whoever_applies_it_and_old_news_does_not() -> None:
    async with web(MemoryStore()) as (night, post):
        woken: list[str] = []
        night.reconciler.wake.ring = lambda: woken.append("rung")
        for _ in range(2):
            await post({"phone": PHONE, "tools": TOOLS, "call_id": "call-7", "reported": True})
        assert woken == ["rung"]


async def test_news_without_a_question_is_answered_with_an_empty_object() -> None:
    async with web(MemoryStore()) as (_, post):
        answer = await post("ping")
        assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    ("token", "provider"),
    [("guessed", "scripted"), (TOKEN[:-1], "scripted"), (TOKEN, "other"), (TOKEN * 2, "scripted")],
)
async def test_a_forged_question_is_told_nothing(token: str, provider: str) -> None:
    async with web(MemoryStore()) as (night, post):
        answer = await post({"phone": PHONE, "tools": TOOLS, "call_id": "c", "reported": True}, token, provider)
        assert (answer.status_code, answer.content) == (401, b"")
        assert await kept(night) == []


class Slow(MemoryStore):
    """Nobody can be found in it."""

    async def leads_with_phone(self, phone_key: str) -> Any:
        await anyio.sleep_forever()


async def test_a_slow_database_is_answered_for_before_the_vendor_gives_up() -> None:
    async with web(Slow()) as (_, post):
        with anyio.fail_after(4.5):
            answer = await post({"phone": PHONE, "tools": TOOLS})
        assert (answer.status_code, answer.json()) == (200, TO_NOBODY)


class Full(MemoryStore):
    """Takes in nothing."""

    async def receive(self, *_: Any, **__: Any) -> bool:
        raise StoreUnavailable("full")


async def test_a_report_that_cannot_be_kept_is_never_acknowledged_whatever_is_asked_with_it() -> None:
    async with web(Full()) as (_, post):
        answer = await post({"phone": PHONE, "tools": TOOLS, "call_id": "call-7", "reported": True})
        assert answer.status_code == 503
        assert (await post({"phone": PHONE, "tools": TOOLS})).json() == TO_ANN


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/webhooks/scripted", 404),
        ("POST", "/webhooks/scripted/", 404),
        ("POST", "/webhooks//token", 404),
        ("POST", "/webhooks/scripted/token/more", 404),
        ("POST", "/elsewhere", 404),
        ("GET", "/webhooks/scripted/token", 405),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("POST", "/healthz", 405),
    ],
)
async def test_only_what_is_documented_is_served(method: str, path: str, status: int) -> None:
    session: Any = SimpleNamespace(store=MemoryStore(), meters=UNMETERED)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(receiver(session, {}, Knocks(real_now))), base_url="http://here"
    ) as web:
        assert (await web.request(method, path)).status_code == status


async def test_a_header_that_stands_twice_is_joined_and_an_unfinished_body_is_not_read() -> None:
    heard: list[Webhook] = []

    def read(webhook: Webhook, *, now: Any) -> Any:
        heard.append(webhook)
        raise ProofError(f"not now, {now}")

    session: Any = SimpleNamespace(store=MemoryStore(), book=None, clock=SystemClock(), meters=UNMETERED)
    accounts: Any = {"scripted": SimpleNamespace(name="scripted", provider=SimpleNamespace(read=read, addressed=bool))}
    scope = {
        "type": "http", "method": "POST", "path": "/webhooks/scripted/t.o-ken",
        "headers": [(b"X-Proof", b"one"), (b"x-proof", b"two"), (b"x-name", "J\u00f6rg".encode("latin-1"))],
    }  # fmt: skip
    whole = [{"type": "http.request", "body": b"he", "more_body": True}, {"type": "http.request", "body": b"llo"}]
    for messages, status in ((whole, 401), ([whole[0], {"type": "http.disconnect"}], 400)):
        sent: list[Any] = []
        coming = iter(messages)

        async def take(coming: Any = coming) -> Any:
            return next(coming)

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        await receiver(session, accounts, Knocks(real_now))(scope, take, send)
        assert sent[0]["status"] == status
    assert heard == [Webhook("t.o-ken", {"x-proof": "one, two", "x-name": "J\u00f6rg"}, b"hello")]


async def _asked(app: Any, path: str) -> tuple[int, dict[bytes, bytes], int]:
    """Status, headers, and how many pieces of the body were read."""
    read, sent = [], []

    async def take() -> Any:
        read.append(1)
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "client": ("203.0.113.7", 1)}
    await app(scope, take, send)
    return sent[0]["status"], dict(sent[0]["headers"]), len(read)


@pytest.mark.row("W5")
async def test_of_a_wrong_address_nothing_is_read_and_one_that_is_right_is_heard_whoever_else_knocks() -> None:
    store = MemoryStore()
    async with a_night(store, SystemClock(), campaign=a_campaign(**CAMPAIGN), contacts=[ANN]) as night:
        session: Any = SimpleNamespace(store=store, book=night.book, clock=night.clock, meters=UNMETERED)
        account = Account("scripted", night.provider, night.dialer, night.reconciler)
        app = receiver(session, {"scripted": account}, Knocks(real_now))
        tries = [await _asked(app, f"/webhooks/scripted/guess-{n}") for n in range(MOST + 200)]
        assert [(status, read) for status, _, read in tries] == [(401, 0)] * MOST + [(429, 0)] * 200
        assert all(0 < int(headers[b"retry-after"]) <= 60 for _, headers, _ in tries[MOST:])
        for n in range(50):
            assert (await _asked(app, f"/webhooks/scripted/{TOKEN}"))[0] == 200, n
        assert (await _asked(app, "/webhooks/nobody/guess"))[0] == 401
    store.close()


async def test_a_report_on_which_a_provider_s_reading_breaks_is_no_fault_of_ours() -> None:
    def read(webhook: Webhook, *, now: Any) -> Any:
        raise OverflowError

    session: Any = SimpleNamespace(store=MemoryStore(), book=None, clock=SystemClock(), meters=UNMETERED)
    accounts: Any = {"scripted": SimpleNamespace(name="scripted", provider=SimpleNamespace(read=read, addressed=bool))}
    assert (await _asked(receiver(session, accounts, Knocks(real_now)), "/webhooks/scripted/t"))[0] == 401
