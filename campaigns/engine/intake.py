"""Contacts → leads: read every list of a campaign, screen, count; never guess, never stop for a bad row."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio

from campaigns.ports import Clock
from campaigns.ports.bookmarks import Shown
from campaigns.ports.store import Merged, Store

from .pieces import pieces
from .preparing import Batch, Excluded, Preparing, Stream
from .terms import Terms

LISTED = 10_000
"""Bad rows that are kept with their reasons; all are counted."""

RESUMABLE = timedelta(hours=1)
"""A reading that broke off longer ago begins anew: the list may be another by now."""


Prepare = Callable[[Terms, Excluded, datetime], AsyncGenerator[Batch, None]]


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
    size: int = 0
    """Bytes of its file; 0: it is none."""
    elsewhere: Prepare | None = None
    """Prepares the whole list in another process; None: it is done here."""

    def prepared(self, terms: Terms, excluded: Excluded, after: str, *, now: datetime) -> AsyncGenerator[Batch, None]:
        """Its contacts from a mark on, ready to be written."""
        if self.elsewhere is not None and not after:
            return self.elsewhere(terms, excluded, now)
        return Preparing(terms, self.index, excluded, now).batches(self.contacts(after))


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

    def note(self, source: str, batch: Batch) -> None:
        """What was read of a list, before the store has its say."""
        self.read += batch.read
        self.excluded += batch.excluded
        self.invalid += len(batch.bad)
        room = max(LISTED - len(self.bad_rows), 0)
        self.bad_rows += [(source, line, reason) for line, reason in batch.bad[:room]]

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
    writing = await pieces(terms, store, clock, number)
    sizes: dict[int, tuple[int, int]] = {}
    for source in sources:
        before = await store.source_size(name, source.index)
        good = 0
        after = await _left_off(source, terms, store, now=clock.now())
        async with aclosing(source.prepared(terms, excluded, after, now=clock.now())) as batches:
            async for batch in batches:
                intake.note(source.name, batch)
                intake.note_merged(await writing.put(batch, source.name, source.index, source.wanted))
                good += len(batch.leads)
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
