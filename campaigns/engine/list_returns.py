"""Outcomes of one list in the settings on their way back, one at a time: written down, asked, written down."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import anyio
import structlog

from campaigns.domain.errors import AccountRefused, InputError, Throttled, VendorError
from campaigns.domain.returning import pause_after
from campaigns.domain.sources import Returns
from campaigns.ports import Clock
from campaigns.ports.lists import Landed, RemoteList, Unwritable
from campaigns.ports.returns import Closed
from campaigns.ports.store import Store

from .notes import note_of

log = structlog.get_logger()

BATCH = 20
"""So many of a campaign, then the list's next campaign has its turn."""
DOWN = 3
"""Failures in a row from which on it is the list that is at fault, and not what one contact was answered."""
LEASE = timedelta(minutes=1)
"""Longer than one trial lasts; after a crash it is tried again from then on."""
UNMENDED = timedelta(minutes=5)
"""Rest of a list that only a person can mend: a refused key, a section that is gone."""
LAST_WRITE = 5.0
"""Seconds for the one write after the list has answered."""

OpenList = Callable[[str], Awaitable[RemoteList]]
"""A list in the settings by its name. Raises InputError where they do not say enough."""
ReturnsOf = Callable[[Closed], Returns]
"""What goes back beside the note."""


class ListReturns:
    """One list in the settings. A crash leaves what is under way to be tried again, with the moment it began."""

    def __init__(self, name: str, store: Store, clock: Clock, open_list: OpenList) -> None:
        self.name = name
        self.rests_until: datetime | None = None
        self._store, self._clock, self._open_list = store, clock, open_list
        self._failures = 0
        self._told: set[str] = set()

    async def due(self, campaign: str, *, limit: int = BATCH) -> tuple[tuple[Closed, ...], datetime | None]:
        """Outcomes of a campaign that may be tried now; else when there may be some. None: nobody knows of any."""
        now = self._clock.now()
        if self.rests_until is not None and self.rests_until > now:
            return (), self.rests_until
        found = await self._store.due_returns(campaign, self.name, limit=limit, now=now)
        return found.closed, found.next_at

    async def serve(self, campaigns: dict[str, ReturnsOf]) -> None:
        """Try whatever is due, until nothing is or the list needs rest."""
        waiting = dict(campaigns)
        while waiting:
            for name, returns_of in list(waiting.items()):
                batch, _ = await self.due(name)
                if not batch:
                    del waiting[name]
                for closed in batch:
                    if not await self._try(closed, returns_of(closed)):
                        return

    def rest(self, pause: timedelta) -> None:
        """Ask nothing of the list for so long."""
        self.rests_until = self._clock.now() + pause

    async def _try(self, closed: Closed, returns: Returns) -> bool:
        """False: the list needs rest."""
        try:
            remote = await self._open_list(self.name)
            answer = await self._ask(remote, closed, returns)
        except (InputError, AccountRefused, VendorError) as error:
            return await self._put_off(closed, error)
        self._failures = 0
        with anyio.move_on_after(LAST_WRITE, shield=True):  # what is there must not be asked for again for nothing
            await self._note(closed, answer)
        return True

    async def _ask(self, remote: RemoteList, closed: Closed, returns: Returns) -> Landed | Unwritable | None:
        """None: somebody else is at it, or it has changed."""
        note = note_of(closed)
        if remote.no_returns or not note.contact:
            return Unwritable(remote.no_returns or "who it is was erased")
        now = self._clock.now()
        if not await self._store.start_return(closed, until=now + LEASE, now=now):
            return None
        return await remote.write_back(note, returns, since=closed.first_tried_at)

    async def _note(self, closed: Closed, answer: Landed | Unwritable | None) -> None:
        match answer:
            case Landed(warning):
                await self._store.landed({closed.lead.id: closed.stamp})
                self._tell("outcome_written_in_part", warning)
            case Unwritable(reason):
                await self._store.give_up_return(closed, reason)
                self._tell("outcome_cannot_be_written", reason)
            case None:
                pass

    async def _put_off(self, closed: Closed, error: InputError | AccountRefused | VendorError) -> bool:
        """False: not this outcome alone, but the list needs rest."""
        self._failures += 1
        pause = pause_after(max(1, self._failures - DOWN + 1))
        if isinstance(error, InputError | AccountRefused):
            pause = max(pause, UNMENDED)
        elif isinstance(error, Throttled):
            pause = max(pause, error.retry_after)
        rests = self._failures >= DOWN or isinstance(error, InputError | AccountRefused | Throttled)
        if rests:
            self.rest(pause)
        until = self._clock.now() + max(pause, pause_after(closed.tries + 1))
        reason = str(error).partition("\n")[0]
        log.warning("outcome_not_written_yet", list=self.name, why=error.logged.partition("\n")[0])
        await self._store.put_off_return(closed, until=until, reason=reason)
        return not rests

    def _tell(self, event: str, why: str) -> None:
        """Each reason once: a whole list may have the same."""
        if why and why not in self._told:
            self._told.add(why)
            log.warning(event, list=self.name, why=why)
