"""A batch of a list goes into the database in pieces, so short that no dial waits long for its own transaction."""

from dataclasses import dataclass
from datetime import timedelta

from campaigns.domain.lead import CampaignState
from campaigns.ports import Clock
from campaigns.ports.bookmarks import Bookmark
from campaigns.ports.store import Merged, Store, Written

from .consenting import record_consents
from .preparing import BATCH, Batch, by_record
from .terms import Terms

BESIDE_CALLS = timedelta(milliseconds=25)
"""How long a transaction may last while calls are made: about as late as a dial may be in any case."""
FEWEST = 200
"""Rows of one transaction: of fewer each costs much more, as every transaction writes its pages anew."""


@dataclass(slots=True)
class Pieces:
    """Writes batches of one reading, in pieces that follow the speed of the database."""

    terms: Terms
    store: Store
    clock: Clock
    load: int
    at_most: timedelta | None
    """How long a transaction may last; None: as long as a batch takes, because nobody waits."""
    rows: int

    async def put(self, batch: Batch, source: str, index: int, wanted: str) -> Merged:
        """What the people of a batch agreed to, the leads, and how far the list is read."""
        merged, left = Merged(), batch.leads
        while left:
            piece, left = left[: self.rows], left[self.rows :]
            began = self.clock.now()
            merged = merged.plus(await self._put(piece, batch, source))
            self._learn(len(piece), self.clock.now() - began)
        if batch.mark is not None:
            kept = Bookmark(wanted, batch.mark.after, self.clock.now()) if batch.mark.after else None
            await self.store.put_bookmark(self.terms.record.name, index, kept)
        return merged

    async def _put(self, piece: list[Written], batch: Batch, source: str) -> Merged:
        said = {key: batch.said[key] for lead in piece for key in lead.phone_keys}
        now = self.clock.now()
        if recorded := await record_consents(self.store, self.terms, said, source, now=now):
            piece = [by_record(lead, recorded, self.terms, now=now) for lead in piece]
        return await self.store.put_leads(self.terms.record.name, piece, load=self.load, now=now)

    def _learn(self, rows: int, took: timedelta) -> None:
        if self.at_most is None:
            return
        fitting = int(rows * (self.at_most / took)) if took else BATCH  # in virtual time nothing lasts
        # Never much more at once than what was seen to be quick enough.
        self.rows = max(FEWEST, min(fitting, 2 * rows, BATCH))


async def pieces(terms: Terms, store: Store, clock: Clock, load: int) -> Pieces:
    """Short ones where anybody may be dialling from this database, in whichever process."""
    active = any(record.state is CampaignState.ACTIVE for record in await store.campaigns())
    if active:
        return Pieces(terms, store, clock, load, at_most=BESIDE_CALLS, rows=FEWEST)
    return Pieces(terms, store, clock, load, at_most=None, rows=BATCH)
