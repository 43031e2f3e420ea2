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
from campaigns.visiting import Gate

from .knocks import Knocks
from .room import BUSY, TOO_LARGE, Room

log = structlog.get_logger()

_PREFIX = "/webhooks/"


def receiver(session: Session, accounts: Mapping[str, Account], knocks: Knocks) -> ASGIApp:
    """`POST /webhooks/{provider}/{token}`, `GET /healthz`, `GET /readyz`.

    A report is answered with 2xx only after it is durable; without proof with 401, or 429 where the
    address was wrong too often, and then nothing of it is read; too large with 413; while there is no room, or the
    database cannot take it, with 503. Who is to talk, and what a tool wants to know, is answered in the body, in time.
    """
    rest, room = _health(session), Room()

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
                response = await _let_in(session, account, token, room, scope, take)
            else:
                response = _turned_away(session, account.name if account else "unknown", scope, knocks)
        await response(scope, take, send)

    return app


def gate(session: Session) -> Gate:
    """How many webhooks are taken in at once; who finds no place comes again, or the call is asked for."""
    return Gate(_PREFIX.encode(), told=lambda: session.meters.webhook("any", "busy"))


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


async def _let_in(session: Session, account: Account, token: str, room: Room, scope: Scope, take: Receive) -> Response:
    """What does not find room is not read."""
    headers = _headers(scope["headers"])
    body = await room.body(headers.get("content-length", ""), take)
    if isinstance(body, Response):
        session.meters.webhook(account.name, _NOT_READ.get(body.status_code, "cut_off"))
        return body
    return await _take_in(session, account, Webhook(token, headers, body))


async def _take_in(session: Session, account: Account, news: Webhook) -> Response:
    name = account.name
    try:
        taken = await receive(
            session.store, account.provider, session.clock, name=name, webhook=news, book=session.book
        )
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
_NOT_READ = {BUSY.status_code: "busy", TOO_LARGE.status_code: "too_large"}


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a header that stands twice is joined, so that it matches nothing."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers
