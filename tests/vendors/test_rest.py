"""The client for everything that rings nobody: when it asks again, when it waits, and what its errors say."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Served

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import Placed, Refused, Unclear
from campaigns.domain.errors import AccountRefused, InputError, Throttled, VendorError
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.rest import Assumed, Budget, Rest, Route, rows, unwrapped
from campaigns.vendors.simulated.cut import Cut, SeveringApp

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROUTES = {
    "list": Route("GET", "/things"),
    "make": Route("POST", "/things"),
    "search": Route("POST", "/search", repeatable=True),
    "change": Route("PATCH", "/things/{id}"),
    "put": Route("PUT", "/things/{id}", assumed=True),
}
Answer = Callable[[int], Response]


def said(status: int, body: Any = None, **headers: str) -> Response:
    return Response(
        json.dumps(body if body is not None else {}), status, {k.replace("_", "-"): v for k, v in headers.items()}
    )


@asynccontextmanager
async def asked(
    answer: Answer, clock: DiscreteClock, *, patient: bool = True, account: dict[str, Any] | None = None, **parts: Any
) -> AsyncIterator[tuple[Rest, list[Request]]]:
    seen: list[Request] = []

    async def endpoint(request: Request) -> Response:
        await request.body()
        seen.append(request)
        return answer(len(seen))

    app = SeveringApp(routes=[Served("/{path:path}", endpoint, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])
    async with serving(app, bind("127.0.0.1", 0)) as base:
        own = VendorAccount("acme", base, "key-1", **(account or {}))
        rest = Rest(own, Surroundings(clock, patient=patient), routes=ROUTES, facts=Assumed.corrected(own), **parts)
        yield rest, seen
        await rest.aclose()


def virtually(main: Callable[[DiscreteClock], Any]) -> Any:
    clock = DiscreteClock(START)
    return run_virtual(clock, lambda: main(clock))


BROKEN = {"500": lambda: said(500), "503": lambda: said(503), "cut": Cut, "429": lambda: said(429)}
HARMLESS = {"list": True, "put": True, "search": True, "make": False, "change": False}


@pytest.mark.row("N1")
@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("operation", HARMLESS)
def test_only_what_does_no_harm_is_asked_again(operation: str, broken: str) -> None:
    async def main(clock: DiscreteClock) -> int:
        async with asked(lambda nth: BROKEN[broken]() if nth == 1 else said(200), clock) as (rest, seen):
            try:
                await rest.ask(operation, ids={"id": "1"}, body={} if operation != "list" else None)
            except VendorError:
                return len(seen)
            return -len(seen)

    # Whatever was answered 429 was not done; any other broken answer may come after the deed.
    expected = -2 if HARMLESS[operation] or broken == "429" else 1
    assert virtually(main) == expected


def test_an_engine_with_a_patience_of_its_own_hears_of_the_first_failure() -> None:
    async def main(clock: DiscreteClock) -> int:
        async with asked(lambda nth: said(500), clock, patient=False) as (rest, seen):
            with pytest.raises(VendorError):
                await rest.ask("list")
            return len(seen)

    assert virtually(main) == 1


@pytest.mark.row("N3")
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry_after": "7"}, 7), ({"retry_after": "Mon, 23 Nov 2026 09:00:20 GMT"}, 20), ({}, 1)],
    ids=["seconds", "date", "unsaid"],
)
def test_retry_after_is_waited_for(headers: dict[str, str], seconds: int) -> None:
    async def main(clock: DiscreteClock) -> timedelta:
        async with asked(lambda nth: said(429, **headers) if nth == 1 else said(200), clock) as (rest, _):
            await rest.ask("list")
            return clock.now() - START

    assert virtually(main) == timedelta(seconds=seconds)


@pytest.mark.row("N3")
def test_a_longer_silence_is_left_to_the_caller() -> None:
    async def main(clock: DiscreteClock) -> timedelta:
        async with asked(lambda nth: said(429, retry_after="900"), clock) as (rest, _):
            with pytest.raises(Throttled) as caught:
                await rest.ask("list")
            return caught.value.retry_after

    assert virtually(main) == timedelta(minutes=15)


def test_the_budget_of_a_minute_is_kept() -> None:
    async def main(clock: DiscreteClock) -> list[int]:
        budget, at = Budget(3, clock), []
        for _ in range(7):
            await budget()
            at.append(round((clock.now() - START).total_seconds()))
        return at

    assert virtually(main) == [0, 0, 0, 60, 60, 60, 120]


ERRORS = {
    "nested": (404, {"error": {"code": "not_found", "message": "No such thing"}}, "not_found: No such thing"),
    "flat": (422, {"error": "bad", "message": "phone +44 20 7946 0123 is wrong"}, "bad: phone (number) is wrong"),
    "text": (500, {"error": "it broke"}, "it broke"),
    "nothing": (500, {}, "an error without words"),
}


@pytest.mark.parametrize(("status", "body", "words"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_vendor_operation_status_and_the_mend_and_nobody(status: int, body: Any, words: str) -> None:
    async def main(clock: DiscreteClock) -> VendorError:
        async with asked(lambda nth: said(status, body), clock, patient=False) as (rest, _):
            with pytest.raises(VendorError) as caught:
                await rest.ask("list")
            return caught.value

    error = virtually(main)
    assert str(error).startswith(f"acme: list: HTTP {status}: {words}. ")
    assert (error.vendor, error.operation, error.status) == ("acme", "list", status)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_an_account_that_is_refused_is_told_apart(status: int) -> None:
    async def main(clock: DiscreteClock) -> AccountRefused:
        async with asked(lambda nth: said(status, {"error": "no"}), clock) as (rest, _):
            with pytest.raises(AccountRefused) as caught:
                await rest.ask("list")
            return caught.value

    error = virtually(main)
    assert error.status == status
    assert "key-1" not in str(error)


@pytest.mark.parametrize(("status", "kind"), [(400, VendorError), (401, AccountRefused)])
def test_a_key_that_the_vendor_says_back_is_not_told(status: int, kind: type[Exception]) -> None:
    async def main(clock: DiscreteClock) -> str:
        words = {"error": {"code": "key-1", "message": "x" * 197 + "key-1"}}
        async with asked(lambda nth: said(status, words), clock) as (rest, _):
            with pytest.raises(kind) as caught:
                await rest.ask("list")
            assert rest.keyless(Refused("no key-1 here", account=True)) == Refused("no (key) here", account=True)
            assert rest.keyless(Unclear("key-1")) == Unclear("(key)")
            assert rest.keyless(Placed("key-1")) == Placed("key-1")
            return str(caught.value)

    error = virtually(main)
    assert "key-1" not in error
    assert "xkey" not in error


@pytest.mark.parametrize("own", ["..", ".", ""])
def test_an_id_that_would_lead_to_another_operation_is_not_asked_for(own: str) -> None:
    async def main(clock: DiscreteClock) -> tuple[VendorError, int]:
        async with asked(lambda nth: said(200), clock) as (rest, seen):
            with pytest.raises(VendorError) as caught:
                await rest.ask("change", ids={"id": own})
            return caught.value, len(seen)

    error, asked_for = virtually(main)
    assert str(error) == "acme: change: the id is empty or dots alone. Look for it in the vendor's dashboard."
    assert asked_for == 0


def test_a_sentence_of_the_vendor_ends_once() -> None:
    assert str(VendorError("acme", "list", None, "it broke.", mend="Wait.")) == "acme: list: it broke. Wait."


@pytest.mark.row("N5")
def test_a_page_of_the_web_is_no_answer() -> None:
    async def main(clock: DiscreteClock) -> str:
        async with asked(lambda nth: Response("<html>Welcome</html>", 200), clock, patient=False) as (rest, _):
            with pytest.raises(VendorError) as caught:
                await rest.ask("list")
            return str(caught.value)

    assert "Check base_url" in virtually(main)


def test_routes_and_assumptions_are_corrected_in_the_settings() -> None:
    corrections = {"routes": {"put": "PATCH /items/{id}"}, "facts": {"auth": "X-Api-Key: {key}"}}

    async def main(clock: DiscreteClock) -> Request:
        async with asked(lambda nth: said(200), clock, account=corrections) as (rest, seen):
            await rest.ask("put", ids={"id": "a/b"}, body={})
            return seen[0]

    request = virtually(main)
    assert (request.method, request.scope["raw_path"]) == ("PATCH", b"/items/a%2Fb")
    assert request.headers["x-api-key"] == "key-1"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("corrections", "told"),
    [
        (
            {"routes": {"putt": "/x"}},
            "[providers.acme] routes.putt: is no operation of this vendor. Did you mean `put`?",
        ),
        ({"routes": {"put": "x"}}, "[providers.acme] routes.put: is not a route"),
        ({"facts": {"atuh": "x"}}, "[providers.acme] facts.atuh: This key is unknown. Did you mean `auth`?"),
        ({"facts": {"zzz": "x"}}, "[providers.acme] facts.zzz: This key is unknown. Known here: auth"),
        ({"facts": {"auth": 1}}, "[providers.acme] facts.auth: Input should be a valid string."),
    ],
)
def test_a_correction_that_corrects_nothing_is_an_error(corrections: dict[str, Any], told: str) -> None:
    account = VendorAccount("acme", "http://127.0.0.1:9", **corrections)
    with pytest.raises(InputError) as caught:
        Rest(account, Surroundings(), routes=ROUTES, facts=Assumed.corrected(account))
    assert str(caught.value).startswith(told)


def test_our_clock_is_compared_with_theirs() -> None:
    async def main(clock: DiscreteClock) -> timedelta | None:
        async with asked(lambda nth: said(200, date="Mon, 23 Nov 2026 09:02:00 GMT"), clock) as (rest, _):
            await rest.ask("list")
            return rest.skew

    assert virtually(main) == timedelta(minutes=2)


def test_envelopes_of_every_shape_are_opened() -> None:
    one = {"id": "1"}
    assert (
        unwrapped({"contact": one}, "contact")
        == unwrapped({"contact": [one]}, "contact")
        == unwrapped(one, "contact")
        == one
    )
    assert unwrapped({"contact": []}, "contact") is None
    assert rows({"calls": [one]}, "calls") == rows({"data": {"calls": [one]}}, "calls", "data") == rows([one]) == [one]
    assert rows({"calls": one}, "calls") == [one]
    assert rows({"error": "no"}, "calls") is None
