"""A Callab of its own kin, both dialects: written from the vendor's notes alone, to doubt our reading of them."""

import asyncio
import itertools
import json
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from foreign.calls import SWIFT, Call, Course, iso, placed
from foreign.standin import PLAIN, Answer, Habits, Refused, Request, Standin
from foreign.wire import post

Json = Any
COMPANY, AGENT = "f2c1b0de-1111-4222-8333-444455556666", "a0a0a0a0-0000-4000-8000-000000000001"
FLOW = "d0d0d0d0-0000-4000-8000-000000000004"
LARGEST = 100
WORDS = {
    "answered": "completed", "voicemail": "completed", "no_answer": "no-answer", "busy": "busy", "failed": "failed",
    "broke": "failed",
}  # fmt: skip
ACTIVE = {"name", "status"}
_numbers = itertools.count(1)


@dataclass(slots=True)
class Contact:
    """One contact as it truly is; no request can change it."""

    key: str
    phone: str
    first: str | None
    last: str | None
    tag: str | None
    category: str | None
    source: str | None
    campaign: str | None
    born: int
    metadata: dict[str, Json] | None = None
    last_status: str | None = None
    workspace: str = "default"
    status: str = "active"
    day: str = "2026-05-01"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the vendor left open."""

    per_page: int = 10
    """Where a request names none; the documents say 10, and 20."""
    campaign_ids: bool = False
    """Whether campaigns show their id, which the documented answers lack."""
    number_ids: bool = False
    unauthorized: int = 401
    """The status of a wrong key; 200 for an error in the envelope alone."""
    webhook: str = ""
    """Where an event of each ended call is sent."""


USUAL = Rules()


class Callab(Standin):
    """The company. `contacts`, `calls` (dialled), `records` (only written down) and `campaigns` are the truth."""

    routes: ClassVar[dict[str, str]] = {
        "GET /contacts/query": "query_contacts",
        "GET /contacts/{key}": "get_contact",
        "POST /campaigns/create": "create_campaign",
        "GET /campaigns/by-id/{key}": "get_campaign",
        "GET /campaigns/by-workspace/{workspace}": "list_campaigns",
        "POST /calls/make-call": "make_call",
        "POST /calls": "record_call",
        "GET /calls/query": "query_calls",
        "GET /calls/{key}": "get_call",
        "GET /webhooks": "list_flows",
        "GET /ai-agent": "list_agents",
        "GET /ai-agent/{key}": "get_agent",
        "GET /users/all": "list_users",
        "POST /workspace/create": "create_workspace",
        "POST /contact/query": "query_contacts_v0",
        "GET /contact": "list_contacts_v0",
        "GET /campaign/list": "list_campaigns_v0",
        "POST /campaign/update/{key}": "update_campaign_v0",
        "GET /phone_number": "list_phone_numbers_v0",
        "GET /webhook/flow/company/outbound": "list_flows",
    }
    prefix = "/v1"

    def __init__(self, habits: Habits = PLAIN, rules: Rules = USUAL, course: Course = SWIFT) -> None:
        super().__init__(habits)
        self.rules, self.course = rules, course
        self.contacts: dict[str, Contact] = {}
        self.calls: list[Call] = []
        self.records: list[dict[str, Json]] = []
        self.campaigns: dict[str, dict[str, Json]] = {}
        self.workspaces = {"default"}
        self.sent: list[tuple[str, int]] = []
        """(call id, status) of every event sent."""
        self._dice = random.Random(habits.seed)

    def add(self, phone: str, first: str | None = None, last: str | None = None, **more: Any) -> Contact:
        """A contact that somebody typed in, imported or pulled; the newest, so every page shifts."""
        with self.lock:
            more = {"tag": None, "category": None, "source": "Manual", "campaign": None, **more}
            contact = Contact(self._id(), phone, first, last, born=next(_numbers), **more)
            self.contacts[contact.key] = contact
            return contact

    def stir(self, count: int = 1) -> None:
        """Somebody adds contacts that match nothing, ahead of all others."""
        for n in range(count):
            self.add(f"+4420794609{n % 100:02}", "New", source="Website")

    def dialled(self, phone: str) -> int:
        """How often this number truly rang."""
        return Counter(call.to for call in self.calls)[phone]

    def _id(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    # How it speaks

    def error(self, refused: Refused, request: Request) -> Answer:
        """As 200, but for what lies outside the envelope: the gate, the throttle, a crash."""
        outside = refused.status == 429 or refused.status >= 500 or (refused.status == 404 and refused.code)
        status = self.rules.unauthorized if refused.status == 401 else refused.status if outside else 200
        data: Json = request.dice.choice(("", "", None, {}, [])) if self.habits.odd else ""
        word = request.dice.choice(("error", "error", "failed")) if self.habits.odd else "error"
        return Answer({"status": word, "message": refused.text, "data": data}, status)

    def _ok(self, data: Json, word: str = "ok") -> Answer:
        return Answer({"status": word, "message": word, "data": data})

    def _contact(self, contact: Contact, request: Request, *, old: bool = False) -> Json:
        row = {
            "id": contact.key, "company_id": COMPANY, "firstname": contact.first, "lastname": contact.last,
            "phone_number": contact.phone, "metadata": contact.metadata, "number_country_code": "+44",
            "last_call_status": contact.last_status, "last_call_at": None, "last_call_duration": None,
            "last_call_feedback": None, "source_name": contact.source, "tag_name": contact.tag,
            "category_name": contact.category, "notes": None, "created_at": f"{contact.day}T09:00:00Z",
            "updated_at": f"{contact.day}T09:00:00Z", "campaign_id": contact.campaign, "status": contact.status,
        }  # fmt: skip
        return self.dress(row if old else {**row, "workspace_id": contact.workspace}, request, ("company_id", "notes"))

    def _call(self, call: Call, request: Request) -> Json:
        phase = call.phase()
        talking, over = phase != "ringing" and call.answered, phase == "over"
        row = {
            "id": call.call_id, "call_sid": f"sid-{call.call_id[:8]}", "company_id": COMPANY,
            "ai_agent_id": call.asked.get("ai_agent_id"), "call_provider": "sip", "call_from": call.sender,
            "call_to": call.to, "call_duration": round(call.talked) if over else 0,
            "call_status": WORDS[call.fate] if over else "in-progress", "call_direction": "outbound", "is_test": False,
            "call_rating": 0, "cost": 0.0, "price_unit": "USD", "latency": 0.0,
            "disconnect_reason": ("agent_hangup" if call.answered else "no_media") if over else None,
            "created_at": iso(call.made_at), "updated_at": iso(call.end_at if over else call.made_at),
            "workspace_id": call.asked.get("workspace") or "default", "campaign_id": None, "contact_id": None,
            "transcript": "AI: Hello." if over and call.answered else None, "metadata": None,
            "agent_dynamic_variables": {v["name"]: v["value"] for v in call.asked.get("dynamic_variables") or ()},
            "agent_post_call_outcomes": (call.said or None) if over else None,
            "started_at": iso(call.answer_at) if talking else None, "ended_at": iso(call.end_at) if over else None,
            "retry_at": None, "deleted_at": None,
        }  # fmt: skip
        return self.dress(row, request, ("call_rating", "cost", "latency", "price_unit", "is_test", "company_id"))

    # Contacts

    def query_contacts(self, request: Request) -> Answer:
        rows = [one for one in self._newest() if self._in_workspace(one, request) and self._wanted(one, request)]
        if request.one("order") == "asc":
            rows.reverse()
        return self._ok([self._contact(one, request) for one in self._page(rows, request)])

    def _newest(self) -> list[Contact]:
        return sorted(self.contacts.values(), key=lambda one: -one.born)

    def _in_workspace(self, one: Contact, request: Request) -> bool:
        return one.workspace == (request.one("workspace") or "default")

    def _wanted(self, one: Contact, request: Request) -> bool:
        lists = {"last_call_statuses": one.last_status, "tags": one.tag, "categories": one.category}
        single = {"source_name": one.source, "campaign_id": one.campaign, "status": one.status}
        needle = request.one("search").lower()
        return (
            all(not request.one(name) or value in request.one(name).split(",") for name, value in lists.items())
            and all(request.one(name) in ("", value) for name, value in single.items())
            and needle in f"{one.first}|{one.last}|{one.phone}".lower()
            and request.one("start_date") <= one.day <= (request.one("end_date") or "9")
        )

    def _page(self, rows: list[Any], request: Request) -> list[Any]:
        size = min(max(request.number("per_page", self.rules.per_page), 1), LARGEST)
        start = max(request.number("page", 0), 0) * size
        return rows[start : start + size]

    def get_contact(self, request: Request, key: str) -> Answer:
        if key not in self.contacts:
            raise Refused(404, "", "contact not found")
        return self._ok(self._contact(self.contacts[key], request))

    def list_contacts_v0(self, request: Request) -> Answer:
        return self._ok([self._contact(one, request, old=True) for one in self._newest()])

    def query_contacts_v0(self, request: Request) -> Answer:
        sent = request.document()
        asked: dict[str, Callable[[Contact], Json]] = {
            "tags": lambda one: one.tag, "categories": lambda one: one.category,
            "source_names": lambda one: one.source, "last_call_statuses": lambda one: one.last_status,
        }  # fmt: skip
        if not set(sent) <= set(asked) or not all(isinstance(each, list) for each in sent.values()):
            raise Refused(400, "", "bad filter")
        rows = [one for one in self._newest() if all(asked[name](one) in values for name, values in sent.items())]
        return self._ok([self._contact(one, request, old=True) for one in rows])

    # Calls

    def make_call(self, request: Request) -> Answer:
        """The one request that rings somebody."""
        sent = request.document()
        for name in ("ai_agent_id", "call_from", "call_to"):
            if not isinstance(sent.get(name), str) or not sent[name]:
                raise Refused(400, "", f"{name} is required")
        if not sent["call_to"].startswith("+"):
            raise Refused(400, "", "call_to is not a number")
        call = placed(self.calls, sent["call_to"], sent["call_from"], sent, self.course, self.habits.seed)
        self.calls.append(call)
        if self.rules.webhook:
            self.later(self._tell(call, request))
        return self._ok(self._call(call, request))

    async def _tell(self, call: Call, request: Request) -> None:
        await asyncio.sleep(max(0.0, call.end_at - call.made_at))
        event = {"event": "call.ended", "data": self._call(call, request)}
        self.sent.append((call.call_id, await post(self.rules.webhook, json.dumps(event).encode(), {})))

    def record_call(self, request: Request) -> Answer:
        sent = request.document()
        if not sent.get("call_to") or not sent.get("call_from"):
            raise Refused(400, "", "call_to is required")
        self.records.append(sent)
        times = {"created_at": iso(0), "updated_at": iso(0)}
        return self._ok({"id": self._id(), "call_status": "completed", **times, **sent})

    def query_calls(self, request: Request) -> Answer:
        rows = [one for one in self.calls[::-1] if self._sought(one, request)]
        if request.one("order") == "asc":
            rows.reverse()
        return self._ok([self._call(one, request) for one in self._page(rows, request)])

    def _sought(self, call: Call, request: Request) -> bool:
        word, day = WORDS[call.fate] if call.phase() == "over" else "in-progress", (iso(call.made_at) or "")[:10]
        agent = request.one("ai_agent_id")
        return (
            request.one("status").lower() in word
            and request.one("search") in call.to
            and agent in ("", call.asked.get("ai_agent_id"))
            and not request.one("campaign_id")
            and (request.one("workspace") or "default") == (call.asked.get("workspace") or "default")
            and request.one("start_date") <= day <= (request.one("end_date") or "9")
        )

    def get_call(self, request: Request, key: str) -> Answer:
        for call in self.calls:
            if call.call_id == key:
                return self._ok(self._call(call, request))
        raise Refused(404, "", "call not found")

    # Campaigns and the rest

    def create_campaign(self, request: Request) -> Answer:
        sent = request.document()
        needed = ("name", "notes", "campaign_type", "ai_agent_id", "days_of_week", "time_zone", "workspace")
        if any(name not in sent for name in needed):
            raise Refused(400, "", "a required field is missing")
        key = self._id()
        self.campaigns[key] = {"status": "active", "call_progress": 0, **sent}
        return self._ok(key)

    def _campaign(self, key: str, request: Request) -> Json:
        hidden = ("ai_agent_id", "workspace", "outbound_phone_number_id", "inbound_phone_number_id", "webhook_id")
        row = {name: value for name, value in self.campaigns[key].items() if name not in hidden}
        return self.dress(row | ({"id": key} if self.rules.campaign_ids else {}), request, ("call_progress",))

    def get_campaign(self, request: Request, key: str) -> Answer:
        if key not in self.campaigns:
            raise Refused(404, "", "campaign not found")
        return self._ok(self._campaign(key, request))

    def list_campaigns(self, request: Request, workspace: str) -> Answer:
        keys = [key for key, one in self.campaigns.items() if one.get("workspace") == workspace]
        return self._ok([self._campaign(key, request) for key in keys])

    def list_campaigns_v0(self, request: Request) -> Answer:
        return self._ok([self._campaign(key, request) for key in self.campaigns])

    def update_campaign_v0(self, request: Request, key: str) -> Answer:
        sent = request.document()
        if key not in self.campaigns or not set(sent) >= ACTIVE:
            raise Refused(404, "", "campaign not found, or name and status are missing")
        if sent["status"] not in ("active", "paused", "completed"):
            raise Refused(400, "", "no such status")
        self.campaigns[key] |= sent
        return self._ok(self._campaign(key, request))

    def list_phone_numbers_v0(self, request: Request) -> Answer:
        row = {"nickname": "Front", "phone_number": "+442079460900", "number_country_code": None,
               "created_at": "2026-05-01T09:00:00", "updated_at": "2026-05-01T09:00:00"}  # fmt: skip
        return self._ok([self.dress(row | ({"id": COMPANY} if self.rules.number_ids else {}), request)])

    def list_flows(self, request: Request) -> Answer:
        row = {"id": FLOW, "name": "Results", "status": "scheduled", "flow_direction": "outbound", "retry_delay": 5,
               "retry_delay_unit": "seconds", "max_retries": 3, "is_template": False, "steps": [], "executions": [],
               "predefinedVariables": [], "variables": [], "tag_name": None, "category_name": None}  # fmt: skip
        return self._ok([self.dress(row, request)])

    def list_agents(self, request: Request) -> Answer:
        return self._ok([self._agent(request)])

    def get_agent(self, request: Request, key: str) -> Answer:
        if key != AGENT:
            raise Refused(404, "", "agent not found")
        return self._ok(self._agent(request))

    def _agent(self, request: Request) -> Json:
        row = {"id": AGENT, "name": "Caller", "language": "en", "status": "active", "workspace_id": "default"}
        return self.dress(row, request, ("id",))

    def list_users(self, request: Request) -> Answer:
        row = {"id": COMPANY, "email": "a@callab.example", "fullname": None, "role": "admin", "permissions": [1]}
        return self._ok(self._page([self.dress(row, request)], request))

    def create_workspace(self, request: Request) -> Answer:
        name = str(request.document().get("workspace_name") or "")
        if not name or name.lower() in self.workspaces:
            raise Refused(400, "", "the workspace exists, or has no name")
        self.workspaces.add(name.lower())
        data = {"id": self._id(), "workspace_slug": name.lower(), "workspace_name": name, "company_id": COMPANY}
        return self._ok(data, "success")
