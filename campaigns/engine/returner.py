"""Brings outcomes back to where the contacts came from, beside the calls and never in their way."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath

import anyio
import structlog
from anyio.abc import TaskGroup

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import InputError, StoreError
from campaigns.domain.returning import LONGEST_PAUSE, outcome_files
from campaigns.domain.sources import Returns, VendorList
from campaigns.ports import Clock
from campaigns.ports.returns import Closed
from campaigns.ports.store import CampaignRecord, Store

from .file_returns import FileReturns, Source, WallClock, WriteFile
from .list_returns import ListReturns, OpenList, ReturnsOf
from .wake import Wake

log = structlog.get_logger()

SPACING, LAST_SPACING = timedelta(seconds=5), timedelta(seconds=1)
"""Between two looks, however much happens; and after the last call."""
LOOKS = 5
"""Looks of a runner between two of ours, for what other processes write."""
STRAYS_IN = 12
"""Every so many looks one for outcomes that belong nowhere: it reads all that wait."""
WITHOUT_DATABASE = timedelta(seconds=5)
ASTRAY = "its list is not named any more in the campaign file. Name it there again, and outcomes go beside it"


@dataclass(frozen=True, slots=True)
class Places:
    """Where outcomes go, and how that is learned."""

    open_list: OpenList
    write_file: WriteFile
    wall: WallClock
    read: Callable[[CampaignRecord], Campaign]
    """The campaign of a record. Raises InputError."""


@dataclass(frozen=True, slots=True)
class _Owner:
    """A campaign with `write_back`."""

    name: str
    campaign: Campaign
    files: dict[int, PurePath]

    def returns_of(self, closed: Closed) -> Returns:
        """What its list wants back beside the note; a contact of an earlier campaign brings its list along."""
        name = closed.lead.contact.origin[0] if closed.lead.contact.origin else ""
        lists = [s for s in self.campaign.contacts if isinstance(s, VendorList) and s.list == name]
        own = [s for s in self.campaign.contacts[closed.source : closed.source + 1] if s in lists]
        return next((source.returns for source in (*own, *lists)), Returns())


class Returner:
    """Every outcome of campaigns with `write_back` goes back, once in effect, until it lands.

    A list or file that fails rests and is tried again; the others go on. `only`: the one campaign that it is for.
    """

    def __init__(self, store: Store, clock: Clock, places: Places, *, only: str | None = None) -> None:
        self.wake = Wake()
        """Ring it when leads may have been closed."""
        self._store, self._clock, self._places, self._only = store, clock, places, only
        self._lists: dict[str, ListReturns] = {}
        self._files: dict[PurePath, FileReturns] = {}
        self._busy: set[ListReturns | FileReturns] = set()
        self._read: dict[str, tuple[int, Campaign | None]] = {}
        self._finishes_by: datetime | None = None
        self._hurry, self._through = Wake(), Wake()
        self._astray: set[str] = set()
        self._rounds = 0

    async def run(self) -> None:
        """Serve until cancelled. Whatever goes wrong here ends no campaign."""
        async with anyio.create_task_group() as tasks:
            while True:
                by = self._finishes_by
                try:
                    soon = await self._round(tasks)
                except StoreError as error:
                    log.warning("cannot_look_for_outcomes", why=str(error))
                    soon = self._clock.now() + WITHOUT_DATABASE
                except Exception:
                    log.exception("looking_for_outcomes_failed")
                    soon = self._clock.now() + LONGEST_PAUSE
                if by is not None and not self._busy and (soon is None or soon > by):
                    self._through.ring()
                await self._hurry.sleep(self._clock, self._clock.now() + (LAST_SPACING if by else SPACING))
                await self.wake.sleep(self._clock, self._until(soon))

    async def finish(self, within: timedelta) -> None:
        """After the last call: return when nothing more can land, at the latest after `within`.

        Files are written once more.
        """
        self._finishes_by = self._clock.now() + within
        self._hurry.ring()
        self.wake.ring()
        await self._through.sleep(self._clock, self._finishes_by)

    def stop(self) -> None:
        """Let `finish` return at once, if it waits already."""
        if self._finishes_by is not None:
            self._through.ring()

    def _until(self, soon: datetime | None) -> datetime | None:
        every = self._clock.watch_every
        look = self._clock.now() + every * LOOKS if every is not None else None
        return min(filter(None, [soon, look]), default=None)

    async def _round(self, tasks: TaskGroup) -> datetime | None:
        """Set to work whoever has something to do; when there may be more. None: when something happens."""
        records = await self._store.campaigns()
        owners = [owner for record in records if (owner := self._owner(record)) is not None]
        served = [owner for owner in owners if self._only in (None, owner.name)]
        moments = [await self._start_list(name, served, tasks) for name in await self._names(served)]
        moments += [await self._start_file(path, owners, served, tasks) for path in self._paths(served)]
        if self._rounds % STRAYS_IN == 0 or self._finishes_by is not None:
            await self._note_strays(served)
        self._rounds += 1
        return min(filter(None, moments), default=None)

    def _owner(self, record: CampaignRecord) -> _Owner | None:
        campaign = self._campaign(record)
        if campaign is None or not campaign.write_back:
            return None
        return _Owner(record.name, campaign, dict(outcome_files(campaign, PurePath(record.folder))))

    def _campaign(self, record: CampaignRecord) -> Campaign | None:
        revision, campaign = self._read.get(record.name, (-1, None))
        if revision != record.revision:
            try:
                campaign = self._places.read(record)
            except InputError as error:
                campaign = None
                log.warning("campaign_cannot_be_read", campaign=record.name, why=str(error))
            self._read[record.name] = record.revision, campaign
        return campaign

    async def _names(self, served: Sequence[_Owner]) -> list[str]:
        return sorted({name for owner in served for name in await self._store.return_lists(owner.name)})

    async def _start_list(self, name: str, served: Sequence[_Owner], tasks: TaskGroup) -> datetime | None:
        desk = self._lists.setdefault(name, ListReturns(name, self._store, self._clock, self._places.open_list))
        if desk in self._busy:
            return None
        looks = [await desk.due(owner.name, limit=1) for owner in served]
        if any(due for due, _ in looks):
            work: dict[str, ReturnsOf] = {owner.name: owner.returns_of for owner in served}
            self._start(desk, lambda: desk.serve(work), tasks)
            return None
        return min(filter(None, (moment for _, moment in looks)), default=None)

    @staticmethod
    def _paths(served: Sequence[_Owner]) -> list[PurePath]:
        return sorted({path for owner in served for path in owner.files.values()})

    async def _start_file(
        self, path: PurePath, owners: Sequence[_Owner], served: Sequence[_Owner], tasks: TaskGroup
    ) -> datetime | None:
        desk = self._files.get(path)
        if desk is None:
            desk = FileReturns(path, self._store, self._clock, self._places.write_file, self._places.wall)
            self._files[path] = desk
        if desk in self._busy:
            return None
        finishing = self._finishes_by is not None
        due, moment = await desk.due(_sources(path, served), hasty=finishing)
        # What came late, such as a summary, shows in the last one; and whoever lost the file has it again.
        last = finishing and not desk.is_final and moment is None and (desk.was_written or self._only is not None)
        if due or last:
            self._start(desk, lambda: desk.serve(_sources(path, owners), final=finishing), tasks)
            return None
        return moment

    def _start(self, desk: ListReturns | FileReturns, serve: Callable[[], Awaitable[None]], tasks: TaskGroup) -> None:
        self._busy.add(desk)
        tasks.start_soon(self._guarded, desk, serve)

    async def _guarded(self, desk: ListReturns | FileReturns, serve: Callable[[], Awaitable[None]]) -> None:
        """A fault at one list or file stops neither the others nor a call."""
        try:
            await serve()
        except StoreError as error:
            log.warning("cannot_note_outcomes", why=str(error))
            desk.rest(WITHOUT_DATABASE)
        except Exception:
            log.exception("returning_failed")
            desk.rest(LONGEST_PAUSE)
        finally:
            self._busy.discard(desk)
            self.wake.ring()

    async def _note_strays(self, served: Sequence[_Owner]) -> None:
        """Outcomes whose list was taken out of the campaign file: nobody can say where they belong."""
        for owner in served:
            if owner.name in self._astray:
                continue
            stray = await self._store.unwritten(owner.name, list(owner.files), others=True)
            if stray is not None:
                self._astray.add(owner.name)
                await self._store.put_off_return(stray, until=self._clock.now() + LONGEST_PAUSE, reason=ASTRAY)


def _sources(path: PurePath, owners: Sequence[_Owner]) -> list[Source]:
    return [(owner.name, source) for owner in owners for source, other in owner.files.items() if other == path]
