"""What every request of the simulated API meets: the key, the limit, the faults, and how errors look."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Literal

import anyio
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from campaigns.ports import Clock
from campaigns.vendors.signatures import same
from campaigns.vendors.simulated.cut import Cut
from campaigns.vendors.simulated.faults import LONGEST_WAIT, Dice, Rule

from .options import Options


class Wrong(Exception):
    """An error answer: `{"error": text or {parameter: [text]}, "code"?}`."""

    def __init__(self, status: int, error: str | dict[str, list[str]], *, code: str = "", retry: str = "") -> None:
        super().__init__(str(error))
        self.status, self.error, self.code, self.retry = status, error, code, retry

    def response(self) -> Response:
        body: dict[str, Any] = {"error": self.error} | ({"code": self.code} if self.code else {})
        return JSONResponse(body, self.status, {"Retry-After": self.retry} if self.retry else None)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as an endpoint sees it."""

    path: dict[str, str]
    query: QueryParams
    body: dict[str, Any]

    def page(self) -> int:
        text = self.query.get("page") or "1"
        if not (text.isascii() and text.isdigit() and int(text)):
            raise Wrong(400, {"page": ["must be a positive number"]})
        return int(text)

    def needs(self, *names: str) -> None:
        """What the body must hold, each something."""
        missing = {name: ["must be present and not empty"] for name in names if self.body.get(name) in (None, "", [])}
        if missing:
            raise Wrong(422, missing)

    def texts(self, name: str) -> list[str]:
        """A query parameter that is a list: repeated `name[]`, repeated `name`, or with commas."""
        found = [*self.query.getlist(f"{name}[]")]
        for text in self.query.getlist(name):
            found += text.split(",")
        return [text.strip() for text in found if text.strip()]


Act = Callable[[Asked], Any]
"""Does what was asked for; JSON, or a response of its own."""
Kind = Literal["create", "list", "get"]


class Door:
    """Lets requests in, or not."""

    def __init__(self, clock: Clock, options: Options, dice: Dice) -> None:
        self.options = options
        self._clock, self._dice = clock, dice
        self._second, self._used = 0, 0
        self.asked = 0
        """Requests so far."""

    def route(self, path: str, act: Act, *, method: str = "GET", kind: Kind = "get") -> Route:
        async def endpoint(request: Request) -> Response:
            self.asked += 1
            try:
                self._admit(request)
                asked = Asked(dict(request.path_params), request.query_params, _body(await request.body()))
                answer = await self._suffer(self._dice.pick(kind, request.url.path, request.url.path), asked, act)
            except Wrong as wrong:
                answer = wrong.response()
            answer.headers["Date"] = format_datetime(self._clock.now(), usegmt=True)
            return answer

        return Route(path, endpoint, methods=[method])

    def _admit(self, request: Request) -> None:
        second = int(self._clock.now().timestamp())
        self._used = self._used + 1 if second == self._second else 1
        self._second = second
        if self.options.per_second is not None and self._used > self.options.per_second:
            raise Wrong(429, "too many requests", retry=self.options.retry_after or "")
        key = self.options.api_key
        if key is not None and not same(request.headers.get("authorization", ""), f"Bearer {key}"):
            raise Wrong(401, "not authorized")

    async def _suffer(self, rule: Rule | None, asked: Asked, act: Act) -> Response:
        """Answer as a fault would have it; kinds that end in `_before` do nothing."""
        if rule is None:
            return _answer(act(asked))
        if rule.kind in ("refuse", "error_before"):
            raise self._failure(rule)
        if rule.kind in ("drop_before", "hang_before"):
            return Cut(wait=_wait(rule))
        if rule.kind == "redirect":
            return RedirectResponse("/v1/contacts", rule.status or 302)
        if rule.kind == "late":
            with anyio.move_on_after(_wait(rule)):
                await anyio.sleep_forever()
        return self._mangled(rule, _answer(act(asked)))

    def _mangled(self, rule: Rule, answer: Response) -> Response:
        """The work is done; what the client gets to see of it."""
        match rule.kind:
            case "error":
                raise self._failure(rule)
            case "drop" | "hang" | "drop_late":
                return Cut(wait=_wait(rule))
            case "half":
                return Cut(half=answer)
            case "html":
                return HTMLResponse("<html><body>Welcome</body></html>", rule.status or 200)
            case "no_id":
                return JSONResponse({})
            case _:
                return answer

    def _failure(self, rule: Rule) -> Wrong:
        status = rule.status or (400 if rule.kind == "refuse" else 500)
        retry = rule.retry_after or ""
        if retry == "date":
            retry = format_datetime(self._clock.now() + timedelta(seconds=rule.seconds), usegmt=True)
        return Wrong(status, "simulated fault", code=rule.code or "", retry=retry)


def page_of(items: Sequence[Any], asked: Asked, size: int) -> tuple[Sequence[Any], dict[str, int]]:
    """A numbered page, and its `meta`; a page beyond the last is empty."""
    page = asked.page()
    return items[(page - 1) * size : page * size], {"page": page, "pages": max(1, -(-len(items) // size))}


def _answer(found: Any) -> Response:
    return found if isinstance(found, Response) else JSONResponse(found)


def _body(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw) if raw.strip() else {}
    except ValueError:
        raise Wrong(400, "the body is not JSON") from None
    if not isinstance(data, dict):
        raise Wrong(400, "the body is not an object")
    return data


def _wait(rule: Rule) -> float:
    """Real seconds of silence; a hang without `seconds` is as long as it gets."""
    return min(rule.seconds or (LONGEST_WAIT if rule.kind.startswith("hang") else 0.0), LONGEST_WAIT)
