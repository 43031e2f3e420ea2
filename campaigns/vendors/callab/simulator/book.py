"""The contacts of a simulated Callab company: read by the API, written by the dashboard alone, changed by calls."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.domain.lead import spread
from campaigns.vendors.simulated.exchange import name_id, words
from campaigns.vendors.simulated.ledger import SimCall

from .words import COMPANY, iso, status

_FIRST = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gwen", "Hugo", "Iris", "Jack")
_LAST = ("Example", "Sample", "Fiction", "Model", "Nobody", "Placeholder", "Specimen")
_SOURCES = ("CSV Import", "Manual", "Website")
_TAGS = ("spring", "hot", "cold", "")
_CATEGORIES = ("leads", "customers")
_LAST_CALLS = ("", "completed", "no-answer", "no-answer", "busy")
_BEGIN = datetime(2026, 5, 1, 9, tzinfo=UTC)


def seeded(seed: int, people: int) -> list[dict[str, Any]]:
    """So many contacts with fiction numbers; the same for the same seed."""
    return [_seeded(seed, number) for number in range(people)]


def _seeded(seed: int, number: int) -> dict[str, Any]:
    def roll(what: str, among: Sequence[Any]) -> Any:
        return among[int(len(among) * spread(f"{seed}|{number}|{what}"))]

    created = _BEGIN + timedelta(minutes=7 * number)
    rich = {"email": f"person{number}@example.com", "job": {"title": "buyer", "since": 2020}, "score": number % 5,
            "vip": number % 7 == 0, "best_time": roll("time", ("morning", "evening"))}  # fmt: skip
    return {
        "id": name_id("contact", f"{seed}:{number}"), "company_id": COMPANY,
        "firstname": _FIRST[number % 10], "lastname": roll("last", _LAST),
        "phone_number": f"+442079460{number % 1000:03}", "metadata": roll("metadata", (rich, rich, None)),
        "number_country_code": "+44", "source_name": roll("source", _SOURCES), "tag_name": roll("tag", _TAGS),
        "category_name": roll("category", _CATEGORIES), "notes": roll("notes", (None, "Prefers the mornings.")),
        "created_at": iso(created), "updated_at": iso(created), "campaign_id": None,
        "status": "inactive" if spread(f"{seed}|{number}|status") < 0.08 else "active", "workspace_id": "default",
        **_called(roll("last call", _LAST_CALLS), created + timedelta(days=3)),
    }  # fmt: skip


def _called(word: str, at: datetime) -> dict[str, Any]:
    """What an earlier campaign has left; empty: nobody called."""
    return {
        "last_call_status": word,
        "last_call_at": iso(at) if word else None,
        "last_call_duration": (65 if word == "completed" else 0) if word else None,
        "last_call_feedback": "Wants to hear more." if word == "completed" else None,
    }


class Book:
    """Contacts, as the newest of our calls has left each of them."""

    def __init__(self, contacts: Sequence[dict[str, Any]]) -> None:
        self.contacts = [dict(contact) for contact in contacts]
        """What the dashboard holds; tests may change it."""

    def shown(self, calls: Sequence[SimCall], now: datetime) -> list[dict[str, Any]]:
        """Every contact with its last call, in the order in which they came in."""
        last = {call.phone_number: call for call in calls}
        return [_with_call(contact, last.get(contact.get("phone_number", "")), now) for contact in self.contacts]


def _with_call(contact: dict[str, Any], call: SimCall | None, now: datetime) -> dict[str, Any]:
    if call is None:
        return _called("", now) | contact
    over = now >= call.ended_at
    return contact | {
        "last_call_status": status(call, now),
        "last_call_at": iso(call.created_at),
        "last_call_duration": round(call.talk_seconds) if over else None,
        "last_call_feedback": (words(call)[0] or None) if over else None,
        "updated_at": iso(min(now, call.ended_at)),
    }


def fits(contact: dict[str, Any], query: dict[str, str]) -> bool:
    """Whether the filters of GET /contacts/query let a contact through."""
    named = {"source_name": "source_name", "campaign_id": "campaign_id", "status": "status"}
    listed = {"tags": "tag_name", "categories": "category_name", "last_call_statuses": "last_call_status"}
    day, search = (contact.get("created_at") or "")[:10], query.get("search", "").lower()
    return (
        (contact.get("workspace_id") or "default") == (query.get("workspace") or "default")
        and all(contact.get(member) == query[name] for name, member in named.items() if query.get(name))
        and all(contact.get(member) in query[name].split(",") for name, member in listed.items() if query.get(name))
        and (query.get("start_date") or day) <= day <= (query.get("end_date") or day)
        and any(search in str(contact.get(name) or "").lower() for name in ("firstname", "lastname", "phone_number"))
    )


def fits_lists(contact: dict[str, Any], lists: dict[str, list[str]]) -> bool:
    """The same of V0's body; an absent list is no filter."""
    members = {"tags": "tag_name", "categories": "category_name", "source_names": "source_name",
               "last_call_statuses": "last_call_status"}  # fmt: skip
    return all(contact.get(member) in lists[name] for name, member in members.items() if lists.get(name) is not None)
