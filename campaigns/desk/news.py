"""What moves: one look at the database each second, for all who listen."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio
import structlog
from anyio.streams.memory import MemoryObjectSendStream

from campaigns.app import Session
from campaigns.domain.errors import StoreError
from campaigns.engine.wake import Wake

log = structlog.get_logger()

EVERY = timedelta(seconds=1)
KEPT = 200
"""News that a slow listener may be behind; what is more is lost to it, and nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something moved, so whoever shows it asks again."""

    campaign: str
    kind: str
    """`state` (steered, edited, new or gone), `calls` (an attempt moved) or `counts` (any other figure)."""
    at: datetime


class News:
    """Told to listeners; where there is none, the database is not asked."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listeners: set[MemoryObjectSendStream[Change]] = set()
        self._stamps: dict[str, object] = {}
        self._place: int | None = None
        self._bell = Wake()

    async def listen(self) -> AsyncIterator[Change]:
        """Whatever is told from now on."""
        send, receive = anyio.create_memory_object_stream[Change](KEPT)
        self._listeners.add(send)
        self._bell.ring()
        try:
            async with receive:
                async for change in receive:
                    yield change
        finally:
            self._listeners.discard(send)
            send.close()

    def tell(self, campaign: str, kind: str) -> None:
        """Pass it on to all who listen."""
        change = Change(campaign, kind, self._session.clock.now())
        for listener in self._listeners:
            if listener.statistics().current_buffer_used < KEPT:
                listener.send_nowait(change)

    async def run(self) -> None:
        """Look while somebody listens, until cancelled."""
        while True:
            if not self._listeners:
                self._place = None
                await self._bell.sleep(self._session.clock, None)
                continue
            try:
                await self._look()
            except StoreError as error:
                log.warning("cannot_look", why=str(error))
            await self._session.clock.sleep_until(self._session.clock.now() + EVERY)

    async def _look(self) -> None:
        fresh, records = self._place is None, await self._session.store.campaigns()
        stamps: dict[str, object] = {
            each.name: (each.created_at, each.version, each.state, each.reason, each.closing, each.intake)
            for each in records
        }
        self._place, moved = await self._session.store.moved(after=self._place)
        if not fresh:
            for name in stamps.keys() | self._stamps.keys():
                if stamps.get(name) != self._stamps.get(name):
                    self.tell(name, "state")
            for name in sorted(moved):
                self.tell(name, "calls")
        self._stamps = stamps
