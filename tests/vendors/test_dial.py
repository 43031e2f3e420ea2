"""A dial against every way that a connection can go wrong, on real sockets, in every event loop that it runs in."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
import trustme
from wires import Script, Talk, Wire, a_wire, floods, floods_in_chunks, page, says

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import NotSent, Unclear
from campaigns.vendors.dial import Answer, Deadlines, _by_turns, _Exchange, _first_of, post_once
from campaigns.vendors.http import CAP

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUICK = Deadlines(connect=0.3, write=0.3, read=0.3, total=0.6)
BODY = b'{"phone_number":"+31200000001"}'
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n" + b'{"call_id":"c"}'


async def dial(
    url: str, body: bytes = BODY, *, tls: ssl.SSLContext | None = None, deadlines: Deadlines = QUICK, **headers: str
) -> Answer | NotSent | Unclear:
    with anyio.fail_after(10):  # no shape may hang, whatever is wrong with the deadlines
        return await post_once(url, headers={"X-Test": "1"} | headers, body=body, deadlines=deadlines, tls=tls)


# --- what was certainly never sent ------------------------------------------------------------------------------------


@pytest.mark.row("N7")
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
        ("http://127.0.0.1/\r\nX-More: 1", "InvalidURL"),
        ("http://127.0.0.1\r\nX-More: 1/", "InvalidURL"),
    ],
)
async def test_an_address_that_cannot_be_dialled_is_proved_not_sent(url: str, word: str) -> None:
    answer = await dial(url)
    assert isinstance(answer, NotSent), answer
    assert answer.reason.startswith(word)


@pytest.mark.row("N7")
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


@pytest.mark.row("N7")
async def test_a_connection_that_never_comes_about_is_proved_not_sent() -> None:
    with a_full_backlog() as port:
        answer = await dial(f"http://127.0.0.1:{port}/")
    assert isinstance(answer, NotSent)
    assert answer.reason.startswith("ConnectTimeout")


@pytest.mark.row("N7")
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
        assert isinstance(answer, Answer), answer
        assert (answer.status, len(wire.requests)) == (201, 1)


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


@pytest.mark.row("N7")
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
    "the same length twice": (says(OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 1, "RemoteProtocolError"),
    "a length and chunks": (
        says(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        1,
        "RemoteProtocolError",
    ),
    "a coding that nobody knows": (says(OK + b"Transfer-Encoding: gzip\r\n\r\n{}"), 1, "RemoteProtocolError"),
    "garbage before the answer": (says(b"\0\0" + CREATED), 1, "RemoteProtocolError"),
    "a body until the end, reset": (says(b"HTTP/1.0 201 Created\r\n\r\n{}", then="reset"), 1, "ReadError"),
    "a body of 300 MB": (floods, 1, "ReadError"),
    "endless chunks": (floods_in_chunks, 1, "ReadError"),
}


@pytest.mark.row("N1", "N7")
@pytest.mark.parametrize("name", DOUBTS)
async def test_whatever_happens_after_connecting_is_unclear(name: str) -> None:
    script, sent, word = DOUBTS[name]
    async with a_wire(script) as wire:
        answer = await dial(wire.url, deadlines=Deadlines(0.3, 0.3, 0.3, 2.0 if "300 MB" in name else 0.6))
        assert isinstance(answer, Unclear), answer
        assert answer.reason.startswith(word)
        assert len(answer.reason) <= 200
        assert (wire.connections, len(wire.requests)) == (1, sent)


@pytest.mark.row("N1")
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
        assert isinstance(answer, Unclear) or (isinstance(answer, Answer) and answer.status == 413)
        assert wire.requests == []


async def test_an_exception_nobody_thought_of_is_unclear() -> None:
    odd: Any = "soon"
    async with a_wire(silent) as wire:
        answer = await dial(wire.url, deadlines=Deadlines(read=odd))
    assert isinstance(answer, Unclear)
    assert answer.reason.startswith("TypeError")


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n{"])
async def test_cancelled_in_flight_it_hangs_up_and_sends_nothing_more(before: bytes) -> None:
    async with a_wire(says(before, then="wait")) as wire:
        with anyio.move_on_after(0.1) as scope:
            await dial(wire.url, deadlines=Deadlines())
        assert scope.cancelled_caught
        await asyncio.wait_for(wire.closed.wait(), 2)
        assert (wire.connections, len(wire.requests)) == (1, 1)


# --- answers ----------------------------------------------------------------------------------------------------------


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
    "garbage after the body": (CREATED + b"\0garbage\r\n\r\n", 201, b'{"call_id":"c"}'),
    "a second answer": (CREATED + page("400 Bad Request", b"{}"), 201, b'{"call_id":"c"}'),
    "a status of its own": (page("599 Odd", b""), 599, b""),
    "just below the cap": (page("201 Created", b"x" * CAP), 201, b"x" * CAP),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_complete_answer_comes_back_as_it_is(name: str) -> None:
    said, status, body = ANSWERS[name]
    async with a_wire(says(said)) as wire:
        answer = await dial(wire.url, deadlines=Deadlines(1, 1, 1, 2))
        assert isinstance(answer, Answer), answer
        assert (answer.status, answer.body) == (status, body)
        assert (wire.connections, len(wire.requests)) == (1, 1)


class _Nowhere(asyncio.Transport):
    """A connection whose other side is the test."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def write(self, data: bytes | bytearray | memoryview) -> None: ...
    def abort(self) -> None: ...


async def heard(*pieces: bytes) -> Answer | httpx.TransportError:
    """What is made of an answer that comes in these pieces, whereupon the connection ends."""
    exchange = _Exchange()
    exchange.connection_made(_Nowhere())
    reading = asyncio.ensure_future(exchange.answer_to(b"", QUICK))
    await asyncio.sleep(0)
    for piece in pieces:
        exchange.data_received(piece)
    exchange.connection_lost(None)
    try:
        return await reading
    except httpx.TransportError as error:
        return error
    finally:
        exchange.hang_up()


SPLIT = {
    "a length": b"HTTP/1.1 100 Continue\r\n\r\n" + CREATED,
    "chunks": OK
    + b'Transfer-Encoding: chunked\r\n\r\n8;a=b\r\n{"call_i\r\n7\r\nd":"c"}\r\n0\r\nRetry-After: 9\r\n\r\n',
}


@pytest.mark.row("N1")
@pytest.mark.parametrize("name", SPLIT)
async def test_an_answer_is_the_same_wherever_it_is_split_and_none_where_it_is_cut(name: str) -> None:
    said = SPLIT[name]
    whole = await heard(said)
    assert isinstance(whole, Answer)
    assert (whole.status, whole.body, whole.headers.get("retry-after")) == (201, b'{"call_id":"c"}', None)
    assert await heard(*(said[at : at + 1] for at in range(len(said)))) == whole
    for at in range(len(said)):
        assert await heard(said[:at], said[at:]) == whole
        assert isinstance(await heard(said[:at]), httpx.TransportError)


async def test_headers_have_lower_case_names_and_those_that_stand_twice_are_joined() -> None:
    async with a_wire(says(page("429 Slow", b"", "Retry-After: 7", "RETRY-AFTER: 9"))) as wire:
        answer = await dial(wire.url)
        assert isinstance(answer, Answer)
        assert answer.headers == {"content-length": "0", "retry-after": "7, 9"}


# --- names with several addresses -------------------------------------------------------------------------------------

V4, V6 = socket.AF_INET, socket.AF_INET6


def test_the_two_families_of_a_name_are_tried_by_turns() -> None:
    found = [(V6, ("::1", 1)), (V6, ("::2", 1)), (V4, ("1", 1)), (V6, ("::1", 1)), (V6, ("::3", 1))]
    assert _by_turns(found) == [(V6, ("::1", 1)), (V4, ("1", 1)), (V6, ("::2", 1)), (V6, ("::3", 1))]


async def test_an_address_that_refuses_or_says_nothing_is_passed_over_and_only_one_is_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = (V4, listener.getsockname())
    async with a_wire(silent) as first, a_wire(silent) as second:
        with a_full_backlog() as port:
            for before in ([refusing], [(V4, ("127.0.0.1", port))], [refusing, (V4, ("127.0.0.1", port))]):
                with anyio.fail_after(2), await _first_of([*before, address_of(first), address_of(second)]) as found:
                    assert found.getpeername() == address_of(first)[1]
        await asyncio.sleep(0.01)
        assert (first.connections, second.connections) == (3, 0)


async def test_where_no_address_answers_the_first_fault_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = (V4, listener.getsockname())
    with pytest.raises(ConnectionRefusedError):
        await _first_of([refusing, refusing])


def address_of(wire: Wire) -> tuple[int, tuple[str, int]]:
    return V4, ("127.0.0.1", int(wire.url.split(":")[2].partition("/")[0]))


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine knows no IPv6")
async def test_an_address_of_the_newer_family_is_dialled() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(CREATED)
        writer.close()

    heads: list[bytes] = []
    server = await asyncio.start_server(serve, "::1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await dial(f"http://[::1]:{port}/", b"")
    assert isinstance(answer, Answer)
    assert f"Host: [::1]:{port}".encode() in heads[0]


def test_in_virtual_time_its_deadlines_are_real() -> None:
    clock = DiscreteClock(NOW)

    async def main() -> Answer | NotSent | Unclear:
        async with a_wire(silent) as wire, anyio.create_task_group() as tasks:
            tasks.start_soon(clock.sleep_until, NOW + timedelta(hours=1))
            with clock.work():
                answer = await dial(wire.url)
                assert clock.now() == NOW
            tasks.cancel_scope.cancel()
        return answer

    answer = run_virtual(clock, main)
    assert isinstance(answer, Unclear)
    assert answer.reason.startswith("ReadTimeout")


@pytest.mark.row("N6")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense", "gzip, gzip"])
async def test_an_encoded_answer_is_never_unpacked(encoding: str) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    async with a_wire(says(page("201 Created", bomb, f"Content-Encoding: {encoding}"))) as wire:
        answer = await dial(wire.url)
        assert isinstance(answer, Answer), answer
        assert answer.body == bomb


@pytest.mark.row("N6")
async def test_the_request_is_one_plain_post_on_its_own_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    cookie = page("201 Created", b"{}", "Set-Cookie: session=1; Path=/", "Connection: keep-alive")
    async with a_wire(says(cookie, then="wait")) as wire:
        for _ in range(3):
            headers = {"Accept-Encoding": "gzip", "Connection": "keep-alive", "Cookie": "a=b"}
            answer = await post_once(wire.url, headers=headers, body=BODY, deadlines=QUICK)
            assert isinstance(answer, Answer)
        assert (wire.connections, len(wire.requests)) == (3, 3)
        for request in wire.requests:
            head, _, body = request.partition(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            assert lines[0] == b"post /calls/direct http/1.1"
            assert body == BODY
            assert b"accept-encoding: identity" in lines
            assert b"connection: close" in lines
            assert not [line for line in lines if line.startswith((b"cookie", b"expect", b"proxy", b"transfer"))]
