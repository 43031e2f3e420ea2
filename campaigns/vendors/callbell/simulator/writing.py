"""What may be written to a simulated contact: tags, fields, users and teams that exist, and values of their type."""

import re
from datetime import date
from typing import Any

from .account import Account, FieldKind, SimContact
from .asked import Wrong
from .options import Options

NOTE_LIMIT = 1000
Value = str | list[str]


def change(contact: SimContact, body: dict[str, Any], account: Account, options: Options) -> bool:
    """Write what the body names, all of it or, where anything is wrong, nothing; whether anything changed."""
    wrong: dict[str, list[str]] = {}
    tags = _tags(body, account, options, wrong)
    fields = _fields(contact, body, account, options, wrong)
    user = _known(body, "assigned_user", {user["email"] for user in account.users.values()}, wrong)
    team = _known(body, "team_uuid", set(account.teams), wrong)
    bot = _known(body, "bot_status", {"bot_start", "bot_end"}, wrong)
    if len(str(body.get("note") or "")) > NOTE_LIMIT:
        wrong["note"] = [f"is too long (maximum is {NOTE_LIMIT} characters)"]
    if wrong:
        raise Wrong(422, wrong)
    before = _state(contact)
    contact.name = str(body.get("name") or contact.name)
    contact.tags = contact.tags if tags is None else tags
    contact.fields = contact.fields if fields is None else fields
    contact.assigned_user = None if body.get("unassign_user") is True else user or contact.assigned_user
    contact.team = team or contact.team
    contact.bot = {"bot_start": "started", "bot_end": "ended"}.get(bot or "", contact.bot)
    contact.note = (str(body["note"]) or None) if body.get("note") is not None else contact.note
    return _state(contact) != before


def _state(contact: SimContact) -> tuple[Any, ...]:
    return (
        contact.name, contact.tags, contact.fields, contact.assigned_user, contact.team, contact.bot, contact.note,
    )  # fmt: skip


def _tags(body: dict[str, Any], account: Account, options: Options, wrong: dict[str, list[str]]) -> list[str] | None:
    """The whole new list; None: not named."""
    tags = body.get("tags")
    if tags is None:
        return None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        wrong["tags"] = ["must be a list of strings"]
        return None
    known = {tag.casefold(): tag for tag in sorted(account.tags)}
    unknown = [tag for tag in tags if tag.casefold() not in known]
    if unknown and options.unknown == "refuse":
        wrong["tags"] = [f"{tag} does not exist" for tag in unknown]
    return list(dict.fromkeys(known[tag.casefold()] for tag in tags if tag.casefold() in known))


def _fields(
    contact: SimContact, body: dict[str, Any], account: Account, options: Options, wrong: dict[str, list[str]]
) -> dict[str, Value] | None:
    wishes = body.get("custom_fields")
    if wishes is None:
        return None
    if not isinstance(wishes, dict):
        wrong["custom_fields"] = ["must be an object"]
        return None
    found = dict(contact.fields) if options.custom_fields == "merge" else {}
    for label, value in wishes.items():
        kind = account.fields.get(label)
        if kind is None:
            if options.unknown == "refuse":
                wrong.setdefault("custom_fields", []).append(f"{label} does not exist")
        elif (fit := _fitting(value, kind)) is None:
            wrong.setdefault("custom_fields", []).append(f"{label} is not a valid {kind.type}")
        elif fit in ("", []):
            found.pop(label, None)
        else:
            found[label] = fit
    return found


def _fitting(value: Any, kind: FieldKind) -> Value | None:
    """The value as it is kept; None: not of this type. Empty clears."""
    if kind.type == "checkbox":
        ticks = value if isinstance(value, list) else [] if value == "" else None
        return ticks if ticks is not None and all(tick in kind.options for tick in ticks) else None
    if kind.type == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    return value if value == "" or _is(value, kind) else None


def _is(text: str, kind: FieldKind) -> bool:
    match kind.type:
        case "email":
            return bool(re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text))
        case "number":
            return bool(re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII))
        case "dropdown":
            return text in kind.options
        case "date":
            return _is_date(text)
    return True


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _known(body: dict[str, Any], name: str, known: set[str], wrong: dict[str, list[str]]) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if value not in known:
        wrong[name] = ["does not exist"]
    return str(value)
