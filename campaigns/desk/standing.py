"""Counts of campaigns: the last known for all who look, counted again aside while somebody does."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio
import anyio.to_thread
import structlog

from campaigns.app import Session
from campaigns.domain.errors import StoreError
from campaigns.domain.lead import CampaignState
from campaigns.engine.wake import Wake
from campaigns.ports.queries import Counts
from campaigns.ports.store import CampaignRecord

from .files import Files
from .finishing import BY_CALLS, finish_at, looked_back
from .news import News
from .share import Share

log = structlog.get_logger()

FIRST = 0.03
"""Seconds that whoever asks first waits for a count that may be there by then."""
LOOKED_FOR = timedelta(minutes=1)
"""So long after the last question a campaign is still counted."""
SOONEST, IDLE = timedelta(seconds=1), timedelta(minutes=1)
"""Between two counts of a campaign that may move; and of one that may not."""
RESTS = 20
"""At least so many times as long as a count takes passes until the next one of the same campaign."""
AGAIN = timedelta(seconds=5)
"""After a count that failed."""
MOST_CLOSED = 1_000_000
"""Leads closed in the last hours that the pace is told from."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One campaign, counted."""

    record: CampaignRecord
    """As it was then."""
    counts: Counts
    as_of: datetime
    took: timedelta
    finish_at: datetime | None
    lists_until: datetime | None


@dataclass(slots=True)
class _Looked:
    """A campaign that somebody looks at."""

    record: CampaignRecord
    at: datetime
    due_at: datetime
    counted: anyio.Event = field(default_factory=anyio.Event)
    standing: Standing | None = None


class Standings:
    """By campaign. While `run` goes on nobody who asks waits for a count; else each question counts."""

    def __init__(self, session: Session, files: Files, share: Share, news: News) -> None:
        self._session, self._files, self._share, self._news = session, files, share, news
        self._looked: dict[str, _Looked] = {}
        self._bell = Wake()
        self.running = False

    async def of(self, records: list[CampaignRecord]) -> list[Standing | None]:
        """What is known of each; None: nothing yet."""
        if not self.running:
            return [await self._counted(record) for record in records]
        looked = [self._look(record) for record in records]
        if any(each.standing is None for each in looked):
            with anyio.move_on_after(FIRST), self._session.clock.work():
                for each in looked:
                    await each.counted.wait()
        return [each.standing for each in looked]

    def forget(self, names: set[str]) -> None:
        """Campaigns that are gone."""
        for name in names & self._looked.keys():
            del self._looked[name]

    async def run(self) -> None:
        """Count whatever is looked at, until cancelled."""
        self.running = True
        try:
            while True:
                await self._step()
        finally:
            self.running = False

    def _look(self, record: CampaignRecord) -> _Looked:
        now, known = self._session.clock.now(), self._looked.get(record.name)
        if known is None or known.record.created_at != record.created_at:
            known = self._looked[record.name] = _Looked(record, now, now)
        if known.record.version != record.version:
            known.due_at = now
        if known.due_at <= now or now - known.at >= LOOKED_FOR or known.standing is None:
            self._bell.ring()
        known.record, known.at = record, now
        return known

    async def _step(self) -> None:
        now = self._session.clock.now()
        live = [each for each in self._looked.values() if now - each.at < LOOKED_FOR or each.standing is None]
        first = min(live, key=self._due, default=None)
        at = None if first is None else self._due(first)[0]
        if first is None or at is None or at > now:
            await self._bell.sleep(self._session.clock, at)
        else:
            await self._count(first)

    def _due(self, looked: _Looked) -> tuple[datetime, bool]:
        """When it is counted; what nobody knows yet waits for no share of the time."""
        known = looked.standing is not None
        return (max(looked.due_at, self._share.free_at) if known else looked.due_at), known

    async def _count(self, looked: _Looked) -> None:
        record = looked.record
        try:
            async with self._share.work():
                if self._files.known(record) is None:
                    with self._session.clock.work():
                        await anyio.to_thread.run_sync(self._files.of, record)
                standing = await self._counted(record)
        except StoreError as error:
            log.warning("cannot_count", campaign=record.name, why=str(error))
            looked.due_at = self._session.clock.now() + AGAIN
            return
        if looked.standing is not None and looked.standing.counts != standing.counts:
            self._news.tell(record.name, "counts")
        looked.standing = standing
        idle = IDLE if record.state is not CampaignState.ACTIVE and not record.closing else SOONEST
        looked.due_at = standing.as_of + max(idle, RESTS * standing.took)
        looked.counted.set()

    async def _counted(self, record: CampaignRecord) -> Standing:
        begun = self._session.clock.now()
        counts = await self._session.store.counts(record.name)
        until = (await self._session.store.asked_until()).get(f"reading:{record.name}")
        finish = await self._finish(record, counts) if record.state is CampaignState.ACTIVE else None
        now = self._session.clock.now()
        return Standing(record, counts, now, now - begun, finish, until)

    async def _finish(self, record: CampaignRecord, counts: Counts) -> datetime | None:
        now, window = self._session.clock.now(), (await self._files.people(record)).window
        left = sum(n for state, n in counts.states.items() if state not in ("closed", "held"))
        if window is None or not left:
            return None
        worked = looked_back(window, now=now, started_at=record.started_at or record.created_at)
        if not worked:
            return None
        page = await self._session.store.past_closed(record.name, since=worked[-1][0], limit=MOST_CLOSED)
        closed: dict[datetime, int] = {}
        for at, outcome, leads in page.closed:
            if outcome in BY_CALLS:
                closed[max(at, worked[-1][0])] = closed.get(max(at, worked[-1][0]), 0) + leads
        return finish_at(left, closed, worked, window, now=now)
