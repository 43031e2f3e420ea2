"""A HMS Sovereign (Flireo generation B) of its own kin: written from the vendor's notes alone."""

import hashlib
import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any, ClassVar

from foreign.calls import SILENT, SWIFT, Call, Course, iso, placed
from foreign.hms_webhooks import END, USUAL, Herald, Rules, Sent, summary
from foreign.standin import PLAIN, Answer, Habits, Refused, Request, Standin

Json = Any
NUMBER, NUMBER_ID = "+442079460900", "0e0e0e0e-0000-4000-8000-000000000001"
ASSISTANT_ID = "0a0a0a0a-0000-4000-8000-000000000001"
STATUS = {"ringing": "ringing", "talking": "in-progress"}
CONTROL = {"inject-context": ("content", "trigger_response"), "say": ("content", "end_after"), "end-call": (),
           "transfer": ("destination",)}  # fmt: skip
KINDS = {
    "assistants": "assistant", "numbers": "number", "campaigns": "campaign", "sip_trunks": "sip_trunk",
    "tool_templates": "tool_template", "analysis_templates": "analysis_template", "workflows": "workflow",
    "mcp_servers": "mcp_server",
}  # fmt: skip
"""Plural: singular, of what is kept by id and wrapped alike."""


class HmsSovereign(Standin):
    """The organisation. `calls`, `rows` (by kind and id), `leads` and `sent` are the truth."""

    routes: ClassVar[dict[str, str]] = {
        "GET /calls": "list_calls",
        "POST /calls/outbound": "start_call",
        "GET /calls/{key}": "get_call",
        "POST /calls/{key}/control": "control_call",
        "GET /campaigns/{key}/leads": "list_leads",
        "POST /campaigns/{key}/leads": "add_lead",
        "DELETE /campaigns/{key}/leads/{lead}": "delete_lead",
        "GET /usage": "list_usage",
        "GET /organizations": "get_organizations",
        "GET /health": "get_health",
        "GET /account": "get_account",
        "GET /voices": "list_voices",
    }
    prefix = "/api/v1"

    def __init__(self, habits: Habits = PLAIN, rules: Rules = USUAL, course: Course = SWIFT) -> None:
        super().__init__(habits)
        self.rules, self.course = rules, course
        self.calls: list[Call] = []
        self.rows: dict[str, dict[str, Json]] = {kind: {} for kind in KINDS}
        self.rows["assistants"][ASSISTANT_ID] = {"id": ASSISTANT_ID, "name": "Caller"}
        self.rows["numbers"][NUMBER_ID] = {"id": NUMBER_ID, "number": NUMBER, "name": "Front"}
        self.leads: dict[str, dict[str, Json]] = {}
        self.herald = Herald(rules, habits.seed)
        self._made = 0
        self._window, self._used = 0.0, 0

    @property
    def sent(self) -> list[Sent]:
        """Every message that went out, in order."""
        return self.herald.sent

    def dialled(self, phone: str) -> int:
        """How often this number truly rang."""
        return Counter(call.to for call in self.calls)[phone]

    def _id(self) -> str:
        self._made += 1
        return f"0b0b0b0b-0000-4000-8000-{self._made:012}"

    # How it speaks

    def error(self, refused: Refused, request: Request) -> Answer:
        if self.other(request):
            flat: dict[str, Json] = {"error": refused.text, "message": refused.text}
            if refused.status == 429:
                flat["retry_after"] = self.habits.retry_seconds
            if refused.names:
                flat["details"] = [f"{name}: {refused.text}" for name in refused.names]
            return Answer(flat, refused.status)
        param = refused.names[0] if refused.names else None
        told = {"code": refused.code, "message": refused.text, "param": param, "type": "api_error"}
        return Answer({"error": self.dress(told, request, ("type",))}, refused.status)

    def headers(self, request: Request) -> dict[str, str]:
        left = max(0, self.rules.per_minute - self._used)
        reset = int(self._window + self.rules.window) + 1
        names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
        return dict(zip(names, map(str, (self.rules.per_minute, left, reset)), strict=True))

    def _act(self, request: Request, name: str | None, values: dict[str, str]) -> Answer:
        now = time.time()
        if now - self._window >= self.rules.window:
            self._window, self._used = now, 0
        self._used += 1
        if self._used > self.rules.per_minute:
            answer = self.error(Refused(429, "rate_limit_exceeded", "too many requests"), request)
            wait = {"Retry-After": str(int(self._window + self.rules.window - now) + 1)}
            return Answer(answer.document, 429, {**self.headers(request), **wait})
        return super()._act(request, name, values)

    def _gone(self, request: Request) -> Answer:
        return Answer({"success": True}) if self.other(request) else Answer(None, 204)

    def _shown(self, call: Call, request: Request) -> Json:
        phase, word = call.phase(), _word(call)
        over, talked = phase == "over", phase != "ringing" and call.answered
        if phase == "ringing" and request.dice.random() < self.habits.odd:
            word = "connecting"
        row = {
            "id": call.call_id, "caller_phone": None if self.rules.forgets_phones else call.to,
            "assistant_phone": call.sender, "status": word,
            "direction": "outbound", "end_reason": "user_hangup" if word == "ended" else None,
            "error": call.fate if over and call.fate in ("broke", *SILENT) else None,
            "started_at": iso(call.answer_at) if talked else None,
            "ended_at": iso(call.end_at) if over else None, "duration_seconds": round(call.talked) if over else None,
            "summary": summary(call) if over and call.answered else None,
            "analysis_result": (call.said or None) if over else None,
            "messages": [{"role": "user", "content": "Hello."}] if over and call.answered else [],
            "room_name": f"room-{call.call_id[-6:]}", "recording_url": None,
            "agent_id": call.asked.get("assistant_id"), "number_id": call.asked.get("number_id") or NUMBER_ID,
            "agent_name": None, "business_name": None, "phone_number": None,
            "created_at": iso(call.made_at), "updated_at": iso(call.end_at if over else call.made_at),
        }  # fmt: skip
        return self.dress(row, request, ("room_name", "messages", "updated_at"))

    # Calls

    def start_call(self, request: Request) -> Answer:
        """The one request that rings somebody."""
        sent = request.document()
        self._judge(sent)
        if request.dice.random() < self.rules.unsuccessful:
            return Answer({"success": False, "error": "no trunk is free"})
        number = self._row("numbers", str(sent.get("number_id") or NUMBER_ID))
        to = str(sent["destination"])
        call = placed(self.calls, to, str(number.get("number", NUMBER)), sent, self.course, self.habits.seed)
        call.call_id = f"call-outbound-{call.call_id}"
        self.calls.append(call)
        if config := self._hook(sent):
            self.later(self.herald.follow(call, *config))
        shown = {"success": True, "call_id": call.call_id, "status": "dialing", "room_name": "room-1"}
        return Answer(self.dress(shown, request, ("room_name",)), 201 if self.other(request) else 200)

    def _judge(self, sent: dict[str, Json]) -> None:
        to = str(sent.get("destination"))
        if not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            raise Refused(400, "invalid_request", "destination must be E.164", ("destination",))
        for ending, status in self.rules.refused.items():
            if to.endswith(ending):
                raise Refused(status, "invalid_request", "this destination cannot be called", ("destination",))
        modes = [name for name in ("assistant_id", "assistant", "agent_id", "agent") if sent.get(name)]
        if len(modes) != 1 or ("assistant_override" in sent and modes != ["assistant_id"]):
            raise Refused(400, "missing_field", "one of assistant_id and assistant", ("assistant_id",))
        if modes == ["assistant_id"] and sent["assistant_id"] not in self.rows["assistants"]:
            raise Refused(404, "not_found", "no such assistant", ("assistant_id",))
        if self.rules.credits is not None and len(self.calls) >= self.rules.credits:
            raise Refused(402, "insufficient_credits", "the balance is zero")

    def list_calls(self, request: Request) -> Answer:
        calls = [call for call in self.calls if self._wanted(call, request)]
        if self.rules.order == "newest":
            calls.reverse()
        elif self.rules.order == "shuffled":
            calls.sort(key=lambda call: hashlib.sha256(call.call_id.encode()).digest())
        shown, pagination = self._paged(calls, request, 100)
        return Answer({"calls": [self._shown(call, request) for call in shown], "pagination": pagination})

    def _wanted(self, call: Call, request: Request) -> bool:
        until = request.one("end_date") or "9999-01-01T00:00:00Z"
        since = request.one("start_date") or "0001-01-01T00:00:00Z"
        return request.one("status") in ("", _word(call)) and _at(since) <= call.made_at <= _at(until)

    def _paged(self, rows: list[Any], request: Request, default: int) -> tuple[list[Any], Json]:
        limit = min(max(request.number("limit", default), 1), self.rules.largest)
        offset = max(request.number("offset", 0), 0)
        return rows[offset : offset + limit], {"total": len(rows), "limit": limit, "offset": offset}

    def _call(self, key: str) -> Call:
        for call in self.calls:
            if call.call_id == key:
                return call
        raise Refused(404, "not_found", "no such call")

    def get_call(self, request: Request, key: str) -> Answer:
        return Answer(self._shown(self._call(key), request))

    def control_call(self, request: Request, key: str) -> Answer:
        call, sent = self._call(key), request.document()
        kind = str(sent.get("type"))
        if kind not in CONTROL or any(name not in sent for name in CONTROL[kind]):
            raise Refused(400, "invalid_request", "no such command", ("type",))
        if call.phase() != "talking":
            raise Refused(400, "invalid_request", "the call is not active")
        if kind in ("end-call", "transfer"):
            call.hang_up()
        return Answer({"success": True, "message": "sent"})

    # Webhooks

    def _hook(self, sent: dict[str, Json]) -> tuple[str, str, list[str]] | None:
        """(url, secret, events) by precedence; None where nobody listens."""
        own = self.rows["assistants"].get(str(sent.get("assistant_id")), {})
        spoken = sent.get("assistant") or {**own, **(sent.get("assistant_override") or {})}
        account = {"webhook_url": self.rules.webhook_url, "webhook_secret": self.rules.webhook_secret}
        for config in (spoken, account):
            if config.get("webhook_url"):
                events = [*(config.get("webhook_events") or ("status-update", "end-of-call-report"))]
                return str(config["webhook_url"]), str(config.get("webhook_secret") or ""), events
        return None

    # What is kept by id

    def _list(self, kind: str, request: Request) -> Answer:
        shown, pagination = self._paged([*self.rows[kind].values()], request, 100)
        document = {kind: [self.dress(row, request) for row in shown]}
        return Answer(document if kind == "campaigns" else {**document, "pagination": pagination})

    def _create(self, kind: str, request: Request) -> Answer:
        sent = request.document()
        row = {"id": self._id(), **sent, "created_at": iso(time.time())}
        if kind == "campaigns":
            leads = row.pop("leads", [])
            row |= {"status": "draft", "total_leads": len(leads), "completed_leads": 0, "failed_leads": 0}
            for lead in leads:
                self._lead(row["id"], lead)
        self.rows[kind][row["id"]] = row
        return Answer({KINDS[kind]: self.dress(row, request)}, 201)

    def _row(self, kind: str, key: str) -> dict[str, Json]:
        if key not in self.rows[kind]:
            raise Refused(404, "not_found", f"no such {KINDS[kind]}")
        row: dict[str, Json] = self.rows[kind][key]
        return row

    def _get(self, kind: str, request: Request, key: str) -> Answer:
        return Answer({KINDS[kind]: self.dress(self._row(kind, key), request)})

    def _update(self, kind: str, request: Request, key: str) -> Answer:
        row, sent = self._row(kind, key), request.document()
        if kind == "campaigns" and (row["status"] == "completed" or sent.get("status") == "completed"):
            raise Refused(400, "invalid_request", "a completed campaign is frozen", ("status",))
        row.update(sent)
        return self._get(kind, request, key)

    def _delete(self, kind: str, request: Request, key: str) -> Answer:
        self._row(kind, key)
        del self.rows[kind][key]
        return self._gone(request)

    def _lead(self, campaign: str, sent: Json) -> dict[str, Json]:
        if not re.fullmatch(r"\+[1-9]\d{6,14}", str(sent.get("phone_number"))):
            raise Refused(422, "invalid_request", "phone_number must be E.164", ("phone_number",))
        lead = {"id": self._id(), "campaign_id": campaign, "phone_number": sent["phone_number"],
                "variables": sent.get("variables") or {}, "status": "pending", "call_id": None, "attempts": 0,
                "last_attempt_at": None, "created_at": iso(time.time())}  # fmt: skip
        self.leads[lead["id"]] = lead
        return lead

    def list_leads(self, request: Request, key: str) -> Answer:
        self._row("campaigns", key)
        rows = [lead for lead in self.leads.values() if lead["campaign_id"] == key]
        return Answer({"leads": [self.dress(row, request) for row in rows]})

    def add_lead(self, request: Request, key: str) -> Answer:
        campaign = self._row("campaigns", key)
        lead = self._lead(key, request.document())
        campaign["total_leads"] += 1
        return Answer({"lead": self.dress(lead, request)}, 201)

    def delete_lead(self, request: Request, key: str, lead: str) -> Answer:
        found = self.leads.get(lead)
        if found is None or found["campaign_id"] != key:
            raise Refused(404, "not_found", "no such lead")
        if found["status"] == "calling":
            raise Refused(409, "invalid_request", "this lead is being called")
        del self.leads[lead]
        return self._gone(request)

    # The rest

    def list_usage(self, request: Request) -> Answer:
        seconds = sum(round(call.talked) for call in self.calls)
        summary = {"total_seconds": seconds, "total_minutes": seconds / 60, "total_cost": seconds * 0.07 / 60}
        return Answer({"logs" if self.other(request) else "usage": [], "summary": summary})

    def get_organizations(self, request: Request) -> Answer:
        active = sum(call.phase() != "over" for call in self.calls)
        row = {"id": "o1", "name": "Example", "minutes_balance": 1000, "monthly_usage_minutes": 0, "active_numbers": 1,
               "active_agents": 1, "active_calls": active, "parent_org_id": None}  # fmt: skip
        shown = self.dress(row, request)
        return Answer({"organization": shown} if self.other(request) else shown)

    def get_health(self, request: Request) -> Answer:
        return Answer({"status": "ok"})

    def get_account(self, request: Request) -> Answer:
        return Answer({"id": "o1", "email": "a@hms.example", "company_name": "Example"})

    def list_voices(self, request: Request) -> Answer:
        return Answer({"voices": []})


def _offer(kind: str, single: str) -> None:
    """The same five verbs for every kind of row, each with its own name in the counts."""

    def offer(name: str, route: str, verb: Any) -> None:
        HmsSovereign.routes[route] = name
        setattr(HmsSovereign, name, lambda self, request, **key: verb(self, kind, request, **key))

    path = f"/{kind.replace('_', '-')}"
    offer(f"list_{kind}", f"GET {path}", HmsSovereign._list)
    offer(f"create_{single}", f"POST {path}", HmsSovereign._create)
    offer(f"get_{single}", f"GET {path}/{{key}}", HmsSovereign._get)
    offer(f"update_{single}", f"PATCH {path}/{{key}}", HmsSovereign._update)
    offer(f"delete_{single}", f"DELETE {path}/{{key}}", HmsSovereign._delete)


for _kind, _single in KINDS.items():
    _offer(_kind, _single)


def _word(call: Call) -> str:
    phase = call.phase()
    return STATUS.get(phase) or ("failed" if not call.answered else END.get(call.fate, "ended"))


def _at(text: str) -> float:
    """Raises Refused."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, "invalid_request", "no date", ("start_date",)) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
