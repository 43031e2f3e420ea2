"""Flireo's contacts as a contact list: read page by page, and told what became of each."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from itertools import product
from typing import Annotated, Any, get_args

from pydantic import Field, ValidationError

from campaigns.domain.errors import AccountRefused, CampaignsError
from campaigns.domain.rows import Row
from campaigns.domain.sources import Columns, PhoneColumn, Returns, Told
from campaigns.domain.written import Strict, Words
from campaigns.ports.health import Finding
from campaigns.ports.lists import Batch, Fault, Landed, OutcomeNote, Unwritable
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.walking import Seen

from .client import BASE_URL, Flireo
from .health import clock
from .models import Contact
from .returning import LOGS, Returning

_ROWS = 100
"""Of a batch."""


Some = Annotated[Words, Field(min_length=1)]
"""An empty list would mean everybody."""


class Where(Strict):
    """Which contacts; a list of values means any of them, and several filters mean all of them."""

    full_name: Some = Field(default=[])
    """A part of the name."""
    email: Some = Field(default=[])
    """A part of the address."""
    phone_number: Some = Field(default=[])
    """The whole number."""
    org_id: Some = Field(default=[])
    """Of an agency's clients."""

    def walks(self) -> list[dict[str, str]]:
        """The server takes one value for each filter: every combination is a walk of its own."""
        named = {name: values for name, values in self if values}
        return [dict(zip(named, values, strict=True)) for values in product(*named.values())]

    def fits(self, contact: Contact) -> bool:
        """Checked again, since nobody documents how the server matches."""
        return (
            _part_of(self.full_name, contact.full_name)
            and _part_of(self.email, contact.email)
            and (not self.phone_number or _digits(contact.phone_number) in set(map(_digits, self.phone_number)))
            and (not self.org_id or contact.org_id is None or contact.org_id in self.org_id)
        )


class FlireoContacts:
    """Implements `ports.lists.RemoteList`; close with `aclose`."""

    BASE_URL = BASE_URL
    columns = Columns(phone=[PhoneColumn(column="phone")], name="name", id="id")
    header = (
        "phone", "name", "email", "address", "id", "last_interaction_at", "last_interaction_summary", "last_modified",
    )  # fmt: skip
    open_header = True
    """Each key of a contact's `logs` is a column `logs.KEY`."""
    no_returns = ""

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self.name = account.name
        self._client = Flireo(account=account, around=around)
        self._clock = around.clock
        self._returning = Returning(self._client)

    async def aclose(self) -> None:
        await self._client.aclose()

    def check(self, where: Mapping[str, Any], returns: Returns) -> list[Fault]:
        return [*_where_faults(where), *_returns_faults(returns)]

    async def read(self, where: Mapping[str, Any], *, after: str = "") -> AsyncIterator[Batch]:  # noqa: ARG002
        """Pages have no cursor that would outlast a reading, so every reading begins at the start."""
        wish, line, rows = Where.model_validate(dict(where)), 0, list[Row]()
        with Seen() as seen:
            for filters in wish.walks():
                async for contact in self._client.contacts(**filters):
                    if not (wish.fits(contact) and seen.is_new(contact.contact_id)):
                        continue
                    line += 1
                    rows.append(Row(line, cells_of(contact), contact.contact_id))
                    if len(rows) == _ROWS:
                        yield Batch(tuple(rows))
                        rows.clear()
        if rows:
            yield Batch(tuple(rows))

    async def write_back(
        self,
        note: OutcomeNote,
        returns: Returns,
        *,
        since: datetime | None,  # noqa: ARG002 - asking twice is harmless
    ) -> Landed | Unwritable:
        return await self._returning.put(note, returns)

    async def health(self) -> list[Finding]:
        try:
            page = await self._client.contacts_page(offset=0, limit=1)
        except AccountRefused as error:
            return [Finding("key", False, str(error))]
        except CampaignsError as error:
            return [Finding("key", None, str(error))]
        total = "" if page.total is None else f" It has {page.total}."
        found = [Finding("key", True, f"The key is accepted, and contacts can be read.{total}")]
        return found + clock(self._client.rest.skew, self._clock, signed=False)


def cells_of(contact: Contact) -> dict[str, str]:
    """A contact as the columns of a row; nothing is an empty text."""
    cells = {
        "phone": contact.phone_number, "name": contact.full_name, "email": contact.email, "address": contact.address,
        "id": contact.contact_id, "last_interaction_at": _instant(contact.last_interaction_at),
        "last_interaction_summary": contact.last_interaction_summary, "last_modified": _instant(contact.last_modified),
    }  # fmt: skip
    logs = contact.logs if isinstance(contact.logs, dict) else {}
    return {name: text or "" for name, text in cells.items()} | {
        LOGS + key: _text(value) for key, value in logs.items()
    }


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""


def _part_of(wanted: list[str], text: str | None) -> bool:
    return not wanted or any(part.casefold() in (text or "").casefold() for part in wanted)


def _digits(phone: str | None) -> str:
    return "".join(filter(str.isdigit, phone or ""))


def _where_faults(where: Mapping[str, Any]) -> list[Fault]:
    try:
        Where.model_validate(dict(where))
    except ValidationError as error:
        return [_fault(wrong["loc"], wrong["type"]) for wrong in error.errors(include_input=False, include_url=False)]
    return []


def _fault(place: tuple[str | int, ...], kind: str) -> Fault:
    if kind != "extra_forbidden":
        return Fault(("where", *place), "is neither a text nor a list of texts.", "Write a word, or several in [ ].")
    near = get_close_matches(str(place[0]), Where.model_fields, 1, 0.5)
    mend = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(Where.model_fields)}."
    return Fault(("where", *place), "is no filter of Flireo's contacts.", mend)


def _returns_faults(returns: Returns) -> list[Fault]:
    faults = [
        Fault(("returns", "tags", which), "Flireo's contacts have no tags.", "Remove it, or write to fields: logs.KEY.")
        for which, tags in returns.tags
        if tags
    ]
    return faults + [
        Fault(
            ("returns", "fields", name), "is no field that may be written.",
            f"Write logs.KEY with a key of your own, and one of {', '.join(get_args(Told))}.",
        )
        for name in returns.fields
        if not name.startswith(LOGS) or name == LOGS
    ]  # fmt: skip
