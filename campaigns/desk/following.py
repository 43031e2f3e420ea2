"""Follows the past of campaigns that somebody looks at: once from its beginning in small pages, then its end alone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio
import structlog

from campaigns.app import Session
from campaigns.domain.errors import StoreError
from campaigns.engine.wake import Wake
from campaigns.ports.board import PastPage
from campaigns.ports.store import CampaignRecord

from .files import Files
from .past import Past
from .share import Share

log = structlog.get_logger()

FIRST = 0.03
"""Seconds that whoever asks first waits for a past that may be short."""
CLOSED_PAGE, CALLED_PAGE = 20_000, 2_000
"""Leads and attempts of one page: some tens of milliseconds."""
LATE = timedelta(minutes=2)
"""What happened longer ago is written down by now, whichever worker wrote it."""
SOONEST = timedelta(seconds=5)
RESTS = 20
"""Between two looks at the end: so long, and so many times as long as one takes."""
ANEW = timedelta(minutes=30)
"""So often all is read again: what was corrected later, as by a person's word, then is where it belongs."""
LOOKED_FOR = timedelta(minutes=1)
KEPT = timedelta(minutes=30)
"""So long after the last question what was read is kept."""
_BEGINNING, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Followed:
    """One campaign's past: what will hardly change any more, and up to where it was read."""

    record: CampaignRecord
    at: datetime
    """When somebody looked last."""
    due_at: datetime
    begun_at: datetime
    zone_name: str = "UTC"
    cold: Past = field(default_factory=Past)
    closed_to: datetime = _BEGINNING
    called_to: datetime = _BEGINNING
    complete: anyio.Event = field(default_factory=anyio.Event)
    shown: Past | None = None
    """All of it, with its end as it was at the last look; None: it was not read to the end yet."""


class Following:
    """By campaign. While `run` goes on nobody who asks waits for it; else each question reads all."""

    def __init__(self, session: Session, files: Files, share: Share) -> None:
        self._session, self._files, self._share = session, files, share
        self._followed: dict[str, Followed] = {}
        self._bell = Wake()
        self._running, self._spent = False, timedelta()

    async def of(self, record: CampaignRecord) -> tuple[Past, str, bool]:
        """What is known of a campaign's past, whose days are its days, and whether that is all."""
        followed = self._look(record)
        if not self._running:
            await self._advance(followed)
        elif followed.shown is None:
            with anyio.move_on_after(FIRST), self._session.clock.work():
                await followed.complete.wait()
        if followed.shown is not None:
            return followed.shown, followed.zone_name, True
        return followed.cold, followed.zone_name, False

    async def run(self) -> None:
        """Follow whatever is looked at, until cancelled."""
        self._running = True
        try:
            while True:
                await self._step()
        finally:
            self._running = False

    def _look(self, record: CampaignRecord) -> Followed:
        now, known = self._session.clock.now(), self._followed.get(record.name)
        if known is None or known.record.created_at != record.created_at:
            known = self._followed[record.name] = Followed(record, now, now, now)
        if now - known.at >= LOOKED_FOR or known.shown is None:
            self._bell.ring()
        known.at, known.record = now, record
        return known

    async def _step(self) -> None:
        now = self._session.clock.now()
        self._followed = {name: each for name, each in self._followed.items() if now - each.at < KEPT}
        live = [each for each in self._followed.values() if now - each.at < LOOKED_FOR or each.shown is None]
        first = min(live, key=lambda each: each.due_at, default=None)
        if first is None or first.due_at > now:
            await self._bell.sleep(self._session.clock, first.due_at if first else None)
            return
        try:
            await self._advance(first)
        except StoreError as error:
            log.warning("cannot_follow", campaign=first.record.name, why=str(error))
        first.due_at = self._session.clock.now() + max(SOONEST, RESTS * self._spent)

    async def _advance(self, followed: Followed) -> None:
        """Read what is new, and the end, which may still change."""
        now, name, self._spent = self._session.clock.now(), followed.record.name, timedelta()
        zone_name = (await self._files.people(followed.record)).zone
        if now - followed.begun_at > ANEW or followed.zone_name != zone_name:
            followed.cold, followed.begun_at, followed.zone_name = Past(), now, zone_name
            followed.closed_to = followed.called_to = _BEGINNING
        live_from = await self._session.store.settled_before(name)
        closed = partial(self._session.store.past_closed, name, limit=CLOSED_PAGE)
        called = partial(self._session.store.past_called, name, limit=CALLED_PAGE)
        async for page, upto in self._pages(closed, followed.closed_to, now - LATE):
            followed.cold.add(page, zone_name=followed.zone_name)
            followed.closed_to = upto
        settled = min(live_from or now, now - LATE)
        async for page, upto in self._pages(called, followed.called_to, settled):
            followed.cold.add(page, zone_name=followed.zone_name)
            followed.called_to = upto
        hot = Past()
        for read, since in ((closed, followed.closed_to), (called, followed.called_to)):
            async for page, _ in self._pages(read, since, _END):
                hot.add(page, zone_name=followed.zone_name)
        followed.shown = followed.cold.plus(hot)
        followed.complete.set()

    async def _pages(
        self, read: Callable[..., Awaitable[PastPage]], since: datetime, until: datetime
    ) -> AsyncIterator[tuple[PastPage, datetime]]:
        """Pages of that time, each with where it ends."""
        while since < until:
            if self._running:
                await self._session.clock.sleep_until(self._share.free_at)
            async with self._share.work():
                page = await read(since=since, until=until)
            self._spent += self._share.took
            since = page.next or until
            yield page, since
