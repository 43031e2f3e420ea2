"""A Flireo generation A of its own kin, for all but calls: people, assistants, numbers, orders, groups, the user.

Written from the vendor's notes alone. Calls, scheduled calls and their webhooks are in tests/faults/foreign_flireo.py.
"""

import uuid
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from foreign.flireo_groups import Groups, now
from foreign.standin import PLAIN, Answer, Habits, Refused, Request

Json = Any
ASSISTANT, NUMBER, SHARED = (f"0a0a0a0a-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
CONTACT_FIELDS = ("phone_number", "full_name", "email", "address", "last_interaction_at", "last_interaction_summary")
ASSISTANT_FIELDS = (
    "name", "first_message", "system_prompt", "voice_id", "language", "type", "server_url", "max_duration_seconds",
    "voicemail_message", "phone_number_id", "is_active",
)  # fmt: skip
COST = 10


@dataclass(frozen=True, slots=True)
class Rules:
    """What the vendor left open."""

    unique_phones: bool = True
    """Whether a second contact with the same number is refused."""
    default_limit: int = 10
    largest_limit: int = 100
    credits: int = 100
    order: str = "newest"
    """newest | oldest: of the contacts."""
    ordered: str = "success"
    """What an order has become when it is asked for: pending | success | failed."""


USUAL = Rules()


class Flireo(Groups):
    """The account. `contacts`, `assistants`, `numbers`, `groups` and `orders` are the truth, rows by id."""

    routes: ClassVar[dict[str, str]] = {
        "GET /contacts": "list_contacts",
        "POST /contacts": "create_contact",
        "GET /contacts/{key}": "get_contact",
        "PUT /contacts/{key}": "replace_contact",
        "PATCH /contacts/{key}": "update_contact",
        "DELETE /contacts/{key}": "delete_contact",
        "GET /assistants": "list_assistants",
        "POST /assistants": "create_assistant",
        "GET /assistants/{key}": "get_assistant",
        "PUT /assistants/{key}": "replace_assistant",
        "PATCH /assistants/{key}": "update_assistant",
        "DELETE /assistants/{key}": "delete_assistant",
        "GET /assistants/{key}/phone-number": "get_linked_number",
        "POST /assistants/{key}/phone-number": "link_number",
        "DELETE /assistants/{key}/phone-number": "unlink_number",
        "GET /phone-numbers": "list_phone_numbers",
        "POST /phone-numbers": "order_phone_number",
        "GET /phone-numbers/available": "list_available_numbers",
        "GET /phone-numbers/{key}": "get_phone_number",
        "DELETE /phone-numbers/{key}": "delete_phone_number",
        "GET /phone-number-orders": "list_orders",
        "GET /phone-number-orders/{key}": "get_order",
        "GET /verification-groups": "list_verification_groups",
        "POST /verification-groups": "create_verification_group",
        "GET /verification-groups/{key}": "get_verification_group",
        "DELETE /verification-groups/{key}": "delete_verification_group",
        "GET /verification-groups/{key}/documents": "list_verification_documents",
        "POST /verification-groups/{key}/documents": "upload_verification_document",
        "DELETE /verification-groups/{key}/documents/{paper}": "delete_verification_document",
        "POST /verification-groups/{key}/submit": "submit_verification_group",
        "GET /verification-groups/{key}/available-phone-numbers": "list_group_numbers",
        "POST /verification-groups/{key}/order-number": "order_group_number",
        "GET /user": "get_user",
        "GET /user/profile": "get_user_profile",
    }
    prefix = "/v1"

    def __init__(self, habits: Habits = PLAIN, rules: Rules = USUAL) -> None:
        super().__init__(habits)
        self.rules = rules
        self.credits = rules.credits
        self.contacts: dict[str, dict[str, Json]] = {}
        self.assistants: dict[str, dict[str, Json]] = {}
        self.numbers: dict[str, dict[str, Json]] = {}
        self.groups = {}
        self.orders: dict[str, dict[str, Json]] = {}
        self.nulled: list[tuple[str, str]] = []
        """(contact, field): values that a PUT wiped out by leaving them out."""
        self._dice = Random(habits.seed)
        self.assistants[ASSISTANT] = dict.fromkeys(ASSISTANT_FIELDS) | {"name": "Caller", "is_active": True}
        self.numbers[NUMBER] = {"phone_number": "+442079460900", "number_type": "national", "shared": False}
        self.numbers[SHARED] = {"phone_number": "+442079460901", "number_type": "national", "shared": True}

    def add(self, phone: str, name: str | None = None, **more: Json) -> str:
        """A contact that comes in by itself; its id. The newest, so every page shifts."""
        with self.lock:
            key = self.new_id()
            row = dict.fromkeys(CONTACT_FIELDS) | {"phone_number": phone, "full_name": name, **more}
            self.contacts[key] = row | {"logs": None, "last_modified": now()}
            return key

    def stir(self, count: int = 1) -> None:
        """Strangers come in ahead of all others."""
        for n in range(count):
            self.add(f"+1212555019{n % 10}", "Stranger")

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    # How it speaks

    def error(self, refused: Refused, request: Request) -> Answer:
        if self.other(request):
            return Answer({"error": refused.text, "message": refused.text}, refused.status)
        details: Json = dict.fromkeys(refused.names, refused.text)
        return Answer({"error": {"code": refused.code, "message": refused.text, "details": details}}, refused.status)

    def paged(self, kind: str, rows: list[Json], request: Request, *, guide: bool) -> Answer:
        limit = min(max(request.number("limit", self.rules.default_limit), 1), self.rules.largest_limit)
        offset = max(request.number("offset", 0), 0)
        shown, meta = rows[offset : offset + limit], {"total": len(rows), "limit": limit, "offset": offset}
        if guide:
            return Answer({"data": shown, "meta": meta})
        return Answer({kind: shown, "pagination": {**meta, "has_more": offset + len(shown) < len(rows)}})

    def _one(self, name: str, key: str, row: Json, request: Request, status: int = 200) -> Answer:
        """Bare with its own name for the id, or in the guide's envelope with plain `id`."""
        if self.other(request):
            return Answer({"message": "ok", "data": self.dress({"id": key, **row}, request)}, status)
        return Answer(self.dress({name: key, **row}, request), status)

    def _row(self, rows: dict[str, dict[str, Json]], key: str) -> dict[str, Json]:
        if key not in rows:
            raise Refused(404, "not_found", "no such thing")
        return rows[key]

    # Contacts

    def list_contacts(self, request: Request) -> Answer:
        keys = [key for key, row in self.contacts.items() if _wanted(row, request)]
        if self.rules.order == "newest":
            keys.reverse()
        guide = self.other(request)
        name = "id" if guide else "contact_id"
        rows = [self.dress({name: key, **self.contacts[key]}, request, ("last_modified",)) for key in keys]
        return self.paged("contacts", rows, request, guide=guide)

    def _contact_input(self, request: Request, own: str | None = None) -> dict[str, Json]:
        sent = request.document()
        if unknown := set(sent) - set(CONTACT_FIELDS):
            raise Refused(400, "invalid_parameters", "unknown field", tuple(sorted(unknown)))
        phone = sent.get("phone_number")
        if "phone_number" in sent and not str(phone).startswith("+"):
            raise Refused(400, "invalid_parameters", "must be E.164", ("phone_number",))
        taken = any(row["phone_number"] == phone and key != own for key, row in self.contacts.items())
        if phone and taken and self.rules.unique_phones:
            raise Refused(400, "already_in_use", "another contact has this number", ("phone_number",))
        return sent

    def create_contact(self, request: Request) -> Answer:
        sent = self._contact_input(request)
        if not sent.get("phone_number"):
            raise Refused(400, "invalid_parameters", "is required", ("phone_number",))
        key = self.add(sent["phone_number"])
        self.contacts[key] |= sent
        return self._one("contact_id", key, self.contacts[key], request, 201)

    def get_contact(self, request: Request, key: str) -> Answer:
        return self._one("contact_id", key, self._row(self.contacts, key), request)

    def replace_contact(self, request: Request, key: str) -> Answer:
        """What is left out becomes null."""
        row, sent = self._row(self.contacts, key), self._contact_input(request, key)
        if not sent.get("phone_number"):
            raise Refused(400, "invalid_parameters", "is required", ("phone_number",))
        self.nulled += [(key, name) for name in CONTACT_FIELDS if row[name] is not None and name not in sent]
        row |= {**dict.fromkeys(CONTACT_FIELDS), **sent, "last_modified": now()}
        return self.get_contact(request, key)

    def update_contact(self, request: Request, key: str) -> Answer:
        row = self._row(self.contacts, key)
        row |= {**self._contact_input(request, key), "last_modified": now()}
        return self.get_contact(request, key)

    def delete_contact(self, request: Request, key: str) -> Answer:
        self._row(self.contacts, key)
        del self.contacts[key]
        return Answer({"message": "deleted"})

    # Assistants and their numbers

    def list_assistants(self, request: Request) -> Answer:
        guide = self.other(request)
        name = "id" if guide else "assistant_id"
        rows = [self.dress({name: key, **row}, request) for key, row in self.assistants.items()]
        return self.paged("assistants", rows, request, guide=guide)

    def _assistant_input(self, request: Request) -> dict[str, Json]:
        sent = request.document()
        if unknown := set(sent) - set(ASSISTANT_FIELDS):
            raise Refused(400, "invalid_parameters", "unknown field", tuple(sorted(unknown)))
        return sent

    def create_assistant(self, request: Request) -> Answer:
        sent = self._assistant_input(request)
        if not sent.get("name"):
            raise Refused(400, "invalid_parameters", "is required", ("name",))
        key = self.new_id()
        self.assistants[key] = dict.fromkeys(ASSISTANT_FIELDS) | sent
        return self._one("assistant_id", key, self.assistants[key], request, 201)

    def get_assistant(self, request: Request, key: str) -> Answer:
        return self._one("assistant_id", key, self._row(self.assistants, key), request)

    def replace_assistant(self, request: Request, key: str) -> Answer:
        self._row(self.assistants, key)
        self.assistants[key] = dict.fromkeys(ASSISTANT_FIELDS) | self._assistant_input(request)
        return self.get_assistant(request, key)

    def update_assistant(self, request: Request, key: str) -> Answer:
        self._row(self.assistants, key).update(self._assistant_input(request))
        return self.get_assistant(request, key)

    def delete_assistant(self, request: Request, key: str) -> Answer:
        self._row(self.assistants, key)
        del self.assistants[key]
        return Answer({"message": "deleted"})

    def get_linked_number(self, request: Request, key: str) -> Answer:
        row = self._row(self.assistants, key)
        number = row["phone_number_id"] and self._linked(row["phone_number_id"])
        return Answer({"data": {"assistant_id": key, "assistant_name": row["name"], "phone_number": number}})

    def _linked(self, key: str) -> Json:
        row = self.numbers[key]
        return {"id": key, "number": row["phone_number"], "type": row["number_type"], "locality": None}

    def link_number(self, request: Request, key: str) -> Answer:
        row, wanted = self._row(self.assistants, key), str(request.document().get("phone_number_id"))
        self._row(self.numbers, wanted)
        others = [one for other, one in self.assistants.items() if other != key and one["phone_number_id"] == wanted]
        if others and not self.numbers[wanted]["shared"]:
            raise Refused(400, "already_linked", "another assistant has this number")
        for other in others:
            other["phone_number_id"] = None
        before, row["phone_number_id"] = row["phone_number_id"], wanted
        data = {"assistant_id": key, "phone_number": self._linked(wanted), "previous_phone_number_id": before}
        return Answer({"message": "linked", "data": {**data, "released_assistants": len(others)}})

    def unlink_number(self, request: Request, key: str) -> Answer:
        row = self._row(self.assistants, key)
        if not row["phone_number_id"]:
            raise Refused(400, "no_phone_number", "nothing is linked")
        number, row["phone_number_id"] = self._linked(row["phone_number_id"]), None
        gone = {"id": number["id"], "number": number["number"]}
        return Answer({"message": "unlinked", "data": {"assistant_id": key, "unlinked_phone_number": gone}})

    # Numbers and orders

    def _number(self, key: str, request: Request) -> Json:
        row = self.numbers[key]
        owners = [other for other, one in self.assistants.items() if one["phone_number_id"] == key]
        shown = {"id": key, "phone_number": row["phone_number"], "locality": None, "number_type": row["number_type"],
                 "available": not owners, "created_at": "2026-01-01T00:00:00Z",
                 "linked_assistant": {"id": owners[0], "name": "Caller"} if owners else None}  # fmt: skip
        return self.dress(shown, request, ("created_at", "available"))

    def list_phone_numbers(self, request: Request) -> Answer:
        own = [self._number(key, request) for key, row in self.numbers.items() if not row["shared"]]
        answer = self.paged("phone_numbers", own, request, guide=not self.other(request))
        if request.one("include_default") == "true":
            shared = [self._linked(key) for key, row in self.numbers.items() if row["shared"]]
            answer.document["shared_numbers"] = [{"id": one["id"], "phone_number": one["number"]} for one in shared]
        return answer

    def get_phone_number(self, request: Request, key: str) -> Answer:
        self._row(self.numbers, key)
        shown = self._number(key, request)
        return Answer({"data": shown} if self.other(request) else shown)

    def delete_phone_number(self, request: Request, key: str) -> Answer:
        self._row(self.numbers, key)
        if any(one["phone_number_id"] == key for one in self.assistants.values()):
            raise Refused(400, "already_in_use", "an assistant has this number")
        del self.numbers[key]
        return Answer({"message": "deleted"})

    def list_available_numbers(self, request: Request) -> Answer:
        kind = request.one("number_type") or "national"
        row = {"phone_number": "+442079460902", "number_type": kind, "locality": None, "features": ["voice"],
               "cost": {"monthly": "1.00", "currency": "EUR", "credits": COST}, "reservable": True}  # fmt: skip
        meta = {"total_results": 1, "number_type": kind, "requires_verification": False}
        return Answer({"data": [self.dress(row, request, ("reservable", "features"))], "meta": meta})

    def order_phone_number(self, request: Request) -> Answer:
        sent = request.document()
        if sent.get("number_type") == "local" and not sent.get("verification_group_id"):
            raise Refused(400, "invalid_parameters", "is required", ("verification_group_id",))
        return self.order(sent.get("phone_number"), sent.get("number_type") or "national", None)

    def order(self, phone: Json, kind: str, group: str | None) -> Answer:
        if not phone:
            raise Refused(400, "invalid_parameters", "is required", ("phone_number",))
        if self.credits < COST:
            raise Refused(402, "insufficient_credits", "not enough credits")
        self.credits -= COST
        key = self.new_id()
        self.orders[key] = {"phone_number": phone, "number_type": kind, "status": "pending", "group": group}
        data = {"order_id": key, "phone_number": phone, "number_type": kind, "status": "pending", "credits_used": COST,
                "remaining_credits": self.credits}  # fmt: skip
        if group:
            data["verification_group"] = {"id": group, "name": self.groups[group]["name"]}
        return Answer({"message": "ordered", "data": data}, 201)

    def _order_shown(self, key: str, request: Request) -> Json:
        row = self.orders[key]
        if row["status"] == "pending":
            row["status"] = self.rules.ordered
        group = {"id": row["group"], "name": self.groups[row["group"]]["name"]} if row["group"] else None
        shown = {"id": key, "phone_number": row["phone_number"], "status": row["status"], "requirements_met": True,
                 "number_type": row["number_type"], "ordered_at": now(), "verification_group": group}  # fmt: skip
        return self.dress(shown, request, ("ordered_at", "requirements_met"))

    def list_orders(self, request: Request) -> Answer:
        rows = [self._order_shown(key, request) for key in self.orders]
        status = request.one("status")
        return self.paged("orders", [row for row in rows if status in ("", row["status"])], request, guide=True)

    def get_order(self, request: Request, key: str) -> Answer:
        self._row(self.orders, key)
        return Answer({"data": {**self._order_shown(key, request), "external_order_id": None}})

    # The user

    def get_user(self, request: Request) -> Answer:
        row = {"id": "u1", "email": "a@flireo.example", "company_name": None, "org_id": "o1"}
        shown = self.dress(row, request, ("email",))
        return Answer({"data": shown} if self.other(request) else shown)

    def get_user_profile(self, request: Request) -> Answer:
        answer = self.get_user(request)
        (answer.document.get("data") or answer.document)["credits"] = self.credits
        return answer


def _wanted(row: dict[str, Json], request: Request) -> bool:
    """Names and addresses by a part of them, whatever the case; numbers exactly."""
    name, email, phone = (request.one(one) for one in ("full_name", "email", "phone_number"))
    return (
        name.lower() in (row["full_name"] or "").lower()
        and email.lower() in (row["email"] or "").lower()
        and phone in ("", row["phone_number"])
    )
