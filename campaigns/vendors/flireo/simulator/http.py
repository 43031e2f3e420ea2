"""The HTTP surface of the Flireo simulator: routes, checks, envelopes, and the faults that a client can see."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar

import anyio
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from campaigns.vendors.simulated.cut import Cut, SeveringApp
from campaigns.vendors.simulated.exchange import ApiError, Exchange, recording, words
from campaigns.vendors.simulated.faults import LONGEST_WAIT, Rule
from campaigns.vendors.simulated.ledger import SimCall

from .options import DirectCall, Options
from .scheduled import Agenda, ScheduleChange, ScheduleOrder
from .words import analysis, ended_reason
from .words import status as status_of

_CODES = {
    400: "invalid_parameters", 401: "unauthorized", 402: "insufficient_credits", 403: "forbidden", 404: "not_found",
    429: "rate_limit_exceeded",
}  # fmt: skip
_ORG = "6f1d6c52-5c5e-5a7e-9a53-0d8f5f1b7c11"

Endpoint = Callable[[Request], Awaitable[Response]]
Act = Callable[[], Response]
Body = TypeVar("Body", bound=BaseModel)


class Surface:
    """The routes over one exchange."""

    def __init__(self, exchange: Exchange[Options]) -> None:
        self._exchange = exchange
        self._agenda = Agenda(exchange)
        self._minute, self._used = 0, 0

    def app(self) -> SeveringApp:
        """The ASGI application; every route also under `/v1`."""
        api: list[BaseRoute] = [
            Route("/calls/direct", self._open(self._direct), methods=["POST"]),
            Route("/calls", self._open(self._calls)),
            Route("/calls/{call_id}", self._open(self._call)),
            Route("/calls/{call_id}", self._open(self._delete), methods=["DELETE"]),
            Route("/scheduled-calls", self._open(self._schedule), methods=["POST"]),
            Route("/scheduled-calls", self._open(self._agenda_page)),
            Route("/scheduled-calls/{key}", self._open(self._scheduled)),
            Route("/scheduled-calls/{key}", self._open(self._reschedule), methods=["PATCH"]),
            Route("/scheduled-calls/{key}", self._open(self._unschedule), methods=["DELETE"]),
            Route("/phone-numbers", self._open(self._numbers)),
            Route("/contacts", self._open(self._contacts)),
            Route("/user/profile", self._open(self._profile)),
        ]
        control: list[BaseRoute] = [
            Route("/_simulator/ledger", self._ledger),
            Route("/_simulator/stats", self._stats),
            Route("/_simulator/webhook", self._webhook, methods=["POST"]),
        ]
        return SeveringApp(routes=[*control, *api, Mount("/v1", routes=api)])

    def _open(self, endpoint: Endpoint) -> Endpoint:
        """What every request of the API meets first: budget and key; and how errors look."""

        async def guarded(request: Request) -> Response:
            budget = self._spend()
            try:
                self._admit(request, budget)
                answer = await endpoint(request)
            except ApiError as error:
                answer = self._error(error)
            answer.headers.update(budget)
            return answer

        return guarded

    def _spend(self) -> dict[str, str]:
        """Count a request in the minute of the clock; the headers that tell of it."""
        limit = self._exchange.options.per_minute
        if limit is None:
            return {}
        seconds = int(self._exchange.clock.now().timestamp())
        if seconds // 60 != self._minute:
            self._minute, self._used = seconds // 60, 0
        self._used += 1
        reset = (self._minute + 1) * 60
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - self._used)),
            "x-ratelimit-reset": str(reset),
        }
        return headers | ({"retry-after": str(reset - seconds)} if self._used > limit else {})

    def _admit(self, request: Request, budget: dict[str, str]) -> None:
        if "retry-after" in budget:
            raise ApiError(429, "rate_limit_exceeded", "Too many requests in this minute")
        key = self._exchange.options.api_key
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            raise ApiError(401, "unauthorized", "The API key is missing or wrong")

    def _error(self, error: ApiError) -> Response:
        body: dict[str, Any] = {"error": {"code": error.code, "message": error.message, "details": {}}}
        if self._exchange.options.errors == "flat":
            body = {"error": error.code, "message": error.message}
        return JSONResponse(body, error.status, error.headers)

    async def _direct(self, request: Request) -> Response:
        raw = await request.body()

        def act() -> Response:
            call = self._exchange.place(_order(raw, DirectCall))
            return JSONResponse({"call_id": call.call_id, "status": "queued"}, 201)

        phone = _phone(raw)
        return await self._suffer(self._exchange.dice.pick("create", phone, phone), act)

    async def _calls(self, request: Request) -> Response:
        rule = self._exchange.dice.pick("list", "calls", request.url.query)
        return await self._suffer(rule, lambda: self._listing(request))

    async def _call(self, request: Request) -> Response:
        call_id = request.path_params["call_id"]
        rule = self._exchange.dice.pick("get", call_id, call_id)
        return await self._suffer(rule, lambda: JSONResponse(self._view(self._known(call_id))))

    async def _delete(self, request: Request) -> Response:
        call = self._known(request.path_params["call_id"])
        self._exchange.ledger.delete(call.call_id, now=self._exchange.clock.now())
        return JSONResponse({"message": "Call deleted"})

    async def _schedule(self, request: Request) -> Response:
        raw = await request.body()

        def act() -> Response:
            return JSONResponse(self._agenda.view(self._agenda.add(_order(raw, ScheduleOrder))), 201)

        phone = _phone(raw)
        return await self._suffer(self._exchange.dice.pick("schedule", phone, phone), act)

    async def _agenda_page(self, request: Request) -> Response:
        query = request.query_params

        def act() -> Response:
            fitting = [
                one
                for one in (self._agenda.listed() if query.get("org_id") in (None, _ORG) else ())
                if query.get("assistant_id") in (None, one.assistant_id)
                and query.get("status") in (None, self._agenda.status(one))
            ]
            return JSONResponse(self._page(request, "scheduled_calls", fitting, self._agenda.view))

        rule = self._exchange.dice.pick("list", "scheduled-calls", f"scheduled-calls?{request.url.query}")
        return await self._suffer(rule, act)

    async def _scheduled(self, request: Request) -> Response:
        key = request.path_params["key"]
        rule = self._exchange.dice.pick("get", key, key)
        return await self._suffer(rule, lambda: JSONResponse(self._agenda.view(self._agenda.find(key))))

    async def _reschedule(self, request: Request) -> Response:
        wish = _order(await request.body(), ScheduleChange)
        return JSONResponse(self._agenda.view(self._agenda.change(request.path_params["key"], wish)))

    async def _unschedule(self, request: Request) -> Response:
        key = request.path_params["key"]
        rule = self._exchange.dice.pick("cancel", key, key)
        return await self._suffer(rule, lambda: JSONResponse(self._agenda.view(self._agenda.cancel(key))))

    async def _suffer(self, rule: Rule | None, act: Act) -> Response:
        """Answer a request as a fault would have it; `act` does the work and gives the proper answer."""
        if rule is None:
            return act()
        if rule.kind in ("refuse", "error_before"):
            raise self._failure(rule)
        if rule.kind in ("drop_before", "hang_before"):
            return Cut(wait=_wait(rule))
        if rule.kind == "redirect":
            return RedirectResponse("/calls/direct", rule.status or 302)
        if rule.kind == "drop_late":
            self._exchange.teller.later(self._exchange.clock.now() + timedelta(seconds=rule.seconds), _quiet(act))
            return Cut()
        if rule.kind == "late":
            with anyio.move_on_after(_wait(rule)):
                await anyio.sleep_forever()
        return self._mangled(rule, act())

    def _mangled(self, rule: Rule, answer: Response) -> Response:
        """The work is done; what the client gets to see of it."""
        match rule.kind:
            case "error":
                raise self._failure(rule)
            case "drop" | "hang":
                return Cut(wait=_wait(rule))
            case "half":
                return Cut(half=answer)
            case "html":
                return HTMLResponse("<html><body>Welcome</body></html>", rule.status or 200)
            case "no_id":
                return JSONResponse({"status": "queued"}, 201)
            case _:
                return answer

    def _failure(self, rule: Rule) -> ApiError:
        status = rule.status or (400 if rule.kind == "refuse" else 500)
        headers = {"retry-after": rule.retry_after} if rule.retry_after is not None else {}
        if rule.retry_after == "date":
            at = self._exchange.clock.now() + timedelta(seconds=rule.seconds)
            headers["retry-after"] = format_datetime(at.astimezone(UTC), usegmt=True)
        return ApiError(status, rule.code or _CODES.get(status, "server_error"), "Simulated fault", headers)

    def _known(self, call_id: str) -> SimCall:
        call = self._exchange.ledger.find(call_id)
        if call is None:
            raise ApiError(404, "not_found", "No call has this id")
        return call

    def _listing(self, request: Request) -> Response:
        query = request.query_params
        since, until = _instant(query.get("start_date")), _instant(query.get("end_date"), whole_day=True)
        now, assistant, status = self._exchange.clock.now(), query.get("assistant_id"), query.get("status")
        fitting = [
            call
            for call in (self._exchange.listed(since) if query.get("org_id") in (None, _ORG) else ())
            if (until is None or call.created_at <= until)
            and assistant in (None, call.assistant_id)
            and status in (None, status_of(call, now))
        ]
        return JSONResponse(self._page(request, "calls", fitting, self._view))

    def _page(self, request: Request, name: str, items: list[Any], view: Callable[[Any], Any]) -> dict[str, Any]:
        """One page in the envelope of the options. Default 10, at most 100 (assumed)."""
        limit = min(_number(request, "limit", default=10, least=1), 100)
        offset = _number(request, "offset", default=0, least=0)
        page = [view(item) for item in items[offset : offset + limit]]
        meta = {"total": len(items), "limit": limit, "offset": offset}
        if self._exchange.options.envelope == "guide":
            return {"data": page, "meta": meta}
        return {name: page, "pagination": meta | {"has_more": offset + limit < len(items)}}

    def _view(self, call: SimCall) -> dict[str, Any]:
        """A call record (its fields are assumed); `started_at` is when somebody answered."""
        now, options = self._exchange.clock.now(), self._exchange.options
        parties = (call.own_number, call.phone_number)
        outbound, is_over = call.direction == "outbound", now >= call.ended_at
        is_told = now >= call.ended_at + timedelta(seconds=options.analysis_lag)
        is_answered = call.answered_at is not None and now >= call.answered_at
        summary, transcript = words(call) if is_told else (None, None)
        record = {
            "call_id": call.call_id,
            "org_id": _ORG,
            "assistant_id": call.assistant_id,
            "contact_id": call.contact_id,
            "direction": call.direction,
            "from_number": parties[0] if outbound else parties[1],
            "to_number": parties[1] if outbound else parties[0],
            "status": status_of(call, now),
            "ended_reason": ended_reason(call) if is_over else None,
            "created_at": _iso(call.created_at),
            "started_at": _iso(call.answered_at) if is_answered else None,
            "ended_at": _iso(call.ended_at) if is_over else None,
            "duration_seconds": round(call.talk_seconds) if is_over else None,
            "transcript": transcript,
            "summary": summary,
            "recording_url": recording(call) if is_told else None,
            "credits_used": call.credits if is_over else None,
            "metadata": call.metadata if options.metadata_in_calls else None,
            "scheduled_call_id": call.scheduled_call_id if options.metadata_in_calls else None,
        }
        if options.analysis_in_calls:
            record["analysis"] = analysis(call) if is_told and call.answered_at else None
        return record

    async def _numbers(self, request: Request) -> Response:
        """Always in the envelope of the guide: no other is known of this list."""
        limit = min(_number(request, "limit", default=50, least=1), 100)
        offset = _number(request, "offset", default=0, least=0)
        rows = [
            {"id": key, "phone_number": number, "locality": None, "number_type": "national", "available": True,
             "created_at": "2026-01-05T08:00:00Z", "linked_assistant": None}
            for key, number in self._exchange.options.numbers.items()
        ]  # fmt: skip
        meta = {"total": len(rows), "limit": limit, "offset": offset}
        return JSONResponse({"data": rows[offset : offset + limit], "shared_numbers": [], "meta": meta})

    async def _contacts(self, request: Request) -> Response:
        phone = request.query_params.get("phone_number")
        items = [each for each in self._exchange.options.contacts if phone in (None, each.get("phone_number"))]
        return JSONResponse(self._page(request, "contacts", items, dict))

    async def _profile(self, _request: Request) -> Response:
        profile = {
            "id": _ORG,
            "email": None,
            "company_name": "Simulated",
            "org_id": _ORG,
            "created_at": "2026-01-05T08:00:00Z",
        }
        return JSONResponse(profile | {"credits": self._exchange.balance})

    async def _ledger(self, _request: Request) -> Response:
        lines = [call.model_dump_json() + "\n" for call in self._exchange.ledger.everything()]
        return PlainTextResponse("".join(lines), media_type="application/jsonl")

    async def _stats(self, _request: Request) -> Response:
        return JSONResponse(self._exchange.stats())

    async def _webhook(self, request: Request) -> Response:
        try:
            wish = _Webhook.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"message": 'Send {"url": "http://…"}, or null for none.'}, 400)
        self._exchange.teller.webhook = wish.url
        return JSONResponse({"url": wish.url})


class _Webhook(BaseModel):
    url: str | None = Field(pattern=r"^https?://.")


def _order(raw: bytes, kind: type[Body]) -> Body:
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, each["loc"])) or "body" for each in error.errors()})
        raise ApiError(400, "invalid_parameters", f"Missing or malformed: {', '.join(wrong)}") from error


def _phone(raw: bytes) -> str:
    """The number that a request is about, for the choice of a fault; empty when it cannot be read."""
    with suppress(ApiError):
        return _order(raw, DirectCall).phone_number
    return ""


def _quiet(act: Act) -> Callable[[], None]:
    def later() -> None:
        with suppress(ApiError):
            act()

    return later


def _wait(rule: Rule) -> float:
    """Real seconds of silence; a hang without `seconds` is as long as it gets."""
    silent = rule.kind in ("hang", "hang_before")
    return min(rule.seconds or (LONGEST_WAIT if silent else 0.0), LONGEST_WAIT)


def _number(request: Request, name: str, *, default: int, least: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ApiError(400, "invalid_parameters", f"{name} must be a whole number from {least}")
    return int(text)


def _instant(text: str | None, *, whole_day: bool = False) -> datetime | None:
    """A filter's date or date-time; UTC when it names no offset."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ApiError(400, "invalid_parameters", "Dates must be ISO 8601") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at + timedelta(days=1, microseconds=-1) if whole_day and len(text) == 10 else at


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
