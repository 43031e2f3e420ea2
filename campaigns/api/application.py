"""The API as one ASGI application, and the document that describes it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from campaigns.desk.desk import Desk
from campaigns.domain.errors import CampaignsError, ours_in
from campaigns.web.knocks import Knocks

from . import campaigns, drafts, events, law, leads, reports, suppressions, system, tokens
from .access import needed
from .door import DOCUMENT, Door, fault
from .events import USUAL, Listeners, Pace
from .problems import MEDIA_TYPE, TITLES, ProblemDocument, answer, misread, plain, told

VERSION = "1"
PREFIX = "/api"
_TOPICS = (campaigns, drafts, leads, suppressions, law, reports, tokens, system, events)
_ALWAYS = (401, 403, 404, 422, 429, 500, 503)
_WRITES = (400, 409, 413, 415, 502)
_ABOUT = """\
Everything that the command line can do. A token comes from `campaigns token add NAME --role read|operate|admin` and is
sent as `Authorization: Bearer TOKEN`. Whoever may only read is shown masked numbers and no transcripts.

Lists come in pages: go on with `after` where a page says `next`. Writes take an `Idempotency-Key`: the same request
with the same key is done once. Whatever is refused is told as RFC 9457 has it, with `mend`: what to do.

The legal rules are data with sources, no legal advice.
"""


def api(desk: Desk, knocks: Knocks, pace: Pace = USUAL) -> ASGIApp:
    """To be mounted at /api. `knocks`: of this process; `pace`: of its event streams."""
    app = FastAPI(
        title="campaigns", version=VERSION, description=_ABOUT, openapi_url=DOCUMENT,
        docs_url=None, redoc_url=None,  # their pages load scripts from elsewhere
        redirect_slashes=False,
    )  # fmt: skip
    for topic in _TOPICS:
        app.router.routes.extend(topic.router.routes)
    app.state.desk, app.state.listeners = desk, Listeners(pace)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign] # as its documentation says
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(CampaignsError, _told)
    app.add_exception_handler(ExceptionGroup, _grouped)
    app.add_exception_handler(Exception, _faulty)
    return Door(app, desk, knocks)


def with_api(desk: Desk, knocks: Knocks, rest: ASGIApp, pace: Pace = USUAL) -> ASGIApp:
    """The API at /api, and `rest` everywhere else. An address is compared as it is, whatever letters are in it."""
    inner = api(desk, knocks, pace)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] == PREFIX or scope["path"].startswith(f"{PREFIX}/")):
            await inner({**scope, "root_path": scope.get("root_path", "") + PREFIX}, receive, send)
        else:
            await rest(scope, receive, send)

    return app


# The framework knows which error each of these is given; their types it does not say.


async def _refused(_request: Request, error: Exception) -> Response:
    return answer(plain(error)) if isinstance(error, HTTPException) else answer(fault())


async def _misread(_request: Request, error: Exception) -> Response:
    return answer(misread(error)) if isinstance(error, RequestValidationError) else answer(fault())


async def _told(_request: Request, error: Exception) -> Response:
    return answer(told(error)) if isinstance(error, CampaignsError) else answer(fault())


async def _grouped(_request: Request, error: Exception) -> Response:
    ours = ours_in(error) if isinstance(error, ExceptionGroup) else None
    if ours is None:
        raise error
    return answer(told(ours))


async def _faulty(_request: Request, _error: Exception) -> Response:
    return answer(fault())  # the door writes down where


def _document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with what the framework does not know: every refusal, and the role that each operation needs."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes,
            servers=[{"url": PREFIX}],
        )  # fmt: skip
        schemas = found["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        own = TypeAdapter(ProblemDocument).json_schema(ref_template="#/components/schemas/{model}")
        schemas |= own.pop("$defs") | {"ProblemDocument": own}
        for operation, route in _operations(found, app):
            role = needed(route).role
            operation["description"] += f"\n\nNeeds a token that may {role}."
            operation["x-role"] = str(role)
            operation["responses"] |= dict(_refusals(route))
        app.openapi_schema = found
    return app.openapi_schema


def _operations(found: dict[str, Any], app: FastAPI) -> Iterator[tuple[dict[str, Any], APIRoute]]:
    for route in app.routes:
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                yield found["paths"][route.path_format][method.lower()], route


def _refusals(route: APIRoute) -> Iterator[tuple[str, dict[str, Any]]]:
    reads = route.methods == {"GET"}
    for status in _ALWAYS if reads else _ALWAYS + _WRITES:
        title = TITLES[status]
        yield (
            str(status),
            {
                "description": f"{HTTPStatus(status).phrase}: {title[0].lower()}{title[1:]}.",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
            },
        )
