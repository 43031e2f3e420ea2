"""A server on a real socket that does exactly what its script says, also what no server may do."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


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


def page(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def floods(talk: Talk) -> None:
    await talk.read_and_say(b"HTTP/1.1 201 Created\r\nContent-Length: 300000000\r\n\r\n")
    while not talk.writer.is_closing():
        await talk.say(b"x" * 65536)


async def floods_in_chunks(talk: Talk) -> None:
    await talk.read_and_say(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not talk.writer.is_closing():
        await talk.say(b"10000\r\n" + b"x" * 65536 + b"\r\n")
