"""The contacts of the Flireo simulator: kept, changed, and lost by a PUT that leaves something out."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from campaigns.domain.lead import spread
from campaigns.vendors.simulated.exchange import ApiError, Exchange, name_id

from .door import ORG, Asked, Door, iso
from .options import Options

_FIELDS = ("phone_number", "full_name", "email", "address", "last_interaction_at", "last_interaction_summary", "logs")
_FIRST = ("Anna", "Bram", "Carla", "Daan", "Eva", "Femke", "Gijs", "Hanna", "Ilse", "Joost")
_LAST = ("Appel", "Berg", "Dijk", "Elzinga")


class ContactBook:
    """What one simulated account knows of people."""

    def __init__(self, exchange: Exchange[Options], door: Door) -> None:
        self._exchange, self._door = exchange, door
        self._items: dict[str, dict[str, Any]] = {
            str(item.get("contact_id", number)): dict(item) for number, item in enumerate(exchange.options.contacts)
        }
        self._made = 0

    def everybody(self) -> list[dict[str, Any]]:
        """All of them as they are now; they hold numbers and names."""
        return [dict(item) for item in self._items.values()]

    def routes(self) -> Iterable[BaseRoute]:
        yield self._door.route("/contacts", self._list, at="list")
        yield self._door.route("/contacts", self._create, "POST", at="write")
        yield self._door.route("/contacts/{key}", self._get, at="get")
        yield self._door.route("/contacts/{key}", self._replace, "PUT", at="write")
        yield self._door.route("/contacts/{key}", self._patch, "PATCH", at="write")
        yield self._door.route("/contacts/{key}", self._delete, "DELETE", at="write")

    def _list(self, asked: Asked) -> Response:
        fitting = [item for item in self._ordered() if _fits(item, asked)]
        return JSONResponse(self._door.page(asked.request, "contacts", fitting, self._view))

    def _create(self, asked: Asked) -> Response:
        told = asked.told()
        phone = _phone(told.get("phone_number"))
        self._must_be_free(phone, but=None)
        self._made += 1
        key = name_id("contact", f"{self._exchange.seed}:{self._made}:{self._now()}")
        self._items[key] = {"contact_id": key} | {name: told.get(name) for name in _FIELDS}
        return self._kept(key, 201)

    def _get(self, asked: Asked) -> Response:
        return JSONResponse(self._view(self._known(asked.key)))

    def _replace(self, asked: Asked) -> Response:
        """A true replacement: whatever is left out of the six fields becomes null; `logs` is none of them."""
        told = asked.told()
        item = self._known(asked.key)
        self._must_be_free(_phone(told.get("phone_number")), but=asked.key)
        item.update({name: told.get(name) for name in _FIELDS if name != "logs"})
        return self._kept(asked.key)

    def _patch(self, asked: Asked) -> Response:
        if not self._exchange.options.contacts_patchable:
            return JSONResponse({"error": "Method Not Allowed", "message": "Method Not Allowed"}, 405)
        told, item = asked.told(), self._known(asked.key)
        if "logs" in told and not self._exchange.options.logs_writable:
            raise ApiError(400, "invalid_parameters", "Missing or malformed: logs")
        if "phone_number" in told:
            self._must_be_free(_phone(told["phone_number"]), but=asked.key)
        if not (told.get("last_interaction_at") is None or _is_instant(told["last_interaction_at"])):
            raise ApiError(400, "invalid_parameters", "Missing or malformed: last_interaction_at")
        item.update({name: told[name] for name in _FIELDS if name in told})
        return self._kept(asked.key)

    def _delete(self, asked: Asked) -> Response:
        self._known(asked.key)
        del self._items[asked.key]
        return JSONResponse({"message": "Contact deleted"})

    def _kept(self, key: str, status: int = 200) -> Response:
        self._items[key]["last_modified"] = self._now()
        return self._door.written(self._view(self._items[key]), status)

    def _known(self, key: str) -> dict[str, Any]:
        if key not in self._items:
            raise ApiError(404, "not_found", "No contact has this id")
        return self._items[key]

    def _must_be_free(self, phone: str, *, but: str | None) -> None:
        """Whether numbers are unique is not documented; switchable."""
        taken = (key for key, item in self._items.items() if item.get("phone_number") == phone and key != but)
        if self._exchange.options.unique_contacts and next(taken, None):
            raise ApiError(400, "already_in_use", "A contact has this number already")

    def _ordered(self) -> list[dict[str, Any]]:
        items, options = list(self._items.values()), self._exchange.options
        if options.order == "shuffled":
            return sorted(items, key=lambda item: spread(f"{self._exchange.seed}|order|{item.get('contact_id')}"))
        return items[::-1] if options.order == "newest" else items

    def _view(self, item: dict[str, Any]) -> dict[str, Any]:
        """The guide calls every id `id`."""
        if self._exchange.options.envelope == "guide":
            return {"id" if name == "contact_id" else name: value for name, value in item.items()}
        return dict(item)

    def _now(self) -> str:
        return iso(self._exchange.clock.now()) or ""


def crowd(seed: int, size: int = 40) -> tuple[dict[str, Any], ...]:
    """People for an account that was given none; their numbers ring nobody."""
    return tuple(_somebody(seed, number) for number in range(size))


def _somebody(seed: int, number: int) -> dict[str, Any]:
    name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]}"
    return {
        "contact_id": name_id("contact", f"{seed}:crowd:{number}"),
        "phone_number": f"+442079460{number:03}",
        "full_name": name,
        "email": f"{name.replace(' ', '.').lower()}@example.org",
        "address": None,
        "last_interaction_at": None,
        "last_interaction_summary": None,
        "last_modified": "2026-01-05T08:00:00Z",
        "logs": {"bron": "import"} if number % 3 else None,
    }


def _phone(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\+[1-9][0-9]{6,14}", value):
        raise ApiError(400, "invalid_parameters", "Missing or malformed: phone_number")
    return value


def _is_instant(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _fits(item: dict[str, Any], asked: Asked) -> bool:
    """Names and e-mails by a part of them, numbers exactly (assumed)."""
    parts = all(
        (asked.query(name) or "").casefold() in str(item.get(name) or "").casefold() for name in ("full_name", "email")
    )
    whole = asked.query("phone_number") in (None, "", item.get("phone_number"))
    return parts and whole and asked.query("org_id") in (None, "", ORG)
