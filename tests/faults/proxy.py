"""A proxy on loopback that breaks conversations of HTTP exactly where it is told to, in either direction.

It reads each message whole and passes on as much of it as it is told; so a test knows, for every fault, what came to
the other side. What is delayed comes also when whoever sent it has hung up long ago, as from the buffers of a network.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from random import Random


class Way(StrEnum):
    """Which message is broken."""

    UP = "request"
    DOWN = "answer"


class Kind(StrEnum):
    """What happens at the place."""

    CUT = "cut"
    """Both connections end in order."""
    RESET = "reset"
    """The client's connection is reset."""
    BLACKHOLE = "blackhole"
    """Nothing more passes, in either direction, until the client hangs up."""
    DELAY = "delay"
    """The rest passes later."""


class Place(StrEnum):
    """How much of a message passes before the fault."""

    NOTHING = "nothing"
    LINE = "half the first line"
    HEADERS = "half the headers"
    HEAD = "the head"
    BODY = "half the body"
    LAST = "all but a byte"
    ALL = "all"

    def within(self, message: bytes) -> int:
        """Bytes of `message`."""
        line, head, end = message.index(b"\r\n"), message.index(b"\r\n\r\n") + 4, len(message)
        return {
            Place.NOTHING: 0, Place.LINE: line // 2, Place.HEADERS: (line + head) // 2, Place.HEAD: head,
            Place.BODY: (head + end) // 2, Place.LAST: end - 1, Place.ALL: end,
        }[self]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break one exchange."""

    way: Way
    kind: Kind
    place: Place
    seconds: float = 0.0
    """Of a delay."""

    def __str__(self) -> str:
        return f"{self.kind} after {self.place} of the {self.way}"


EVERY = tuple(Fault(*one) for one in product(Way, Kind, Place))
"""Every direction, what may happen in it, and where."""

Decide = Callable[[bytes], Fault | None]
"""A whole request → how its exchange is broken."""


def seeded(dice: Random, share: float, faults: tuple[Fault, ...] = EVERY) -> Decide:
    """Every exchange is broken with this chance, in one of these ways."""
    return lambda _request: dice.choice(faults) if dice.random() < share else None


class Proxy:
    """Stands before the server at `port` of loopback; `serve` one connection after the other, or many at once."""

    def __init__(self, port: int, decide: Decide) -> None:
        self._port, self._decide = port, decide
        self.met: list[tuple[bytes, Fault | None]] = []
        """Every request, and how its exchange was broken."""
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        upward: asyncio.StreamWriter | None = None
        try:
            above, upward = await asyncio.open_connection("127.0.0.1", self._port)
            while (request := await _message(reader)) is not None:
                fault = self._decide(request)
                self.met.append((request, fault))
                up, down = (fault if fault and fault.way is way else None for way in Way)
                if await _passed(request, upward, up, (above, reader, writer)):
                    answer = await _message(above)
                    if answer is not None and await _passed(answer, writer, down, (above, reader, writer)):
                        continue
                break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for one in filter(None, (upward, writer)):
                one.close()
            self._open.discard(task)

    async def aclose(self) -> None:
        """End what is still held open."""
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


Sides = tuple[asyncio.StreamReader, asyncio.StreamReader, asyncio.StreamWriter]
"""From the server, from the client, to the client."""


async def _passed(message: bytes, onward: asyncio.StreamWriter, fault: Fault | None, sides: Sides) -> bool:
    """Pass a message on, as far as the fault lets it; whether the conversation goes on."""
    at = len(message) if fault is None else fault.place.within(message)
    onward.write(message[:at])
    await onward.drain()
    if fault is None:
        return True
    if fault.kind is Kind.DELAY:
        await asyncio.sleep(fault.seconds)
        onward.write(message[at:])
        await onward.drain()
        return True
    above, client, writer = sides
    if fault.kind is Kind.BLACKHOLE:
        await client.read()  # until it hangs up
    elif fault.kind is Kind.RESET:
        _reset(writer)
    else:
        writer.close()
    if fault.way is Way.UP:
        onward.write_eof()
        await above.read()  # so that the server has done what it does
    return False


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _message(reader: asyncio.StreamReader) -> bytes | None:
    """A whole request or answer; None: the other side has hung up. Raises IncompleteReadError."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    lines = dict(line.partition(b": ")[::2] for line in head.lower().split(b"\r\n"))
    if b"chunked" in lines.get(b"transfer-encoding", b""):
        return head + await reader.readuntil(b"\r\n0\r\n\r\n")
    return head + await reader.readexactly(int(lines.get(b"content-length", b"0")))


@contextmanager
def proxied(port: int, decide: Decide) -> Iterator[tuple[int, Proxy]]:
    """The port of a proxy that serves from a thread, and the proxy."""
    proxy, loop, stop, ready = Proxy(port, decide), asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    ports: list[int] = []

    async def main() -> None:
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, backlog=512)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        await proxy.aclose()
        await asyncio.sleep(0)  # what was closed is gone one turn later

    thread = threading.Thread(target=lambda: (loop.run_until_complete(main()), loop.close()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0], proxy
    finally:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)
        thread.join(10)
