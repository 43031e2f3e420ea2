"""HTTP as all vendors use it: a dial that is sent at most once, and bounded requests for everything else."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import anyio
import h11
import httpx
from anyio.abc import ByteStream

from campaigns.domain.call import NotSent, Unclear

CONNECT, WRITE, READ, TOTAL = 5.0, 5.0, 30.0, 45.0
"""Seconds of real time."""
CAP = 2_000_000
"""Bytes of an answer; more is unreadable."""
LONGEST_SILENCE = timedelta(hours=1)
"""An absurd Retry-After is cut to this."""

_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each part of a dial may take, in seconds of real time."""

    connect: float = CONNECT
    write: float = WRITE
    read: float = READ
    total: float = TOTAL


class DialTransport(httpx.AsyncBaseTransport):
    """One fresh connection per request, and exact knowledge of whether anything was sent.

    Every exception below the line marked in `handle_async_request` means that the request may have been read.
    """

    def __init__(self, deadlines: Deadlines = Deadlines(), tls: ssl.SSLContext | None = None) -> None:
        self._deadlines, self._tls = deadlines, tls

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in _PORTS or not request.url.host:
            raise httpx.UnsupportedProtocol(f"cannot dial {request.url.scheme or 'an address without scheme'}")
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=64_000)
        out = _encode(connection, request)
        stream = await self._connect(request.url)
        # Below this line nothing may be called "not sent".
        try:
            with anyio.fail_after(self._deadlines.total):
                await self._write(stream, out)
                head, body = await self._read(stream, connection)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no complete answer in time") from error
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.aclose_forcefully(stream)
        # Without Content-Encoding httpx unpacks nothing: we asked for plain bytes, and packed ones may be a bomb.
        headers = [(name, value) for name, value in head.headers if name != b"content-encoding"]
        return httpx.Response(head.status_code, headers=headers, content=body, request=request)

    async def _connect(self, url: httpx.URL) -> ByteStream:
        port = url.port or _PORTS[url.scheme]
        try:
            with anyio.fail_after(self._deadlines.connect):
                if url.scheme == "http":
                    return await anyio.connect_tcp(url.host, port)
                context = self._tls or _tls()
                return await anyio.connect_tcp(url.host, port, ssl_context=context, tls_standard_compatible=False)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except Exception as error:  # whatever it was, nothing has been written yet
            raise httpx.ConnectError(f"no connection: {type(error).__name__}") from error

    async def _write(self, stream: ByteStream, out: bytes) -> None:
        try:
            with anyio.fail_after(self._deadlines.write):
                await stream.send(out)
        except TimeoutError as error:
            raise httpx.WriteTimeout("the request could not be written in time") from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            raise httpx.WriteError("the connection broke while writing") from error

    async def _read(self, stream: ByteStream, connection: h11.Connection) -> tuple[h11.Response, bytes]:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from error
            if event is h11.NEED_DATA:
                connection.receive_data(await self._receive(stream))
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > CAP:
                    raise httpx.ReadError("the answer is too large")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return head, bytes(body)
            elif not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("the connection closed without an answer")

    async def _receive(self, stream: ByteStream) -> bytes:
        try:
            with anyio.fail_after(self._deadlines.read):
                return await stream.receive()
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time") from error
        except anyio.EndOfStream:
            return b""
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            raise httpx.ReadError("the connection broke while reading") from error


def _encode(connection: h11.Connection, request: httpx.Request) -> bytes:
    """The whole request as bytes, before any socket exists."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _OURS]
    headers += [(b"Connection", b"close"), (b"Accept-Encoding", b"identity")]
    try:
        target = request.url.raw_path
        out = connection.send(h11.Request(method=request.method, target=target, headers=headers)) or b""
        out += connection.send(h11.Data(data=request.content)) or b""
        out += connection.send(h11.EndOfMessage()) or b""
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError("not HTTP") from error
    return out


_OURS = (b"connection", b"accept-encoding", b"cookie")
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
    UnicodeEncodeError,
)


async def post_once(
    transport: DialTransport, url: str, *, headers: Mapping[str, str], body: bytes
) -> httpx.Response | NotSent | Unclear:
    """Send one POST at most once: no retry, no redirect, no cookie, no proxy.

    Returns the answer, or the proof that nothing was sent, or the doubt. Raises only cancellation.
    """
    try:
        request = httpx.Request("POST", url, headers=dict(headers), content=body)
        return await transport.handle_async_request(request)
    except _NEVER_SENT as error:
        return NotSent(why(error))
    except Exception as error:  # noqa: BLE001 - the rule of the protocol: whatever else happens is a doubt
        return Unclear(why(error))


def why(error: Exception) -> str:
    """What went wrong with a request, short, and without what was sent: the text of a protocol error quotes headers."""
    if isinstance(error, httpx.LocalProtocolError):
        return "LocalProtocolError: the address or a header holds what HTTP cannot carry"
    return f"{type(error).__name__}: {error}"[:200].rstrip(".")


def new_client(headers: Mapping[str, str]) -> httpx.AsyncClient:
    """For everything that is not a dial: a small pool, no environment proxies, no cookies, identity encoding."""
    return httpx.AsyncClient(
        headers={**headers, "Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
        timeout=httpx.Timeout(READ, connect=CONNECT),
        follow_redirects=False,
        trust_env=False,
        verify=_tls(),  # the dials' own, and made once: it takes longer than a whole conversation
    )


async def read_bounded(client: httpx.AsyncClient, request: httpx.Request) -> tuple[httpx.Response, bytes]:
    """Send, and read at most CAP bytes within the total deadline. Raises httpx.HTTPError."""
    try:
        with anyio.fail_after(TOTAL):
            response = await client.send(request, stream=True)
            body = bytearray()
            try:
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > CAP:
                        raise httpx.ReadError("the answer is too large", request=request)
            finally:
                await response.aclose()
    except TimeoutError as error:
        raise httpx.ReadTimeout("no complete answer in time", request=request) from error
    return response, bytes(body)


def retry_after(headers: Mapping[str, str], *, now: datetime, default: timedelta) -> timedelta:
    """How long a 429 or 503 asks for silence: seconds, an HTTP date, or X-RateLimit-Reset; bounded.

    Args:
        headers: Of the answer; looked up without regard to case by httpx.
        now: The present, for dates.
        default: Where nothing usable is said.
    """
    text = headers.get("retry-after", "").strip()
    seconds = _seconds(text)
    if seconds is None and text:
        try:
            date = parsedate_to_datetime(text)
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
        except (TypeError, ValueError, OverflowError):
            seconds = None
    if seconds is None:
        reset = _seconds(headers.get("x-ratelimit-reset", ""))
        seconds = reset - now.timestamp() if reset is not None else default.total_seconds()
    return timedelta(seconds=min(max(seconds, 1.0), LONGEST_SILENCE.total_seconds()))


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) < 1e12 else None  # noqa: PLR0124 - NaN is not itself


_NUMBERS = re.compile(r"\+?\d(?:[ ().-]{0,2}\d){5,}")


def error_text(data: Any, *, key: str = "") -> tuple[str, str]:
    """(code, message) of an error body, in any of the shapes that vendors use.

    `{"error": {code, message}}`; `{"error": code, "message": text}`; `{"error": text, "code": code}`; and
    `{"error": {parameter: [text, …]}}`. Vendors echo what was sent, and these texts are logged: whatever may be a phone
    number is left out, and `key`, which some say back when it is wrong.
    """
    if not isinstance(data, dict):
        return "", ""
    error, code = data.get("error"), data.get("code")
    if isinstance(error, dict):
        message = error.get("message") or "; ".join(_complaints(error))
        return _discreet(error.get("code") or code, key), _discreet(message, key)
    return _discreet(code or error, key), _discreet(data.get("message") or error, key)


def _complaints(error: Mapping[str, Any]) -> list[str]:
    """What is wrong with each parameter."""
    return [f"{name}: {', '.join(map(str, texts))}" for name, texts in error.items() if isinstance(texts, list)]


def _discreet(text: object, key: str) -> str:
    return _NUMBERS.sub("(number)", without_key(str(text or ""), key))[:200]


def without_key(text: str, key: str) -> str:
    """A vendor's words without the key that was sent to it."""
    return text.replace(key, "(key)") if key else text
