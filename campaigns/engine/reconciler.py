"""Attempts gone silent or unclear: ask the provider, then conclude. Able to finish a campaign with no webhook at all."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from campaigns.domain.call import CallReport, Direction, Disposition, Grade
from campaigns.domain.campaign import UncertainPolicy
from campaigns.domain.errors import AccountRefused, Throttled, VendorError
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.domain.transitions import advance, ended
from campaigns.ports import CallProvider, Clock
from campaigns.ports.store import InboxItem, Store

from .dialer import Dialer
from .inbox import report_of
from .recorder import Recorder, with_hints
from .terms import AccountTerms, TermsBook
from .wake import Wake

log = structlog.get_logger()
S = AttemptState

SKEW = timedelta(minutes=2)
"""The provider's clock may differ from ours by this much."""
PAGE = 100
FETCHES = 5
"""Single look-ups in one round: stragglers that the pages did not show."""
GRACE = timedelta(seconds=15)
"""Where reports come, an answered call waits this long for its analysis."""
FIRST_RETRY = timedelta(seconds=5)
ORPHAN_AFTER = timedelta(hours=24)


@dataclass
class _Round:
    """What one round of asking brought."""

    live: list[Attempt]
    hints: dict[str, list[InboxItem]] = field(default_factory=dict)
    seen: dict[str, CallReport] = field(default_factory=dict)
    """Every listed call, by its id."""
    complete: bool = False
    """Whether every page was read."""

    def report_for(self, attempt: Attempt) -> CallReport | None:
        return self.seen.get(attempt.call_id or "")


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
    ) -> None:
        self._store, self._provider, self._clock, self._account = store, provider, clock, account
        self._book, self._dialer, self._settled = book, dialer, settled
        self._recorder = Recorder(store, clock, book)
        self._asked: dict[str, datetime] = {}
        self._from_end = False
        self._silent_until: datetime | None = None
        self.wake = Wake()
        """Ring it when there is something new to ask for: a call placed, a webhook kept."""

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            until = await self.round()
            await self.wake.sleep(self._clock, until)

    async def round(self) -> datetime | None:
        """Ask and settle once; returns when the next round is due, None: when something new happens."""
        await self._adopt_orphans()
        await self._store.free_lines(self._account.name, self._account.longest_call, now=self._clock.now())
        live = await self._live()
        hints = await self._hints()
        if self._silent_until is None or self._clock.now() >= self._silent_until:
            asked = await self._ask(live, hints)
            if asked is not None:
                await self._settle(asked)
        await self._give_up(await self._live())
        self._settled.ring()
        return self._next(await self._live(), [item for items in hints.values() for item in items])

    async def _live(self) -> list[Attempt]:
        states = (S.INTENT, S.SENDING, S.PLACED, S.UNCLEAR, S.UNCERTAIN)
        return await self._store.attempts_in(self._account.name, states)

    async def _hints(self) -> dict[str, list[InboxItem]]:
        by_call = defaultdict[str, list[InboxItem]](list)
        for item in await self._store.inbox(self._account.name, limit=1000):
            by_call[report_of(item).call_id].append(item)
        return dict(by_call)

    async def _adopt_orphans(self) -> None:
        """What a crash left: an intent past its moment was never sent; a sending that nobody carries is unclear."""
        now = self._clock.now()
        for attempt in await self._store.attempts_in(self._account.name, (S.INTENT, S.SENDING)):
            if attempt.id in self._dialer.in_flight:
                continue
            if attempt.state is S.SENDING:
                doubt = advance(attempt, S.UNCLEAR, unclear_since=attempt.first_sent_at, reason="stopped while asking")
                await self._recorder.write(attempt, doubt, why="orphan")
            elif now >= attempt.dial_before or attempt.lease_owner != self._dialer.owner:
                dropped = advance(attempt, S.NOT_SENT, reason="the moment to dial has passed", ended_at=now)
                await self._recorder.write(attempt, dropped, why="orphan")

    async def _ask(self, live: Sequence[Attempt], hints: dict[str, list[InboxItem]]) -> _Round | None:
        """List what is needed; None: nothing is due, or the provider cannot be asked."""
        now = self._clock.now()
        due = [attempt for attempt in live if self._is_due(attempt, now)]
        if not due and not hints:
            return None
        asked = _Round(live=list(live), hints=hints)
        try:
            if due:
                await self._list(asked, due)
            await self._fetch_stragglers(asked, due)
            self._silent_until = None
        except Throttled as error:
            await self._store.pause_account(self._account.name, now + error.retry_after)
            self._silent_until = now + error.retry_after
        except (VendorError, AccountRefused) as error:
            log.warning("cannot_ask", provider=self._account.name, why=str(error))
            self._silent_until = now + self._account.poll_every
        return asked

    def _is_due(self, attempt: Attempt, now: datetime) -> bool:
        if attempt.state is S.PLACED:
            return True
        return attempt.state is S.UNCLEAR and (self._lookup_at(attempt) or now) <= now

    def _lookup_at(self, attempt: Attempt) -> datetime | None:
        """When an unclear attempt is looked for next; None: the ladder is used up."""
        ladder = self._account.lookups
        if attempt.lookups >= len(ladder):
            return None
        return (attempt.unclear_since or attempt.created_at) + ladder[attempt.lookups]

    async def _list(self, asked: _Round, due: Sequence[Attempt]) -> None:
        """As many pages as cover the open calls, from whichever end the provider keeps them; all for a look-up."""
        since = min(attempt.first_sent_at or attempt.created_at for attempt in due) - SKEW
        wanted = {attempt.call_id for attempt in due if attempt.call_id}
        unclear = any(attempt.state is S.UNCLEAR for attempt in due)
        most = len(due) // PAGE + 2
        offset, pages = 0, 0
        while True:
            page = await self._provider.page(since=since, offset=offset, limit=PAGE)
            pages += 1
            asked.seen.update((report.call_id, report) for report in page.reports)
            wanted -= asked.seen.keys()
            if not page.has_more or not page.reports:
                asked.complete = pages == 1 or unclear
                return
            if not unclear and (not wanted or pages >= most):
                return
            offset = self._next_offset(offset, len(page.reports), page.total, unclear=unclear, pages=pages)

    def _next_offset(self, offset: int, got: int, total: int | None, *, unclear: bool, pages: int) -> int:
        """Onward; but to the far end where the first page shows none of what is open (an old-first list)."""
        far_end = max((total or 0) - PAGE, 0)
        if not unclear and pages == 1 and far_end > offset + got:
            return far_end
        return offset + got

    async def _fetch_stragglers(self, asked: _Round, due: Sequence[Attempt]) -> None:
        """Ask by id for what the pages did not show, the longest unasked first."""
        missing: list[str] = [a.call_id for a in due if a.state is S.PLACED and a.call_id and a.call_id not in asked.seen]
        now = self._clock.now()
        for call_id, items in asked.hints.items():
            if call_id not in asked.seen and min(map(_hint_due, items)) <= now:
                missing.append(call_id)
        never = datetime.min.replace(tzinfo=self._clock.now().tzinfo)
        missing = sorted(dict.fromkeys(missing), key=lambda call_id: self._asked.get(call_id, never))
        for call_id in missing[:FETCHES]:
            self._asked[call_id] = self._clock.now()
            report = await self._provider.fetch(call_id)
            if report is not None:
                asked.seen[call_id] = report
        self._asked = {call_id: at for call_id, at in self._asked.items() if call_id in missing}

    async def _settle(self, asked: _Round) -> None:
        owned = {attempt.call_id: attempt for attempt in asked.live if attempt.call_id}
        by_id = {attempt.id: attempt for attempt in asked.live}
        for report in sorted(asked.seen.values(), key=lambda report: report.call_id):
            attempt = owned.get(report.call_id) or by_id.get(report.attempt_id or "")
            if report.direction is Direction.INBOUND:
                await self._recorder.inbound(self._account.name, self._hinted(asked, report))
                await self._done(asked, report.call_id)
            elif attempt is not None:
                await self._settle_one(asked, attempt, report)
        await self._apply_late_hints(asked)
        for attempt in asked.live:
            if attempt.state in (S.UNCLEAR, S.UNCERTAIN):
                await self._look_up(asked, attempt)

    async def _settle_one(self, asked: _Round, attempt: Attempt, report: CallReport) -> None:
        if attempt.id in self._dialer.in_flight or attempt.state is S.INTENT:
            return  # its own answer is on the way
        if attempt.call_id is not None and attempt.call_id != report.call_id:
            log.error("two_calls_for_one_attempt", attempt=attempt.id)
            return
        if attempt.state in (S.PLACED, S.ENDED) and (not report.ended or self._waits_for_analysis(asked, report)):
            return
        whole = self._hinted(asked, report)
        by = "lookup" if attempt.state in (S.UNCLEAR, S.UNCERTAIN) else "sweep"
        await self._recorder.settle(attempt, whole, by="report" if report.call_id in asked.hints else by)
        if report.ended:
            await self._done(asked, report.call_id)

    def _waits_for_analysis(self, asked: _Round, report: CallReport) -> bool:
        """An answered call that ended just now may get its analysis by webhook in a moment."""
        if not self._account.reports_come or report.disposition is not Disposition.ANSWERED or report.analysis:
            return False
        told = any(report_of(item).analysis or report_of(item).summary for item in asked.hints.get(report.call_id, []))
        return not told and report.ended_at is not None and self._clock.now() < report.ended_at + GRACE

    def _hinted(self, asked: _Round, report: CallReport) -> CallReport:
        return with_hints(report, [report_of(item) for item in asked.hints.get(report.call_id, [])])

    async def _done(self, asked: _Round, call_id: str) -> None:
        items = asked.hints.pop(call_id, [])
        if items:
            await self._store.inbox_done([item.id for item in items], "applied")

    async def _apply_late_hints(self, asked: _Round) -> None:
        """Webhooks of calls that have ended already, that are signed, or that nobody knows."""
        for call_id, items in list(asked.hints.items()):
            known = await self._store.attempt_of_call(self._account.name, call_id)
            signed = [report_of(item) for item in items if item.grade == Grade.BODY and report_of(item).disposition]
            if known is not None and (known.state is S.ENDED or signed):
                base = known.report if known.report is not None else signed[0]
                await self._recorder.settle(known, with_hints(base, [report_of(item) for item in items]), by="report")
                await self._done(asked, call_id)
            elif known is None:
                await self._keep_or_drop(items)

    async def _keep_or_drop(self, items: Sequence[InboxItem]) -> None:
        old = [item.id for item in items if self._clock.now() - item.received_at >= ORPHAN_AFTER]
        await self._store.inbox_done(old, "orphan")
        await self._store.inbox_retry([item.id for item in items if item.id not in old])

    async def _look_up(self, asked: _Round, attempt: Attempt) -> None:
        """Find an unclear attempt among the listed calls by number and time; or count an empty look-up."""
        again = await self._store.attempt(attempt.id)
        if again is None or again.state not in (S.UNCLEAR, S.UNCERTAIN) or again.id in self._dialer.in_flight:
            return
        fitting = [report for report in asked.seen.values() if self._fits(again, report)]
        free = [r for r in fitting if await self._store.attempt_of_call(self._account.name, r.call_id) is None]
        if len(free) == 1:
            await self._recorder.settle(again, self._hinted(asked, free[0]), by="lookup")
        elif len(free) > 1:
            log.error("several_calls_fit_an_unclear_attempt", attempt=again.id, calls=len(free))
            await self._counted(again)
        elif asked.complete and again.state is S.UNCLEAR:
            await self._empty(again)

    def _fits(self, attempt: Attempt, report: CallReport) -> bool:
        if report.direction is Direction.INBOUND or report.attempt_id not in (None, attempt.id):
            return False
        if report.attempt_id == attempt.id:
            return True
        sent = attempt.first_sent_at or attempt.created_at
        moment = report.created_at or report.started_at
        in_time = moment is None or sent - SKEW <= moment <= sent + self._account.longest_call
        return report.phone == attempt.phone and in_time

    async def _empty(self, attempt: Attempt) -> None:
        """A complete look-up without a hit: proof of absence only where the settings trust it, and only the second."""
        now, proof_after = self._clock.now(), self._account.absence_after
        sent = attempt.first_sent_at or attempt.created_at
        if (self._lookup_at(attempt) or now) > now:
            return
        if proof_after is not None and now >= sent + proof_after and attempt.empty_lookup_at is not None:
            gone = advance(attempt, S.NOT_CREATED, resolved_by="lookup", ended_at=now, reason="the call does not exist")
            await self._recorder.write(attempt, gone, why="absent in two complete look-ups")
            return
        await self._counted(replace(attempt, empty_lookup_at=now))

    async def _counted(self, attempt: Attempt) -> None:
        now = self._clock.now()
        if (self._lookup_at(attempt) or now) <= now and attempt.state is S.UNCLEAR:
            counted = replace(attempt, lookups=attempt.lookups + 1)
            await self._recorder.write(attempt, counted, why="looked up")

    async def _give_up(self, live: Sequence[Attempt]) -> None:
        """What time alone decides: silent calls, used-up ladders, doubts that the file counts as attempts."""
        for attempt in live:
            if attempt.id in self._dialer.in_flight:
                continue
            if attempt.state is S.PLACED and self._is_past(attempt, self._account.longest_call):
                silent = CallReport(attempt.call_id or "", attempt.id, ended=True, disposition=Disposition.UNKNOWN)
                await self._recorder.settle(attempt, silent, by="sweep")
            elif attempt.state is S.UNCLEAR and self._lookup_at(attempt) is None:
                await self._recorder.write(attempt, advance(attempt, S.UNCERTAIN), why="every look-up was in vain")
            elif attempt.state is S.UNCERTAIN:
                await self._count_as_attempt(attempt)

    async def _count_as_attempt(self, attempt: Attempt) -> None:
        terms = await self._book.of(attempt.campaign)
        longest = self._account.longest_call + self._provider.facts.queue
        if terms is None or terms.campaign.attempts.uncertain is not UncertainPolicy.AS_ATTEMPT:
            return
        if self._is_past(attempt, longest):
            unknown = CallReport(attempt.call_id or "", attempt.id, ended=True, disposition=Disposition.UNKNOWN)
            after = ended(attempt, unknown, by="policy", now=self._clock.now())
            await self._recorder.write(attempt, after, why="attempts.uncertain: as_attempt")

    def _is_past(self, attempt: Attempt, longest: timedelta) -> bool:
        return self._clock.now() >= (attempt.first_sent_at or attempt.created_at) + longest

    def _next(self, live: Sequence[Attempt], hints: Sequence[InboxItem]) -> datetime | None:
        """The next moment at which a round can find something."""
        now = self._clock.now()
        soon = now + self._account.poll_every
        moments = [max(soon, _hint_due(item)) for item in hints]
        for attempt in live:
            if attempt.state is S.PLACED or attempt.id in self._dialer.in_flight:
                moments.append(soon)
            elif attempt.state is S.INTENT:
                moments.append(max(attempt.dial_before, soon))
            elif attempt.state is S.SENDING:
                moments.append(soon)
            elif attempt.state is S.UNCLEAR:
                moments.append(max(self._lookup_at(attempt) or now, now + timedelta(milliseconds=100)))
            elif attempt.open:
                moments.append((attempt.first_sent_at or attempt.created_at) + self._account.longest_call)
        if not moments:
            return None
        return max(min(moments), self._silent_until or now, now + timedelta(milliseconds=50))


def _hint_due(item: InboxItem) -> datetime:
    """When the call of a webhook that nothing matched is asked for: at once, then ever less often."""
    return item.received_at + FIRST_RETRY * float(2 ** min(item.tries, 10) - 1)
