"""What every request to the Flireo simulator meets: budget, key, envelopes, and the faults that a client can see."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.vendors.signatures import same
from campaigns.vendors.simulated.exchange import ApiError, Exchange
from campaigns.vendors.simulated.faults import Place, Rule
from campaigns.vendors.simulated.minute import Minute
from campaigns.vendors.simulated.suffering import Act, Sufferer

from .options import Options

_CODES = {
    400: "invalid_parameters", 401: "unauthorized", 402: "insufficient_credits", 403: "forbidden", 404: "not_found",
    429: "rate_limit_exceeded",
}  # fmt: skip
ORG = "6f1d6c52-5c5e-5a7e-9a53-0d8f5f1b7c11"

Endpoint = Callable[[Request], Awaitable[Response]]
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read whole."""

    request: Request
    raw: bytes

    @property
    def key(self) -> str:
        """The id in its path."""
        return str(self.request.path_params["key"])

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name)

    def told(self) -> dict[str, Any]:
        """Its body as an object. Raises ApiError."""
        try:
            found = json.loads(self.raw)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ApiError(400, "invalid_parameters", "Missing or malformed: body")
        return found


class Door:
    """Stands before every endpoint of one exchange."""

    def __init__(self, exchange: Exchange[Options]) -> None:
        self._exchange = exchange
        self._sufferer = Sufferer(exchange, codes=_CODES, accepted={"status": "queued"})
        self._minute = Minute(exchange.options.per_minute)

    def route(self, path: str, act: Callable[[Asked], Response], method: str = "GET", at: Place | None = None) -> Route:
        """An endpoint; with `at`, faults of that place may befall it."""

        async def endpoint(request: Request) -> Response:
            asked = Asked(request, await request.body())
            about = request.url.path.removeprefix("/v1").lstrip("/")
            text = f"{about}?{request.url.query}" if at == "list" else about
            rule = self._exchange.dice.pick(at, about, text) if at is not None else None
            return await self.suffer(rule, lambda: act(asked))

        return Route(path, self.open(endpoint), methods=[method])

    def open(self, endpoint: Endpoint) -> Endpoint:
        """What every request of the API meets first: budget and key; and how errors look."""

        async def guarded(request: Request) -> Response:
            budget = self._minute.spend(now=self._exchange.clock.now())
            try:
                self._admit(request, budget)
                answer = await endpoint(request)
            except ApiError as error:
                answer = self._error(error)
            answer.headers.update(budget)
            return answer

        return guarded

    def _admit(self, request: Request, budget: dict[str, str]) -> None:
        if "retry-after" in budget:
            raise ApiError(429, "rate_limit_exceeded", "Too many requests in this minute")
        key = self._exchange.options.api_key
        if key is not None and not same(request.headers.get("authorization", ""), f"Bearer {key}"):
            raise ApiError(401, "unauthorized", "The API key is missing or wrong")

    def _error(self, error: ApiError) -> Response:
        body: dict[str, Any] = {"error": {"code": error.code, "message": error.message, "details": {}}}
        if self._exchange.options.errors == "flat":
            body = {"error": error.code, "message": error.message}
        return JSONResponse(body, error.status, error.headers)

    async def suffer(self, rule: Rule | None, act: Act) -> Response:
        """Answer a request as a fault would have it; `act` does the work and gives the proper answer."""
        return await self._sufferer.answer(rule, act)

    def page(self, request: Request, name: str, items: list[Any], view: Callable[[Any], Any]) -> dict[str, Any]:
        """One page in the envelope of the options. Default 10, at most 100 (assumed)."""
        rows, meta = self.cut(request, items, view, default=10)
        if self._exchange.options.envelope == "guide":
            return {"data": rows, "meta": meta}
        return {name: rows, "pagination": meta | {"has_more": meta["offset"] + meta["limit"] < len(items)}}

    def cut(
        self, request: Request, items: list[Any], view: Callable[[Any], Any], *, default: int
    ) -> tuple[list[Any], dict[str, int]]:
        """The rows of one page, and what the guide tells of it."""
        limit = min(number(request, "limit", default=default, least=1), 100)
        offset = number(request, "offset", default=0, least=0)
        meta = {"total": len(items), "limit": limit, "offset": offset}
        return [view(item) for item in items[offset : offset + limit]], meta

    def written(self, thing: dict[str, Any], status: int = 200) -> Response:
        """The answer to a write: the bare thing, or in the guide's envelope."""
        if self._exchange.options.envelope == "guide":
            return JSONResponse({"message": "Done", "data": thing}, status)
        return JSONResponse(thing, status)


def order(raw: bytes, kind: type[Body]) -> Body:
    """A body as what it should be. Raises ApiError."""
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, each["loc"])) or "body" for each in error.errors()})
        raise ApiError(400, "invalid_parameters", f"Missing or malformed: {', '.join(wrong)}") from error


def number(request: Request, name: str, *, default: int, least: int) -> int:
    """A whole number of the query. Raises ApiError."""
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ApiError(400, "invalid_parameters", f"{name} must be a whole number from {least}")
    return int(text)


def instant(text: str | None, *, whole_day: bool = False) -> datetime | None:
    """A filter's date or date-time; UTC when it names no offset. Raises ApiError."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ApiError(400, "invalid_parameters", "Dates must be ISO 8601") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at + timedelta(days=1, microseconds=-1) if whole_day and len(text) == 10 else at


def iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
