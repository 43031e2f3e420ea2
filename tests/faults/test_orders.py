"""Webhooks in every order, also before the answer to the call, and a thousand times: one end, in both databases."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest
from postgres import new_database
from rig import PHONES, TOKEN

from campaigns.app import Account
from campaigns.clock import SystemClock
from campaigns.domain.call import CallReport, Disposition, Notice, Placed, Placement, Webhook
from campaigns.domain.contact import PhoneNumber
from campaigns.ports.meters import UNMETERED
from campaigns.ports.store import Store
from campaigns.serving import bind, serving
from campaigns.stores.postgres import open_postgres
from campaigns.stores.sqlite import open_sqlite
from campaigns.testing import Night, ScriptedProvider, a_campaign, a_contact, a_night, an_account
from campaigns.vendors import provider_kind
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.web.knocks import Knocks
from campaigns.web.receiver import receiver

SECRET = "a secret that both sides know"
KINDS = ("hmsovereign", "flireo")
"""Signed, so that it is believed; proved by its address alone, so that the call is asked for."""
RULES = [{"when": "report.analysis.confirmed == true", "outcome": "reached", "label": "confirmed"}]
Event = tuple[bytes, dict[str, str]]


@pytest.fixture(autouse=True)
def _sender_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial's own sender would log the whole address, of which a part is secret."""
    monkeypatch.setattr(logging.getLogger("httpx"), "disabled", True)


def hms(call_id: str, phone: str) -> list[Event]:
    """Five reports of one call, as HMS Sovereign words and signs them."""
    end = {"type": "end-of-call-report", "duration_seconds": 60.0, "end_reason": "user_hangup"}
    told: list[dict[str, Any]] = [
        {"type": "status-update", "call": {"id": call_id, "status": "in-progress"}},
        {"type": "status-update", "call": {"id": call_id, "status": "ended"}},
        {**end, "analysis": {"confirmed": True}},
        {**end, "summary": "Confirmed.", "analysis": {"score": 3}},
        {**end, "messages": [], "analysis": {"confirmed": True}},
    ]
    sent = []
    for message in told:
        call = {
            "call": {"id": call_id, "type": "outbound_phone_call", "status": "ended"},
            "customer": {"number": phone},
        }
        body = json.dumps({"message": {**call, **message}}).encode()
        stamp = str(int(SystemClock().now().timestamp()))
        proof = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        names = {"X-Webhook-Event": message["type"], "X-Webhook-Timestamp": stamp}
        sent.append((body, {**names, "X-Webhook-Signature": f"sha256={proof}"}))
    return sent


def flireo(call_id: str, phone: str) -> list[Event]:
    """The same, as Flireo words them; its address alone proves them."""
    base = {"fromCaller": phone, "toAssistant": "+442079460900"}
    end = {**base, "eventType": "end-of-call-report", "callId": call_id, "callLengthSeconds": 60.0}
    state = {**base, "eventType": "status-update", "callSession": call_id}
    told = [
        {**state, "status": "in-progress", "eventTimestamp": 1},
        {**state, "status": "ended", "eventTimestamp": 2},
        {**end, "eventTimestamp": 3, "analysis": {"structuredData": {"confirmed": True}}},
        {**end, "eventTimestamp": 4, "summaryText": "Confirmed.", "analysis": {"structuredData": {"score": 3}}},
        {**end, "eventTimestamp": 5, "transcriptText": "", "analysis": {"structuredData": {"confirmed": True}}},
    ]
    return [(json.dumps(one).encode(), {}) for one in told]


class Voice(ScriptedProvider):
    """Calls that are over at once; its webhooks are a real vendor's, and some come before the answer to the call."""

    def told_by(self, kind: str) -> None:
        """Have webhooks proved and read as that vendor's."""
        account = VendorAccount("scripted", "http://127.0.0.1:9", "key", TOKEN, SECRET)
        self.vendor = provider_kind(kind)(account, Surroundings(SystemClock(), None, patient=False))
        self.before: Callable[[str, str], Any] | None = None

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:
        placement = await super().place(body, attempt_id=attempt_id)
        assert isinstance(placement, Placed)
        if self.before is not None:
            await self.before(placement.call_id, body.decode().partition("|")[2])
        return placement

    def _seen(self, call: Any) -> CallReport:
        """How it ended, whoever asks when: no two looks differ."""
        report: CallReport = call.report
        return report

    def addressed(self, token: str) -> bool:
        return self.vendor.addressed(token)

    def read(self, webhook: Webhook, *, now: Any) -> Notice:
        return self.vendor.read(webhook, now=now)


def opening(kind: str, folder: Path) -> AbstractAsyncContextManager[Store]:
    if kind == "sqlite":
        folder.mkdir(exist_ok=True)
        return open_sqlite(folder / "campaigns.db", clock=SystemClock(), simulated=True)
    return open_postgres(new_database(), clock=SystemClock(), simulated=True)


@asynccontextmanager
async def receiving(
    kind: str, database: str, folder: Path, people: int, poll: float = 1.0
) -> AsyncIterator[tuple[Night, Voice, Any]]:
    """A campaign that runs on a database, its provider, and the receiver of its webhooks."""
    talked = CallReport("", disposition=Disposition.ANSWERED, talk_seconds=60.0)
    provider = Voice(SystemClock(), lambda _phone, _nth: talked, lasts=timedelta())
    provider.told_by(kind)
    account = an_account(at_once=500, per_second=500, reports_come=True, poll_every=timedelta(seconds=poll))
    contacts = [a_contact(n, phones=(PhoneNumber(phone),)) for n, phone in enumerate(PHONES[:people])]
    async with (
        opening(database, folder) as store,
        a_night(
            store, SystemClock(), campaign=a_campaign(outcomes=RULES, pacing={"at_once": 500, "per_second": 500}),
            contacts=contacts, account=account, provider=provider,
        ) as night,
    ):  # fmt: skip
        session: Any = SimpleNamespace(store=store, book=night.book, clock=night.clock, meters=UNMETERED)
        doors = {"scripted": Account("scripted", provider, night.dialer, night.reconciler)}
        yield night, provider, receiver(session, doors, Knocks(SystemClock().now))
        await provider.vendor.aclose()


async def final(night: Night) -> list[tuple[object, ...]]:
    """What everybody came to, once nothing is left to be settled."""
    with anyio.fail_after(60):
        while await night.store.inbox("scripted", limit=1) or set((await night.store.counts("test")).states) != {
            "closed"
        }:
            await anyio.sleep(0.05)
    found = []
    for attempt in [attempt for attempt in await night.attempts() if attempt.call_id]:
        lead, report = (await night.store.lead(attempt.lead_id) or (None,))[0], attempt.report
        assert lead is not None
        assert report is not None
        found.append((
            attempt.state, attempt.disposition, report.summary, json.dumps(report.analysis), report.talk_seconds,
            report.ends, report.others, lead.state, lead.outcome, lead.label, lead.warning,
        ))  # fmt: skip
    return found


async def ends_of_all_orders(kind: str, database: str, folder: Path) -> list[tuple[object, ...]]:
    """120 people, to each of whom the five webhooks come in another order; none to all of them before the answer."""
    orders: dict[str, Sequence[int]] = dict(zip(PHONES, permutations(range(5)), strict=False))
    early = {phone: n % 6 for n, phone in enumerate(orders)}
    events = {"hmsovereign": hms, "flireo": flireo}[kind]
    async with receiving(kind, database, folder, len(orders)) as (night, provider, app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:

            async def tell(call_id: str, phone: str, which: Sequence[int]) -> None:
                told = events(call_id, phone)
                for n in which:
                    body, headers = told[n]
                    answer = await client.post(f"/webhooks/scripted/{TOKEN}", content=body, headers=headers)
                    assert answer.status_code == 200

            async def rest(call_id: str, phone: str) -> None:
                await tell(call_id, phone, orders[phone][early[phone] :])

            provider.before = lambda call_id, phone: tell(call_id, phone, orders[phone][: early[phone]])
            night.tasks.start_soon(night.runner.run, "test")
            with anyio.fail_after(60):
                while len(provider.calls) < len(orders):
                    await anyio.sleep(0.02)
            await asyncio.gather(*(rest(call.call_id, call.phone) for call in provider.calls))
            return await final(night)


@pytest.mark.row("W2")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_five_webhooks_in_all_120_orders_and_before_the_answer_come_to_one_end(
    database: str, tmp_path: Path, long: bool, figure: Any
) -> None:
    for kind in KINDS if long else KINDS[:1]:
        ends = await ends_of_all_orders(kind, database, tmp_path / kind)
        assert len(ends) == 120
        assert len(set(ends)) == 1, set(ends)
        assert ends[0][1:4] == (Disposition.ANSWERED, "Confirmed.", '{"confirmed": true, "score": 3}')
        figure("W2", f"different ends, {kind} on {database}", len(set(ends)), orders=len(ends))


@pytest.mark.row("W1")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_one_webhook_many_times_by_fifty_senders_is_one_change_and_one_effect(
    database: str, tmp_path: Path, long: bool, figure: Any
) -> None:
    times, senders = (1000, 50) if long else (100, 50)
    async with (
        receiving("hmsovereign", database, tmp_path, 1, poll=3600) as (night, provider, app),
        serving(app, bind("127.0.0.1", 0)) as url,
    ):
        night.tasks.start_soon(night.runner.run, "test")
        while not provider.calls:
            await anyio.sleep(0.01)
        call = provider.calls[0]
        body, headers = hms(call.call_id, call.phone)[2]
        answers: list[int] = []

        async def send(client: httpx.AsyncClient) -> None:
            for _ in range(times // senders):
                answer = await client.post(f"{url}/webhooks/scripted/{TOKEN}", content=body, headers=headers)
                answers.append(answer.status_code)

        async def all_send() -> None:
            width = httpx.Limits(max_connections=senders)
            async with httpx.AsyncClient(timeout=60, limits=width, verify=False) as client:  # noqa: S501 - no TLS here
                await asyncio.gather(*(send(client) for _ in range(senders)))

        await all_send()
        ends = await final(night)
        attempt = (await night.attempts())[0]
        moves = [line.to for line in await night.store.moves([attempt])]
        lead = await night.store.lead(attempt.lead_id)
        assert lead is not None
        before = attempt.rev, lead[1], len(moves)
        await all_send()
        again, lead_again = (await night.attempts())[0], await night.store.lead(attempt.lead_id)
        assert lead_again is not None
        after = again.rev, lead_again[1], len(await night.store.moves([again]))
    assert set(answers) == {200}
    assert len(answers) == 2 * times
    assert moves.count(attempt.state) == 1, "it ended once"
    assert ends[0][-3:] == ("reached", "confirmed", "")
    assert after == before
    figure("W1", f"rows changed after the first, {database}", 0, webhooks=len(answers), senders=senders)
