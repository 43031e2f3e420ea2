"""How the Callab simulator answers: an envelope, errors with HTTP 200, pages from 0 without any total."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from campaigns.vendors.simulated.exchange import ApiError, Exchange
from campaigns.vendors.simulated.faults import Rule
from campaigns.vendors.simulated.suffering import Sufferer

from .options import Options


class WrongError(ApiError):
    """An error of the API; `status` is what HTTP says of it."""

    def __init__(self, message: str = "error", status: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, "error", message, headers)

    def answer(self) -> Response:
        return JSONResponse({"status": "error", "message": self.message, "data": ""}, self.status, self.headers)


class Failing(Sufferer):
    """Faults speak as the vendor does: with HTTP 200 where the rule names no status."""

    def _failure(self, rule: Rule) -> ApiError:
        message = rule.code or ("invalid call_to" if rule.kind == "refuse" else "error")
        return WrongError(message, rule.status or 200, super()._failure(rule).headers)


def failing(exchange: Exchange[Options]) -> Failing:
    """Answers as a fault would have them."""
    accepted = {"status": "ok", "message": "ok", "data": {"call_status": "in-progress"}}
    return Failing(exchange, codes={}, accepted=accepted)


def told(data: Any, word: str = "ok") -> Response:
    return JSONResponse({"status": word, "message": word, "data": data})


def page(request: Request, options: Options, items: list[dict[str, Any]]) -> Response:
    """One page, sorted as asked; the newest first by default."""
    query = request.query_params
    column, order = query.get("sort_column") or "created_at", query.get("order") or "desc"
    column = {"name": "call_to"}.get(column, column)
    if order not in ("asc", "desc"):
        raise WrongError("invalid order")
    size = min(_whole(request, "per_page", options.default_per_page, least=1), options.most_per_page)
    first = _whole(request, "page", 0, least=0) * size
    ordered = sorted(items, key=lambda item: str(item.get(column) or ""), reverse=order == "desc")
    return told(ordered[first : first + size])


def _whole(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise WrongError(f"invalid {name}")
    return int(text)


async def body_of(request: Request) -> dict[str, Any]:
    """An object, also of a GET that has a body."""
    raw = await request.body()
    try:
        body = await request.json() if raw else {}
    except ValueError:
        raise WrongError("invalid body") from None
    if not isinstance(body, dict):
        raise WrongError("invalid body")
    return body


def needs(body: dict[str, Any], *names: str) -> None:
    """Raises WrongError for a member that is not there."""
    missing = next((name for name in names if body.get(name) is None), None)
    if missing:
        raise WrongError(f"{missing} is required")
