"""A dial on the wire: one POST on a connection of its own, and exact knowledge of whether anything was sent."""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import Any

import anyio
import httptools
import httpx

from campaigns.domain.call import NotSent, Unclear
from campaigns.failpoints import failpoint, is_armed

from .http import CAP, CONNECT, READ, TOTAL, WRITE, tls_context, why

MOST_HEAD = 64_000
"""Bytes of an answer's status line and headers."""
HEAD_START = 0.25
"""Seconds that an address of a name has before the next is tried beside it (RFC 8305, section 5)."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each part of a dial may take, in seconds of real time."""

    connect: float = CONNECT
    write: float = WRITE
    read: float = READ
    total: float = TOTAL
    """From the first byte written on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's whole answer to a dial, as it came."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; one that stands twice is joined by a comma."""
    body: bytes


async def post_once(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    deadlines: Deadlines = Deadlines(),
    tls: ssl.SSLContext | None = None,
) -> Answer | NotSent | Unclear:
    """Send one POST at most once: no retry, no redirect, no cookie, no proxy.

    Returns the answer, or the proof that nothing was sent, or the doubt. Raises only cancellation.
    """
    try:
        target = _target(url, tuple(headers.items()))
        out = b"%b%d\r\n\r\n%b" % (target.head, len(body), body)
        exchange = await _connected(target, deadlines, tls)
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing has been written yet
        return NotSent(why(error))
    # Below this line nothing may be called "not sent".
    try:
        return await exchange.answer_to(out, deadlines)
    except Exception as error:  # noqa: BLE001 - the rule of the protocol: whatever else happens is a doubt
        return Unclear(why(error))
    finally:
        exchange.hang_up()


class _Exchange(asyncio.Protocol):
    """One request on one connection, and its answer as far as it has come."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = self._loop.create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._answer: Answer | None = None
        self._fault: Exception | None = None
        self._is_writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._head = 0
        """Bytes."""
        self.on_message_begin()

    async def answer_to(self, out: bytes, deadlines: Deadlines) -> Answer:
        """Write the request and wait for the answer. Raises httpx.TransportError."""
        self._deadlines = deadlines
        self._last = self._loop.time() + deadlines.total
        self._transport.set_write_buffer_limits(high=1, low=0)  # so that writing goes on until all is with the system
        if is_armed("amid_request"):
            out = await self._all_but_the_last(out)
        self._transport.write(out)
        self._wait(deadlines.write if self._is_writing else deadlines.read)
        await self._over
        if self._answer is None:
            raise self._fault or httpx.RemoteProtocolError("no answer")
        return self._answer

    async def _all_but_the_last(self, out: bytes) -> bytes:
        """Write all but the last byte and come to a failpoint; what is still to be written."""
        self._transport.write(out[:-1])
        await anyio.sleep(0.02)  # a loop may keep what is written until its next turn
        failpoint("amid_request")
        return out[-1:]

    def hang_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._over.cancel()  # what is said from here on is not heard
        self._transport.abort()

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(min(self._loop.time() + seconds, self._last), self._late)

    def _late(self) -> None:
        late = httpx.WriteTimeout if self._is_writing else httpx.ReadTimeout
        self._end(late("the request could not be written in time" if self._is_writing else "no answer in time"))

    def _end(self, fault: Exception) -> None:
        self._fault = self._fault or fault
        if not self._over.done():
            self._over.set_result(None)

    # --- what the connection tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # of a stream, as create_connection makes it

    def pause_writing(self) -> None:
        self._is_writing = True

    def resume_writing(self) -> None:
        self._is_writing = False
        self._wait(self._deadlines.read)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._end(httpx.RemoteProtocolError(str(error)))
        if not self._is_headed:
            self._head += len(data)
        if self._head > MOST_HEAD:
            self._end(httpx.RemoteProtocolError("the head of the answer is too large"))
        if self._timer is not None and not (self._is_writing or self._over.done()):
            self._wait(self._deadlines.read)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            broke = httpx.WriteError if self._is_writing else httpx.ReadError
            self._end(broke("the connection broke"))
        elif self._is_headed and not self._is_delimited:
            self.on_message_complete()
        else:
            self._end(httpx.RemoteProtocolError("the connection closed without a whole answer"))

    # --- what the parser tells; a message of 1xx is followed by another

    def on_message_begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._is_headed = self._is_delimited = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if not self._is_headed:  # after it come trailers
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        self._is_headed = self._parser.get_status_code() >= 200
        self._is_delimited = not self._headers.keys().isdisjoint(("content-length", "transfer-encoding"))
        if self._head > MOST_HEAD:
            self._end(httpx.RemoteProtocolError("the head of the answer is too large"))

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > CAP:
            self._end(httpx.ReadError("the answer is too large"))

    def on_message_complete(self) -> None:
        if self._is_headed and not self._over.done():
            self._answer = Answer(self._parser.get_status_code(), self._headers, bytes(self._body))
            self._over.set_result(None)


# --- before anything is sent


@dataclass(frozen=True, slots=True)
class _Target:
    host: str
    port: int
    is_address: bool
    """Whether the host is an address rather than a name."""
    is_tls: bool
    head: bytes = field(repr=False)
    """The request as far as the length of its body."""


_VISIBLE = re.compile(r"[!-~]+")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
_OURS = frozenset({"accept-encoding", "connection", "content-length", "cookie", "expect", "host", "transfer-encoding"})


@lru_cache(maxsize=64)
def _target(address: str, headers: tuple[tuple[str, str], ...]) -> _Target:
    """Where an account's dials go; the same for all of them. Raises httpx.InvalidURL, UnsupportedProtocol.

    Raises httpx.LocalProtocolError for what HTTP cannot carry.
    """
    url = httpx.URL(address)
    if url.scheme not in _PORTS or not url.host:
        raise httpx.UnsupportedProtocol(f"cannot dial {url.scheme or 'an address without scheme'}")
    host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
    if port > 65535:
        raise httpx.ConnectError("there is no such port")
    path, name = url.raw_path.decode("ascii"), url.netloc.decode("ascii")
    words = all(_NAME.fullmatch(key) and _VALUE.fullmatch(value) for key, value in headers)
    if not (_VISIBLE.fullmatch(path) and _VISIBLE.fullmatch(name) and words):
        raise httpx.LocalProtocolError("not HTTP")
    lines = [f"POST {path} HTTP/1.1", f"Host: {name}", "Connection: close", "Accept-Encoding: identity"]
    lines += [f"{key}: {value}" for key, value in headers if key.lower() not in _OURS]
    head = "\r\n".join([*lines, "Content-Length: "]).encode("ascii")
    return _Target(host, port, _is_address(host), url.scheme == "https", head)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _connected(target: _Target, deadlines: Deadlines, tls: ssl.SSLContext | None) -> _Exchange:
    """A connection over which nothing has been said. Raises httpx.ConnectError, ConnectTimeout."""
    try:
        async with asyncio.timeout(deadlines.connect):
            return await _connect(target, (tls or tls_context()) if target.is_tls else None)
    except TimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time") from error
    except Exception as error:
        raise httpx.ConnectError(f"no connection: {type(error).__name__}") from error


async def _connect(target: _Target, tls: ssl.SSLContext | None) -> _Exchange:
    connect, name = asyncio.get_running_loop().create_connection, target.host if tls else None
    addresses = [] if target.is_address else await _addresses(target)
    if len(addresses) > 1:
        _, exchange = await connect(_Exchange, sock=await _first_of(addresses), ssl=tls, server_hostname=name)
    else:
        host = str(addresses[0][1][0]) if addresses else target.host
        _, exchange = await connect(_Exchange, host, target.port, ssl=tls, server_hostname=name)
    return exchange


_Address = tuple[int, tuple[Any, ...]]
"""A family, and an address in it."""


async def _addresses(target: _Target) -> list[_Address]:
    """Of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    return _by_turns([(family, address) for family, _, _, _, address in found])


def _by_turns(addresses: list[_Address]) -> list[_Address]:
    """Each once, the two families by turns (RFC 8305, section 4)."""
    known = list(dict.fromkeys(addresses))
    first = [one for one in known if one[0] == known[0][0]]
    second = [one for one in known if one[0] != known[0][0]]
    return [one for one in chain.from_iterable(zip_longest(first, second)) if one is not None]


async def _first_of(addresses: list[_Address]) -> socket.socket:
    """A socket that is connected to one of them; nothing is sent to any. Raises OSError where none answers."""
    connected: list[socket.socket] = []
    faults: list[OSError] = []

    async def attempt(address: _Address, failed: anyio.Event) -> None:
        try:
            made = await _socket(address)
        except OSError as error:
            faults.append(error)
            failed.set()
        else:
            connected.append(made)
            tasks.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as tasks:
            for address in addresses:
                failed = anyio.Event()
                tasks.start_soon(attempt, address, failed)
                with anyio.move_on_after(HEAD_START):
                    await failed.wait()
        if not connected:
            raise faults[0]
        return connected.pop(0)
    finally:
        for other in connected:
            other.close()


async def _socket(address: _Address) -> socket.socket:
    made = socket.socket(address[0], socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(made, address[1])
    except BaseException:
        made.close()
        raise
    return made
