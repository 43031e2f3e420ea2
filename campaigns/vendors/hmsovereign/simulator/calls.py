"""Calls of the HMS Sovereign simulator: placed, listed, shown, steered."""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.vendors.simulated.exchange import ApiError, Exchange, Order, recording, words
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.people import Goodbye
from campaigns.vendors.simulated.suffering import Sufferer

from .options import Options
from .shelves import Shelf
from .surface import CODES, Endpoint, Refusal, body_of, instant, need, paged
from .words import end_reason, error, iso, override, status, turns

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_COMMANDS: dict[str, dict[str, type]] = {
    "inject-context": {"content": str, "trigger_response": bool},
    "say": {"content": str, "end_after": bool},
    "end-call": {},
    "transfer": {"destination": str},
}
_CONTROLS_PER_MINUTE = 10
_SPEAKING = timedelta(seconds=3)
TRANSIENT = "transient"
"""The assistant of a call that brought its own."""


class Calls:
    """The calls of one account.

    Args:
        exchange: What rings people.
        assistants: Who may talk.
        numbers: With which number.
    """

    def __init__(self, exchange: Exchange[Options], assistants: Shelf, numbers: Shelf) -> None:
        self._exchange, self._assistants, self._numbers = exchange, assistants, numbers
        self._sufferer = Sufferer(exchange, codes=CODES, accepted={"success": True, "status": "dialing"})
        self._controls: defaultdict[str, list[datetime]] = defaultdict(list)

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        return [
            Route("/calls/outbound", guard(self._outbound), methods=["POST"]),
            Route("/calls", guard(self._list)),
            Route("/calls/{call_id}", guard(self._get)),
            Route("/calls/{call_id}/control", guard(self._control), methods=["POST"]),
        ]

    async def _outbound(self, request: Request) -> Response:
        wish = await body_of(request)

        def act() -> Response:
            call = self._exchange.place(self._order(wish))
            return JSONResponse({"success": True, "call_id": call.call_id, "status": "dialing"})

        phone = str(wish.get("destination") or "")
        return await self._sufferer.answer(self._exchange.dice.pick("create", phone, phone), act)

    def _order(self, wish: dict[str, Any]) -> Order:
        """What an order comes to. Raises ApiError."""
        need(wish, "destination")
        phone = wish["destination"]
        if not isinstance(phone, str) or not _E164.fullmatch(phone):
            raise Refusal(400, "invalid_request", "destination must be E.164", param="destination")
        agent, setup = self._who(wish)
        if wish.get("first_message"):
            setup = {**setup, "first_message": wish["first_message"]}
        return Order(assistant_id=agent, phone_number=phone, phone_number_id=self._from(wish), metadata=setup)

    def _who(self, wish: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """(assistant, what differs for this call): by reference, by reference with changes, or brought along."""
        whole = wish.get("assistant") or wish.get("agent")
        if isinstance(whole, dict):
            need(whole, "llm_config")
            return TRANSIENT, whole
        agent = wish.get("assistant_id") or wish.get("agent_id")
        if not isinstance(agent, str) or not agent:
            raise Refusal(400, "missing_field", "assistant_id or assistant is required", param="assistant_id")
        if self._assistants.find(agent).get("is_active") is False:
            raise Refusal(400, "invalid_request", "The assistant is not active", param="assistant_id")
        changes = wish.get("assistant_override") or {}
        if not isinstance(changes, dict):
            raise Refusal(400, "invalid_request", "assistant_override is no object", param="assistant_override")
        return agent, changes

    def _from(self, wish: dict[str, Any]) -> str | None:
        key = wish.get("number_id")
        if key is None:
            return None
        number = self._numbers.find(str(key))
        if number.get("is_active") is False:
            raise Refusal(400, "invalid_request", "The number is not active", param="number_id")
        self._exchange.options.numbers[str(key)] = str(number["phone_number"])
        return str(key)

    async def _list(self, request: Request) -> Response:
        def act() -> Response:
            since, until = instant(request, "start_date"), instant(request, "end_date")
            wanted, now = request.query_params.get("status"), self._exchange.clock.now()
            fitting = [
                call
                for call in self._exchange.listed(since)
                if (until is None or call.created_at <= until) and wanted in (None, status(call, now))
            ]
            page, envelope = paged(request, "calls", fitting)
            return JSONResponse(envelope | {"calls": [self._view(call) for call in page]})

        return await self._sufferer.answer(self._exchange.dice.pick("list", "calls", request.url.query), act)

    async def _get(self, request: Request) -> Response:
        """Without an envelope."""
        call_id = request.path_params["call_id"]
        rule = self._exchange.dice.pick("get", call_id, call_id)
        return await self._sufferer.answer(rule, lambda: JSONResponse(self._view(self._known(call_id))))

    async def _control(self, request: Request) -> Response:
        call, command = self._known(request.path_params["call_id"]), await body_of(request)
        now = self._exchange.clock.now()
        self._check(call, command, now)
        kind = command["type"]
        if kind == "end-call":
            self._cut(call, now, Goodbye.ASSISTANT)
        elif kind == "transfer":
            self._cut(call, now, Goodbye.FORWARDED)
        elif kind == "say" and command["end_after"]:
            self._cut(call, now + _SPEAKING, Goodbye.ASSISTANT)
        return JSONResponse({"success": True, "message": f"{kind} was sent"})

    def _check(self, call: SimCall, command: dict[str, Any], now: datetime) -> None:
        """Raises ApiError: 400, 429."""
        recent = [at for at in self._controls[call.call_id] if now - at < timedelta(minutes=1)]
        if len(recent) >= _CONTROLS_PER_MINUTE:
            raise ApiError(429, "rate_limit_exceeded", "Too many commands to this call", {"retry-after": "60"})
        self._controls[call.call_id] = [*recent, now]
        members = _COMMANDS.get(str(command.get("type")))
        if members is None:
            raise Refusal(400, "invalid_request", "This is no command", param="type")
        for name, kind in members.items():
            if not isinstance(command.get(name), kind):
                raise Refusal(400, "missing_field", f"{name} is required", param=name)
        if call.stage(now) != "talking":
            raise Refusal(400, "invalid_request", "The call is not in progress")

    def _cut(self, call: SimCall, at: datetime, goodbye: Goodbye) -> None:
        """It ends then, if it has not ended before."""
        if at < call.ended_at:
            shorter = call.model_copy(update={"ended_at": at, "goodbye": goodbye})
            self._exchange.ledger.revise(shorter)
            self._exchange.teller.changed(shorter)

    def _known(self, call_id: str) -> SimCall:
        call = self._exchange.ledger.find(call_id)
        if call is None:
            raise ApiError(404, "not_found", "Call not found")
        return call

    def _view(self, call: SimCall) -> dict[str, Any]:
        now, options = self._exchange.clock.now(), self._exchange.options
        over, answered = now >= call.ended_at, call.answered_at is not None and now >= call.answered_at
        told = over and call.answered_at is not None
        summary, transcript = words(call) if told else ("", "")
        agent = self._assistants.things.get(call.assistant_id, {})
        record = {
            "id": call.call_id,
            **self._parties(call, now),
            "status": status(call, now),
            "direction": call.direction,
            "end_reason": end_reason(call) if over else None,
            "error": error(call) if over and options.says_why else None,
            "started_at": iso(call.answered_at) if answered else None,
            "ended_at": iso(call.ended_at) if over else None,
            "duration_seconds": round(call.talk_seconds) if over else None,
            "summary": summary or None,
            "analysis_result": call.analysis or None if told else None,
            "messages": turns(transcript) if told else None,
            "room_name": f"room-{call.call_id}",
            "recording_url": recording(call) if told else None,
            "agent_id": None if call.assistant_id == TRANSIENT else call.assistant_id,
            "number_id": call.phone_number_id,
            "agent_name": agent.get("name"),
            "business_name": agent.get("business_name"),
            "phone_number": call.own_number,
            "created_at": iso(call.created_at),
            "updated_at": iso(min(now, call.ended_at)),
        }
        return record | ({"metadata": override(call).get("metadata")} if options.metadata_in_calls else {})

    def _parties(self, call: SimCall, now: datetime) -> dict[str, str | None]:
        options = self._exchange.options
        kept = options.numbers_kept_days
        person: str | None = call.phone_number
        if kept is not None and now - call.created_at > timedelta(days=kept):
            person = None
        if options.caller_is == "us" and call.direction == "outbound":
            return {"caller_phone": call.own_number, "assistant_phone": person}
        return {"caller_phone": person, "assistant_phone": call.own_number}
