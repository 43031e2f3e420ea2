"""The HTTP surface of a running process: webhooks in, and whether it is well."""

from collections.abc import Mapping

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.app import Account, Session
from campaigns.domain.call import Webhook
from campaigns.domain.errors import ProofError, StoreError
from campaigns.engine.answering import answered
from campaigns.engine.inbox import receive

log = structlog.get_logger()

MOST_BYTES = 1_000_000


def receiver(session: Session, accounts: Mapping[str, Account]) -> Starlette:
    """`POST /webhooks/{provider}/{token}`, `GET /healthz`, `GET /readyz`.

    A report is answered with 2xx only after it is durable; without proof with 401; too large with 413; while the
    database cannot take it with 503. Who is to talk, and what a tool wants to know, is answered in the body, in time.
    """

    async def webhook(request: Request) -> Response:
        return await _take_in(session, accounts.get(request.path_params["provider"]), request)

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        try:
            await session.store.campaigns()
        except StoreError:
            return JSONResponse({"status": "the database cannot be read"}, status_code=503)
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/webhooks/{provider}/{token}", webhook, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ]
    )


async def _take_in(session: Session, account: Account | None, request: Request) -> Response:
    body = await _body(request)
    if body is None:
        return Response(status_code=413)
    if account is None:
        return Response(status_code=401)
    news = Webhook(request.path_params["token"], _headers(request), body)
    try:
        taken = await receive(session.store, account.provider, session.clock, name=account.name, webhook=news)
    except ProofError:
        log.warning("webhook_refused", provider=account.name)
        return Response(status_code=401)
    except StoreError:
        return Response(status_code=503, headers={"Retry-After": "5"})
    if taken.news is not None:
        account.reconciler.heard(taken.news)
    if taken.question is None:
        return JSONResponse({})
    reply = await answered(session.store, session.book, taken.question, provider=account.name)
    return JSONResponse(account.provider.answer(taken.question, reply))


def _headers(request: Request) -> dict[str, str]:
    """Lower-case names; a header that stands twice is joined, so that it matches nothing."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    return headers


async def _body(request: Request) -> bytes | None:
    """The raw body; None: larger than is read."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
