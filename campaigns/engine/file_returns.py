"""Outcomes of contacts from files: the whole file anew from the database, so that none is in it twice or in part."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath

import structlog

from campaigns.domain.returning import pause_after
from campaigns.ports import Clock
from campaigns.ports.returns import Closed
from campaigns.ports.store import Store

from .notes import COLUMNS, row_of

log = structlog.get_logger()

PAGE, NOTED = 50, 200
"""Leads that are read, and written down as landed, in one go: calls wait no longer than that."""
SHARE = 19
"""A rewrite is followed by so many times its own length without one: it takes a twentieth of the time."""
CALM = timedelta(seconds=10)
"""The least time between two."""

Rows = Sequence[tuple[str, ...]]
WriteFile = Callable[[PurePath, AsyncIterator[Rows]], Awaitable[None]]
"""Puts these rows in the place of the file, durably and whole or not at all. Raises OSError."""
WallClock = Callable[[], datetime]
"""Real time: what a rewrite costs is real, also where the campaign's time is virtual."""
Source = tuple[str, int]
"""A campaign, and which of its lists."""


class FileReturns:
    """One file of outcomes."""

    def __init__(self, path: PurePath, store: Store, clock: Clock, write: WriteFile, wall: WallClock) -> None:
        self.path = path
        self.is_final = False
        """It was written after the last call."""
        self.was_written = False
        self._store, self._clock, self._write, self._wall = store, clock, write, wall
        self._rests_until = clock.now()
        self._dear_until = wall()
        self._failures = 0

    async def due(self, own: Sequence[Source], *, hasty: bool) -> tuple[bool, datetime | None]:
        """Whether the outcomes of these lists ask for a rewrite now; else when they may."""
        now = self._clock.now()
        if self._failures and now < self._rests_until:
            return False, self._rests_until
        if await self._missing(own) is None:
            return False, None
        if not hasty and now < self._rests_until:
            return False, self._rests_until
        if not hasty and self._wall() < self._dear_until:
            return False, now + CALM
        return True, None

    async def serve(self, sources: Sequence[Source], *, final: bool) -> None:
        """Rewrite the file from all the lists that it belongs to; what failed is tried again later."""
        begun, stamps = self._wall(), dict[str, str]()
        try:
            await self._write(self.path, self._rows(sources, stamps))
        except OSError as error:
            await self._put_off(sources, error)
            return
        self._failures, self.was_written, self.is_final = 0, True, final
        marks = list(stamps.items())
        for begin in range(0, len(marks), NOTED):
            await self._store.landed(dict(marks[begin : begin + NOTED]))
        self._dear_until = self._wall() + (self._wall() - begun) * SHARE
        self._rests_until = self._clock.now() + CALM

    def rest(self, pause: timedelta) -> None:
        """Leave the file alone for so long."""
        self._failures += 1
        self._rests_until = self._clock.now() + pause

    async def _rows(self, sources: Sequence[Source], stamps: dict[str, str]) -> AsyncIterator[Rows]:
        """Pages of rows; `stamps` is told of those that are new."""
        yield [COLUMNS]
        for name, source in sources:
            after = 0
            while page := await self._store.closed_page(name, source, after=after, limit=PAGE):
                stamps.update({each.lead.id: each.stamp for each in page if not each.written})
                yield [row_of(each) for each in page]
                after = page[-1].seq

    async def _missing(self, sources: Sequence[Source]) -> Closed | None:
        for name, source in sources:
            if (found := await self._store.unwritten(name, [source])) is not None:
                return found
        return None

    async def _put_off(self, sources: Sequence[Source], error: OSError) -> None:
        self.rest(pause_after(self._failures + 1))
        reason = f"{self.path} cannot be written ({error.strerror}). Free it, or let this program write there."
        log.warning("outcomes_not_written_yet", why=reason)
        missing = await self._missing(sources)
        if missing is not None:
            await self._store.put_off_return(missing, until=self._rests_until, reason=reason)
