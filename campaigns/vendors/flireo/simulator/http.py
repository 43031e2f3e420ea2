"""The HTTP surface of the Flireo simulator: calls, scheduled calls, the account, and what a test may steer and see."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.exchange import ApiError, Exchange, recording, words
from campaigns.vendors.simulated.ledger import SimCall

from .assistants import Assistants
from .contacts import ContactBook
from .door import ORG, Asked, Door, instant, iso, order
from .numbers import Numbers
from .options import DirectCall, Options
from .scheduled import Agenda, ScheduleChange, ScheduleOrder
from .verification import Verification
from .words import analysis, ended_reason
from .words import status as status_of


class Surface:
    """The routes over one exchange."""

    def __init__(self, exchange: Exchange[Options], seen: "Seen") -> None:
        self._exchange, self._seen = exchange, seen
        self._agenda = Agenda(exchange)
        self._door = Door(exchange)
        self.assistants = Assistants(exchange, self._door)
        self.contacts = ContactBook(exchange, self._door)
        self._numbers = Numbers(exchange, self._door, self.assistants)
        self._verification = Verification(exchange, self._door, self._numbers)

    def app(self) -> SeveringApp:
        """The ASGI application; every route also under `/v1`."""
        guard, door = self._door.open, self._door
        api: list[BaseRoute] = [
            Route("/calls/direct", guard(self._direct), methods=["POST"]),
            Route("/calls", guard(self._calls)),
            Route("/calls/{call_id}", guard(self._call)),
            Route("/calls/{call_id}", guard(self._delete), methods=["DELETE"]),
            Route("/scheduled-calls", guard(self._schedule), methods=["POST"]),
            Route("/scheduled-calls", guard(self._agenda_page)),
            Route("/scheduled-calls/{key}", guard(self._scheduled)),
            Route("/scheduled-calls/{key}", guard(self._reschedule), methods=["PATCH"]),
            Route("/scheduled-calls/{key}", guard(self._unschedule), methods=["DELETE"]),
            door.route("/inject-message", self._inject, "POST"),
            door.route("/user", self._user),
            door.route("/me", self._user),
            door.route("/user/profile", self._profile),
            *self._numbers.routes(),
            *self.assistants.routes(),
            *self.contacts.routes(),
            *self._verification.routes(),
        ]
        control: list[BaseRoute] = [
            Route("/_simulator/ledger", self._ledger),
            Route("/_simulator/stats", self._stats),
            Route("/_simulator/answers", self._answers),
            Route("/_simulator/webhook", self._webhook, methods=["POST"]),
        ]
        return SeveringApp(routes=[*control, *api, Mount("/v1", routes=api)])

    async def _direct(self, request: Request) -> Response:
        raw = await request.body()

        def act() -> Response:
            wish = order(raw, DirectCall)
            self.assistants.find(wish.assistant_id)
            return JSONResponse({"call_id": self._exchange.place(wish).call_id, "status": "queued"}, 201)

        phone = _phone(raw)
        return await self._door.suffer(self._exchange.dice.pick("create", phone, phone), act)

    async def _calls(self, request: Request) -> Response:
        rule = self._exchange.dice.pick("list", "calls", request.url.query)
        return await self._door.suffer(rule, lambda: self._listing(request))

    async def _call(self, request: Request) -> Response:
        call_id = request.path_params["call_id"]
        rule = self._exchange.dice.pick("get", call_id, call_id)
        return await self._door.suffer(rule, lambda: JSONResponse(self._view(self._known(call_id))))

    async def _delete(self, request: Request) -> Response:
        call = self._known(request.path_params["call_id"])
        self._exchange.ledger.delete(call.call_id, now=self._exchange.clock.now())
        return JSONResponse({"message": "Call deleted"})

    async def _schedule(self, request: Request) -> Response:
        raw = await request.body()

        def act() -> Response:
            return JSONResponse(self._agenda.view(self._agenda.add(order(raw, ScheduleOrder))), 201)

        phone = _phone(raw)
        return await self._door.suffer(self._exchange.dice.pick("schedule", phone, phone), act)

    async def _agenda_page(self, request: Request) -> Response:
        query = request.query_params

        def act() -> Response:
            fitting = [
                one
                for one in (self._agenda.listed() if query.get("org_id") in (None, ORG) else ())
                if query.get("assistant_id") in (None, one.assistant_id)
                and query.get("status") in (None, self._agenda.status(one))
            ]
            return JSONResponse(self._door.page(request, "scheduled_calls", fitting, self._agenda.view))

        rule = self._exchange.dice.pick("list", "scheduled-calls", f"scheduled-calls?{request.url.query}")
        return await self._door.suffer(rule, act)

    async def _scheduled(self, request: Request) -> Response:
        key = request.path_params["key"]
        rule = self._exchange.dice.pick("get", key, key)
        return await self._door.suffer(rule, lambda: JSONResponse(self._agenda.view(self._agenda.find(key))))

    async def _reschedule(self, request: Request) -> Response:
        wish = order(await request.body(), ScheduleChange)
        return JSONResponse(self._agenda.view(self._agenda.change(request.path_params["key"], wish)))

    async def _unschedule(self, request: Request) -> Response:
        key = request.path_params["key"]
        rule = self._exchange.dice.pick("cancel", key, key)
        return await self._door.suffer(rule, lambda: JSONResponse(self._agenda.view(self._agenda.cancel(key))))

    def _known(self, call_id: str) -> SimCall:
        call = self._exchange.ledger.find(call_id)
        if call is None:
            raise ApiError(404, "not_found", "No call has this id")
        return call

    def _listing(self, request: Request) -> Response:
        query = request.query_params
        since, until = instant(query.get("start_date")), instant(query.get("end_date"), whole_day=True)
        now, assistant, status = self._exchange.clock.now(), query.get("assistant_id"), query.get("status")
        fitting = [
            call
            for call in (self._exchange.listed(since) if query.get("org_id") in (None, ORG) else ())
            if (until is None or call.created_at <= until)
            and assistant in (None, call.assistant_id)
            and status in (None, status_of(call, now))
        ]
        return JSONResponse(self._door.page(request, "calls", fitting, self._view))

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
            "org_id": ORG,
            "assistant_id": call.assistant_id,
            "contact_id": call.contact_id,
            "direction": call.direction,
            "from_number": parties[0] if outbound else parties[1],
            "to_number": parties[1] if outbound else parties[0],
            "status": status_of(call, now),
            "ended_reason": ended_reason(call) if is_over else None,
            "created_at": iso(call.created_at),
            "started_at": iso(call.answered_at) if is_answered else None,
            "ended_at": iso(call.ended_at) if is_over else None,
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

    def _inject(self, asked: Asked) -> Response:
        told = asked.told()
        if not (isinstance(told.get("message"), str) and told["message"]):
            raise ApiError(400, "invalid_parameters", "Missing or malformed: message")
        if self._known(str(told.get("call_id"))).stage(self._exchange.clock.now()) != "talking":
            raise ApiError(400, "invalid_status", "The call is not active")
        return JSONResponse({"success": True, "message": "Message injected"})

    def _user(self, _asked: Asked) -> Response:
        return JSONResponse(_USER)

    def _profile(self, _asked: Asked) -> Response:
        return JSONResponse(_USER | {"credits": self._exchange.balance})

    async def _ledger(self, _request: Request) -> Response:
        lines = [call.model_dump_json() + "\n" for call in self._exchange.ledger.everything()]
        return PlainTextResponse("".join(lines), media_type="application/jsonl")

    async def _stats(self, _request: Request) -> Response:
        return JSONResponse(self._seen.stats())

    async def _answers(self, _request: Request) -> Response:
        return JSONResponse(self._seen.answers())

    async def _webhook(self, request: Request) -> Response:
        try:
            wish = _Webhook.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"message": 'Send {"url": "http://…"}, or null for none.'}, 400)
        self._exchange.teller.webhook = wish.url
        return JSONResponse({"url": wish.url})


class Seen(BaseModel):
    """What the control routes show."""

    stats: Callable[[], dict[str, Any]]
    answers: Callable[[], list[dict[str, Any]]]


class _Webhook(BaseModel):
    url: str | None = Field(pattern=r"^https?://.")


_USER = {
    "id": ORG,
    "email": None,
    "company_name": "Simulated",
    "org_id": ORG,
    "created_at": "2026-01-05T08:00:00Z",
}


def _phone(raw: bytes) -> str:
    """The number that a request is about, for the choice of a fault; empty when it cannot be read."""
    with suppress(ApiError):
        return order(raw, DirectCall).phone_number
    return ""
