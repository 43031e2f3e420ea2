"""The promises of every call provider: placements, proof, words, budget, pages, erasure."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, SystemClock, run_virtual
from campaigns.domain.call import CallOrder, Disposition, Grade, NotSent, Placed, Refused, Unclear, Webhook
from campaigns.domain.errors import AccountRefused, ProofError, Throttled, VendorError
from campaigns.ports import CallProvider
from campaigns.ports.health import Needs
from campaigns.serving import bind, serving
from campaigns.vendors import provider_kind, simulate
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.simulated.cut import Cut, SeveringApp

from . import forgeries
from .samples import CALLER, PHONE, SECRET, TOKEN, ProviderSample

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ORDER = CallOrder("attempt-1", PHONE, "a0a0a0a0-0000-4000-8000-000000000001", CALLER, {"first_name": "Zoë"})


@dataclass
class Served:
    """A server that says one thing, and what it was asked."""

    answer: Callable[[Request], Response]
    seen: list[Request] = field(default_factory=list)
    gated: int = 0

    async def gate(self) -> None:
        self.gated += 1


@asynccontextmanager
async def talking(
    sample: ProviderSample, answer: Callable[[Request], Response]
) -> AsyncIterator[tuple[CallProvider, Served]]:
    served = Served(answer)

    async def endpoint(request: Request) -> Response:
        await request.body()
        served.seen.append(request)
        return served.answer(request)

    app = SeveringApp(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])
    async with serving(app, bind("127.0.0.1", 0)) as base:
        provider = a_provider(sample, base, served)
        try:
            yield provider, served
        finally:
            await provider.aclose()


def a_provider(sample: ProviderSample, base: str, served: Served | None = None, secret: str = SECRET) -> CallProvider:
    gate = served.gate if served else None
    account = VendorAccount("acme", base, "key-1", TOKEN, secret)
    return provider_kind(sample.kind)(account, Surroundings(SystemClock(), gate, patient=False))


def said(status: int, body: Any, **headers: str) -> Callable[[Request], Response]:
    return lambda _request: Response(json.dumps(body), status, {k.replace("_", "-"): v for k, v in headers.items()})


async def placed(sample: ProviderSample, answer: Callable[[Request], Response]) -> Any:
    async with talking(sample, answer) as (provider, served):
        placement = await provider.place(provider.encode(ORDER), attempt_id="attempt-1")
        assert len(served.seen) == 1, "a dial is asked exactly once"
        assert served.gated == 0, "a dial does not wait for the budget of questions"
        return placement


# Placements


async def test_an_accepted_call_is_placed_under_its_id(sample: ProviderSample) -> None:
    assert await placed(sample, said(200, sample.accepted("call-7"))) == Placed("call-7")
    assert await placed(sample, said(201, {**sample.accepted("call-7"), "news": {"of": "tomorrow"}})) == Placed(
        "call-7"
    )


DOUBTS: dict[str, Callable[[Request], Response]] = {
    **{str(status): said(status, {"error": "it broke"}) for status in (500, 502, 503, 504, 409, 418)},
    "accepted without an id": said(200, {"status": "queued"}),
    "accepted with nothing": said(200, {}),
    "accepted with a list": said(200, []),
    "accepted with null": said(201, None),
    "a page of the web": lambda _request: Response("<html>Welcome</html>", 200),
    "an empty answer": lambda _request: Response("", 200),
    "no content": lambda _request: Response(status_code=204),
    "a redirect": lambda _request: RedirectResponse("/elsewhere", 307),
    "cut off": lambda _request: Cut(),
    "cut in half": lambda _request: Cut(half=Response(json.dumps({"call_id": "call-7", "id": "call-7"}), 201)),
}


@pytest.mark.row("N5", "N6")
@pytest.mark.parametrize("doubt", DOUBTS)
async def test_whatever_proves_nothing_is_unclear(sample: ProviderSample, doubt: str) -> None:
    assert isinstance(await placed(sample, DOUBTS[doubt]), Unclear)


async def test_the_vendors_own_doubts_are_unclear(sample: ProviderSample) -> None:
    for name, (status, body) in sample.doubts.items():
        assert isinstance(await placed(sample, said(status, body)), Unclear), name


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refused_account_is_told_apart(sample: ProviderSample, status: int) -> None:
    refused = await placed(sample, said(status, {"error": "no", "message": f"no, {PHONE}"}))
    assert isinstance(refused, Refused)
    assert (refused.account, refused.bad_data) == (True, False)
    assert PHONE not in refused.reason


async def test_the_vendors_own_refusals_say_whose_fault_it_is(sample: ProviderSample) -> None:
    for name, (status, body, whose) in sample.refusals.items():
        refused = await placed(sample, said(status, body))
        assert isinstance(refused, Refused), name
        assert {"account": refused.account, "bad_data": refused.bad_data}[whose], name


@pytest.mark.row("N3")
async def test_too_fast_is_not_processed_and_says_for_how_long(sample: ProviderSample) -> None:
    refused = await placed(sample, said(429, {"error": "slow down"}, retry_after="17"))
    assert isinstance(refused, Refused)
    assert (refused.throttled, refused.retry_after) == (True, timedelta(seconds=17))


@pytest.mark.row("N7")
async def test_nothing_was_sent_where_nobody_listens(sample: ProviderSample) -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    provider = a_provider(sample, f"http://127.0.0.1:{port}")
    assert isinstance(await provider.place(provider.encode(ORDER), attempt_id="a"), NotSent)
    await provider.aclose()


async def test_an_order_is_the_same_bytes_whenever_it_is_encoded(sample: ProviderSample) -> None:
    provider = a_provider(sample, "http://127.0.0.1:9")
    body = provider.encode(ORDER)
    assert body == provider.encode(ORDER)
    assert PHONE.encode() in body
    assert "Zoë".encode() in body
    await provider.aclose()


# Proof


def _forgeries(sample: ProviderSample, event: str) -> list[forgeries.Forgery]:
    honest = sample.honest[event](NOW, "call-1")
    found = [*forgeries.of_address(honest), *forgeries.of_body(honest)]
    if sample.signs:
        found += forgeries.of_signature(
            honest, header="x-webhook-signature", stamp="x-webhook-timestamp", secret=SECRET
        )
    return found


async def test_an_honest_delivery_is_believed_as_far_as_it_is_proved(sample: ProviderSample) -> None:
    provider = a_provider(sample, "http://127.0.0.1:9")
    for event, honest in sample.honest.items():
        notice = provider.read(honest(NOW, "call-1"), now=NOW)
        assert notice.grade is (Grade.BODY if sample.signs else Grade.TOKEN), event
        assert notice.report is not None or notice.question is not None, event
        assert notice == provider.read(honest(NOW, "call-1"), now=NOW)
    await provider.aclose()


def _let_in(provider: CallProvider, forged: Webhook) -> bool:
    try:
        provider.read(forged, now=NOW)
    except ProofError:
        return False
    return True


@pytest.mark.row("W5")
async def test_no_forgery_is_let_in(sample: ProviderSample, figure: Any) -> None:
    provider, tried = a_provider(sample, "http://127.0.0.1:9"), 0
    for event in sample.honest:
        for name, forged in _forgeries(sample, event):
            tried += 1
            assert not _let_in(provider, forged), f"{event}: {name}"
    assert tried >= 40 * len(sample.honest)
    figure("W5", "forgeries let in", 0, provider=sample.kind, forgeries=tried)
    await provider.aclose()


# Words


async def test_every_word_of_the_vendor_is_mapped_or_knowingly_open(sample: ProviderSample) -> None:
    for word, expected in sample.words.items():
        async with talking(sample, said(200, sample.record("call-1", PHONE, word))) as (provider, _):
            report = await provider.fetch("call-1")
        assert report is not None, word
        assert (report.call_id, report.phone, report.ended) == ("call-1", PHONE, expected is not None), word
        assert report.disposition is expected, word


@pytest.mark.row("N5")
@pytest.mark.parametrize("word", ["quantum-tangled", "", "42"])
async def test_a_word_that_nobody_knows_is_never_a_conversation(sample: ProviderSample, word: str) -> None:
    async with talking(sample, said(200, sample.record("call-1", PHONE, word))) as (provider, _):
        report = await provider.fetch("call-1")
    assert report is not None
    assert report.disposition in (None, Disposition.UNKNOWN)


# Questions: budget, errors, pages, erasure


async def test_every_question_waits_for_the_budget_once(sample: ProviderSample) -> None:
    async with talking(sample, said(200, sample.record("call-1", PHONE, next(iter(sample.words))))) as (
        provider,
        served,
    ):
        await provider.fetch("call-1")
        assert served.gated == len(served.seen) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AccountRefused), (403, AccountRefused), (429, Throttled), (500, VendorError)]
)
async def test_a_question_that_is_not_answered_is_an_error_without_anybodys_number(
    sample: ProviderSample, status: int, kind: type[Exception]
) -> None:
    async with talking(sample, said(status, {"error": "no", "message": f"no {PHONE}"}, retry_after="9")) as (
        provider,
        _,
    ):
        for ask in (provider.fetch("call-1"), provider.page(since=NOW, offset=0, limit=10)):
            with pytest.raises(kind) as caught:
                await ask
            assert PHONE not in str(caught.value)
            assert "key-1" not in str(caught.value)


def test_calls_are_placed_found_listed_and_erased_at_the_simulator(sample: ProviderSample) -> None:
    clock = DiscreteClock(NOW)

    async def main() -> None:
        simulator = simulate(sample.kind, clock=clock, callers=[CALLER])
        async with serving(simulator.app, bind("127.0.0.1", 0)) as base:
            account = VendorAccount("acme", base + simulator.prefix, "key-1", TOKEN, SECRET)
            provider = provider_kind(sample.kind)(account, Surroundings(clock, None, patient=False))
            await provider.prepare([CALLER])
            ids = set()
            for number in range(7):
                order = CallOrder(f"a{number}", f"+44207946{number:04}", ORDER.agent, CALLER, {})
                with clock.work():
                    answer = await provider.place(provider.encode(order), attempt_id=order.attempt_id)
                assert isinstance(answer, Placed)
                ids.add(answer.call_id)
            await clock.sleep_until(NOW + timedelta(minutes=30))
            listed = [
                report
                for offset in (0, 3, 6)
                for report in (await provider.page(since=NOW, offset=offset, limit=3)).reports
            ]
            assert {report.call_id for report in listed} == ids
            assert all(report.ended and report.disposition for report in listed)
            assert await provider.fetch("00000000-0000-4000-8000-000000000000") is None
            one = ids.pop()
            if await provider.erase(one):
                assert await provider.fetch(one) is None
                assert await provider.erase(one)
            await provider.aclose()

    run_virtual(clock, main)


async def test_a_look_at_its_health_raises_nothing_and_names_nobody(sample: ProviderSample) -> None:
    needs = Needs(frozenset({ORDER.agent}), (CALLER,), 10, 30.0, reports_come=True)
    for answer in (said(200, {}), said(200, []), said(401, {"error": f"no {PHONE}"}), said(500, {}), DOUBTS["cut off"]):
        async with talking(sample, answer) as (provider, _):
            findings = await provider.health(needs)
        assert findings
        assert all(PHONE not in f.says + f.mend and "key-1" not in f.says + f.mend for f in findings)
    async with talking(sample, said(401, {"error": "no"})) as (provider, _):
        assert any(finding.ok is False for finding in await provider.health(needs))
    async with talking(sample, said(500, {"error": "no"})) as (provider, _):
        assert not any(finding.ok is False for finding in await provider.health(needs)), "down is a doubt, no refusal"
