"""Tells others what happened: takes parcels from the outbox, delivers them, and tries again until they land."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

import anyio
import structlog

from campaigns.domain.errors import StoreError
from campaigns.ports import Clock
from campaigns.ports.outbox import Parcel
from campaigns.ports.store import Store

from .announcing import Told, announcement
from .wake import Wake

log = structlog.get_logger()

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)  # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "deliverability"
"""Before each trial after the first; after the last the parcel is given up."""
TOGETHER = 16
LEASE = timedelta(minutes=2)
"""Longer than any delivery takes: a worker that dies leaves its parcels to the others."""
WITHOUT_DATABASE = timedelta(seconds=5)

Deliver = Callable[[Parcel, str, datetime, Told], Awaitable[str]]
"""Parcel, its id for the receiver (the same at every trial), now, what to tell → empty, or why it failed."""


class Notifier:
    """Delivers what waits, oldest first; parcels of a subscriber may overtake each other while one is tried again."""

    def __init__(self, store: Store, clock: Clock, deliver: Deliver) -> None:
        self.wake = Wake()
        """Ring it when something may have happened."""
        self._store, self._clock, self._deliver = store, clock, deliver

    async def run(self) -> None:
        """Serve until cancelled. Whatever goes wrong here ends no campaign."""
        while True:
            soon: datetime | None = self._clock.now() + WITHOUT_DATABASE
            try:
                if await self.round():
                    continue
                soon = await self._store.next_parcel_at()
            except StoreError as error:
                log.warning("cannot_tell_others", why=str(error))
            except Exception:
                log.exception("telling_others_failed")
            every = self._clock.watch_every  # other processes fill the outbox too
            look = self._clock.now() + every if every is not None else None
            await self.wake.sleep(self._clock, min(filter(None, [soon, look]), default=None))

    async def round(self) -> int:
        """Deliver some of what is due; returns how many were tried. Raises StoreError."""
        now = self._clock.now()
        parcels = await self._store.take_parcels(limit=TOGETHER, until=now + LEASE, now=now)
        landed: list[int] = []
        async with anyio.create_task_group() as tasks:
            for parcel in parcels:
                tasks.start_soon(self._try, parcel, landed)
        if landed:
            await self._store.delivered(landed)
        return len(parcels)

    async def _try(self, parcel: Parcel, landed: list[int]) -> None:
        try:
            told = await announcement(self._store, parcel)
            why = await self._deliver(parcel, message_id(parcel), self._clock.now(), told)
        except StoreError:
            return  # its lease ends, and it is tried again
        except Exception as error:
            log.exception("telling_failed_here", told=str(parcel.event))
            why = type(error).__name__  # one that cannot be told must not hold up the others
        if not why:
            landed.append(parcel.id)
            return
        until = self._clock.now() + PAUSES[parcel.tries] if parcel.tries < len(PAUSES) else None
        await self._store.put_off(parcel, until=until)
        word = "telling_failed" if until else "telling_given_up"
        log.warning(word, subscriber=parcel.subscriber, told=str(parcel.event), tries=parcel.tries + 1, why=why)


def message_id(parcel: Parcel) -> str:
    """One id for one event, however often it is sent: by it the receiver knows what he has already."""
    return f"msg_{uuid5(NAMESPACE_OID, f'{parcel.event}:{parcel.subject}:{parcel.word}:{parcel.at.isoformat()}').hex}"
