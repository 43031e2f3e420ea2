"""One call: wait for its instant, take the last permit, ask the provider once, write the answer."""

from collections.abc import Callable
from datetime import datetime, timedelta

import anyio
import structlog

from campaigns.domain.call import Booked, Handover, NotSent, Placed, Placement, Refused, Unclear
from campaigns.domain.changed import changed
from campaigns.domain.errors import StoreError, StoreUnavailable
from campaigns.domain.lead import Attempt, AttemptState, CampaignState
from campaigns.domain.pacing import Breaker
from campaigns.domain.transitions import advance, answered_to, found
from campaigns.failpoints import failpoint
from campaigns.ports import CallProvider, Clock, schedules
from campaigns.ports.meters import UNMETERED, Meters
from campaigns.ports.store import Account, Store

from .moves import Moves
from .terms import AccountTerms, Terms
from .wake import Wake

log = structlog.get_logger()
S = AttemptState

IN_FLIGHT = 32
"""POSTs at the same moment; gated apart from calls open."""
FENCE_AHEAD = timedelta(milliseconds=15)
"""The fence's transaction is done when the send instant comes."""
SLOWER = 0.9
"""What is left of the width after dials that came late together."""
QUICK = timedelta(milliseconds=5)
"""A write that takes no longer makes no dial late."""
LEARN, FORGET = 2, 16
"""A write that takes longer than those before counts for half at once; that they are quick again, by and by."""
UNREACHABLE, UNREACHABLE_MOST = timedelta(seconds=1), timedelta(seconds=60)
PERMIT = 50
"""A permit is good for so many of the clock's tolerances (1 s of real time): whoever was frozen asks for a new one."""
TRIES = 5
WITHOUT_DATABASE = timedelta(seconds=1)
"""Pause before an answer is tried to be written again where the database cannot take it."""
ALIKE = 3
"""Refusals of data in a row, on different numbers, after which the fault is not the numbers'."""


class Dialer:
    """Dials for one account; shared by all its campaigns in this process."""

    def __init__(
        self,
        store: Store,
        provider: CallProvider,
        clock: Clock,
        account: AccountTerms,
        owner: str,
        *,
        meters: Meters = UNMETERED,
    ) -> None:
        self._store, self._provider, self._clock, self.account = store, provider, clock, account
        self._meters = meters
        self.owner = owner
        """Names this process in the intents it writes."""
        self.wake = Wake()
        """Rung after every answer."""
        self._gate = anyio.Semaphore(IN_FLIGHT, fast_acquire=True)
        self._moves = Moves(store, clock)
        self._breaker = Breaker()
        self._silent_until: datetime | None = None
        self._beginning, self._trip = timedelta(), timedelta()
        """How long it may take just now to write intents down, and to write a permit."""
        self._width = float(IN_FLIGHT)
        """How many dials at a time leave at their instants: more with each that does, fewer where some do not."""
        self._narrowed_at: datetime | None = None
        self._asking = 0
        self._unreachable = 0
        self._alike: tuple[str, set[str]] = ("", set())
        self.in_flight: set[str] = set()
        """Attempts that this process is about to ask for; another `sending` of this process is an orphan."""
        self._due: dict[str, datetime] = {}
        """The instants of dials that have not left yet, since their permits were asked for."""
        self.unsent: set[str] = set()
        """Attempts that the database was lost with before they were asked for: whatever it says, nothing was sent."""
        self._told: list[Callable[[str], None]] = []

    @property
    def places(self) -> int:
        """How many more dials may come due now: whoever has no place among the POSTs would come late."""
        now = self._clock.now()
        return int(self._width) - sum(send_at <= now for send_at in self._due.values())

    @property
    def lead(self) -> timedelta:
        """How far from now an instant must be, so that intent and fence are written by then."""
        most = max(self._beginning, self._trip)
        return self._beginning + self._trip if most > QUICK else timedelta()

    def learn_beginning(self, began: datetime) -> None:
        """Intents that were asked for at `began` are written."""
        self._beginning = self._likely(self._beginning, began)

    def _likely(self, trip: timedelta, began: datetime) -> timedelta:
        """What hardly any write takes longer than, after one more: too early costs little, too late a new slot."""
        took = self._clock.now() - began
        if took >= PERMIT * self._clock.tolerance:  # it was frozen
            return trip
        return trip + (took - trip) / (FORGET if took < trip else LEARN)

    def heed(self, told: Callable[[str], None]) -> None:
        """Have `told` called with each attempt whose dial is over, when its answer is written."""
        self._told.append(told)

    def notice(self, account: Account) -> None:
        """What the database says of the account: another process may have opened the breaker, or closed it."""
        if account.breaker.open_until != self._breaker.open_until:
            self._breaker = account.breaker

    async def dial(self, attempt: Attempt, terms: Terms) -> None:
        """Carry one written intent to an answer. Whatever happens here, the person is asked for at most once."""
        self.in_flight.add(attempt.id)
        asked = False
        try:
            await self._clock.sleep_until(attempt.send_at - max(FENCE_AHEAD, self._trip))
            self._due[attempt.id] = attempt.send_at
            async with self._gate:
                permitted = await self._permit(attempt, terms)
                if permitted is None or not await self._may_ask(permitted, terms):
                    return
                asked, asked_at, slot = True, self._clock.now(), self._due.pop(attempt.id)
                placement = await self._ask(permitted, terms)
                took = self._clock.now() - asked_at
                failpoint("after_answer")
            await self._keep(permitted, placement, terms)  # others may ask while this is written
            # Only now: nothing may stand between a call and its being written down.
            self._meters.asked(self.account.name, asked_at - slot)
            self._meters.answered(self.account.name, type(placement).__name__, took)
        except StoreError as error:
            log.error("dial_not_recorded", attempt=attempt.id, why=str(error))
            if not asked:
                self.unsent.add(attempt.id)
        finally:
            self._due.pop(attempt.id, None)
            self.in_flight.discard(attempt.id)
            for told in self._told:
                told(attempt.id)
            self.wake.ring()

    async def _permit(self, attempt: Attempt, terms: Terms) -> Attempt | None:
        with anyio.CancelScope(shield=True):  # so that nobody has to guess whether it was given
            began = self._clock.now()
            permitted = await self._store.fence(attempt, now=began)
            self._trip = self._likely(self._trip, began)
            if permitted is not None:
                failpoint("after_permit")
            else:
                dropped = advance(attempt, S.NOT_SENT, reason="no longer allowed", ended_at=self._clock.now())
                await self._write(attempt, dropped, terms)
        return permitted

    async def _may_ask(self, permitted: Attempt, terms: Terms) -> bool:
        """Wait for its slot; False: it came too late, or the provider has become silent meanwhile."""
        try:
            hindrance = await self._hindrance(permitted, terms)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(5):
                await self._answer(permitted, NotSent("stopped before asking"), terms)
            raise
        if hindrance:
            await self._answer(permitted, NotSent(hindrance), terms)
        return not hindrance

    async def _hindrance(self, permitted: Attempt, terms: Terms) -> str:
        send_at = permitted.send_at
        last = min(permitted.dial_before, (permitted.first_sent_at or send_at) + PERMIT * self._clock.tolerance)
        await self._clock.sleep_until(send_at)
        ahead, asked_at = self._clock.tolerance, permitted.created_at
        while send_at + self._clock.tolerance < (now := self._clock.now()) < last:
            # Ever further ahead, and fewer at a time: where the machine does not keep up, the next moment would be
            # missed as well.
            self._narrow(asked_at, now)
            asked_at = now
            send_at = await self._store.new_slot(permitted, terms.limits, now=now + max(ahead, self._trip))
            self._due[permitted.id] = send_at
            ahead *= 2
            await self._clock.sleep_until(min(send_at, last))
        if self._store.doubt:
            return "the database is in doubt"
        if now >= last:
            return "the slot came after the last moment for this dial"
        if self._silent_until is not None and now < self._silent_until:
            return "the provider is to be left alone"
        if self._breaker.is_trial and self._asking:
            return "another dial is trying the provider out"
        return ""

    def _narrow(self, asked_at: datetime, now: datetime) -> None:
        """A dial is late whose instant was asked for at `asked_at`; if before the last one was, both are one delay."""
        if self._narrowed_at is None or asked_at >= self._narrowed_at:
            self._width, self._narrowed_at = max(1.0, self._width * SLOWER), now

    async def _ask(self, attempt: Attempt, terms: Terms) -> Placement | Handover:
        self._asking += 1
        self._width = min(IN_FLIGHT * 2.0, self._width + 1 / self._width)
        try:
            return await self._asked(attempt)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(5):
                await self._answer(attempt, Unclear("stopped while asking"), terms)
            raise
        finally:
            self._asking -= 1

    async def _asked(self, attempt: Attempt) -> Placement | Handover:
        """The one request of this attempt: for a call now, or at its time."""
        if attempt.fires_at is None:
            return await self._provider.place(attempt.body, attempt_id=attempt.id)
        if not schedules(self._provider):
            return NotSent("the provider cannot hold calls for later")
        return await self._provider.book(attempt.body, attempt_id=attempt.id)

    async def _keep(self, attempt: Attempt, placement: Placement | Handover, terms: Terms) -> None:
        """Write an answer down, and learn from it; while the database cannot take it, again and again.

        Given up only when the process is told to end: then nobody knows it any more, and it becomes a doubt.
        """
        written = False
        while True:
            try:
                with anyio.CancelScope(shield=True), anyio.move_on_after(30):
                    if not written:
                        await self._answer(attempt, placement, terms)
                        failpoint("after_placed")
                        written = True
                    await self._learn(attempt, placement, terms)
            except StoreUnavailable as error:
                log.error("answer_waits", attempt=attempt.id, why=str(error))
                await self._clock.sleep_until(self._clock.now() + WITHOUT_DATABASE)
            else:
                return

    async def _answer(self, attempt: Attempt, placement: Placement | Handover, terms: Terms) -> None:
        after = answered_to(attempt, placement, now=self._clock.now())
        log.info("answered", attempt=attempt.id, state=str(after.state), why=_in_own_words(placement))
        await self._write(attempt, after, terms, bad_data=isinstance(placement, Refused) and placement.bad_data)

    async def _write(self, before: Attempt, after: Attempt, terms: Terms, *, bad_data: bool = False) -> None:
        """Write the move with its lead; a lead that changed meanwhile is read and concluded again."""
        for _ in range(TRIES):
            why = after.reason or str(after.state)
            if await self._moves.write(before, after, terms, why=why, bad_data=bad_data):
                return
            stored = await self._store.attempt(before.id)
            if stored is None:
                return
            if stored.rev != before.rev:
                if after.state not in (S.PLACED, S.BOOKED) or stored.state not in (S.UNCLEAR, S.UNCERTAIN):
                    return  # a report has overtaken this answer, and moved the attempt already
                before, after = stored, self._held(stored, after)
        log.error("answer_not_recorded", attempt=before.id, state=str(after.state))

    def _held(self, stored: Attempt, answered: Attempt) -> Attempt:
        """A doubt that its own late answer ends."""
        if answered.call_id is not None:
            return found(stored, answered.call_id, by="", now=self._clock.now())
        return advance(stored, S.BOOKED, booking_id=answered.booking_id)

    async def _learn(self, attempt: Attempt, placement: Placement | Handover, terms: Terms) -> None:
        """What an answer says about the provider, beyond this one call."""
        if isinstance(placement, NotSent):
            await self._pause(min(UNREACHABLE * 2 ** min(self._unreachable, 10), UNREACHABLE_MOST))
            self._unreachable += 1
            return
        self._unreachable = 0
        await self._count(unclear=isinstance(placement, Unclear))
        if isinstance(placement, Refused):
            await self._refused(attempt, placement, terms)
        elif isinstance(placement, Placed | Booked):
            self._alike = ("", set())

    async def _refused(self, attempt: Attempt, placement: Refused, terms: Terms) -> None:
        if placement.throttled:
            await self._pause(placement.retry_after or UNREACHABLE_MOST)
        elif placement.account:
            await self._steer(terms, CampaignState.REFUSED, f"the provider refuses the account: {placement.reason}")
        elif placement.bad_data:
            numbers = self._alike[1] if self._alike[0] == placement.reason else set[str]()
            self._alike = (placement.reason, {*numbers, attempt.phone_key})
            if len(self._alike[1]) >= ALIKE:
                self._alike = ("", set())  # whoever resumes has looked at it
                await self._steer(terms, CampaignState.PAUSED, f"{ALIKE} refusals alike in a row: {placement.reason}")

    async def _steer(self, terms: Terms, to: CampaignState, reason: str) -> None:
        await self._store.steer(
            terms.record.name, to, expect=[CampaignState.ACTIVE], reason=reason, now=self._clock.now()
        )  # fmt: skip

    async def _pause(self, silence: timedelta) -> None:
        """Nobody is dialled on this account for a while: also not those who are written down already."""
        until = self._clock.now() + silence
        self._hush(until)
        await self._store.pause_account(self.account.name, until)

    def _hush(self, until: datetime) -> None:
        self._silent_until = max(until, self._silent_until or until)

    async def _count(self, *, unclear: bool) -> None:
        now, before = self._clock.now(), self._breaker
        if not unclear and before.open_until is None:
            self._breaker = before.clear(now=now)
            return
        stored = (await self._store.account(self.account.name)).breaker
        # Another process may have opened or closed it meanwhile.
        before = before if before.open_until == stored.open_until else stored
        self._breaker = after = before.unclear(now=now) if unclear else before.clear(now=now)
        if after.open_until == before.open_until:
            return
        log.warning("breaker", provider=self.account.name, open_until=str(after.open_until))
        await self._store.put_breaker(self.account.name, changed(after, recent=""))
        if after.open_until is not None:
            self._hush(after.open_until)  # of dials only: what became of calls is asked on, doubts above all


def _in_own_words(placement: Placement | Handover) -> str:
    """For the log: what a provider answered may repeat whom it was to call, and stands with the attempt alone."""
    return placement.reason if isinstance(placement, NotSent) else ""
