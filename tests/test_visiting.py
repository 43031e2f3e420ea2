"""Connections that are slow, endless, stuck or too many: they are cut off, and whoever is quick is served meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from campaigns.serving import bind, serving
from campaigns.visiting import Gate, Patience

QUICK = Patience(head=0.3, body=0.3, slowest=1_000, answer=0.3)


class App:
    """Says how long a body was; waits at `/hooks/` until it is let go; has much to say at `/much`."""

    def __init__(self) -> None:
        self.go, self.inside = anyio.Event(), 0
        self.app = Starlette(
            routes=[
                Route("/hooks/x", self.wait, methods=["POST"]),
                Route("/much", self.much),
                Route("/{path:path}", self.count, methods=["GET", "POST"]),
            ]
        )

    async def count(self, request: Request) -> Response:
        try:
            return PlainTextResponse(str(len(await request.body())))
        except ClientDisconnect:
            return Response(status_code=400)

    async def much(self, _: Request) -> Response:
        return PlainTextResponse("x" * 20_000_000)

    async def wait(self, request: Request) -> Response:
        await request.body()
        self.inside += 1
        await self.go.wait()
        return PlainTextResponse("done")


@asynccontextmanager
async def served(patience: Patience = QUICK, gate: Gate | None = None) -> AsyncIterator[tuple[App, int]]:
    app, listener = App(), bind("127.0.0.1", 0)
    async with serving(app.app, listener, patience=patience, gate=gate):
        yield app, listener.getsockname()[1]
        app.go.set()


async def said(port: int, *parts: bytes, every: float = 0.0, within: float = 5.0) -> bytes:
    """All that is answered to these bytes until the connection is closed. Raises TimeoutError."""
    async with asyncio.timeout(within):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = asyncio.create_task(_heard(reader))
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                if every:
                    await asyncio.sleep(every)
        await answer
        writer.close()
    return answer.result()


async def _heard(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65_536):
            answer += part
    return answer


def asked(path: str = "/", body: bytes = b"", more: bytes = b"Connection: close\r\n") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
    return head + more + b"\r\n" + body


def dripping(text: bytes) -> list[bytes]:
    return [text[n : n + 1] for n in range(len(text))]


SLOW = {
    "nothing at all": [b""],
    "the request line": dripping(b"GET /a-path-that-takes-its-time"),
    "the headers": [b"GET / HTTP/1.1\r\n", *dripping(b"X-One: and so on and so on")],
    "the body": [b"POST / HTTP/1.1\r\nContent-Length: 999\r\n\r\n", *dripping(b"and so on and so on and so on")],
    "a chunk": [b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", *dripping(b"abcde\r\n2\r\nab\r\n2\r\n")],
    "empty lines": dripping(b"\r\n" * 12),
    "after an answer": [b"GET / HTTP/1.1\r\n\r\n", *dripping(b"\r\n" * 12)],
}


@pytest.mark.row("W7")
@pytest.mark.parametrize("what", SLOW)
async def test_whoever_sends_a_byte_now_and_then_is_cut_off(what: str) -> None:
    async with served() as (_, port):
        answer = await said(port, *SLOW[what], every=0.05, within=4)
    assert b"408" in answer or what == "after an answer"


@pytest.mark.row("W7")
async def test_two_hundred_slow_ones_keep_nobody_from_being_answered() -> None:
    slow = [SLOW["the request line"], SLOW["the headers"], SLOW["the body"]]
    async with served() as (_, port), asyncio.TaskGroup() as tasks:
        held = [tasks.create_task(said(port, *slow[n % 3], every=0.1, within=10)) for n in range(200)]
        for _ in range(20):
            assert (await said(port, asked(body=b"12345"), within=2)).endswith(b"5")
            await asyncio.sleep(0.01)
        assert [one for one in held if b"408" not in await one] == []


@pytest.mark.row("W7")
async def test_whoever_is_quick_enough_is_not_cut_off_however_long_the_body() -> None:
    parts = [b"x" * 2_000] * 10
    async with served() as (_, port):
        head = asked(body=b"").replace(b"Length: 0", b"Length: 20000")
        assert (await said(port, head, *parts, every=0.1)).endswith(b"20000")


@pytest.mark.row("W7")
@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"GET / HTTP/1.1\r\n", *[b"X-%d: %s\r\n" % (n, b"y" * 1_000) for n in range(500)]], b"431"),
        ([b"GET / HTTP/1.1\r\nX-Endless: ", *[b"y" * 10_000] * 50], b"431"),
        ([b"GET /", *[b"y" * 10_000] * 50], b"431"),
        ([b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", *[b"X: %s\r\n" % (b"y" * 9_000)] * 50], b""),
        ([b"GET / HTTP/1.1\r\n\r\n" * 10_000], b"400"),
        ([b"\x16\x03\x01 this is no HTTP"], b"400"),
    ],
)
async def test_endless_headers_lines_and_requests_sent_ahead_are_cut_off(parts: list[bytes], status: bytes) -> None:
    async with served(Patience(head=3, body=3)) as (_, port):
        assert status in await said(port, *parts, within=6)


@pytest.mark.row("W7")
async def test_a_few_requests_sent_ahead_are_answered_in_their_order() -> None:
    async with served() as (_, port):
        bodies = [b"x" * n for n in range(5)]
        answer = await said(port, b"".join([*(asked(body=body, more=b"") for body in bodies), asked(body=b"x" * 9)]))
        assert [part[-1:] for part in answer.split(b"HTTP/1.1 200 OK")[1:]] == [b"0", b"1", b"2", b"3", b"4", b"9"]


@pytest.mark.row("W7")
async def test_whoever_does_not_read_an_answer_is_cut_off() -> None:
    async with served() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
        writer.write(b"GET /much HTTP/1.1\r\n\r\n")
        await asyncio.sleep(1.0)
        read = 0
        with contextlib.suppress(ConnectionError):
            while part := await asyncio.wait_for(reader.read(1_000_000), 3):
                read += len(part)
        assert read < 20_000_000
        writer.close()


@pytest.mark.row("W7")
async def test_where_connections_run_out_the_longest_silent_one_goes() -> None:
    async with served(Patience(head=20, connections=5)) as (_, port):
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        for _ in range(3):
            assert (await said(port, asked(body=b"12"))).endswith(b"2")
        gone = [reader.at_eof() or not (await _still(reader)) for reader, _ in silent]
        assert gone[0]
        assert not gone[-1]
        for _, writer in silent:
            writer.close()


async def _still(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), 0.05)
    except TimeoutError:
        return True
    except ConnectionError:
        return False
    return False


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.mark.row("W7")
async def test_beyond_the_places_of_a_gate_requests_are_sent_back_at_once_and_all_others_are_not() -> None:
    sent_back: list[str] = []
    gate = Gate(b"/hooks/", places=2, told=lambda: sent_back.append("one"))
    async with served(Patience(), gate) as (app, port), asyncio.TaskGroup() as tasks:
        taken = [tasks.create_task(said(port, asked("/hooks/x", b"{}"))) for _ in range(2)]
        await until(lambda: app.inside == 2)
        for body in (b"{}", b"x" * 500_000):
            answer = await said(port, asked("/hooks/x", body), within=2)
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"retry-after: 2\r\n" in answer
        unread = await said(port, b"POST /hooks/x HTTP/1.1\r\nContent-Length: 900000\r\n\r\n", within=2)
        assert unread.startswith(b"HTTP/1.1 503")
        assert len(sent_back) == 3
        assert (await said(port, asked("/else", b"123"))).endswith(b"3")
        app.go.set()
        assert [(await one)[-4:] for one in taken] == [b"done"] * 2
        assert gate.taken == 0
        assert (await said(port, asked("/hooks/x", b"{}"))).endswith(b"done")


@pytest.mark.row("W7")
async def test_a_kept_connection_that_was_sent_back_is_served_later_and_a_lost_one_gives_its_place_back() -> None:
    gate = Gate(b"/hooks/", places=1, deaf=0.05)
    async with served(Patience(), gate) as (app, port):
        _, lost = await asyncio.open_connection("127.0.0.1", port)
        lost.write(asked("/hooks/x", b"{}"))
        await until(lambda: app.inside == 1)
        reader, kept = await asyncio.open_connection("127.0.0.1", port)
        kept.write(asked("/hooks/x", b"{}", b""))
        assert b"503" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
        lost.transport.abort()
        await until(lambda: gate.taken == 0)
        app.go.set()
        kept.write(asked("/hooks/x", b"{}", b""))
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"done"), 2)
        kept.close()
