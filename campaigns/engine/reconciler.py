"""Attempts gone silent or unclear: ask the provider, then conclude. Finishes a campaign with no webhook at all."""

from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import anyio
import structlog

from campaigns.domain.call import CallReport, Direction, Disposition, Grade
from campaigns.domain.errors import AccountRefused, StoreUnavailable, Throttled, VendorError
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.domain.transitions import advance
from campaigns.ports import CallProvider, Clock
from campaigns.ports.meters import UNMETERED, Meters
from campaigns.ports.store import InboxItem, Store

from .dialer import PERMIT, Dialer
from .doubts import Doubts, lookup_at
from .inbox import News, report_of
from .keeper import Keeper
from .recorder import Recorder, whole_of
from .settler import Settler, waits_for_analysis
from .strangers import Strangers
from .sweep import Round, Sweep, hint_due
from .terms import AccountTerms, TermsBook
from .wake import Wake

log = structlog.get_logger()
S = AttemptState

OPEN_STATES = (S.INTENT, S.SENDING, S.BOOKED, S.PLACED, S.UNCLEAR, S.UNCERTAIN)
POST_ENDS = timedelta(seconds=60)
"""No POST is on its way longer than this after the last moment for sending it."""
LEFT = timedelta(seconds=10)
"""An intent that is so late is not carried any more by another process; if it is, the fence stops it."""
ORPHAN_AFTER = timedelta(hours=24)
AGAIN = timedelta(milliseconds=50)
"""The least sleep between two rounds."""
MOST_REST = timedelta(seconds=1)


class Reconciler:
    """One for each account of this process."""

    def __init__(  # noqa: PLR0913 - the parts of one account, wired once
        self,
        store: Store,
        provider: CallProvider,
        clock: Clock,
        account: AccountTerms,
        *,
        book: TermsBook,
        dialer: Dialer,
        settled: Wake,
        sole: bool = False,
        meters: Meters = UNMETERED,
    ) -> None:
        """`sole`: no other process dials from this database, so what another one began is left by a dead one."""
        self._store, self._provider, self._clock, self._account = store, provider, clock, account
        self._book, self._dialer, self._settled = book, dialer, settled
        self._recorder, self._meters = Recorder(store, clock, book, meters), meters
        self._sweep = Sweep(provider, clock)
        self._doubts = Doubts(store, clock, account, provider.facts, book=book, recorder=self._recorder)
        self._strangers = Strangers(store, account, book=book, recorder=self._recorder)
        self._keeper = Keeper(store, provider, clock, account, book=book, recorder=self._recorder)
        self._sole = sole
        self._read: tuple[int, list[Attempt]] | None = None
        """What was open when it was last read, and after how many changes."""
        self._kept: list[InboxItem] = []
        self._silent_until: datetime | None = None
        self._ours_until: datetime | None = None
        self._others_until: datetime | None = None
        """How long another process asks for all."""
        self._unheard: dict[str, datetime] = {}
        """Calls that ought to be over long since, and from when on the provider has been asked in vain for each."""
        self.wake = Wake()
        """Ring it when there is something to ask for now: a webhook that proves nothing, a booking to cancel."""
        self._settler = Settler(
            store, clock, account, book=book, recorder=self._recorder, in_flight=dialer.in_flight, settled=settled,
            rounds=self.wake,
        )  # fmt: skip
        dialer.heed(self._settler.answered)

    def heard(self, news: News) -> None:
        """A webhook that was kept just now: what is signed is settled at once, all else by the next round."""
        self._settler.heard(news)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._settler.run)
            while True:
                began = self._clock.now()
                try:
                    until = await self.round()
                    # However many webhooks ring, half of the time is left to whoever dials.
                    rest = min(self._clock.now() - began, MOST_REST)
                    await self._clock.sleep_until(self._clock.now() + rest)
                except StoreUnavailable as error:
                    log.error("database_unavailable", provider=self._account.name, why=str(error))
                    until = self._clock.now() + self._account.poll_every
                await self.wake.sleep(self._clock, until)

    async def round(self) -> datetime | None:
        """Ask and settle once; returns when the next round is due, None: when something new happens."""
        before = self._recorder.changes
        self._read = None
        await self._adopt_orphans()
        # Who concludes from silence must know how long it has lasted: not by a clock that was set meanwhile.
        steady = self._clock.steady_for(2 * self._account.longest_call)
        freed = steady and await self._store.free_lines(
            self._account.name, self._account.longest_call, now=self._clock.now()
        )
        asked = await self._ask()
        if asked is not None:
            await self._settle(asked)
        await self._keep()
        if steady:
            await self._end_silent(asked)
            await self._doubts.end(await self._live(S.UNCLEAR, S.UNCERTAIN))
        if freed or self._recorder.changes != before:
            self._settled.ring()
        return await self._next()

    async def _live(self, *states: AttemptState) -> list[Attempt]:
        """Attempts in these states that this process is not just about to write."""
        wanted = states or OPEN_STATES
        return [a for a in await self._open() if a.state in wanted and a.id not in self._dialer.in_flight]

    async def _open(self) -> list[Attempt]:
        """All that is not settled; read again only after a change of ours, or an asking. Guards tell what is old."""
        if self._read is None or self._read[0] != self._recorder.changes:
            changes = self._recorder.changes
            self._read = changes, await self._store.attempts_in(self._account.name, OPEN_STATES)
        return self._read[1]

    async def _hints(self) -> dict[str, list[InboxItem]]:
        by_call = defaultdict[str, list[InboxItem]](list)
        self._kept = await self._store.inbox(self._account.name, limit=1000)
        for item in self._kept:
            by_call[report_of(item).call_id].append(item)
        return dict(by_call)

    async def _adopt_orphans(self) -> None:
        """What a crash left: an intent past its moment was never sent; a sending that nobody carries is unclear.

        What another living process wrote may still be carried by it, until its time is over.
        """
        for attempt in await self._live(S.INTENT, S.SENDING):
            now, left = self._clock.now(), self._is_left(attempt)
            if attempt.id in self._dialer.unsent:
                unsent = advance(attempt, S.NOT_SENT, reason="the database was lost before asking", ended_at=now)
                if await self._recorder.write(attempt, unsent, why="orphan"):
                    self._dialer.unsent.discard(attempt.id)
            elif attempt.state is S.SENDING and (left or now >= self._left_at(attempt)):
                doubt = advance(attempt, S.UNCLEAR, unclear_since=attempt.first_sent_at, reason="stopped while asking")
                await self._recorder.write(attempt, doubt, why="orphan")
            elif attempt.state is S.INTENT and (now >= self._left_at(attempt) or (left and not self._is_own(attempt))):
                dropped = advance(attempt, S.NOT_SENT, reason="the moment to dial has passed", ended_at=now)
                await self._recorder.write(attempt, dropped, why="orphan")

    def _left_at(self, attempt: Attempt) -> datetime:
        """From when on no process carries a dial that is written down, or permitted: permits last a second."""
        if attempt.state is S.INTENT:
            return min(attempt.dial_before, attempt.send_at + LEFT)
        last = (attempt.first_sent_at or attempt.send_at) + PERMIT * self._clock.tolerance
        return min(attempt.dial_before, last) + POST_ENDS

    def _is_own(self, attempt: Attempt) -> bool:
        return attempt.lease_owner == self._dialer.owner

    def _is_left(self, attempt: Attempt) -> bool:
        """Whether certainly nobody carries it any more (what this process carries is not asked here)."""
        return self._sole or self._is_own(attempt)

    async def _ask(self) -> Round | None:
        """What the provider says of all that is due; None: nothing is due, or it is to be left alone."""
        live, hints, now = await self._live(), await self._hints(), self._clock.now()
        due = [attempt for attempt in live if self._is_due(attempt, now)]
        if self._silent_until is not None and now < self._silent_until:
            return None
        booked = any(attempt.state is S.BOOKED for attempt in live)
        if not (due or hints or booked) or not await self._takes_round(hints, now) or not (due or hints):
            return None
        asked = Round(live, due, hints, may_prove=self._account.absence_after is not None)
        self._silent_until = None
        await self._patiently(self._sweep.ask(asked))
        if asked.answered:
            self._meters.swept(self._account.name)
        self._read = None  # time has passed
        return asked

    async def _takes_round(self, hints: Mapping[str, Sequence[InboxItem]], now: datetime) -> bool:
        """Whether this process asks now; of several on one database one asks for all, unless there is fresh news."""
        until = now + self._account.poll_every
        urgent = self._sole or any(not item.tries for items in hints.values() for item in items)
        self._others_until = await self._store.take_round(
            self._account.name, until=until, mine=self._ours_until, urgent=urgent, now=now
        )
        if self._others_until is None:
            self._ours_until = until
        return self._others_until is None

    async def _keep(self) -> None:
        """Cancel what was booked and must not take place any more."""
        if self._others_until is not None:
            return
        if self._silent_until is None or self._silent_until <= self._clock.now():
            await self._patiently(self._keeper.keep())

    async def _patiently(self, asking: Awaitable[None]) -> None:
        """Ask; a provider that does not answer is left alone for a while."""
        try:
            await asking
        except Throttled as error:
            self._silent_until = self._clock.now() + error.retry_after
            await self._store.pause_account(self._account.name, self._silent_until)
        except (VendorError, AccountRefused) as error:
            log.warning("cannot_ask", provider=self._account.name, why=error.logged)
            self._silent_until = self._clock.now() + self._account.poll_every

    def _is_due(self, attempt: Attempt, now: datetime) -> bool:
        if attempt.state is S.PLACED:
            return True
        if attempt.state is S.BOOKED:
            return attempt.rings_from <= now
        return attempt.state is S.UNCLEAR and (lookup_at(attempt, self._account) or now) <= now

    async def _settle(self, asked: Round) -> None:
        owned = {attempt.call_id: attempt for attempt in asked.live if attempt.call_id}
        by_id = {attempt.id: attempt for attempt in asked.live}
        for report in sorted(asked.seen.values(), key=lambda report: report.call_id):
            attempt = owned.get(report.call_id) or by_id.get(report.attempt_id or "")
            if report.direction is Direction.INBOUND:
                await self._settle_inbound(asked, report)
            elif attempt is not None and attempt.state is S.PLACED:
                await self._settle_placed(asked, attempt, report)
        for attempt in asked.live:
            if attempt.state in (S.BOOKED, S.UNCLEAR, S.UNCERTAIN) and not await self._keeper.settle(attempt, asked):
                await self._settle_doubt(asked, attempt)
        for other in await self._strangers.look(asked):
            await self._done(asked, other)
        nobodys: list[InboxItem] = []
        for call_id, items in list(asked.hints.items()):
            nobodys += await self._settle_late(asked, call_id, items)
        if nobodys:
            await self._keep_or_drop(nobodys)

    async def _settle_inbound(self, asked: Round, report: CallReport) -> None:
        whole = whole_of(asked.hints.get(report.call_id, []), report, of=None)
        if not self._waits_for_analysis(whole):
            await self._recorder.inbound(self._account.name, whole)
            await self._done(asked, whole)

    async def _settle_placed(self, asked: Round, attempt: Attempt, report: CallReport) -> None:
        if attempt.call_id != report.call_id:
            return  # a stranger
        hints = asked.hints.get(report.call_id, [])
        whole = whole_of(hints, report, of=attempt)
        if whole.ended and not self._waits_for_analysis(whole):
            await self._recorder.settle(attempt, whole, by="report" if hints else "sweep")
            await self._done(asked, whole)

    async def _settle_doubt(self, asked: Round, attempt: Attempt) -> None:
        report = await self._doubts.look(attempt, asked)
        if report is not None:
            whole = whole_of(asked.hints.get(report.call_id, []), report, of=attempt)
            await self._recorder.settle(attempt, whole, by="lookup")
            await self._done(asked, whole)

    def _waits_for_analysis(self, report: CallReport) -> bool:
        return waits_for_analysis(report, self._account, self._clock)

    async def _done(self, asked: Round, report: CallReport) -> None:
        items = asked.hints.pop(report.call_id, []) if report.ended else []
        if report.ended:
            self._settler.forget(report.call_id)
        if items:
            await self._store.inbox_done([item.id for item in items], "applied")

    async def _settle_late(self, asked: Round, call_id: str, items: Sequence[InboxItem]) -> Sequence[InboxItem]:
        """Webhooks of calls that have ended already, that are signed, or that nobody knows: these come back."""
        hints, shown = [report_of(item) for item in items], asked.seen.get(call_id)
        known = await self._owner(call_id, [*hints, *([shown] if shown else [])])
        if known is None:
            return items
        signed = any(item.grade == Grade.BODY for item in items)
        if known.state is S.INTENT or known.id in self._dialer.in_flight or not (signed or known.state is S.ENDED):
            return ()  # its own answer, or the list, is on the way
        whole = whole_of(items, known.report, shown, of=known)
        if whole.disposition is None and known.state is not S.ENDED:
            whole = replace(whole, ended=False)  # how it ended the call itself tells, which is asked for now
        await self._recorder.settle(known, whole, by="report")
        await self._done(asked, whole)
        return ()

    async def _owner(self, call_id: str, reports: Sequence[CallReport]) -> Attempt | None:
        """Whose call this is: by the call's id, else by our own."""
        known = await self._store.attempt_of_call(self._account.name, call_id)
        names = {report.attempt_id for report in reports} - {None}
        if known is not None or len(names) != 1:
            return known
        named = await self._store.attempt(names.pop() or "")
        return named if named is not None and named.call_id in (None, call_id) else None

    async def _keep_or_drop(self, items: Sequence[InboxItem]) -> None:
        now = self._clock.now()
        old = {item.id for item in items if now - item.received_at >= ORPHAN_AFTER}
        again = [item.id for item in items if item.id not in old and hint_due(item) <= now]
        if old:
            await self._store.inbox_done(sorted(old), "orphan")
        if again:
            await self._store.inbox_retry(again)

    async def _end_silent(self, asked: Round | None) -> None:
        """A call that is past the longest time and not live at the provider ends as unknown; at twice that, any.

        Where nobody was asked for a while, as after an outage, the provider has the longest time to tell of it first.
        """
        if self._others_until is not None:
            return  # whoever asks is told, and ends them
        now, longest, unheard = self._clock.now(), self._account.longest_call, dict[str, datetime]()
        for attempt in await self._live(S.PLACED):
            lacks = asked is not None and asked.lacks(attempt)
            if now < attempt.silent_at(longest if lacks else 2 * longest):
                continue
            if not lacks and (asked is None or attempt.call_id not in asked.seen):
                since = unheard[attempt.id] = self._unheard.get(attempt.id, now)
                if now < since + longest:
                    continue
            report = CallReport(attempt.call_id or "", attempt.id, ended=True, disposition=Disposition.UNKNOWN)
            await self._recorder.settle(attempt, report, by="sweep")
        self._unheard = unheard

    async def _next(self) -> datetime | None:
        """The next moment at which a round can find something."""
        now = self._clock.now()
        soon = now + self._account.poll_every
        if self._others_until is not None:
            soon = min(soon, self._others_until)
        moments = [max(soon, hint_due(item)) for item in self._kept]
        for attempt in await self._open():
            moments += await self._next_of(attempt, soon)
        if not moments:
            return None
        return max(min(moments), self._silent_until or now, now + AGAIN)

    async def _next_of(self, attempt: Attempt, soon: datetime) -> list[datetime]:
        if attempt.state is S.PLACED or attempt.id in self._dialer.in_flight:
            return [soon]
        if attempt.state is S.BOOKED:
            return [self._keeper.look_at(attempt, soon=soon)]
        if attempt.state is S.INTENT:
            return [max(self._left_at(attempt), soon)]
        if attempt.state is S.SENDING:
            return [soon if self._is_left(attempt) else max(self._left_at(attempt), soon)]
        freed = [attempt.silent_at(self._account.longest_call)] if attempt.open else []
        if attempt.state is S.UNCLEAR:
            due = lookup_at(attempt, self._account)
            return [due if due is not None and due > self._clock.now() else soon, *freed]
        counted = await self._doubts.counts_at(attempt)
        return [*freed, *([max(counted, soon)] if counted else [])]
