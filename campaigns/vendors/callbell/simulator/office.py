"""What else a simulated account has over HTTP: channels, teams, funnels, templates, statuses, messages, its webhook."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from campaigns.ports import Clock

from . import words
from .account import PAGE, Account, SimContact, hex_id
from .asked import Asked, Door, Wrong, page_of
from .telling import Teller

_STEPS = ((30, "read"), (3, "delivered"), (1, "sent"))
"""Seconds after which a message is so far."""
_FREE = timedelta(hours=24)


class Office:
    """Every route that is not below `/contacts`."""

    def __init__(self, account: Account, door: Door, teller: Teller, clock: Clock) -> None:
        self._account, self._door, self._teller, self._clock = account, door, teller, clock

    def routes(self) -> list[BaseRoute]:
        route, has = self._door.route, self._account
        return [
            route("/auth/me", self._me),
            route("/channels", self._channels, kind="list"),
            *self._named("/channels", has.channels, "channel", lambda one: words.channel(one["uuid"], has), "title"),
            route("/teams", lambda _: {"teams": [words.team(uuid, has) for uuid in has.teams]}, kind="list"),
            *self._named("/teams", has.teams, "team", lambda one: words.team(one["uuid"], has), "name"),
            route("/teams/{uuid}/members", self._members, kind="list"),
            route("/funnels", lambda _: {"funnels": [words.funnel(one) for one in has.funnels.values()]}, kind="list"),
            route("/plan", self._plan),
            route("/templates", self._templates, kind="list"),
            *self._named("/templates", has.templates, "template", words.template, "title", "text"),
            route("/custom_statuses", self._statuses, kind="list"),
            route("/custom_statuses", self._new_status, method="POST", kind="create"),
            *self._named("/custom_statuses", has.statuses, "customStatus", words.status),
            route("/custom_statuses/{uuid}", self._put_status, method="PUT", kind="create"),
            route("/custom_statuses/{uuid}", self._end_status, method="DELETE", kind="create"),
            route("/users/{uuid}/status", self._presence, method="PUT", kind="create"),
            route("/users/{uuid}/status", self._no_presence, method="DELETE", kind="create"),
            route("/messages/send", self._send, method="POST", kind="create"),
            route("/messages/status/{uuid}", self._message_status),
            route("/messages/{uuid}", self._hide, method="DELETE", kind="create"),
            route("/webhooks/subscribe", self._subscribe, method="POST", kind="create"),
            route("/webhooks/unsubscribe", self._unsubscribe, method="DELETE", kind="create"),
            route("/webhooks/events", self._events, kind="list"),
        ]

    def _named(
        self, path: str, things: dict[str, dict[str, Any]], name: str, view: Callable[[Any], Any], *may: str
    ) -> list[BaseRoute]:
        """GET of one thing, and PATCH of what may be changed of it."""

        def get(asked: Asked) -> Any:
            return {name: view(_known(things, asked))}

        def patch(asked: Asked) -> Any:
            one = _known(things, asked)
            asked.needs(*[member for member in may if member in asked.body] or may[:1])
            one.update({member: str(asked.body[member]) for member in may if member in asked.body})
            return {name: view(one)}

        path += "/{uuid}"
        changing = [self._door.route(path, patch, method="PATCH", kind="create")] if may else []
        return [self._door.route(path, get), *changing]

    def _me(self, _: Asked) -> Any:
        return {"status": "ok", "user_email": "mia@company.example", "user_name": "Mia Muster", "api_key": "Our key"}

    def _channels(self, asked: Asked) -> Any:
        kind, active = asked.query.get("type"), asked.query.get("active")
        found = [
            words.channel(uuid, self._account)
            for uuid, one in self._account.channels.items()
            if kind in (None, "", one["type"]) and active in (None, "", str(not one["discarded"]).lower())
        ]
        page, meta = page_of(found, asked, PAGE)
        return {"channels": page, "meta": meta}

    def _members(self, asked: Asked) -> Any:
        _known(self._account.teams, asked)
        wanted = {"available": True, "away": False}.get(asked.query.get("status") or "")
        found = [
            words.member(user, self._account)
            for user in self._account.users.values()
            if user["team"] == asked.path["uuid"] and wanted in (None, user["available"])
        ]
        page, meta = page_of(found, asked, PAGE)
        return {"users": page, "meta": meta}

    def _plan(self, _: Asked) -> Any:
        return {
            "plan": "business_plus", "includedChannels": 4, "licenses": 5, "activeUsers": len(self._account.users),
            "teams": [words.team(uuid, self._account) for uuid in self._account.teams],
        }  # fmt: skip

    def _templates(self, asked: Asked) -> Any:
        page, meta = page_of([words.template(one) for one in self._account.templates.values()], asked, PAGE)
        return {"templates": page, "meta": meta}

    # ── presence ──

    def _statuses(self, _: Asked) -> Any:
        return {"customStatuses": [words.status(one) for one in self._account.statuses.values()]}

    def _new_status(self, asked: Asked) -> Any:
        asked.needs("name")
        uuid, now = hex_id(f"status:{next(self._account.made)}"), self._clock.now()
        told = {"name": str(asked.body["name"]), "emoji": asked.body.get("emoji")}
        self._account.statuses[uuid] = {"id": uuid, **told, "created": now, "updated": now}
        return {"customStatus": words.status(self._account.statuses[uuid])}

    def _put_status(self, asked: Asked) -> Any:
        """PUT: what is left out is gone."""
        one = _known(self._account.statuses, asked)
        asked.needs("name")
        one.update(name=str(asked.body["name"]), emoji=asked.body.get("emoji"), updated=self._clock.now())
        return {"customStatus": words.status(one)}

    def _end_status(self, asked: Asked) -> Any:
        gone = _known(self._account.statuses, asked)["id"]
        for user in self._account.users.values():
            user["status"] = None if user["status"] == gone else user["status"]
        del self._account.statuses[gone]
        return {"status": "custom status was destroyed"}

    def _presence(self, asked: Asked) -> Any:
        """Answered in snake_case."""
        user, status = _known(self._account.users, asked), asked.body.get("custom_status_uuid")
        if status is not None and status not in self._account.statuses:
            raise Wrong(422, {"custom_status_uuid": ["does not exist"]})
        available = asked.body.get("available", user["available"])
        user.update(available=available is True, status=status, updated=self._clock.now())
        self._teller.tell("agent_status_updated", words.member(user, self._account))
        told = {name: user[name] for name in ("uuid", "email", "name", "available")}
        return {"user": told | {"last_updated_at": words.iso(user["updated"]), "user_custom_status": status}}

    def _no_presence(self, asked: Asked) -> Any:
        _known(self._account.users, asked).update(status=None, updated=self._clock.now())
        return {"status": "custom status was removed"}

    # ── messages ──

    def _send(self, asked: Asked) -> Any:
        """To somebody who wrote within a day, or by template, which costs credit."""
        asked.needs("from", "type", "content")
        contact = self._addressee(asked)
        template = asked.body.get("template_uuid")
        if template is not None and not self._door.options.wallet:
            raise Wrong(402, "no credit", code="whatsapp_wallet_depleted_credit")
        heard = [message.at for message in contact.messages if message.status == "received"]
        if template is None and not (heard and self._clock.now() - heard[-1] < _FREE):
            raise Wrong(422, {"content": ["must be a template: the person has not written for 24 hours"]})
        text = str(asked.body["content"].get("text", "")) if isinstance(asked.body["content"], dict) else ""
        message = self._account.say(contact, text, "sent", now=self._clock.now())
        self._account.sent[str(message.uuid)] = (message.at, contact.uuid)
        return {"message": {"uuid": message.uuid, "status": "enqueued"}}

    def _addressee(self, asked: Asked) -> SimContact:
        """`to` goes before `bsuid`."""
        to, bsuid = asked.body.get("to"), asked.body.get("bsuid")
        if not (to or bsuid):
            raise Wrong(422, {"to": ["must be present and not empty"]})
        for one in self._account.latest_first():
            if one.source == asked.body["from"] and (_bare(one.phone) == _bare(to) if to else one.bsuid == bsuid):
                return one
        contact = SimContact(
            hex_id(f"sent:{next(self._account.made)}"), str(to or bsuid), to and str(to), str(asked.body["from"]),
            created_at=self._clock.now(),
        )  # fmt: skip
        self._account.add(contact)
        return contact

    def _message_status(self, asked: Asked) -> Any:
        sent = self._account.sent.get(asked.path["uuid"])
        if sent is None:
            raise Wrong(404, "not found")
        seconds = (self._clock.now() - sent[0]).total_seconds()
        status = next((word for after, word in _STEPS if seconds >= after), "enqueued")
        return {"message": {"uuid": asked.path["uuid"], "status": status}}

    def _hide(self, asked: Asked) -> Response:
        sent = self._account.sent.pop(asked.path["uuid"], None)
        contact = self._account.find(sent[1]) if sent else None
        if contact is None:
            raise Wrong(404, "not found")
        contact.messages = [message for message in contact.messages if message.uuid != asked.path["uuid"]]
        return Response(status_code=204)

    # ── webhook ──

    def _subscribe(self, asked: Asked) -> Any:
        """Whatever was there is overwritten."""
        asked.needs("url", "subscriptions")
        url = str(asked.body["url"])
        if not url.startswith(("http://", "https://")):
            raise Wrong(422, {"url": ["must be an http or https address"]})
        self._teller.subscribe(url, [str(name) for name in asked.body["subscriptions"]])
        return {"webhook": self._teller.subscription()}

    def _unsubscribe(self, _: Asked) -> Any:
        if self._teller.url is None:
            raise Wrong(404, "not found")
        self._teller.unsubscribe()
        return {"status": "webhook was destroyed"}

    def _events(self, asked: Asked) -> Any:
        wanted = {"success": True, "failed": False}.get(asked.query.get("status") or "")
        names = asked.texts("subscriptions")
        found = [
            event
            for event in reversed(self._teller.log)
            if wanted in (None, event["success"]) and (not names or event["event"] in names)
        ]
        items = asked.query.get("items") or str(PAGE)
        page, meta = page_of(found, asked, int(items) if items.isdecimal() and int(items) else PAGE)
        return JSONResponse({"webhook_events": page, "meta": meta})


def _known(things: dict[str, dict[str, Any]], asked: Asked) -> dict[str, Any]:
    one = things.get(asked.path["uuid"])
    if one is None:
        raise Wrong(404, "not found")
    return one


def _bare(number: object) -> str:
    return "".join(filter(str.isdigit, str(number or "")))
