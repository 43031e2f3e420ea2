"""What stands before every page: who comes in, from where, and what the browser is allowed to load.

The content security policy is as tight as NiceGUI allows. It forces `unsafe-eval`, for Vue compiles its templates in
the browser and NiceGUI evaluates its event handlers there, and `unsafe-inline` for styles, which Quasar sets on
elements. Inline scripts need no exception: each gets the answer's own nonce.
"""

import secrets
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .door import COOKIE
from .house import House

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, a form's origin would be hidden too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
_OPEN = ("/login", "/favicon.ico")
"""Paths that need no session."""


class Guard:
    """Lets through whoever has a session and comes from a page of ours."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        came = HTTPConnection(scope)
        if not _from_here(scope, came.headers):
            await _refuse(scope, receive, send)
            return
        scope["campaigns.house"] = self._house
        operator = await self._house.door.operator(came.cookies.get(COOKIE, ""))
        if operator is None and scope["path"] not in _OPEN:
            await _refuse(scope, receive, send)
            return
        scope["campaigns.operator"] = operator
        await self._app(scope, receive, _Sealed(send) if scope["type"] == "http" else send)


def _from_here(scope: Scope, headers: Headers) -> bool:
    """Whether a page of ours asks: what changes anything, and every web socket, must say so itself."""
    origin = headers.get("origin")
    if origin is None:
        return scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    return urlsplit(origin).netloc == headers.get("host")


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    wants_page = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    to = f"/login?next={quote(scope['path'])}" if scope["path"] != "/" else "/login"
    answer = RedirectResponse(to, 303) if wants_page else Response(status_code=401)
    answer.headers.update(HEADERS)
    await answer(scope, receive, send)


class _Sealed:
    """Adds the headers; puts the nonce into pages, which are held back until they are whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if headers.get("content-type", "").startswith("text/html"):
                headers["Content-Security-Policy"] = _POLICY.format(nonce=self._nonce)
                self._start = message
                return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            # Values in a page never hold a bare `<`, so that every script here is the page's own.
            page = bytes(self._body).replace(b"<script", b'<script nonce="%s"' % self._nonce.encode())
            MutableHeaders(scope=self._start)["Content-Length"] = str(len(page))
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": page})
