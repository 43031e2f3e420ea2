"""Which contacts of Callab: filters as campaign files write them, as the API takes them, and as we check them again."""

from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationError

from campaigns.domain.written import Strict, Text, Words
from campaigns.domain.zones import zone
from campaigns.ports.lists import Fault

from .facts import Facts
from .models import Contact

_Words = Annotated[Words, Field(min_length=1)]


class Where(Strict):
    """Filters on contacts; those that are given must all hold, and of a list any one."""

    tags: _Words | None = None
    categories: _Words | None = None
    source_names: _Words | None = None
    last_call_statuses: _Words | None = None
    campaign_id: Text | None = None
    status: Text | None = None
    search: Text | None = None
    """In first name, last name or phone number."""
    start_date: date | None = None
    """First day of creation."""
    end_date: date | None = None
    """Last day of creation, inclusive."""
    workspace: Text | None = None
    """A slug; only V1 has workspaces."""

    def queries(self, facts: Facts) -> Iterator[dict[str, str | None]]:
        """V1's query strings whose answers together hold everybody: it takes one source at a time."""
        query = {
            "search": self.search,
            "last_call_statuses": _joined(self.last_call_statuses),
            "tags": _joined(self.tags),
            "categories": _joined(self.categories),
            "campaign_id": self.campaign_id,
            "status": self.status,
            "start_date": self.start_date.isoformat() if self.start_date else None,
            "end_date": self.end_date.isoformat() if self.end_date else None,
            "workspace": self.workspace or facts.workspace,
            "sort_column": "created_at",
            facts.contacts_order: "asc",  # who is new while we read comes last
        }
        sources: list[str | None] = [*self.source_names] if self.source_names else [None]
        for source in sources:
            yield query | {"source_name": source}

    def body(self) -> dict[str, list[str]]:
        """V0's body: it knows lists alone."""
        lists = self.model_dump(include={"tags", "categories", "source_names", "last_call_statuses"})
        return {name: words for name, words in lists.items() if words}

    def fits(self, contact: Contact, facts: Facts) -> bool:
        """Whether the contact is one of them, whatever the vendor made of the filters."""
        return (
            _among(contact.tag_name, self.tags)
            and _among(contact.category_name, self.categories)
            and _among(contact.source_name, self.source_names)
            and _among(contact.last_call_status, self.last_call_statuses)
            and _among(contact.campaign_id, [self.campaign_id] if self.campaign_id else None)
            and _among(contact.status, [self.status] if self.status else None)
            and self._found_in(contact)
            and self._created_then(contact, facts)
            and self._works_there(contact)
        )

    def _found_in(self, contact: Contact) -> bool:
        names = (contact.firstname, contact.lastname, contact.phone_number)
        joined = " ".join(filter(None, names[:2]))
        return self.search is None or any(_folded(self.search) in _folded(text) for text in (*names, joined))

    def _created_then(self, contact: Contact, facts: Facts) -> bool:
        if self.start_date is None and self.end_date is None:
            return True
        if contact.created_at is None:
            return False
        day = contact.created_at.astimezone(zone(facts.day_zone)).date()
        return (self.start_date or date.min) <= day <= (self.end_date or date.max)

    def _works_there(self, contact: Contact) -> bool:
        """An id of a workspace says nothing of its slug, by which it is asked for."""
        told = contact.workspace_id
        return self.workspace is None or told is None or _is_uuid(told) or _among(told, [self.workspace])


def read_where(where: Mapping[str, Any], facts: Facts) -> tuple[Where, list[Fault]]:
    """The filters, and all that is wrong with them."""
    try:
        found = Where.model_validate(dict(where))
    except ValidationError as error:
        return Where(), [_fault(wrong) for wrong in error.errors(include_url=False)]
    return found, list(_objections(found, facts))


def _objections(where: Where, facts: Facts) -> Iterator[Fault]:
    if where.status is not None and _folded(where.status) == "inactive":
        yield Fault(("where", "status"), "Contacts that are inactive are never called.", "Remove the key.")
    if where.start_date and where.end_date and where.start_date > where.end_date:
        yield Fault(("where", "end_date"), "This day is before start_date.", "Exchange the two.")
    if where.workspace is not None and facts.dialect == "v0":
        yield Fault(("where", "workspace"), "The dialect V0 has no workspaces.", "Remove the key.")


def _fault(wrong: Any) -> Fault:
    keys, name = ("where", *wrong["loc"]), str(wrong["loc"][0])
    if wrong["type"] == "extra_forbidden":
        near = _near(name)
        mend = f"Did you mean `{near}`?" if near else f"Known are: {', '.join(Where.model_fields)}."
        return Fault(keys, f"`{name[:40]}` is no filter of Callab.", mend)
    if name in ("start_date", "end_date"):
        return Fault(keys, "This is not a date.", "Write 2026-11-23.")
    return Fault(keys, "This is not a text, nor a list of texts.", "Write one word, or a list of words.")


def _near(name: str) -> str:
    singular = {"tag": "tags", "tag_name": "tags", "category": "categories", "category_name": "categories",
                "source": "source_names", "source_name": "source_names"}  # fmt: skip
    folded = name.lower()
    return singular.get(folded) or "".join(get_close_matches(folded, Where.model_fields, 1))


def _joined(words: list[str] | None) -> str | None:
    """With commas; where a word has one itself, everybody is asked for, and we look."""
    return ",".join(words) if words and not any("," in word for word in words) else None


def _among(told: str | None, words: list[str] | None) -> bool:
    return words is None or _folded(told) in map(_folded, words)


def _folded(text: str | None) -> str:
    return (text or "").strip().casefold()


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
