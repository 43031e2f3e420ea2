"""The dial transport against every way that a connection can go wrong, on real sockets; and all other requests."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
import httpx
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.call import NotSent, Unclear
from campaigns.vendors.http import (
    CAP,
    LONGEST_SILENCE,
    Deadlines,
    DialTransport,
    error_text,
    new_client,
    post_once,
    read_bounded,
    retry_after,
)

QUICK = Deadlines(connect=0.3, write=0.3, read=0.3, total=0.6)
BODY = b'{"phone_number":"+31200000001"}'
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n" + b'{"call_id":"c"}'
Answer = httpx.Response | NotSent | Unclear


@dataclass
class Wire:
    """A server on a real socket that does exactly what its script says."""

    url: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    """Requests that were read whole."""
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """The client hung up."""


@dataclass
class Talk:
    """One connection, from the server's side."""

    wire: Wire
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next((line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0")
        request = head + await self.reader.readexactly(int(length))
        self.wire.requests.append(request)
        return request

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_and_say(self, data: bytes) -> None:
        await self.read()
        await self.say(data)

    def reset(self) -> None:
        """Close with a reset instead of an orderly end."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def until_they_close(self) -> None:
        with suppress(OSError):
            while await self.reader.read(65536):
                pass
        self.wire.closed.set()


Script = Callable[[Talk], Awaitable[None]]


@asynccontextmanager
async def a_wire(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    wire = Wire()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
                await script(Talk(wire, reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            writer.close() if not writer.is_closing() else None
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, limit=1 << 16)
    port = server.sockets[0].getsockname()[1]
    wire.url = f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{port}/calls/direct"
    try:
        yield wire
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def dial(
    url: str, body: bytes = BODY, *, tls: ssl.SSLContext | None = None, deadlines: Deadlines = QUICK, **headers: str
) -> Answer:
    with anyio.fail_after(10):  # no shape may hang, whatever is wrong with the deadlines
        return await post_once(DialTransport(deadlines, tls), url, headers={"X-Test": "1"} | headers, body=body)


# --- what was certainly never sent ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://no-such-host.invalid/", "ConnectError"),
        (f"http://{'a' * 64}.example/", "ConnectError"),
        ("ftp://127.0.0.1/", "UnsupportedProtocol"),
        ("127.0.0.1/calls", "UnsupportedProtocol"),
        ("//127.0.0.1/calls", "UnsupportedProtocol"),
        ("http:///calls", "UnsupportedProtocol"),
        ("", "UnsupportedProtocol"),
        ("http://127.0.0.1:port/", "InvalidURL"),
        ("http://127.0.0.1:99999/", "ConnectError"),
        ("http://127.0.0.1\x00/", "InvalidURL"),
    ],
)
async def test_an_address_that_cannot_be_dialled_is_proved_not_sent(url: str, word: str) -> None:
    answer = await dial(url)
    assert isinstance(answer, NotSent), answer
    assert answer.reason.startswith(word)


async def test_a_refused_connection_is_proved_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = await dial(f"http://127.0.0.1:{port}/")
    assert isinstance(answer, NotSent)
    assert answer.reason.startswith("ConnectError")


@contextmanager
def a_full_backlog() -> Iterator[int]:
    """A listener that accepts nobody, with a queue that is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        try:
            yield listener.getsockname()[1]
        finally:
            for each in waiting:
                each.close()


async def test_a_connection_that_never_comes_about_is_proved_not_sent() -> None:
    with a_full_backlog() as port:
        answer = await dial(f"http://127.0.0.1:{port}/")
    assert isinstance(answer, NotSent)
    assert answer.reason.startswith("ConnectTimeout")


@pytest.mark.parametrize("key", ["Bearer secret\r\nX-More: 1", "Bearer secret\n", "Bearer sec\x00ret", "Bearer secr€t"])
async def test_a_header_that_cannot_be_written_is_proved_not_sent_and_shows_no_secret(key: str) -> None:
    async with a_wire(lambda talk: talk.read_and_say(CREATED)) as wire:
        answer = await dial(wire.url, Authorization=key)
        assert isinstance(answer, NotSent)
        assert "sec" not in answer.reason
        assert (wire.connections, wire.requests) == (0, [])


# --- TLS --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Certificate:
    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    """A certificate for localhost that only its own client trusts, made now."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return Certificate(server, client)


async def test_over_tls_a_trusted_server_is_dialled_once(certificate: Certificate) -> None:
    async with a_wire(lambda talk: talk.read_and_say(CREATED), certificate.server) as wire:
        answer = await dial(wire.url, tls=certificate.client)
        assert isinstance(answer, httpx.Response), answer
        assert (answer.status_code, len(wire.requests)) == (201, 1)


async def test_an_untrusted_certificate_is_proved_not_sent(certificate: Certificate) -> None:
    async with a_wire(lambda talk: talk.read_and_say(CREATED), certificate.server) as wire:
        answer = await dial(wire.url, tls=ssl.create_default_context())
        assert isinstance(answer, NotSent)
        assert wire.requests == []


async def test_a_certificate_for_another_name_is_proved_not_sent(certificate: Certificate) -> None:
    async with a_wire(lambda talk: talk.read_and_say(CREATED), certificate.server) as wire:
        answer = await dial(wire.url.replace("localhost", "127.0.0.1"), tls=certificate.client)
        assert isinstance(answer, NotSent)
        assert wire.requests == []


async def silent(talk: Talk) -> None:
    await talk.until_they_close()


async def closes(talk: Talk) -> None:
    talk.writer.close()


async def resets(talk: Talk) -> None:
    talk.reset()


async def closes_after_hello(talk: Talk) -> None:
    await talk.reader.read(5)
    talk.writer.close()


async def resets_after_hello(talk: Talk) -> None:
    await talk.reader.read(5)
    talk.reset()


async def speaks_plainly(talk: Talk) -> None:
    await talk.reader.read(5)
    await talk.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("script", [silent, closes, resets, closes_after_hello, resets_after_hello, speaks_plainly])
async def test_a_tls_handshake_that_fails_is_proved_not_sent(script: Script, certificate: Certificate) -> None:
    async with a_wire(script) as wire:
        answer = await dial(wire.url.replace("http:", "https:"), tls=certificate.client)
        assert isinstance(answer, NotSent), answer
        assert wire.requests == []


async def test_a_tls_connection_reset_after_the_request_is_unclear(certificate: Certificate) -> None:
    async def script(talk: Talk) -> None:
        await talk.read()
        talk.writer.transport.abort()

    async with a_wire(script, certificate.server) as wire:
        answer = await dial(wire.url, tls=certificate.client)
        assert isinstance(answer, Unclear)
        assert len(wire.requests) == 1


# --- once connected, nothing is "not sent" ----------------------------------------------------------------------------


def says(*parts: bytes, then: str = "close") -> Script:
    """Read the request, say the parts, then close, reset or wait."""

    async def script(talk: Talk) -> None:
        await talk.read()
        for part in parts:
            await talk.say(part)
        if then == "reset":
            await asyncio.sleep(0.05)
            talk.reset()
        elif then == "wait":
            await talk.until_they_close()

    return script


async def drips(talk: Talk) -> None:
    await talk.read_and_say(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
    while not talk.writer.is_closing():
        await talk.say(b"x")
        await asyncio.sleep(0.02)


async def says_continue_for_ever(talk: Talk) -> None:
    await talk.read()
    while not talk.writer.is_closing():
        await talk.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.02)


async def floods(talk: Talk) -> None:
    await talk.read_and_say(b"HTTP/1.1 201 Created\r\nContent-Length: 300000000\r\n\r\n")
    while not talk.writer.is_closing():
        await talk.say(b"x" * 65536)


async def floods_in_chunks(talk: Talk) -> None:
    await talk.read_and_say(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not talk.writer.is_closing():
        await talk.say(b"10000\r\n" + b"x" * 65536 + b"\r\n")


OK = b"HTTP/1.1 201 Created\r\n"
DOUBTS: dict[str, tuple[Script, int, str]] = {
    "closed before reading": (closes, 0, ""),
    "reset before reading": (resets, 0, ""),
    "closed in the middle of reading": (closes_after_hello, 0, ""),
    "reset in the middle of reading": (resets_after_hello, 0, ""),
    "closed after reading": (says(), 1, "RemoteProtocolError"),
    "reset after reading": (says(then="reset"), 1, "ReadError"),
    "half a status line": (says(b"HTTP/1.1 20"), 1, "RemoteProtocolError"),
    "half the headers": (says(OK + b"Content-Le"), 1, "RemoteProtocolError"),
    "half the body": (says(OK + b"Content-Length: 15\r\n\r\n", b'{"call'), 1, "RemoteProtocolError"),
    "half a chunked body": (says(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"f\r\n{}"), 1, "RemoteProtocolError"),
    "reset in the body": (says(OK + b"Content-Length: 15\r\n\r\n", b'{"call', then="reset"), 1, "ReadError"),
    "silence after reading": (says(then="wait"), 1, "ReadTimeout"),
    "silence after half the headers": (says(OK, then="wait"), 1, "ReadTimeout"),
    "silence in the body": (says(OK + b"Content-Length: 15\r\n\r\n", b"{", then="wait"), 1, "ReadTimeout"),
    "a body that drips for ever": (drips, 1, "ReadTimeout"),
    "100 Continue, then silence": (says(b"HTTP/1.1 100 Continue\r\n\r\n", then="wait"), 1, "ReadTimeout"),
    "100 Continue for ever": (says_continue_for_ever, 1, "ReadTimeout"),
    "100 Continue, then closed": (says(b"HTTP/1.1 100 Continue\r\n\r\n"), 1, "RemoteProtocolError"),
    "101 without being asked": (says(b"HTTP/1.1 101 Switching\r\n\r\n"), 1, "RemoteProtocolError"),
    "a bad status line": (says(b"HELLO WORLD\r\n\r\n"), 1, "RemoteProtocolError"),
    "a status that is no number": (says(b"HTTP/1.1 2xx Created\r\n\r\n"), 1, "RemoteProtocolError"),
    "an endless status line": (says(b"H" * 200_000, then="wait"), 1, "RemoteProtocolError"),
    "a header of 200 KB": (says(OK + b"X: " + b"x" * 200_000 + b"\r\n\r\n", then="wait"), 1, "RemoteProtocolError"),
    "a bad chunk": (says(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 1, "RemoteProtocolError"),
    "two lengths": (says(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), 1, "RemoteProtocolError"),
    "a negative length": (says(OK + b"Content-Length: -2\r\n\r\n{}"), 1, "RemoteProtocolError"),
    "a body of 300 MB": (floods, 1, "ReadError"),
    "endless chunks": (floods_in_chunks, 1, "ReadError"),
}


@pytest.mark.parametrize("name", DOUBTS)
async def test_whatever_happens_after_connecting_is_unclear(name: str) -> None:
    script, sent, word = DOUBTS[name]
    async with a_wire(script) as wire:
        answer = await dial(wire.url, deadlines=Deadlines(0.3, 0.3, 0.3, 2.0 if "300 MB" in name else 0.6))
        assert isinstance(answer, Unclear), answer
        assert answer.reason.startswith(word)
        assert len(answer.reason) <= 200
        assert (wire.connections, len(wire.requests)) == (1, sent)


async def test_a_body_that_nobody_takes_is_unclear_and_given_up_in_time() -> None:
    async def script(talk: Talk) -> None:
        talk.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(5)

    async with a_wire(script) as wire:
        answer = await dial(wire.url, b"x" * 32_000_000)
        assert isinstance(answer, Unclear)
        assert answer.reason.startswith("WriteTimeout")
        assert wire.requests == []


async def test_a_413_before_the_body_was_read_is_unclear_or_the_answer_but_never_not_sent() -> None:
    async def script(talk: Talk) -> None:
        await talk.reader.readuntil(b"\r\n\r\n")
        await talk.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        talk.reset()

    async with a_wire(script) as wire:
        answer = await dial(wire.url, b"x" * 8_000_000)
        assert isinstance(answer, Unclear)
        assert wire.requests == []


async def test_an_exception_nobody_thought_of_is_unclear() -> None:
    class Odd(DialTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise ZeroDivisionError("what?")

    answer = await post_once(Odd(), "http://127.0.0.1/", headers={}, body=BODY)
    assert answer == Unclear("ZeroDivisionError: what?")


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n{"])
async def test_cancelled_in_flight_it_hangs_up_and_sends_nothing_more(before: bytes) -> None:
    async with a_wire(says(before, then="wait")) as wire:
        with anyio.move_on_after(0.1) as scope:
            await dial(wire.url, deadlines=Deadlines())
        assert scope.cancelled_caught
        await asyncio.wait_for(wire.closed.wait(), 2)
        assert (wire.connections, len(wire.requests)) == (1, 1)


# --- answers ----------------------------------------------------------------------------------------------------------


def page(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


ANSWERS: dict[str, tuple[bytes, int, bytes]] = {
    "201": (CREATED, 201, b'{"call_id":"c"}'),
    "100 Continue, then 201": (b"HTTP/1.1 100 Continue\r\n\r\n" + CREATED, 201, b'{"call_id":"c"}'),
    "103 hints, then 201": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + CREATED, 201, b'{"call_id":"c"}'),
    "302": (page("302 Found", b"", "Location: /elsewhere"), 302, b""),
    "307": (page("307 Temporary Redirect", b"", "Location: /elsewhere"), 307, b""),
    "HTML with 201": (page("201 Created", b"<html>", "Content-Type: text/html"), 201, b"<html>"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "500": (page("500 Oops", b"{}"), 500, b"{}"),
    "until the end": (b"HTTP/1.0 201 Created\r\n\r\n" + b'{"call_id":"c"}', 201, b'{"call_id":"c"}'),
    "in chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 201, b"{}"),
    "a status of its own": (page("599 Odd", b""), 599, b""),
    "just below the cap": (page("201 Created", b"x" * CAP), 201, b"x" * CAP),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_complete_answer_comes_back_as_it_is(name: str) -> None:
    said, status, body = ANSWERS[name]
    async with a_wire(says(said)) as wire:
        answer = await dial(wire.url, deadlines=Deadlines(1, 1, 1, 2))
        assert isinstance(answer, httpx.Response), answer
        assert (answer.status_code, answer.content) == (status, body)
        assert (wire.connections, len(wire.requests)) == (1, 1)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense", "gzip, gzip"])
async def test_an_encoded_answer_is_never_unpacked(encoding: str) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    async with a_wire(says(page("201 Created", bomb, f"Content-Encoding: {encoding}"))) as wire:
        answer = await dial(wire.url)
        assert isinstance(answer, httpx.Response), answer
        assert answer.content == bomb


async def test_the_request_is_one_plain_post_on_its_own_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    cookie = page("201 Created", b"{}", "Set-Cookie: session=1; Path=/", "Connection: keep-alive")
    async with a_wire(says(cookie, then="wait")) as wire:
        transport = DialTransport(QUICK)
        for _ in range(3):
            headers = {"Accept-Encoding": "gzip", "Connection": "keep-alive", "Cookie": "a=b"}
            answer = await post_once(transport, wire.url, headers=headers, body=BODY)
            assert isinstance(answer, httpx.Response)
        assert (wire.connections, len(wire.requests)) == (3, 3)
        for request in wire.requests:
            head, _, body = request.partition(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            assert lines[0] == b"post /calls/direct http/1.1"
            assert body == BODY
            assert b"accept-encoding: identity" in lines
            assert b"connection: close" in lines
            assert not [line for line in lines if line.startswith((b"cookie", b"expect", b"proxy", b"transfer"))]


# --- everything that is no dial ---------------------------------------------------------------------------------------


async def test_other_requests_keep_no_cookies_and_ignore_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with a_wire(says(page("200 OK", b"{}", "Set-Cookie: session=1; Path=/"))) as wire:
        async with new_client({"Authorization": "Bearer x"}) as client:
            for _ in range(2):
                response, body = await read_bounded(client, client.build_request("GET", wire.url))
                assert (response.status_code, body) == (200, b"{}")
        assert not [request for request in wire.requests if b"cookie" in request.lower()]
        assert all(b"accept-encoding: identity" in request.lower() for request in wire.requests)


async def test_other_requests_follow_no_redirect() -> None:
    async with (
        a_wire(says(page("302 Found", b"", "Location: /elsewhere"))) as wire,
        new_client({}) as client,
    ):
        response, _ = await read_bounded(client, client.build_request("GET", wire.url))
        assert (response.status_code, wire.connections) == (302, 1)


@pytest.mark.parametrize("script", [floods, floods_in_chunks])
async def test_an_answer_past_the_cap_is_an_error(script: Script) -> None:
    async with a_wire(script) as wire, new_client({}) as client:
        with pytest.raises(httpx.ReadError):
            await read_bounded(client, client.build_request("GET", wire.url))


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
