"""The contacts of a simulated account over HTTP."""

import base64
import json
import re
from itertools import islice
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from campaigns.ports import Clock

from . import words
from .account import PAGE, Account, SimContact, SimMessage, hex_id
from .asked import Asked, Door, Wrong, page_of
from .telling import Teller
from .writing import change

MOST_PAGES = 500
SOURCES = ("whatsapp", "facebook", "instagram", "telegram")


class People:
    """Routes below `/contacts`."""

    def __init__(self, account: Account, door: Door, teller: Teller, clock: Clock) -> None:
        self._account, self._door, self._teller, self._clock = account, door, teller, clock
        self._options = door.options

    def routes(self) -> list[BaseRoute]:
        one, talk, route = "/contacts/{uuid}", "/contacts/{uuid}/conversation", self._door.route
        return [
            route("/contacts", self._list, kind="list"),
            route("/contacts", self._create, method="POST", kind="create"),
            route("/contacts/phone/{number}", self._by_phone),
            route("/contacts/bsuid/{bsuid}", self._by_bsuid),
            route(one, self._get),
            route(one, self._patch, method="PATCH", kind="create"),
            route(one, self._delete, method="DELETE", kind="create"),
            route(f"{one}/messages", self._messages, kind="list"),
            route(f"{talk}/note", self._note, method="POST", kind="create"),
            route(f"{talk}/close", self._close, method="POST", kind="create"),
            route(f"{talk}/open", self._open, method="POST", kind="create"),
            route(f"{talk}/update_funnel", self._funnel, method="PUT", kind="create"),
            route(f"{one}/bot", self._bot),
            route(f"{one}/bot", self._set_bot, method="POST", kind="create"),
        ]

    # ── lists ──

    def _list(self, asked: Asked) -> dict[str, Any]:
        """`after` goes before `page`; the filters are not in the cursor."""
        self._account.stir(self._options.stir)
        typed = asked.query.get("include_field_types") == "true"
        after = asked.query.get("after")
        if after and self._options.meta == "cursor":
            found, meta = self._by_cursor(asked, after)
        else:
            found, meta = self._by_page(asked)
        body: dict[str, Any] = {"contacts": [self._view(one, typed=typed) for one in found]}
        return body | ({} if self._options.meta == "none" else {"meta": meta})

    def _by_page(self, asked: Asked) -> tuple[list[SimContact], dict[str, Any]]:
        page = asked.page()
        if page > MOST_PAGES:
            raise Wrong(400, "Pagination limit exceeded")
        if _unfiltered(asked):
            total, start = len(self._account.contacts), (page - 1) * PAGE
            found = list(islice(self._account.latest_first(), start, start + PAGE))
        else:
            fitting = [one for one in self._account.latest_first() if self._fits(one, asked)]
            total, found = len(fitting), fitting[(page - 1) * PAGE : page * PAGE]
        meta: dict[str, Any] = {"page": page, "pages": max(1, -(-total // PAGE))}
        if self._options.meta == "cursor":
            position = self._position_after(found)
            meta["next"] = self._cursor(self._account.begin_walk(), position) if total > page * PAGE else None
        return found, meta

    def _position_after(self, found: list[SimContact]) -> int:
        last = found[-1] if found else None
        return next((n for n, one in enumerate(self._account.latest_first(), 1) if one is last), 0)

    def _by_cursor(self, asked: Asked, after: str) -> tuple[list[SimContact], dict[str, Any]]:
        serial, position = _read_cursor(after)
        walk = self._account.walk(serial, self._options.cursor_lives)
        if walk is None:
            raise Wrong(400, "Invalid pagination cursor")
        there = self._account.there(walk, position)
        fitting = list(islice(((at, one) for at, one in there if self._fits(one, asked)), PAGE + 1))
        page = fitting[:PAGE]
        following = self._cursor(serial, page[-1][0]) if len(fitting) > PAGE else None
        return [one for _, one in page], {"next": following}

    def _cursor(self, serial: int, position: int) -> str:
        """Unpadded base64url of JSON with a time in milliseconds and a whole number."""
        told = {"ts": int(self._clock.now().timestamp() * 1000), "id": serial * 10**7 + position}
        return base64.urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode().rstrip("=")

    def _fits(self, one: SimContact, asked: Asked) -> bool:
        """Tags match where a tag only contains the word."""
        tags = [text.casefold() for text in asked.texts("tags")]
        own = [tag.casefold() for tag in one.tags]
        some = any if self._options.several_tags == "or" else all
        return (
            asked.query.get("source") in (None, "", one.source)
            and asked.query.get("team_uuid") in (None, "", one.team)
            and (not tags or some(any(tag in text for text in own) for tag in tags))
        )

    def _messages(self, asked: Asked) -> dict[str, Any]:
        contact = self._known(asked)
        told = [words.message(one, contact) for one in reversed(contact.messages)]
        page, meta = page_of(told, asked, PAGE)
        return {"messages": page} | ({"meta": meta} if self._options.message_meta else {})

    # ── one contact ──

    def _get(self, asked: Asked) -> Any:
        return self._envelope(self._view(self._known(asked), typed=asked.query.get("include_field_types") == "true"))

    def _by_phone(self, asked: Asked) -> Any:
        """In the main WhatsApp channel unless another is named; digits alone count."""
        channel = asked.query.get("channel_uuid") or self._account.main_channel
        wanted = _digits(asked.path["number"])
        for one in self._account.latest_first():
            if wanted and one.channel == channel and _digits(one.phone or "") == wanted:
                return {"contact": self._view(one)}
        raise Wrong(404, "not found")

    def _by_bsuid(self, asked: Asked) -> Any:
        for one in self._account.latest_first():
            if one.bsuid == asked.path["bsuid"]:
                return {"contact": self._view(one)}
        raise Wrong(404, "not found")

    def _create(self, asked: Asked) -> Response:
        """An identifier that is known already: that contact, updated."""
        asked.needs("identifier", "source", "name")
        source, identifier = str(asked.body["source"]), str(asked.body["identifier"])
        if source not in SOURCES:
            raise Wrong(422, {"source": ["is not included in the list"]})
        channel = asked.body.get("channel_uuid") or self._main(source)
        if channel not in self._account.channels:
            raise Wrong(422, {"channel_uuid": ["does not exist"]})
        known = self._same(source, identifier)
        now = self._clock.now()
        contact = known or SimContact(
            uuid=hex_id(f"made:{self._account.seed}:{next(self._account.made)}"), name=str(asked.body["name"]),
            phone=identifier, source=source, channel=channel, created_at=now,
        )  # fmt: skip
        change(contact, asked.body, self._account, self._options)
        self._account.add(contact)
        self._echo("contact_updated" if known else "contact_created", contact)
        return JSONResponse(self._envelope(self._view(contact)), 200 if known else 201)

    def _main(self, source: str) -> str | None:
        return next((uuid for uuid, one in self._account.channels.items() if one["type"] == source), None)

    def _same(self, source: str, identifier: str) -> SimContact | None:
        wanted = _digits(identifier)
        fitting = (one for one in self._account.contacts if one.source == source and _digits(one.phone or "") == wanted)
        return next(fitting, None) if wanted else None

    def _patch(self, asked: Asked) -> Any:
        contact = self._known(asked)
        if change(contact, asked.body, self._account, self._options):
            self._echo("contact_updated", contact)
        return self._envelope(self._view(contact))

    def _delete(self, asked: Asked) -> Any:
        contact = self._known(asked)
        self._account.remove(contact.uuid)
        gone = {"uuid": contact.uuid, "deleted": words.iso_ms(self._clock.now())}
        if self._options.echo:
            self._teller.tell("contact_deleted", gone)
        return {"status": "contact was destroyed"}

    # ── its conversation ──

    def _note(self, asked: Asked) -> Any:
        asked.needs("text")
        contact = self._known(asked)
        self._account.say(contact, str(asked.body["text"]), "note", now=self._clock.now())
        return {"success": True}

    def _close(self, asked: Asked) -> Any:
        contact = self._known(asked)
        contact.closed_at = contact.closed_at or self._clock.now()
        contact.messages.append(SimMessage("Conversation closed", contact.closed_at, "note"))
        self._tell_conversation("conversation_closed", contact)
        return {"contact": words.conversation(contact, self._account, self._options)}

    def _open(self, asked: Asked) -> Any:
        contact = self._known(asked)
        contact.closed_at = None
        self._tell_conversation("conversation_opened", contact)
        return {"contact": [words.conversation(contact, self._account, self._options)]}

    def _funnel(self, asked: Asked) -> Any:
        asked.needs("funnel_id")
        contact = self._known(asked)
        if asked.body["funnel_id"] not in self._account.funnels:
            raise Wrong(422, {"funnel_id": ["does not exist"]})
        contact.funnel = str(asked.body["funnel_id"])
        return self._envelope(words.conversation(contact, self._account, self._options))

    def _bot(self, asked: Asked) -> Any:
        contact = self._known(asked)
        began = contact.messages[-1].at if contact.messages else contact.created_at
        return {
            "bot": {
                "uuid": hex_id("bot"), "name": "Greeter", "status": contact.bot, "version": 5,
                "conversationStartedAt": words.iso(began), "latestBotVersion": True,
            }
        }  # fmt: skip

    def _set_bot(self, asked: Asked) -> Any:
        contact = self._known(asked)
        asked.needs("status")
        change(contact, {"bot_status": asked.body["status"]}, self._account, self._options)
        return self._bot(asked)

    def _tell_conversation(self, event: str, contact: SimContact) -> None:
        if not self._options.echo:
            return
        payload: dict[str, Any] = {
            "source": contact.source, "href": f"https://dash.callbell.example/chat/{contact.uuid[:12]}",
            "contact": self._view(contact), "createdAt": words.iso_ms(self._clock.now()),
        }  # fmt: skip
        if contact.closed_at:
            payload |= {"closedAt": words.iso_ms(contact.closed_at), "closingReason": "issue_resolved"}
        self._teller.tell(event, payload)

    def _echo(self, event: str, contact: SimContact) -> None:
        """The samples of these events leave two members out."""
        if self._options.echo:
            body = self._view(contact)
            self._teller.tell(event, {k: v for k, v in body.items() if k not in ("assignedUser", "customFields")})

    def _known(self, asked: Asked) -> SimContact:
        contact = self._account.find(asked.path["uuid"])
        if contact is None:
            raise Wrong(404, "not found")
        return contact

    def _view(self, contact: SimContact, *, typed: bool = False) -> dict[str, Any]:
        return words.contact(contact, self._account, self._options, typed=typed)

    def _envelope(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"contact": [body] if self._options.envelope == "array" else body}


def _unfiltered(asked: Asked) -> bool:
    return not (asked.texts("tags") or asked.query.get("source") or asked.query.get("team_uuid"))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _read_cursor(text: str) -> tuple[int, int]:
    try:
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return divmod(int(told["id"]), 10**7)
    except (ValueError, TypeError, KeyError):
        raise Wrong(400, "Invalid pagination cursor") from None
