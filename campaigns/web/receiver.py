"""The HTTP surface of a running process: webhooks in, and whether it is well."""

from collections.abc import Iterable, Mapping

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from campaigns.app import Account, Session
from campaigns.domain.call import Webhook
from campaigns.domain.errors import ProofError, StoreError
from campaigns.engine.answering import answered
from campaigns.engine.inbox import receive

from .knocks import Knocks

log = structlog.get_logger()

MOST_BYTES = 1_000_000
_PREFIX = "/webhooks/"


def receiver(session: Session, accounts: Mapping[str, Account], knocks: Knocks) -> ASGIApp:
    """`POST /webhooks/{provider}/{token}`, `GET /healthz`, `GET /readyz`.

    A report is answered with 2xx only after it is durable; without proof with 401, or 429 where the
    address was wrong too often, and then nothing of it is read; too large with 413; while the
    database cannot take it with 503. Who is to talk, and what a tool wants to know, is answered in the body, in time.
    """
    rest = _health(session)

    async def app(scope: Scope, take: Receive, send: Send) -> None:
        # Calls come by the hundred a second: reports do without what a framework does for each request.
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await rest(scope, take, send)
            return
        name, slash, token = scope["path"][len(_PREFIX) :].partition("/")
        if not (name and slash and token) or "/" in token:
            response = Response(status_code=404)
        elif scope["method"] != "POST":
            response = Response(status_code=405, headers={"Allow": "POST"})
        else:
            account = accounts.get(name)
            if account is not None and account.provider.addressed(token):
                response = await _take_in(session, account, token, scope, take)
            else:
                response = _turned_away(session, account.name if account else "unknown", scope, knocks)
        await response(scope, take, send)

    return app


def _health(session: Session) -> Starlette:
    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        try:
            await session.store.campaigns()
        except StoreError:
            return JSONResponse({"status": "the database cannot be read"}, status_code=503)
        return JSONResponse({"status": "ok"})

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])


def _turned_away(session: Session, name: str, scope: Scope, knocks: Knocks) -> Response:
    """The address is wrong: nothing more is looked at, and the log is not filled by whoever goes on."""
    wait = knocks.fail(scope, name)
    session.meters.webhook(name, "unproved")
    if wait:
        return Response(status_code=429, headers={"Retry-After": str(wait), "Connection": "close"})
    log.warning("webhook_refused", provider=name)
    return Response(status_code=401, headers={"Connection": "close"})


async def _take_in(session: Session, account: Account, token: str, scope: Scope, take: Receive) -> Response:
    body, name = await _body(take), account.name
    if body is None:
        session.meters.webhook(name, "too_large")
        return Response(status_code=413)
    news = Webhook(token, _headers(scope["headers"]), body)
    try:
        taken = await receive(session.store, account.provider, session.clock, name=name, webhook=news)
    except ProofError:
        session.meters.webhook(name, "unproved")
        log.warning("webhook_refused", provider=name)
        return Response(status_code=401)
    except StoreError:
        session.meters.webhook(name, "unavailable")
        return Response(status_code=503, headers={"Retry-After": "5"})
    if taken.news is not None:
        session.meters.webhook(name, "kept")
        account.reconciler.heard(taken.news)
    elif taken.question is None:
        session.meters.webhook(name, "repeated")
    if taken.question is None:
        return _THANKS
    reply = await answered(session.store, session.book, taken.question, provider=account.name)
    return JSONResponse(account.provider.answer(taken.question, reply))


_THANKS = JSONResponse({})


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a header that stands twice is joined, so that it matches nothing."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


async def _body(take: Receive) -> bytes | None:
    """The raw body; None: larger than is read, or its sender is gone."""
    body, more = bytearray(), True
    while more:
        message = await take()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        more = message.get("more_body", False)
    return bytes(body)
