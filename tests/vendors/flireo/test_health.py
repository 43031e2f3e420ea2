"""What is found of a Flireo account before anybody is dialled; and what is deleted there afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, SystemClock
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.ports.health import Finding, Needs
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.flireo.provider import FlireoProvider
from campaigns.vendors.flireo.simulator import FlireoSimulator, Options, own_numbers

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
OURS, PHONE = "+31200000001", "+442079460001"
TOKEN = "t0ken-" + "x" * 26
AGENT = {"assistant_id": "a", "name": "Recall", "is_active": True, "server_url": f"https://us.example/hooks/{TOKEN}"}
NUMBERS = {"data": [{"id": "n1", "phone_number": OURS, "available": True}], "shared_numbers": [], "meta": {"total": 1}}
HEALTHY: dict[str, tuple[int, Any]] = {
    "/user/profile": (200, {"id": "u", "credits": 500}),
    "/assistants/a": (200, AGENT),
    "/phone-numbers": (200, NUMBERS),
    "/assistants/a/phone-number": (200, {"data": {"assistant_id": "a", "phone_number": {"id": "n1", "number": OURS}}}),
}
NEEDS = Needs(frozenset({"a"}), (OURS,), calls=100, talk_minutes=300, reports_come=True)


@asynccontextmanager
async def vendor(
    answers: dict[str, tuple[int, Any]], *, skew: float = 0, **account: Any
) -> AsyncIterator[FlireoProvider]:
    async def serve(request: Request) -> Response:
        status, body = answers.get(request.url.path, (404, {"error": {"code": "not_found", "message": "none"}}))
        told = format_datetime(SystemClock().now() + timedelta(seconds=skew), usegmt=True)
        return JSONResponse(body, status, {"date": told})

    app = Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "DELETE"])])
    async with serving(app, bind("127.0.0.1", 0)) as address:
        given = {"name": "flireo", "base_url": address, "api_key": "key-1", "webhook_token": TOKEN} | account
        around = Surroundings(SystemClock(), patient=False, webhooks="https://us.example/hooks")
        provider = FlireoProvider(VendorAccount(**given), around)
        yield provider
        await provider.aclose()


async def found(
    change: dict[str, tuple[int, Any]] | None = None, needs: Needs = NEEDS, **more: Any
) -> dict[str, list[Finding]]:
    by_subject: dict[str, list[Finding]] = {}
    async with vendor(HEALTHY | (change or {}), **more) as provider:
        for finding in await provider.health(needs):
            assert not any(secret in finding.says + finding.mend for secret in (OURS, PHONE, "key-1", TOKEN))
            assert finding.says
            by_subject.setdefault(finding.subject, []).append(finding)
    return by_subject


def verdicts(findings: dict[str, list[Finding]]) -> dict[str, list[bool | None]]:
    return {subject: [finding.ok for finding in some] for subject, some in findings.items()}


GOOD: dict[str, list[bool | None]] = {
    "key": [True], "credits": [True], "agent": [True], "numbers": [True], "webhooks": [True], "clock": [True],
}  # fmt: skip
UNKNOWN = (404, {"error": {"code": "not_found", "message": "none"}})
REFUSED = (401, {"error": "unauthorized"})


async def test_a_healthy_account_has_nothing_to_mend() -> None:
    findings = await found()
    assert verdicts(findings) == GOOD
    assert not any(finding.mend for some in findings.values() for finding in some)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"/user/profile": (200, {"credits": 0})}, {"credits": [False]}),
        ({"/user/profile": (200, {"credits": 299})}, {"credits": [None]}),
        ({"/user/profile": (200, {"user": {"credits_balance": {"credits": 5}}})}, {"credits": [None]}),
        ({"/user/profile": (200, {"id": "u"})}, {"credits": [None]}),
        ({"/user/profile": (402, {"error": "x"})}, {"key": None, "credits": [False]}),
        ({"/user/profile": (500, {})}, {"key": [None], "credits": None}),
        ({"/user/profile": UNKNOWN}, {"key": [None], "credits": None}),
        ({"/user/profile": UNKNOWN, "/calls": (200, {"calls": []})}, {"credits": [None]}),
        ({"/assistants/a": UNKNOWN, "/assistants": (200, {"assistants": []})}, {"agent": [False]}),
        ({"/assistants/a": UNKNOWN}, {"agent": [None]}),  # no assistant can be looked at: perhaps the routes are others
        ({"/assistants/a": (404, "Not Found")}, {"agent": [None]}),
        ({"/assistants/a": (200, AGENT | {"is_active": False})}, {"agent": [False]}),
        ({"/assistants/a": (403, {"error": "forbidden"})}, {"agent": [False]}),
        ({"/assistants/a": (200, AGENT | {"server_url": None})}, {"webhooks": [None, True]}),
        ({"/assistants/a": (200, AGENT | {"server_url": f"https://x.example/{TOKEN}"})}, {"webhooks": [None, True]}),
        ({"/phone-numbers": (200, {"data": [], "meta": {"total": 0}})}, {"numbers": [False]}),
        ({"/phone-numbers": (200, NUMBERS | {"data": [NUMBERS["data"][0] | {"available": False}]})},  # type: ignore[dict-item]
         {"numbers": [None]}),
        ({"/phone-numbers": (500, {})}, {"numbers": [None]}),
    ],
)  # fmt: skip
async def test_each_fault_of_the_account_is_found_and_the_rest_is_looked_at_still(
    change: dict[str, tuple[int, Any]], differs: dict[str, list[bool | None] | None]
) -> None:
    findings = await found(change)
    expected = {subject: some for subject, some in (GOOD | differs).items() if some is not None}
    assert verdicts(findings) == expected


async def test_a_refused_key_ends_the_look() -> None:
    findings = await found(dict.fromkeys(HEALTHY, REFUSED))
    assert verdicts(findings) == {"key": [False], "webhooks": [True], "clock": [True]}


@pytest.mark.parametrize(
    ("token", "ok"), [("", False), ("x" * 15, False), ("x" * 16, True)]
)  # fmt: skip
async def test_reports_that_nobody_could_prove_are_a_fault(token: str, ok: bool) -> None:
    findings = await found({"/assistants/a": (200, AGENT)}, webhook_token=token)
    assert [finding.ok for finding in findings["webhooks"]][-1] is ok
    silent = Needs(NEEDS.agents, NEEDS.caller_ids)
    assert "webhooks" not in await found(needs=silent, webhook_token=token)


@pytest.mark.parametrize(
    ("skew", "secret", "ok"),
    [(0, "", True), (-20, "", True), (90, "", None), (-3600, "", None), (90, "s", None), (3600, "s", False)],
)
async def test_a_wrong_clock_is_a_doubt_and_a_fault_where_signatures_need_it(
    skew: float, secret: str, ok: bool | None
) -> None:
    findings = await found(skew=skew, webhook_secret=secret)
    assert [finding.ok for finding in findings["clock"]] == [ok]


async def test_without_a_number_of_ours_the_assistants_own_is_looked_for() -> None:
    needs = Needs(NEEDS.agents)
    assert "numbers" not in await found(needs=needs)
    none = {"/assistants/a/phone-number": (200, {"data": {"assistant_id": "a", "phone_number": None}})}
    assert verdicts(await found(none, needs))["numbers"] == [None]


async def test_some_unknown_caller_ids_are_counted() -> None:
    findings = await found(needs=Needs(caller_ids=(OURS, "n1", "+442079460999", "n2")))
    assert findings["numbers"][0].says == "2 of 4 caller_ids are not numbers of this account."


async def test_what_a_minute_costs_can_be_corrected() -> None:
    findings = await found(facts={"credits_per_minute": 2.0})
    assert verdicts(findings)["credits"] == [None]


async def test_the_simulators_account_is_looked_at_and_calls_there_are_erased() -> None:
    clock = DiscreteClock(START)
    options = Options(api_key="k", credits=30, assistants={"a"}, numbers=own_numbers(OURS))
    simulator = FlireoSimulator(clock=clock, options=options)
    async with serving(simulator.app, bind("127.0.0.1", 0)) as address:
        provider = FlireoProvider(VendorAccount("f", address, "k", TOKEN), Surroundings(clock, patient=False))
        findings = await provider.health(NEEDS)
        assert [(f.subject, f.ok) for f in findings] == [
            ("key", True), ("credits", None), ("agent", True), ("numbers", True), ("webhooks", True),
        ]  # fmt: skip
        assert [f.ok for f in await provider.health(Needs(frozenset({"b"})))] == [True, True, False]
        await provider.aclose()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, {"message": "Call deleted"}), True), ((404, {"error": "not_found"}), True), ((204, None), True),
        ((500, {}), VendorError), ((403, {}), AccountRefused),
    ],
)  # fmt: skip
async def test_a_call_is_erased_also_when_it_is_gone(answer: tuple[int, Any], outcome: Any) -> None:
    async with vendor({"/calls/c1": answer}) as provider:
        if outcome is True:
            assert await provider.erase("c1") is True
        else:
            with pytest.raises(outcome):
                await provider.erase("c1")
