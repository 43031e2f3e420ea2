"""Requests that ring nobody, against servers that wish them ill, and what their answers say."""

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wires import Script, a_wire, floods, floods_in_chunks, page, says

from campaigns.vendors.http import LONGEST_SILENCE, error_text, new_client, read_bounded, retry_after


@pytest.mark.row("N6")
async def test_other_requests_keep_no_cookies_and_ignore_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with a_wire(says(page("200 OK", b"{}", "Set-Cookie: session=1; Path=/"))) as wire:
        async with new_client({"Authorization": "Bearer x"}) as client:
            for _ in range(2):
                response, body = await read_bounded(client, client.build_request("GET", wire.url))
                assert (response.status_code, body) == (200, b"{}")
        assert not [request for request in wire.requests if b"cookie" in request.lower()]
        assert all(b"accept-encoding: identity" in request.lower() for request in wire.requests)


@pytest.mark.row("N6")
async def test_other_requests_follow_no_redirect() -> None:
    async with (
        a_wire(says(page("302 Found", b"", "Location: /elsewhere"))) as wire,
        new_client({}) as client,
    ):
        response, _ = await read_bounded(client, client.build_request("GET", wire.url))
        assert (response.status_code, wire.connections) == (302, 1)


@pytest.mark.row("N6")
@pytest.mark.parametrize("script", [floods, floods_in_chunks])
async def test_an_answer_past_the_cap_is_an_error(script: Script) -> None:
    async with a_wire(script) as wire, new_client({}) as client:
        with pytest.raises(httpx.ReadError):
            await read_bounded(client, client.build_request("GET", wire.url))


@pytest.mark.row("N6")
async def test_an_encoded_answer_to_other_requests_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    async with (
        a_wire(says(page("200 OK", bomb, "Content-Encoding: gzip"))) as wire,
        new_client({}) as client,
    ):
        assert (await read_bounded(client, client.build_request("GET", wire.url)))[1] == bomb


# --- Retry-After, errors ----------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DEFAULT = timedelta(seconds=30)


@pytest.mark.row("N3")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7), ("1.5", 1.5), (" 12 ", 12), ("0", 1), ("-5", 1), ("+3", 3), ("nan", 30), ("inf", 30), ("-inf", 30),
        ("", 30), ("soon", 30), ("1e3", 1000), ("99999999", 3600), ("1e300", 30), ("7, 9", 30),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600), ("Mon, 23 Nov 2026 09:01:00 -0000", 60),
        ("Mon, 23 Nov 2026 10:01:00 +0100", 60), ("Mon, 32 Nov 2026 09:01:00 GMT", 30),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_every_form_and_bounded(header: str, seconds: float) -> None:
    assert retry_after({"retry-after": header}, now=NOW, default=DEFAULT) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("reset", "seconds"), [(40, 40), (-40, 1), (10**9, 3600)])
def test_the_rate_limit_reset_serves_where_retry_after_is_missing(reset: int, seconds: int) -> None:
    headers = {"x-ratelimit-reset": str(int(NOW.timestamp()) + reset)}
    assert retry_after(headers, now=NOW, default=DEFAULT) == timedelta(seconds=seconds)


@pytest.mark.row("N3")
@settings(max_examples=300, deadline=None)
@given(st.text() | st.from_regex(r"[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2} \d{1,5} \d{1,3}:\d\d:\d\d [+-]?\w{0,6}"))
def test_no_retry_after_is_too_odd(text: str) -> None:
    wait = retry_after({"retry-after": text, "x-ratelimit-reset": text}, now=NOW, default=DEFAULT)
    assert timedelta(seconds=1) <= wait <= LONGEST_SILENCE


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"error": {"code": "forbidden", "message": "No", "details": {}}}, ("forbidden", "No")),
        ({"error": "forbidden", "message": "No"}, ("forbidden", "No")),
        ({"error": "forbidden"}, ("forbidden", "forbidden")),
        ({"message": "No"}, ("", "No")),
        ({"error": {"code": None}}, ("", "")),
        ({"error": "no credit", "code": "wallet_empty"}, ("wallet_empty", "no credit")),
        ({"error": {"name": ["must be present", "and short"], "tags": ["unknown"]}},
         ("", "name: must be present, and short; tags: unknown")),
        ({"error": {}}, ("", "")),
        ({}, ("", "")), ([], ("", "")), (None, ("", "")), ("text", ("", "")),
    ],
)  # fmt: skip
def test_all_shapes_of_errors_are_read(data: Any, expected: tuple[str, str]) -> None:
    assert error_text(data) == expected


@pytest.mark.parametrize("number", ["+31200000001", "0031 20 000 0001", "+1 (212) 555-0100", "442079460123"])
def test_a_number_that_the_vendor_echoes_is_not_repeated(number: str) -> None:
    for data in (
        {"error": {"code": f"bad {number}", "message": f"{number} is invalid"}},
        {"error": f"{number} is invalid", "message": f"Cannot call {number}."},
    ):
        said = " ".join(error_text(data))
        assert number not in said
        assert not [word for word in said.split() if sum(map(str.isdigit, word)) > 4]
