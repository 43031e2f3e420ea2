"""The platform's own campaigns: a draft, then scheduled, then its leads one after the other inside the daily span."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.vendors.simulated.exchange import ApiError, Exchange, Order, name_id

from .options import Options
from .shelves import Shelf
from .surface import Endpoint, Refusal, body_of, need
from .words import iso

_PAUSE = timedelta(seconds=5)
"""Between two calls of a campaign."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SETTABLE = ("draft", "scheduled", "paused", "cancelled")
_DEFAULTS = {
    "system_message_template": None,
    "schedule_start_time": "09:00:00",
    "schedule_end_time": "17:00:00",
    "timezone": "Europe/Amsterdam",
}


class Campaigns:
    """The campaigns of one account; no lead is tried twice, since no rule for that is published."""

    def __init__(self, exchange: Exchange[Options], assistants: Shelf) -> None:
        self._exchange, self._assistants = exchange, assistants
        self._campaigns: dict[str, dict[str, Any]] = {}
        self._leads: dict[str, dict[str, dict[str, Any]]] = {}
        self._turns: dict[str, int] = {}
        """How often each was started: a step of an earlier start does nothing."""

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        leads = "/campaigns/{key}/leads"
        return [
            Route("/campaigns", guard(self._list)),
            Route("/campaigns", guard(self._create), methods=["POST"]),
            Route("/campaigns/{key}", guard(self._get)),
            Route("/campaigns/{key}", guard(self._patch), methods=["PATCH"]),
            Route("/campaigns/{key}", guard(self._delete), methods=["DELETE"]),
            Route(leads, guard(self._list_leads)),
            Route(leads, guard(self._add_lead), methods=["POST"]),
            Route(leads + "/{lead}", guard(self._remove_lead), methods=["DELETE"]),
        ]

    async def _list(self, _request: Request) -> Response:
        return JSONResponse({"campaigns": [self._shown(key) for key in self._campaigns]})

    async def _create(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, "name", "agent_id")
        self._assistants.find(str(wish["agent_id"]))
        key, at = self._name("campaign", len(self._campaigns)), iso(self._exchange.clock.now())
        given = {name: wish.get(name) or default for name, default in _DEFAULTS.items()}
        made = {"id": key, "name": wish["name"], "agent_id": wish["agent_id"], "status": "draft", **given}
        _span(made)
        leads = [_lead(one) for one in wish.get("leads") or ()]
        self._campaigns[key], self._leads[key] = made | {"created_at": at, "updated_at": at}, {}
        for lead in leads:
            self._put(key, lead)
        return JSONResponse({"campaign": self._shown(key)}, 201)

    async def _get(self, request: Request) -> Response:
        return JSONResponse({"campaign": self._shown(self._known(request))})

    async def _patch(self, request: Request) -> Response:
        key, wish = self._known(request), await body_of(request)
        campaign = self._campaigns[key]
        if campaign["status"] == "completed":
            raise Refusal(400, "invalid_request", "A completed campaign cannot be changed")
        if wish.get("status") not in (None, *_SETTABLE):
            raise Refusal(400, "invalid_request", f"status must be one of {', '.join(_SETTABLE)}", param="status")
        changed = campaign | {name: wish[name] for name in ("name", "status", *_DEFAULTS) if name in wish}
        _span(changed)
        self._campaigns[key] = changed | {"updated_at": iso(self._exchange.clock.now())}
        if changed["status"] == "scheduled" and campaign["status"] != "scheduled":
            self._start(key)
        return JSONResponse({"campaign": self._shown(key)})

    async def _delete(self, request: Request) -> Response:
        key = self._known(request)
        del self._campaigns[key], self._leads[key]
        return JSONResponse({"success": True})

    async def _list_leads(self, request: Request) -> Response:
        return JSONResponse({"leads": list(self._leads[self._known(request)].values())})

    async def _add_lead(self, request: Request) -> Response:
        key, lead = self._known(request), _lead(await body_of(request))
        if self._campaigns[key]["status"] == "completed":
            raise Refusal(400, "invalid_request", "A completed campaign takes no leads")
        return JSONResponse({"lead": self._put(key, lead)}, 201)

    async def _remove_lead(self, request: Request) -> Response:
        leads, lead = self._leads[self._known(request)], request.path_params["lead"]
        if lead not in leads:
            raise ApiError(404, "not_found", "Lead not found")
        if leads[lead]["status"] == "calling":
            raise ApiError(409, "lead_is_being_called", "The lead is being called")
        del leads[lead]
        return JSONResponse({"success": True})

    def _known(self, request: Request) -> str:
        key = str(request.path_params["key"])
        if key not in self._campaigns:
            raise ApiError(404, "not_found", "Campaign not found")
        return key

    def _shown(self, key: str) -> dict[str, Any]:
        states = [lead["status"] for lead in self._leads[key].values()]
        counts = {
            "total_leads": len(states),
            "completed_leads": states.count("completed"),
            "failed_leads": states.count("failed"),
        }
        return self._campaigns[key] | counts

    def _put(self, key: str, lead: dict[str, Any]) -> dict[str, Any]:
        leads = self._leads[key]
        name = self._name(f"lead:{key}", len(leads))
        leads[name] = {
            "id": name, "campaign_id": key, **lead, "status": "pending", "call_id": None, "attempts": 0,
            "last_attempt_at": None, "created_at": iso(self._exchange.clock.now()),
        }  # fmt: skip
        return leads[name]

    def _name(self, kind: str, number: int) -> str:
        return name_id(kind, f"{self._exchange.seed}:{number}:{self._exchange.clock.now().isoformat()}")

    def _start(self, key: str) -> None:
        self._turns[key] = self._turns.get(key, 0) + 1
        self._later(key, self._exchange.clock.now())

    def _later(self, key: str, at: datetime) -> None:
        turn = self._turns[key]
        self._exchange.teller.later(at, lambda: self._step(key) if self._turns.get(key) == turn else None)

    def _step(self, key: str) -> None:
        """Settle the lead that was called, and call the next one, or wait for the span to open."""
        now = self._exchange.clock.now()
        if key not in self._campaigns:
            return
        if (ends := self._settle(key, now)) is not None:
            self._later(key, ends)
            return
        if self._campaigns[key]["status"] != "scheduled":
            return
        waiting = [lead for lead in self._leads[key].values() if lead["status"] == "pending"]
        opens = opening(self._campaigns[key], now)
        if not waiting:
            self._campaigns[key] |= {"status": "completed", "updated_at": iso(now)}
        elif opens > now:
            self._later(key, opens)
        else:
            self._call(key, waiting[0], now)

    def _settle(self, key: str, now: datetime) -> datetime | None:
        """What became of the lead that was called; when its call ends, where it has not ended yet."""
        for lead in self._leads[key].values():
            call = self._exchange.ledger.find(lead["call_id"]) if lead["status"] == "calling" else None
            if call is not None and now < call.ended_at:
                return call.ended_at
            if call is not None:
                lead["status"] = "completed" if call.answered_at else "failed"
        return None

    def _call(self, key: str, lead: dict[str, Any], now: datetime) -> None:
        template = self._campaigns[key]["system_message_template"] or ""
        for name, value in lead["variables"].items():
            template = template.replace("{{" + name + "}}", value)
        told = {"llm_config": {"messages": [{"role": "system", "content": template}]}} if template else {}
        lead |= {"attempts": lead["attempts"] + 1, "last_attempt_at": iso(now)}
        order = Order(assistant_id=self._campaigns[key]["agent_id"], phone_number=lead["phone_number"], metadata=told)
        try:
            call = self._exchange.place(order)
        except ApiError:
            lead["status"] = "failed"
            self._later(key, now + _PAUSE)
        else:
            lead |= {"status": "calling", "call_id": call.call_id}
            self._later(key, call.ended_at + _PAUSE)


def opening(campaign: dict[str, Any], now: datetime) -> datetime:
    """The next moment inside the daily span, `now` where it is open; one that ends before it starts spans midnight."""
    zone, starts, ends = _span(campaign)
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    is_open = starts <= clock < ends if starts < ends else clock >= starts or clock < ends
    if is_open:
        return now
    day = local.date() + timedelta(days=clock >= starts)
    return datetime.combine(day, starts, zone).astimezone(UTC)


def _span(campaign: dict[str, Any]) -> tuple[ZoneInfo, time, time]:
    """Raises ApiError for a span or a zone that is none."""
    try:
        zone = ZoneInfo(str(campaign["timezone"]))
        starts = time.fromisoformat(str(campaign["schedule_start_time"]))
        return zone, starts, time.fromisoformat(str(campaign["schedule_end_time"]))
    except (ValueError, ZoneInfoNotFoundError):
        raise Refusal(400, "invalid_request", "The daily span or its zone is none") from None


def _lead(wish: Any) -> dict[str, Any]:
    """Raises ApiError."""
    phone = wish.get("phone_number") if isinstance(wish, dict) else None
    if not isinstance(phone, str) or not _E164.fullmatch(phone):
        raise Refusal(400, "invalid_request", "phone_number must be E.164", param="phone_number")
    return {"phone_number": phone, "variables": {k: str(v) for k, v in (wish.get("variables") or {}).items()}}
