"""Where every campaign stands, and how it came there: quick however much the database holds."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio

from campaigns.app import Session
from campaigns.domain.errors import StoreError, Unknown
from campaigns.domain.lead import CampaignState, Outcome
from campaigns.ports.board import Brief
from campaigns.ports.store import Account, CampaignRecord

from .access import Operator
from .ahead import Forecasts
from .files import Files
from .following import Following
from .health import health_of, look
from .news import Change, News
from .overview import LATELY, Known, view_of
from .past import Past, funnel, history_of
from .share import Share
from .shown import attempt_view
from .standing import LOOKED_FOR, Standing, Standings
from .views import AttemptView, CampaignView, Health, History

if TYPE_CHECKING:
    from campaigns.planner.forecast import Forecast

__all__ = ["Board", "Change"]

LIVE_SHOWN = 200
"""Calls under way, and doubts, that are shown; all are counted."""
BRIEF, RARELY = timedelta(seconds=1), timedelta(seconds=5)
"""How old a brief may be, of a campaign that dials and of another one; and who dials."""


class Board:
    """What the faces show of campaigns. While `run` goes on, answers are what is known already, and say as of when;
    else each answer is counted when it is asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.files, self._share, self._news = Files(session), Share(session.clock), News(session)
        self._standings = Standings(session, self.files, self._share, self._news)
        self._following = Following(session, self.files, self._share)
        self._forecasts = Forecasts(session)
        self._histories: dict[str, tuple[datetime, Past | None, History | None]] = {}
        self._briefs: dict[str, tuple[datetime, Brief]] = {}
        self._is_dialed: bool | None = None
        self._dialed_at: datetime | None = None
        self._asked_at = session.clock.now()

    async def run(self) -> None:
        """Keep fresh what somebody looks at, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._standings.run)
            tasks.start_soon(self._following.run)
            tasks.start_soon(self._news.run)
            tasks.start_soon(self._see_who_dials)

    async def campaigns(self) -> tuple[CampaignView, ...]:
        """Every campaign that is not archived, in the order in which they were made."""
        return await self._views(await self._session.store.campaigns())

    async def campaign(self, name: str) -> CampaignView:
        """One campaign. Raises Unknown."""
        return (await self._views([await self._record(name)]))[0]

    async def history(self, name: str) -> History:
        """How it came to where it stands. Raises Unknown."""
        record = await self._record(name)
        past, zone_name, complete = await self._following.of(record)
        view = (await self._views([record]))[0]
        told = self._told(record.name, past, zone_name, complete=complete)
        return replace(told, funnel=funnel(past, leads=view.leads, reached=view.outcomes.get(Outcome.REACHED, 0)))

    def _told(self, name: str, past: Past, zone_name: str, *, complete: bool) -> History:
        """Drawn up once for all who look; one that grows, once a second."""
        now = self._session.clock.now()
        until, of, told = self._histories.get(name, (now, None, None))
        if told is None or told.complete is not complete or (of is not past if complete else until <= now):
            told = history_of(past, zone_name=zone_name, complete=complete)
            self._histories[name] = now + BRIEF, past, told
        return told

    async def live(self, name: str, *, by: Operator) -> tuple[AttemptView, ...]:
        """Attempts under way, the newest first, at most `LIVE_SHOWN`. Raises Unknown."""
        record = await self._record(name)
        found = await self._session.store.live(name, record.provider, limit=LIVE_SHOWN)
        return tuple(attempt_view(attempt, by) for attempt in found)

    async def doubts(self, name: str | None = None, *, by: Operator) -> tuple[AttemptView, ...]:
        """Attempts of which nobody knows whether they took place, the oldest first, at most `LIVE_SHOWN`; of all
        campaigns or of one. Raises Unknown."""
        if name is not None:
            await self._record(name)
        found = await self._session.store.doubts(name, limit=LIVE_SHOWN)
        return tuple(attempt_view(attempt, by) for attempt in found)

    async def forecast(self, name: str) -> "Forecast | None":
        """How it will go on, at most some minutes old; where none is known it takes seconds.

        None: nobody is left to call. Raises Unknown, and CampaignsError where it cannot be played.
        """
        return (await self._forecasts.of(await self._record(name))).forecast

    async def forecast_picture(self, name: str) -> bytes | None:
        """The same as an SVG. Raises the same."""
        return (await self._forecasts.of(await self._record(name))).picture

    async def health(self) -> Health:
        """How this process and its database are; asks no provider. Raises StoreError."""
        return health_of(await look(self._session), now=self._session.clock.now())

    def changes(self) -> AsyncIterator[Change]:
        """What moves from now on, for event streams, while `run` goes on; the database is asked once a second for all
        who listen."""
        return self._news.listen()

    async def _record(self, name: str) -> CampaignRecord:
        record = await self._session.store.campaign(name)
        if record is None or record.archived_at is not None:
            known = ", ".join(record.name for record in await self._session.store.campaigns()) or "none"
            gone = f"'{name}' is {record.reason}" if record else f"There is no campaign '{name}'"
            raise Unknown(f"{gone}. There are: {known}.")
        return record

    async def _views(self, records: list[CampaignRecord]) -> tuple[CampaignView, ...]:
        standings = await self._standings.of(records)
        dialed = await self._dialed()
        names = dict.fromkeys(record.provider for record in records)
        accounts = {name: await self._session.store.account(name) for name in names}
        return tuple(
            [
                await self._view(record, standing, accounts[record.provider], dialed)
                for record, standing in zip(records, standings, strict=True)
            ]
        )

    async def _view(
        self, record: CampaignRecord, standing: Standing | None, account: Account, dialed: bool | None
    ) -> CampaignView:
        now = self._session.clock.now()
        known = Known(
            record=record,
            file=self.files.known(record) if self._standings.running else self.files.of(record),
            brief=await self._brief(record, now),
            counts=standing.counts if standing else None,
            as_of=standing.as_of if standing else now,
            account=account,
            dialed=dialed,
            lists_until=standing.lists_until if standing else None,
            finish_at=standing.finish_at if standing else None,
        )
        return view_of(known, now=now)

    async def _brief(self, record: CampaignRecord, now: datetime) -> Brief:
        """Not anew for each of many who look at once."""
        until, brief = self._briefs.get(record.name, (None, None))
        if brief is None or until is None or until <= now:
            brief = await self._session.store.brief(record.name, record.provider, since=now - LATELY)
            keeps = BRIEF if record.state is CampaignState.ACTIVE else RARELY
            self._briefs[record.name] = now + keeps, brief
        return brief

    async def _dialed(self) -> bool | None:
        """Whether a process dials from the database; who looks again and again waits for no answer."""
        self._asked_at = now = self._session.clock.now()
        if not self._standings.running and (self._dialed_at is None or now - self._dialed_at > RARELY):
            await self._ask_who_dials()
        return self._is_dialed

    async def _ask_who_dials(self) -> None:
        try:
            self._is_dialed = await self._session.database.is_dialed()
        except StoreError:
            self._is_dialed = None
        self._dialed_at = self._session.clock.now()

    async def _see_who_dials(self) -> None:
        while True:
            if self._session.clock.now() - self._asked_at < LOOKED_FOR:
                await self._ask_who_dials()
            await self._session.clock.sleep_until(self._session.clock.now() + RARELY)
