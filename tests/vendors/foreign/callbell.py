"""A Callbell of its own kin: written from the vendor's notes alone, to doubt our reading of them."""

import base64
import itertools
import json
import random
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from foreign.callbell_account import AT_BIRTH, MAIN, SETTABLE, USUAL, Contact, Rules, judge
from foreign.callbell_webhooks import Sent, deliver
from foreign.standin import PLAIN, Answer, Habits, Refused, Request, Standin

Json = Any
PAGE, LAST_PAGE = 20, 500
_numbers = itertools.count(1)


class Callbell(Standin):
    """The account. `contacts` is the truth: by uuid, with tags, notes and what was lost."""

    routes: ClassVar[dict[str, str]] = {
        "GET /auth/me": "get_me",
        "GET /contacts": "list_contacts",
        "POST /contacts": "create_contact",
        "GET /contacts/{key}": "get_contact",
        "PATCH /contacts/{key}": "update_contact",
        "DELETE /contacts/{key}": "delete_contact",
        "GET /contacts/phone/{number}": "find_contact_by_phone",
        "GET /contacts/bsuid/{bsuid}": "find_contact_by_bsuid",
        "GET /contacts/{key}/messages": "list_contact_messages",
        "POST /contacts/{key}/conversation/note": "add_note",
        "POST /contacts/{key}/conversation/close": "close_conversation",
        "POST /contacts/{key}/conversation/open": "open_conversation",
        "PUT /contacts/{key}/conversation/update_funnel": "move_conversation",
        "GET /contacts/{key}/bot": "get_bot",
        "POST /contacts/{key}/bot": "steer_bot",
        "GET /channels": "list_channels",
        "GET /teams": "list_teams",
        "GET /teams/{team}/members": "list_team_members",
        "GET /funnels": "list_funnels",
        "GET /plan": "get_plan",
        "POST /webhooks/subscribe": "subscribe",
        "DELETE /webhooks/unsubscribe": "unsubscribe",
        "GET /webhooks/events": "list_webhook_events",
    }
    prefix = "/v1"

    def __init__(self, habits: Habits = PLAIN, rules: Rules = USUAL) -> None:
        super().__init__(habits)
        self.rules = rules
        self.contacts: dict[str, Contact] = {}
        self.gone: list[Contact] = []
        self.writes: list[tuple[str, dict[str, Json]]] = []
        """(uuid, body) of every PATCH that was carried out."""
        self.hook: dict[str, Json] | None = None
        self.sent: list[Sent] = []
        """Every delivery, in order."""
        self._dice = random.Random(habits.seed)
        self._walks: dict[str, list[str]] = {}
        self._cursors_used = 0

    # What a test, or a person at the vendor's screen, does

    def add(self, name: str | None, phone: str | None, tags: tuple[str, ...] = (), **more: Any) -> Contact:
        """A contact that comes in by itself, as the latest conversation."""
        with self.lock:
            key = uuid.UUID(int=self._dice.getrandbits(128)).hex
            contact = Contact(key, name, phone, self._latest(), [*tags], **more)
            contact.human.update(tags)
            self.contacts[key] = contact
            self._tell("contact_created", contact)
            return contact

    def stir(self, share: float = 0.3) -> None:
        """People write: some contacts move to the top, and every page shifts."""
        with self.lock:
            for contact in self.contacts.values():
                if self._dice.random() < share:
                    contact.talked = self._latest()

    def tag(self, key: str, tag: str) -> None:
        """A person tags a contact."""
        with self.lock:
            contact = self.contacts[key]
            contact.human.add(tag)
            if tag not in contact.tags:
                contact.tags.append(tag)
                self._tell("contact_updated", contact)

    def expire_cursors(self) -> None:
        """No cursor handed out so far is known any more."""
        with self.lock:
            self._walks.clear()

    def check_connection(self) -> None:
        """The vendor asks whether somebody listens: a body that says nothing."""
        self.later(self._deliver("connection_check", "", {}))

    @property
    def notes(self) -> list[tuple[str, str]]:
        """(uuid, text) of every note that was written, by contact and in order."""
        return [(contact.uuid, text) for contact in [*self.contacts.values(), *self.gone] for text in contact.notes]

    @property
    def lost_tags(self) -> set[tuple[str, str]]:
        """(uuid, tag): given by a person, taken away by a program."""
        return {(contact.uuid, tag) for contact in self.contacts.values() for tag in contact.lost}

    def _tell(self, event: str, contact: Contact) -> None:
        """Also of what a program changed: it hears its own echo."""
        if self.hook is None or event not in self.hook["subscriptions"]:
            return
        payload: Json = {"uuid": contact.uuid, "deleted": "2026-05-04T08:15:00.000Z"}
        if event != "contact_deleted":
            omitted = ("assignedUser", "customFields", "bsuid", "note")
            payload = {name: value for name, value in self._row(contact).items() if name not in omitted}
        self.later(self._deliver(event, contact.uuid, {"event": event, "payload": payload}))

    async def _deliver(self, event: str, key: str, document: Json) -> None:
        if self.hook is not None:
            rules, url = self.rules, str(self.hook["url"])
            for status in await deliver(url, rules.webhook_secret, document, rules.webhook_gaps):
                self.sent.append(Sent(event, key, status))

    def _latest(self) -> float:
        return float(next(_numbers))

    # How it speaks

    def error(self, refused: Refused, request: Request) -> Answer:
        told: Json = refused.text
        if refused.names:
            told = {name: [refused.text] for name in refused.names}
        document = {"error": told}
        if request.dice.random() < self.habits.odd:
            document["code"] = "newly_invented_code"
        return Answer(document, refused.status)

    def _shown(self, contact: Contact, request: Request, *, typed: bool = False, closing: bool = False) -> Json:
        row = self._row(contact)
        if closing:
            row |= {"closedAt": contact.closed_at, "funnelId": None}
        if typed:
            row["customFieldsMetadata"] = {label: self._typed(label, value) for label, value in contact.fields.items()}
        return self.dress(row, request, ("avatarUrl", "href", "conversationHref", "team", "channel"))

    def _row(self, contact: Contact) -> dict[str, Json]:
        return {
            "uuid": contact.uuid, "name": contact.name, "phoneNumber": contact.phone, "avatarUrl": None,
            "blockedAt": contact.blocked_at, "createdAt": "2026-05-04T08:15:00Z", "source": contact.source,
            "href": f"https://dash.callbell.example/contacts/{contact.uuid}",
            "conversationHref": "https://dash.callbell.example/chat/9b0e", "tags": list(contact.tags),
            "assignedUser": contact.assigned, "customFields": dict(contact.fields),
            "team": {"uuid": contact.team} if contact.team else {},
            "channel": {"uuid": contact.channel, "type": contact.source, "title": "Front", "main": True},
            "bsuid": contact.bsuid, "note": contact.note,
        }  # fmt: skip

    def _typed(self, label: str, value: str) -> Json:
        kind, options = (self.rules.fields or {}).get(label, ("text", ()))
        if kind == "checkbox":
            return {"value": json.loads(value), "type": kind, "options": list(options)}
        return {"value": value, "type": kind} | ({"options": list(options)} if kind == "dropdown" else {})

    def _one(self, contact: Contact, request: Request, status: int = 200, **how: bool) -> Answer:
        shown = self._shown(contact, request, **how)
        return Answer({"contact": [shown] if self.other(request) else shown}, status)

    def _found(self, key: str) -> Contact:
        if key not in self.contacts:
            raise Refused(404, "not_found", "not found")
        return self.contacts[key]

    # Reading

    def get_me(self, request: Request) -> Answer:
        return Answer({"status": "ok", "user_email": "a@callbell.example", "user_name": "A", "api_key": "front"})

    def list_contacts(self, request: Request) -> Answer:
        after, page = request.one("after"), request.number("page", 1)
        if after and self.rules.era >= "2026-08":
            order, page = self._resumed(after), 0
        elif page > LAST_PAGE:
            raise Refused(400, "", "Pagination limit exceeded")
        else:
            order = sorted(self.contacts, key=lambda key: -self.contacts[key].talked)
        wanted = self._filter(request)
        rows = [key for key in order if key in self.contacts and wanted(self.contacts[key])]
        start = max(page - 1, 0) * PAGE
        shown = rows[start : start + PAGE]
        rest = order[order.index(shown[-1]) + 1 :] if shown else []
        left = len(rows) > start + PAGE
        typed = request.one("include_field_types") == "true"
        document = {"contacts": [self._shown(self.contacts[key], request, typed=typed) for key in shown]}
        meta = self._meta(request, page, -(-len(rows) // PAGE), rest, left=left, full=len(shown) == PAGE)
        return Answer(document if meta is None else {**document, "meta": meta})

    def _resumed(self, after: str) -> list[str]:
        self._cursors_used += 1
        if self.rules.cursor_dies and self._cursors_used % self.rules.cursor_dies == 0:
            self._walks.clear()
        if after not in self._walks:
            raise Refused(400, "", "Invalid pagination cursor")
        return self._walks[after]

    def _meta(self, request: Request, page: int, pages: int, rest: list[str], *, left: bool, full: bool) -> Json:
        if self.rules.era < "2026-07":
            return None
        if self.rules.era < "2026-08":
            return {"page": page, "pages": pages}
        more = left or (full and self.rules.empty_last_page)
        meta = {"next": self._cursor(rest) if more else None}
        if page and request.dice.random() >= self.habits.odd:
            return {"page": page, "pages": pages, **meta}
        return meta

    def _cursor(self, rest: list[str]) -> str:
        plain = json.dumps({"ts": 1786000000000 + next(_numbers), "id": next(_numbers)}).encode()
        token = base64.urlsafe_b64encode(plain).decode().rstrip("=")
        self._walks[token] = rest
        return token

    def _filter(self, request: Request) -> Callable[[Contact], bool]:
        asked = [*request.one("tags").split(","), *request.all("tags[]")]
        tags = {tag.strip().lower() for tag in asked if tag.strip()}
        source, team = request.one("source"), request.one("team_uuid")

        def wanted(contact: Contact) -> bool:
            mine = {tag.lower() for tag in contact.tags}
            return (
                (not tags or bool(tags & mine) or (self.rules.loose_tags and _overlap(tags, mine)))
                and source in ("", contact.source)
                and team in ("", contact.team or "none")
            )

        return wanted

    def get_contact(self, request: Request, key: str) -> Answer:
        return self._one(self._found(key), request, typed=request.one("include_field_types") == "true")

    def find_contact_by_phone(self, request: Request, number: str) -> Answer:
        channel = request.one("channel_uuid", MAIN)
        for contact in self.contacts.values():
            same = contact.phone and _digits(contact.phone) == _digits(number)
            if same and contact.channel == channel and contact.source == "whatsapp":
                return self._one(contact, request)
        raise Refused(404, "not_found", "not found")

    def find_contact_by_bsuid(self, request: Request, bsuid: str) -> Answer:
        for contact in self.contacts.values():
            if contact.bsuid == bsuid:
                return self._one(contact, request)
        raise Refused(404, "not_found", "not found")

    def list_contact_messages(self, request: Request, key: str) -> Answer:
        texts = self._found(key).notes[::-1]
        page = request.number("page", 1)
        rows = [{"text": text, "createdAt": "2026-05-04T08:15:00Z", "status": "note"} for text in texts]
        shown = [self.dress(row, request) for row in rows[(page - 1) * PAGE : page * PAGE]]
        return Answer({"messages": shown, "meta": {"page": page, "pages": max(1, -(-len(rows) // PAGE))}})

    # Writing

    def create_contact(self, request: Request) -> Answer:
        sent = request.document()
        missing = tuple(name for name in ("identifier", "source", "name") if not sent.get(name))
        if missing:
            raise Refused(422, "", "must be present and not empty", missing)
        judge(sent, AT_BIRTH, self.rules)
        known = [one for one in self.contacts.values() if _digits(one.phone or "") == _digits(sent["identifier"])]
        contact = known[0] if known else self.add(sent["name"], sent["identifier"], source=sent["source"])
        self._write(contact, sent)
        return self._one(contact, request, 200 if known else 201)

    def update_contact(self, request: Request, key: str) -> Answer:
        contact, sent = self._found(key), request.document()
        judge(sent, SETTABLE, self.rules)
        self._write(contact, sent)
        self.writes.append((key, sent))
        self._tell("contact_updated", contact)
        return self._one(contact, request)

    def _write(self, contact: Contact, sent: dict[str, Json]) -> None:
        if "tags" in sent:
            contact.lost |= contact.human & set(contact.tags) - set(sent["tags"])
            contact.tags = list(dict.fromkeys(sent["tags"]))
            contact.lost -= set(contact.tags)
        if "custom_fields" in sent:
            fields = {k: v if isinstance(v, str) else json.dumps(v) for k, v in sent["custom_fields"].items()}
            merged = {**contact.fields, **fields} if self.rules.merges_fields else fields
            contact.fields = {label: value for label, value in merged.items() if value != ""}
        if "note" in sent:
            contact.note = sent["note"] or None
        contact.name = sent.get("name", contact.name)
        contact.team = sent.get("team_uuid", contact.team)
        contact.assigned = None if sent.get("unassign_user") else sent.get("assigned_user", contact.assigned)

    def delete_contact(self, request: Request, key: str) -> Answer:
        self.gone.append(self._found(key))
        del self.contacts[key]
        self._tell("contact_deleted", self.gone[-1])
        return Answer({"status": "contact was destroyed"})

    def add_note(self, request: Request, key: str) -> Answer:
        contact, text = self._found(key), request.document().get("text")
        if not text or not isinstance(text, str):
            raise Refused(422, "", "must be present and not empty", ("text",))
        contact.notes.append(text)
        return Answer({"success": True}, request.dice.choice((200, 201)) if self.habits.odd else 200)

    def close_conversation(self, request: Request, key: str) -> Answer:
        contact = self._found(key)
        contact.closed_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return self._one(contact, request, closing=True)

    def open_conversation(self, request: Request, key: str) -> Answer:
        contact = self._found(key)
        contact.closed_at, contact.talked = None, self._latest()
        return self._one(contact, request, closing=True)

    def move_conversation(self, request: Request, key: str) -> Answer:
        return self._one(self._found(key), request, closing=True)

    def get_bot(self, request: Request, key: str) -> Answer:
        bot = {"uuid": "b1", "name": "Hello", "status": self._found(key).bot, "conversationStartedAt": None}
        return Answer({"bot": self.dress(bot, request)})

    def steer_bot(self, request: Request, key: str) -> Answer:
        wanted = request.document().get("status")
        if wanted not in ("bot_start", "bot_end"):
            raise Refused(422, "", "is not valid", ("status",))
        self._found(key).bot = "started" if wanted == "bot_start" else "ended"
        return self.get_bot(request, key)

    # The rest of the account

    def list_channels(self, request: Request) -> Answer:
        row = {"uuid": MAIN, "title": "Front", "type": "whatsapp", "main": True, "discardedAt": None}
        return Answer({"channels": [self.dress(row, request)], "meta": {"page": 1, "pages": 1}})

    def list_teams(self, request: Request) -> Answer:
        keys = sorted({contact.team for contact in self.contacts.values() if contact.team} | {"t1"})
        rows = [{"uuid": key, "name": key, "createdAt": "2026-05-04T08:15:00Z", "default": False} for key in keys]
        return Answer({"teams": [self.dress(row, request) for row in rows]})

    def list_team_members(self, request: Request, team: str) -> Answer:
        return Answer({"users": [self.dress({"email": "a@callbell.example", "name": "A", "available": True}, request)]})

    def list_funnels(self, request: Request) -> Answer:
        row = {"uuid": "f1", "name": "Sales", "createdAt": "2026-01-05 20:00:19 +0100", "emoji": None, "position": 1}
        return Answer({"funnels": [self.dress(row, request)]})

    def get_plan(self, request: Request) -> Answer:
        return Answer({"plan": "pro", "includedChannels": 1, "licenses": 2, "activeUsers": 1, "teams": []})

    def subscribe(self, request: Request) -> Answer:
        """Overwrites whatever was subscribed before: the truth keeps what stood there last in `hook`."""
        sent = request.document()
        if not re.match("https?://", str(sent.get("url"))) or not sent.get("subscriptions"):
            raise Refused(422, "", "must be present and not empty", ("url",))
        self.hook = {**sent, "createdAt": "2026-05-04T08:15:00Z", "enabled": True}
        return Answer({"webhook": self.dress(self.hook, request)}, 201)

    def unsubscribe(self, request: Request) -> Answer:
        self.hook = None
        return Answer({"status": "webhook was destroyed"})

    def list_webhook_events(self, request: Request) -> Answer:
        return Answer({"webhook_events": [], "meta": {"page": 1, "pages": 1}})


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _overlap(asked: set[str], mine: set[str]) -> bool:
    return any(one in other for one in asked for other in mine)
