"""Contacts → leads as they are written down, in batches: all of a reading that needs no database, anywhere."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from campaigns.domain.contact import Contact, contact_from_json, contact_to_text
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead, lead_id
from campaigns.planner.alike import newly_alike
from campaigns.ports import BadRow
from campaigns.ports.store import Written

from .consenting import Recorded, Said, agreed, note_said
from .planning import plan
from .terms import Terms

BATCH = 2_000
"""Rows that are prepared together."""
PLANS = 20_000
"""Plans that are remembered for the next contact like them."""
NOBODY = Contact(person="", key="", phones=())

Excluded = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Mark:
    """In a stream of contacts: everything before it is told, and a reading that breaks off may go on after it."""

    after: str


Stream = AsyncIterator[Contact | BadRow | Mark]


def told(contacts: Callable[[], Iterable[Contact | BadRow]]) -> Callable[[str], Stream]:
    """A list that lies here, as a stream that always begins at the start."""

    async def stream(_after: str) -> Stream:
        for contact in contacts():
            yield contact

    return stream


@dataclass(slots=True)
class Batch:
    """Rows of a list, judged by what they say themselves."""

    leads: list[Written] = field(default_factory=list)
    said: Said = field(default_factory=dict)
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Line and reason."""
    read: int = 0
    excluded: int = 0
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Preparing:
    """What is made of the contacts of one list."""

    terms: Terms
    source: int
    excluded: Excluded
    now: datetime
    _plans: dict[object, Lead] = field(default_factory=dict)

    async def batches(self, contacts: Stream) -> AsyncGenerator[Batch, None]:
        """Contacts in batches, each with the mark after which nothing is lost of what came before."""
        batch = Batch()
        async for contact in contacts:
            if isinstance(contact, Mark):
                batch.mark = contact
            else:
                self._take(contact, batch)
            if batch.mark is not None or batch.read == BATCH:
                yield batch
                batch = Batch()
        if batch.read:
            yield batch

    def _take(self, contact: Contact | BadRow, batch: Batch) -> None:
        batch.read += 1
        if isinstance(contact, BadRow):
            batch.bad.append((contact.line, contact.reason))
        elif self.excluded and _names(contact) & self.excluded:
            batch.excluded += 1
        else:
            written = self._written(contact)
            batch.leads.append(written)
            note_said(batch.said, written.phone_keys, contact.consents)

    def _written(self, contact: Contact) -> Written:
        """A lead, planned at once, so that a long list waits in its place instead of being claimed row by row."""
        terms, name = self.terms, lead_id(self.terms.record.name, contact.key)
        keys = sorted({terms.phone_key(phone.e164) for phone in contact.phones})
        return Written(
            name, terms.person_key(contact), tuple(keys), contact.rank, contact_to_text(contact), self.source,
            self._planned(contact),
        )  # fmt: skip

    def _planned(self, contact: Contact) -> Lead:
        alike = newly_alike(contact, now=self.now)
        found = self._plans.get(alike)
        if found is None:
            lead = Lead("", self.terms.record.name, contact, "")
            found = replace(plan(Facts(lead), self.terms, now=self.now), contact=NOBODY)
            if len(self._plans) >= PLANS:
                self._plans.clear()
            if alike is not None:
                self._plans[alike] = found
        return found


def by_record(written: Written, recorded: Recorded, terms: Terms, *, now: datetime) -> Written:
    """The lead planned anew where other lists say more of these people, or they took something back."""
    if not any(key in recorded for key in written.phone_keys):
        return written
    consents, withdrawn_at = agreed(recorded, written.phone_keys)
    contact = contact_from_json(json.loads(written.contact))
    lead = Lead(written.id, terms.record.name, contact, written.person_key)
    planned = plan(Facts(lead, consents=consents, withdrawn_at=withdrawn_at), terms, now=now)
    return written._replace(plan=replace(planned, contact=NOBODY))


def _names(contact: Contact) -> Excluded:
    names = {("phone", phone.e164) for phone in contact.phones} | {("key", contact.key)}
    return frozenset(names | {("id", contact.person)})
