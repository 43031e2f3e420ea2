"""Writes that may be asked for twice: with an `Idempotency-Key` the second hears what the first was told."""

import re

import anyio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaigns.app import Session
from campaigns.ports.answers import Answer, Asked, Before

from .access import MOST_KEY
from .body import Spooled
from .problems import Trouble

_KEY = re.compile(rf"[!-~]{{1,{MOST_KEY}}}")
_BOUNDARY = re.compile(r'boundary="?([^";,]+)')
_LAST = 5.0
"""Seconds for the last write of a process that ends."""
REPLAYED = "Idempotency-Replayed"


class Repeats:
    """An ASGI application that carries each request out once. Whoever asks is known already."""

    def __init__(self, app: ASGIApp, session: Session) -> None:
        self._app, self._session = app, session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        keys = headers.getlist("idempotency-key")
        if not keys:
            await self._app(scope, receive, send)
            return
        key = _checked(keys)
        body = Spooled()
        try:
            if await body.fill(receive):
                await self._once(scope, body, body.replayed(receive), send, key)
        finally:
            body.close()

    async def _once(self, scope: Scope, body: Spooled, receive: Receive, send: Send, key: str) -> None:
        asked = Asked(scope["operator"].name, key, self._digest(scope, body))
        before = await self._session.store.ask(asked, now=self._session.clock.now())
        if before is not None:
            await _again(before, asked)(scope, receive, send)
            return
        heard = _Heard()
        try:
            await self._app(scope, receive, heard.hear)
        finally:  # after a fault, or at the end of this process, nothing is kept: the same may be tried again
            with anyio.move_on_after(_LAST, shield=True):
                await self._session.store.answer(asked, heard.answer())
        for message in heard.messages:
            await send(message)

    def _digest(self, scope: Scope, body: Spooled) -> str:
        kind = Headers(scope=scope).get("content-type", "")
        found = _BOUNDARY.search(kind)
        boundary = found[1] if found else ""
        told = [scope["method"], scope["path"], scope["query_string"].decode("latin-1")]
        told.append(kind.replace(boundary, "") if boundary else kind)
        return body.digest(self._session.hash_key, "\n".join(told), boundary.encode("latin-1"))


def _checked(keys: list[str]) -> str:
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        what = f"Idempotency-Key: one word of at most {MOST_KEY} letters, digits and signs is taken."
        raise Trouble(400, what, "Send a UUID, new for each thing that you want done.")
    return keys[0]


def _again(before: Before, asked: Asked) -> Response:
    if before.request != asked.request:
        raise Trouble(422, "This Idempotency-Key came with another request before.", "Take a new key for it.")
    if before.answer is None:
        mend = "Wait for its answer, then send the same again to hear it."
        raise Trouble(409, "The same request is under way.", mend, headers={"Retry-After": "1"})
    said = before.answer
    return Response(said.body, said.status, {REPLAYED: "true"}, said.kind)


class _Heard:
    """An answer that is kept before it is sent: whoever hears it may rely on hearing it again."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def hear(self, message: Message) -> None:
        self.messages.append(message)

    def answer(self) -> Answer | None:
        """None: it is none, or tells of a fault, after which the same may be tried again."""
        if not self.messages or self.messages[-1].get("more_body", False):
            return None
        start = self.messages[0]
        if start["type"] != "http.response.start" or start["status"] >= 500:
            return None
        kind = Headers(raw=start["headers"]).get("content-type", "")
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        return Answer(start["status"], kind, body.decode("utf-8"))
