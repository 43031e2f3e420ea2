"""What every request of the HMS Sovereign simulator meets first: budget and key; and how its errors look."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from campaigns.vendors.signatures import same
from campaigns.vendors.simulated.exchange import ApiError, Exchange
from campaigns.vendors.simulated.minute import Minute

from .options import Options

CODES = {
    400: "invalid_request", 401: "unauthorized", 402: "insufficient_credits", 403: "forbidden", 404: "not_found",
    409: "duplicate", 422: "invalid_request", 429: "rate_limit_exceeded",
}  # fmt: skip
Endpoint = Callable[[Request], Awaitable[Response]]


class Refusal(ApiError):
    """An error that names the field it is about."""

    def __init__(self, status: int, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(status, code, message)
        self.param = param


class Guard:
    """Stands before every endpoint of one account."""

    def __init__(self, exchange: Exchange[Options]) -> None:
        self._exchange = exchange
        self._minute = Minute(exchange.options.per_minute)

    def __call__(self, endpoint: Endpoint) -> Endpoint:
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
            wait = {"retry-after": budget["retry-after"]}
            raise ApiError(429, "rate_limit_exceeded", "Rate limit exceeded", wait)
        key, told = self._exchange.options.api_key, request.headers.get("authorization", "")
        if key is not None and not same(told, f"Bearer {key}"):
            raise ApiError(401, "unauthorized", "Invalid or missing API key")

    def _error(self, error: ApiError) -> Response:
        if self._exchange.options.errors == "flat":
            wait = {"retry_after": int(error.headers["retry-after"])} if "retry-after" in error.headers else {}
            return JSONResponse({"error": error.message, **wait}, error.status, error.headers)
        kind = "invalid_request_error" if error.status < 500 else "api_error"
        param = getattr(error, "param", None)
        body = {"code": error.code, "message": error.message, "param": param, "type": kind}
        return JSONResponse({"error": body}, error.status, error.headers)


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request, empty where there is none. Raises ApiError."""
    raw = await request.body()
    try:
        data = json.loads(raw) if raw else {}
    except ValueError:
        raise Refusal(400, "invalid_request", "The body is no JSON") from None
    if not isinstance(data, dict):
        raise Refusal(400, "invalid_request", "The body is no object")
    return data


def need(data: dict[str, Any], *names: str) -> None:
    """Raises ApiError for the first member that is missing or empty."""
    for name in names:
        if data.get(name) in (None, "", [], {}):
            raise Refusal(400, "missing_field", f"{name} is required", param=name)


def number(request: Request, name: str, *, default: int, least: int, most: int | None = None) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
        raise Refusal(400, "invalid_request", f"{name} is out of range", param=name)
    return int(text)


def instant(request: Request, name: str) -> datetime | None:
    """A filter's date or date-time; UTC when it names no offset."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Refusal(400, "invalid_request", f"{name} is no ISO 8601 date", param=name) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def paged(request: Request, name: str, items: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """One page and its envelope; the vendor says no has_more."""
    limit = number(request, "limit", default=100, least=1, most=1000)
    offset = number(request, "offset", default=0, least=0)
    page = items[offset : offset + limit]
    return page, {name: page, "pagination": {"total": len(items), "limit": limit, "offset": offset}}
