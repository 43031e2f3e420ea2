"""What comes before every request: who asks, whether they may, how much they may send, and that no fault gets out."""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaigns.desk.access import Operator, Role
from campaigns.desk.desk import Desk
from campaigns.domain.errors import CampaignsError
from campaigns.web.knocks import Knocked, Knocks

from .access import needed, secret_of
from .body import JSON, UPLOAD, capped, check_length
from .problems import Trouble, answer, told
from .repeats import Repeats

log = structlog.get_logger()

DOCUMENT = "/openapi.json"
_FORM = "multipart/form-data"
_QUIET = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_MEND = "Send `Authorization: Bearer TOKEN`. `campaigns token add NAME --role operate` makes one."


@dataclass(frozen=True, slots=True)
class _Way:
    """What a route lets in."""

    route: APIRoute
    role: Role
    repeatable: bool
    body: str
    """Its media type; empty: none is read."""


class Door:
    """An ASGI application around the FastAPI one. Nothing of a body is read before it is known who sends it."""

    def __init__(self, app: FastAPI, desk: Desk, knocks: Knocks) -> None:
        """Raises TypeError where a route does not say who may use it."""
        self._app: ASGIApp = app
        self._desk, self._knocks = desk, knocks
        self._ways = list(_ways(route for route in app.routes if isinstance(route, APIRoute)))
        self._repeats = Repeats(app, desk.session)
        self._document = app.openapi_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = _Sent(send)
        try:
            await self._let_in(scope, receive, sent.send)
        except Trouble as trouble:
            await answer(trouble)(scope, receive, sent.send)
        except CampaignsError as error:
            await answer(told(error))(scope, receive, sent.send)
        except Knocked as too_often:
            await answer(_waits(too_often.wait))(scope, receive, sent.send)
        except ClientDisconnect:
            return  # in the middle of a body; nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - the outermost door
            _note(error)
            if not sent.begun:
                await answer(fault())(scope, receive, sent.send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope["path"] == scope.get("root_path", "") + DOCUMENT:
            await self._app(scope, capped(receive, JSON), send)
            return
        scope["operator"] = operator = await self._operator(scope, headers)
        way = self._way(scope)
        _check_role(operator, way)
        most = UPLOAD if way.body == _FORM else JSON
        check_length(headers, most)
        _check_kind(headers, way)
        carry_out = self._repeats if way.repeatable else self._app
        await carry_out(scope, capped(receive, most), send)

    def _way(self, scope: Scope) -> _Way:
        near = [(way.route.matches(scope)[0], way) for way in self._ways]
        for match, way in near:
            if match is Match.FULL:
                return way
        methods = {method for match, way in near if match is Match.PARTIAL for method in way.route.methods or ()}
        if methods:
            mend = "`Allow` names those that are."
            allow = {"Allow": ", ".join(sorted(methods))}
            raise Trouble(405, "The address is right, the method is not.", mend, headers=allow)
        raise Trouble(404, "There is no such address.", "GET /api/openapi.json lists them all.")

    async def _operator(self, scope: Scope, headers: Headers) -> Operator:
        secret = secret_of(headers)
        if not secret:
            raise Trouble(401, "No token came with the request.", _MEND, headers=_challenge())
        found = await self._knocks.admit(scope, secret, self._desk.acts.operator)
        if found is None:
            raise Trouble(401, "Nobody has this token, or it was revoked.", _MEND, headers=_challenge("invalid_token"))
        return found


def _ways(routes: Iterable[APIRoute]) -> Iterable[_Way]:
    for route in routes:
        needs, body = needed(route), ""
        if route.body_field is not None:
            body = getattr(route.body_field.field_info, "media_type", "application/json")
        yield _Way(route, needs.role, needs.repeatable, body)


def _challenge(error: str = "") -> dict[str, str]:
    return {"WWW-Authenticate": 'Bearer realm="campaigns"' + (f', error="{error}"' if error else "")}


def _waits(seconds: int) -> Trouble:
    detail = "Too many wrong tokens came from this address within a minute."
    return Trouble(429, detail, "Wait as `Retry-After` says; see that the token is right.",
                   headers={"Retry-After": str(seconds)})  # fmt: skip


def _check_role(operator: Operator, way: _Way) -> None:
    if not operator.role.allows(way.role):
        detail = f"Your token may {operator.role}; this needs one that may {way.role}."
        raise Trouble(403, detail, "Ask whoever hands out tokens.")


def _check_kind(headers: Headers, way: _Way) -> None:
    """Raises Trouble where a body is sent as something that is not read here."""
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    fits = said == way.body or (way.body == "application/json" and said.endswith("+json"))
    if way.body and said and not fits:
        raise Trouble(415, "The body is sent as something that is not read here.", f"Send it as {way.body}.")


class _Sent:
    """The way out: adds what every answer says, and knows whether one has begun."""

    def __init__(self, send: Send) -> None:
        self._send, self.begun = send, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            MutableHeaders(scope=message).update(_QUIET)
        await self._send(message)


def fault() -> Trouble:
    """A mistake of this program, of which nothing is told: its text may hold a number."""
    mend = "Ask again with the same Idempotency-Key; if it stays, the log of this process names the place."
    return Trouble(500, "This is a fault of the program itself.", mend)


def _note(error: Exception) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    log.error("api_fault", kind=type(error).__name__, place=place)
