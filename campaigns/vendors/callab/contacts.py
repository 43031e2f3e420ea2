"""Callab as a contact list: read alone, since no version of its API writes a contact."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from campaigns.domain.errors import InputError, Problem
from campaigns.domain.rows import Row
from campaigns.domain.sources import Columns, PhoneColumn, Returns
from campaigns.ports.health import Finding
from campaigns.ports.lists import Batch, Fault, OutcomeNote, Unwritable
from campaigns.vendors.account import Surroundings, VendorAccount

from . import facts
from .client import Callab
from .facts import normal
from .health import clock, reading
from .models import Contact
from .where import read_where

_MEMBERS = {
    "phone": "phone_number", "firstname": "firstname", "lastname": "lastname", "tag": "tag_name",
    "category": "category_name", "source": "source_name", "last_call_status": "last_call_status",
    "last_call_at": "last_call_at", "last_call_duration": "last_call_duration",
    "last_call_feedback": "last_call_feedback", "notes": "notes", "number_country_code": "number_country_code",
    "status": "status", "campaign_id": "campaign_id", "created_at": "created_at",
}  # fmt: skip
"""Our column → the contact's member."""


class CallabContacts:
    """Implements `ports.lists.RemoteList`; close with `aclose`."""

    BASE_URL = facts.BASE_URL
    columns = Columns(phone=[PhoneColumn(column="phone")], name="name", id="id")
    header = ("id", "name", *_MEMBERS)
    open_header = True
    """Each key of a contact's metadata is a column too."""
    no_returns = "Callab's API has no way to write a contact, so outcomes cannot go back there."

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self.name = account.name
        self._section = f"[{account.section}.{account.name}]"
        self._callab = Callab(account=account, around=around)

    async def aclose(self) -> None:
        await self._callab.aclose()

    def check(self, where: Mapping[str, Any], returns: Returns) -> list[Fault]:
        """Filters that Callab does not have; and outcomes, which it does not take."""
        faults = read_where(where, self._callab.facts)[1]
        if returns != Returns():
            faults.append(Fault(("returns",), "Callab's API has no way to write a contact.", "Remove the key."))
        return faults

    async def read(self, where: Mapping[str, Any], *, after: str = "") -> AsyncIterator[Batch]:  # noqa: ARG002 - pages have no place of their own
        """All who fit and are not inactive; always from the start. Raises InputError where `check` finds a fault."""
        found, faults = read_where(where, self._callab.facts)
        if faults:
            raise InputError(
                Problem(f"{self._section} {'.'.join(map(str, fault.keys))}", fault.what, fault.mend) for fault in faults
            )
        line = 0
        async for page in self._callab.contact_pages(found):
            active = [contact for contact in page if normal(contact.status) != "inactive"]
            if active:
                yield Batch(
                    tuple(Row(line + n, cells(contact), contact.id or "") for n, contact in enumerate(active, 1))
                )
            line += len(active)

    async def write_back(self, note: OutcomeNote, returns: Returns, *, since: datetime | None) -> Unwritable:  # noqa: ARG002 - nobody is asked
        return Unwritable(self.no_returns)

    async def health(self) -> list[Finding]:
        return [await reading(self._callab), *clock(self._callab)]


def cells(contact: Contact) -> dict[str, str]:
    """A contact as the cells of a row; an own column goes before a key of the metadata that has its name."""
    name = " ".join(filter(None, [contact.firstname, contact.lastname]))
    own = {"id": contact.id or contact.phone_number, "name": name}
    own |= {column: getattr(contact, member) for column, member in _MEMBERS.items()}
    return {column: _text(value) for column, value in {**(contact.metadata or {}), **own}.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
