"""Contacts → leads: read every list of a campaign, map, screen, count; never guess, never stop for a bad row."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio
import structlog

from campaigns.domain.contact import Contact
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead, lead_id
from campaigns.ports import BadRow, Clock
from campaigns.ports.bookmarks import Bookmark, Shown
from campaigns.ports.store import Merged, NewLead, Store

from .consenting import Recorded, agreed, record_consents
from .planning import plan
from .terms import Terms

log = structlog.get_logger()

BATCH = 500
LISTED = 10_000
"""Bad rows that are kept with their reasons; all are counted."""

Excluded = frozenset[tuple[str, str]]


RESUMABLE = timedelta(hours=1)
"""A reading that broke off longer ago begins anew: the list may be another by now."""


@dataclass(frozen=True, slots=True)
class Mark:
    """In a stream of contacts: everything before it is told, and a reading that breaks off may go on after it."""

    after: str


Stream = AsyncIterator[Contact | BadRow | Mark]


@dataclass(frozen=True, slots=True)
class Source:
    """One opened list of a campaign."""

    name: str
    index: int
    contacts: Callable[[str], Stream]
    """From a mark on; empty: from the start. Marks are of lists that can be read on."""
    stop_removed: bool = False
    wanted: str = ""
    """What is asked of the list: a mark holds for the same wish only."""


def told(contacts: Callable[[], Iterable[Contact | BadRow]]) -> Callable[[str], Stream]:
    """A list that lies here, as a stream that always begins at the start."""

    async def stream(_after: str) -> Stream:
        for contact in contacts():
            yield contact

    return stream


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


async def load(
    terms: Terms, sources: Sequence[Source], excluded: Excluded, *, store: Store, clock: Clock, again: bool = False
) -> Intake:
    """Read every list into leads, in batches, leaving room for dialling between them.

    `again`: the campaign runs already; its figures stay those of the fullest reading, as people leave a list by being
    called.
    """
    intake, name = Intake(), terms.record.name
    number = await store.next_load(name)
    sizes: dict[int, tuple[int, int]] = {}
    for source in sources:
        before = await store.source_size(name, source.index)
        good = 0
        after = await _left_off(source, terms, store, now=clock.now())
        async for batch, mark in _batches(_contacts(source, after, excluded, intake)):
            recorded = await record_consents(store, terms, batch, source.name, now=clock.now())
            leads = [_new_lead(contact, terms, source.index, recorded, now=clock.now()) for contact in batch]
            intake.note_merged(await store.put_leads(name, leads, load=number, now=clock.now()))
            good += len(leads)
            if mark is not None:
                kept = Bookmark(source.wanted, mark.after, clock.now()) if mark.after else None
                await store.put_bookmark(name, source.index, kept)
            await anyio.lowlevel.checkpoint()
        if not after:
            sizes[source.index] = before, good
    # Only when every list is read: a row may have moved from one to another.
    for source in sources:
        # Of one that was read on from a mark this reading saw the end alone: the next one sees all.
        if not source.stop_removed or source.index not in sizes:
            continue
        shown = await store.shown(name, source.index, load=number)
        before, good = sizes[source.index]
        if _shrank(shown, before, good, again=again):
            intake.warnings.append(_SHRANK.format(source.name, before, good, shown.missing))
        else:
            intake.removed += await store.stop_removed(name, source.index, load=number, now=clock.now())
    if not again or intake.read >= terms.record.intake.get("read", 0):
        await store.note_intake(name, intake.counts(), intake.bad_rows)
    return intake


def _shrank(shown: Shown, before: int, good: int, *, again: bool) -> bool:
    """Whether a list lost so much that it is rather broken than shorter: then nobody is stopped for missing.

    Who left it by being called is no loss. A smaller list is believed when it is read so a second time, but while the
    campaign runs never: a system may be broken for longer than until the next reading.
    """
    halved = good * 2 < before and shown.open < shown.missing
    return halved or (again and shown.all < shown.missing)


_SHRANK = (
    "{}: shrank from {} to {} rows, so nobody was stopped for missing; {} are not in it any more. Should they not be "
    "called, run the campaign file again."
)


async def _left_off(source: Source, terms: Terms, store: Store, *, now: datetime) -> str:
    """Where an earlier reading of the same wish broke off; empty: nowhere."""
    kept = await store.bookmark(terms.record.name, source.index) if source.wanted else None
    if kept is None or kept.wanted != source.wanted or now - kept.at > RESUMABLE:
        return ""
    return kept.after


async def _contacts(source: Source, after: str, excluded: Excluded, intake: Intake) -> AsyncIterator[Contact | Mark]:
    async for contact in source.contacts(after):
        if isinstance(contact, Mark):
            yield contact
            continue
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


async def _batches(contacts: AsyncIterator[Contact | Mark]) -> AsyncIterator[tuple[list[Contact], Mark | None]]:
    """Contacts in batches, each with the mark after which nothing is lost of what came before."""
    batch: list[Contact] = []
    async for contact in contacts:
        if isinstance(contact, Mark):
            yield batch, contact
            batch = []
            continue
        batch.append(contact)
        if len(batch) == BATCH:
            yield batch, None
            batch = []
    if batch:
        yield batch, None


def _new_lead(contact: Contact, terms: Terms, source: int, recorded: Recorded, *, now: datetime) -> NewLead:
    """A lead, planned at once, so that a long list waits in its place instead of being claimed row by row."""
    lead = Lead(lead_id(terms.record.name, contact.key), terms.record.name, contact, terms.person_key(contact))
    phone_keys = tuple(sorted({terms.phone_key(phone.e164) for phone in contact.phones}))
    consents, withdrawn_at = agreed(recorded, phone_keys)
    lead = plan(Facts(lead, consents=consents, withdrawn_at=withdrawn_at), terms, now=now)
    return NewLead(lead, phone_keys, source)
