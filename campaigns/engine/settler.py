"""Signed reports are settled as they come: all that have come by now in two trips to the database, without a round.

Whatever it cannot settle stays in the inbox, and the reconciler's rounds come to it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from functools import reduce

import structlog

from campaigns.domain.call import CallReport, Direction, Disposition, Grade
from campaigns.domain.errors import StoreError
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.domain.transitions import merge
from campaigns.ports import Clock
from campaigns.ports.store import Known, Move, Store

from .inbox import News
from .moves import moved
from .recorder import Recorder, after_report
from .terms import AccountTerms, TermsBook
from .wake import Wake

log = structlog.get_logger()

GRACE = timedelta(seconds=10)
"""Where reports come, an answered call waits this long for its analysis."""
MOST = 256
"""Calls that are settled together."""
REMEMBERED = 20_000
"""Calls, and reports, of which something is remembered; of more the rounds read it in the inbox."""


class Settler:
    """Settles signed reports of one account."""

    def __init__(  # noqa: PLR0913 - the parts of one account, wired once
        self,
        store: Store,
        clock: Clock,
        account: AccountTerms,
        *,
        book: TermsBook,
        recorder: Recorder,
        in_flight: set[str],
        settled: Wake,
        rounds: Wake,
    ) -> None:
        """`in_flight`: attempts whose answer is to come; `settled`: rung after a change; `rounds`: for all else."""
        self._store, self._clock, self._account = store, clock, account
        self._book, self._recorder, self._in_flight = book, recorder, in_flight
        self._settled, self._rounds = settled, rounds
        self._heard: list[News] = []
        self._bell = Wake()
        self._early = defaultdict[str, list[News]](list)
        """By attempt: what has overtaken the answer to its POST."""
        self._pieces = defaultdict[str, list[News]](list)
        """By call: what does not settle it yet."""

    def heard(self, news: News) -> None:
        """A webhook that was kept just now."""
        aside = news.grade is not Grade.BODY or news.report.direction is Direction.INBOUND
        if aside or len(self._heard) >= REMEMBERED:  # it is in the inbox
            self._rounds.ring()
            return
        self._heard.append(news)
        self._bell.ring()

    def answered(self, attempt_id: str) -> None:
        """The answer to this attempt's POST is written, whatever it was."""
        early = self._early.pop(attempt_id, None)
        if early:
            self._heard += early
            self._bell.ring()

    def forget(self, call_id: str) -> None:
        """A round has settled this call."""
        self._pieces.pop(call_id, None)

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            await self._bell.sleep(self._clock, None)
            while self._heard:
                news, self._heard = self._heard[:MOST], self._heard[MOST:]
                try:
                    await self._settle(news)
                except StoreError as error:
                    log.error("report_not_settled", provider=self._account.name, why=str(error))
                    self._rounds.ring()

    async def _settle(self, heard: Sequence[News]) -> None:
        by_call = defaultdict[str, list[News]](list)
        for news in heard:
            by_call[news.report.call_id].append(news)
        known = await self._store.known_calls(self._account.name, list(by_call))
        moves: list[Move] = []
        nothing_new: list[int] = []
        for call_id, told in by_call.items():
            one = known.get(call_id)
            if one is None:
                self._unknown(told)
            elif (whole := self._whole(one.attempt, told)) is not None:
                move = await self._move(one, whole, [news.id for news in told])
                if move is None:
                    nothing_new += [news.id for news in told]
                else:
                    moves.append(move)
        await self._write(moves, nothing_new)

    async def _write(self, moves: Sequence[Move], nothing_new: Sequence[int]) -> None:
        done = await self._store.record(moves, now=self._clock.now())
        if nothing_new:
            await self._store.inbox_done(nothing_new, "applied")
        self._recorder.changes += sum(done)
        for move, written in zip(moves, done, strict=True):
            if written and move.after.state is AttemptState.ENDED:
                self._recorder.meters.ended(move.after)
        if any(done):
            self._settled.ring()
        if not all(done):
            self._rounds.ring()  # somebody else wrote meanwhile

    def _unknown(self, told: Sequence[News]) -> None:
        """Nobody's call yet: its answer is on the way, or a round must find out."""
        names = {news.report.attempt_id for news in told} & self._in_flight
        if len(names) == 1:
            self._early[names.pop() or ""] += told
        else:
            self._rounds.ring()

    def _whole(self, attempt: Attempt, told: list[News]) -> CallReport | None:
        """All that is known of the call, and `told` what it is known from; None: it waits for more, or for a round."""
        told[:0] = self._pieces.pop(attempt.call_id or "", [])
        known = [report for report in [attempt.report, *(news.report for news in told)] if report is not None]
        whole = reduce(merge, known)
        settles = attempt.state is AttemptState.PLACED and whole.disposition is not None and not self._waits(whole)
        if settles or attempt.state is AttemptState.ENDED:
            return whole
        if len(self._pieces) >= REMEMBERED:
            self._pieces.clear()
        self._pieces[attempt.call_id or ""] += told
        if whole.ended or attempt.state is not AttemptState.PLACED:
            self._rounds.ring()  # how it ended the call itself tells, which is asked for now
        return None

    def _waits(self, report: CallReport) -> bool:
        return waits_for_analysis(report, self._account, self._clock)

    async def _move(self, known: Known, whole: CallReport, applies: Sequence[int]) -> Move | None:
        """What the report makes of its attempt and lead; None: nothing."""
        before, now = known.attempt, self._clock.now()
        after, terms = after_report(before, whole, by="report", now=now), await self._book.of(before.campaign)
        if after is None:
            return None
        why = f"report: {whole.ended_reason or after.state}"
        return moved(before, after, terms, known.context, why=why, now=now, applies=applies)


def waits_for_analysis(report: CallReport, account: AccountTerms, clock: Clock) -> bool:
    """An answered call that ended just now may get its analysis by webhook in a moment."""
    if not account.reports_come or report.disposition is not Disposition.ANSWERED:
        return False
    told = report.analysis or report.summary
    return not told and report.ended_at is not None and clock.now() < report.ended_at + GRACE
