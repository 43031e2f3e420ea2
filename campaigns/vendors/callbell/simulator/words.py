"""The answers of a simulated Callbell: what is true, in its camelCase and its three shapes of dates."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .account import Account, FieldKind, SimContact, SimMessage
from .options import Options

_CET = timezone(timedelta(hours=1))


def iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def iso_ms(at: datetime) -> str:
    """As events write it: an offset, and milliseconds."""
    return at.astimezone(_CET).isoformat(timespec="milliseconds")


def ruby(at: datetime) -> str:
    """As funnels and custom statuses write it."""
    return at.astimezone(_CET).strftime("%Y-%m-%d %H:%M:%S %z")


def contact(one: SimContact, account: Account, options: Options, *, typed: bool = False) -> dict[str, Any]:
    """A contact; `bsuid` only where there is one."""
    body: dict[str, Any] = {
        "uuid": one.uuid, "name": one.name, "phoneNumber": one.phone, "avatarUrl": None,
        "createdAt": iso(one.created_at), "source": one.source, "blockedAt": iso(one.blocked_at),
        "href": f"https://dash.callbell.example/contacts/{one.uuid}",
        "conversationHref": f"https://dash.callbell.example/chat/{one.uuid[:12]}", "tags": list(one.tags),
        "assignedUser": one.assigned_user, "customFields": {k: untyped(v) for k, v in one.fields.items()},
        "team": team(one.team, account) if options.teams_shown and one.team else {},
        "channel": channel(one.channel, account) if one.channel else {}, "note": one.note,
    }  # fmt: skip
    if one.bsuid:
        body["bsuid"] = one.bsuid
    if typed:
        body["customFieldsMetadata"] = {label: _typed(label, value, account) for label, value in one.fields.items()}
    return body


def conversation(one: SimContact, account: Account, options: Options) -> dict[str, Any]:
    """A contact as open, close and funnel answer it."""
    return contact(one, account, options) | {"closedAt": iso(one.closed_at), "funnelId": one.funnel}


def untyped(value: str | list[str]) -> str:
    """A checkbox is a JSON array inside a string."""
    return json.dumps(value, separators=(",", ":")) if isinstance(value, list) else value


def _typed(label: str, value: str | list[str], account: Account) -> dict[str, Any]:
    kind = account.fields.get(label, FieldKind())
    options = {"options": list(kind.options)} if kind.type in ("dropdown", "checkbox") else {}
    return {"value": value, "type": kind.type, **options}


def message(one: SimMessage, of: SimContact) -> dict[str, Any]:
    """Automatic notes have no uuid, and come from whom they go to."""
    us, them = "our-channel", of.phone or of.uuid
    ends = {"received": (them, us), "sent": (us, them)}.get(one.status, (us, us))
    body = {
        "text": one.text, "createdAt": iso(one.at), "status": one.status, "channel": of.source,
        "from": ends[0], "to": ends[1],
    }  # fmt: skip
    return {"uuid": one.uuid, **body} if one.uuid else body


def team(uuid: str, account: Account) -> dict[str, Any]:
    one = account.teams[uuid]
    members = sum(user["team"] == uuid for user in account.users.values())
    return {
        "uuid": uuid, "name": one["name"], "createdAt": iso(one["created"]), "default": one["default"],
        "members": members,
    }  # fmt: skip


def channel(uuid: str, account: Account) -> dict[str, Any]:
    one = account.channels[uuid]
    return {name: one[name] for name in ("uuid", "title", "type", "main")} | {"discardedAt": one["discarded"]}


def member(one: dict[str, Any], account: Account) -> dict[str, Any]:
    body = {
        "uuid": one["uuid"], "email": one["email"], "name": one["name"], "available": one["available"],
        "lastUpdatedAt": iso(one["updated"]),
    }  # fmt: skip
    if one["status"]:
        status = account.statuses[one["status"]]
        body["userCustomStatus"] = {
            "updatedAt": iso(one["updated"]), "id": status["id"], "name": status["name"], "emoji": status["emoji"],
        }  # fmt: skip
    return body


def status(one: dict[str, Any]) -> dict[str, Any]:
    told = {"createdAt": ruby(one["created"]), "updatedAt": ruby(one["updated"])}
    return {name: one[name] for name in ("id", "name", "emoji")} | told


def funnel(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("uuid", "name", "emoji", "position")} | {"createdAt": ruby(one["created"])}


def template(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "created"} | {"createdAt": iso(one["created"])}
