"""Contacts → leads: read every list of a campaign, map, screen, count; never guess, never stop for a bad row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import anyio
import structlog

from campaigns.domain.contact import Contact
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead, lead_id
from campaigns.ports import BadRow, Clock
from campaigns.ports.store import Merged, NewLead, Store

from .consenting import Recorded, agreed, record_consents
from .planning import plan
from .terms import Terms

log = structlog.get_logger()

BATCH = 500
LISTED = 10_000
"""Bad rows that are kept with their reasons; all are counted."""

Excluded = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Source:
    """One opened list of a campaign."""

    name: str
    index: int
    contacts: Callable[[], Iterable[Contact | BadRow]]
    stop_removed: bool = False


@dataclass
class Intake:
    """What a reading of all lists brought."""

    read: int = 0
    invalid: int = 0
    duplicate: int = 0
    suppressed: int = 0
    excluded: int = 0
    new: int = 0
    updated: int = 0
    removed: int = 0
    bad_rows: list[tuple[str, int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """For the summary."""
        names = ("read", "invalid", "duplicate", "suppressed", "excluded")
        return {name: getattr(self, name) for name in names}

    def note_bad(self, source: str, row: BadRow) -> None:
        self.invalid += 1
        if len(self.bad_rows) < LISTED:
            self.bad_rows.append((source, row.line, row.reason))

    def note_merged(self, merged: Merged) -> None:
        self.new += merged.new
        self.updated += merged.updated
        self.duplicate += merged.duplicate
        self.suppressed += merged.suppressed


async def load(terms: Terms, sources: Sequence[Source], excluded: Excluded, *, store: Store, clock: Clock) -> Intake:
    """Read every list into leads, in batches, leaving room for dialling between them."""
    intake, name = Intake(), terms.record.name
    number = await store.next_load(name)
    sizes: dict[int, tuple[int, int]] = {}
    for source in sources:
        before = await store.source_size(name, source.index)
        good = 0
        for batch in _batches(_contacts(source, excluded, intake)):
            recorded = await record_consents(store, terms, batch, source.name, now=clock.now())
            leads = [_new_lead(contact, terms, source.index, recorded, now=clock.now()) for contact in batch]
            intake.note_merged(await store.put_leads(name, leads, load=number, now=clock.now()))
            good += len(leads)
            await anyio.lowlevel.checkpoint()
        sizes[source.index] = before, good
    # Only when every list is read: a row may have moved from one to another.
    for source in sources:
        if source.stop_removed and not _shrank(source, *sizes[source.index], intake):
            intake.removed += await store.stop_removed(name, source.index, load=number, now=clock.now())
    await store.note_intake(name, intake.counts(), intake.bad_rows)
    return intake


def _shrank(source: Source, before: int, good: int, intake: Intake) -> bool:
    """Whether a list lost so much that it is rather broken than shorter: then nobody is stopped for missing."""
    if good * 2 >= before:
        return False
    intake.warnings.append(f"{source.name}: shrank from {before} to {good} rows, so nobody was stopped for missing.")
    return True


def _contacts(source: Source, excluded: Excluded, intake: Intake) -> Iterator[Contact]:
    for contact in source.contacts():
        intake.read += 1
        if isinstance(contact, BadRow):
            intake.note_bad(source.name, contact)
        elif _names(contact) & excluded:
            intake.excluded += 1
        else:
            yield contact


def _names(contact: Contact) -> Excluded:
    names = {("phone", phone.e164) for phone in contact.phones} | {("key", contact.key)}
    return frozenset(names | {("id", contact.person)})


def _batches(contacts: Iterable[Contact]) -> Iterator[list[Contact]]:
    batch: list[Contact] = []
    for contact in contacts:
        batch.append(contact)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _new_lead(contact: Contact, terms: Terms, source: int, recorded: Recorded, *, now: datetime) -> NewLead:
    """A lead, planned at once, so that a long list waits in its place instead of being claimed row by row."""
    lead = Lead(lead_id(terms.record.name, contact.key), terms.record.name, contact, terms.person_key(contact))
    phone_keys = tuple(sorted({terms.phone_key(phone.e164) for phone in contact.phones}))
    consents, withdrawn_at = agreed(recorded, phone_keys)
    lead = plan(Facts(lead, consents=consents, withdrawn_at=withdrawn_at), terms, now=now)
    return NewLead(lead, phone_keys, source)
