"""HTTP as all vendors use it, for everything that rings nobody: bounded requests, and what their answers say.

A dial goes through `vendors.dial` and nothing else.
"""

import logging
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import anyio
import httpx

CONNECT, WRITE, READ, TOTAL = 5.0, 5.0, 30.0, 45.0
"""Seconds of real time."""
CAP = 2_000_000
"""Bytes of an answer; more is unreadable."""
LONGEST_SILENCE = timedelta(hours=1)
"""An absurd Retry-After is cut to this."""


# Its lines hold whole addresses, parts of which are secret, or somebody's number.
logging.getLogger("httpx").setLevel(logging.WARNING)


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Of everything that we ask; made once, since it takes longer than a whole conversation."""
    return ssl.create_default_context()


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
        verify=tls_context(),
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
