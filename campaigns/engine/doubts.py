"""Attempts in doubt: find their call among the provider's, prove that there is none, or count them as the file says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.domain.campaign import UncertainPolicy
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.domain.transitions import advance, ended
from campaigns.ports import Clock, ProviderFacts
from campaigns.ports.store import Store

from .recorder import Recorder
from .sweep import Round, first_of, fits, may_be
from .terms import AccountTerms, TermsBook

log = structlog.get_logger()
S = AttemptState

LONGEST_DIAL = timedelta(minutes=2)
"""From a permit to the last moment at which its request may be on its way, and more."""


def lookup_at(attempt: Attempt, account: AccountTerms) -> datetime | None:
    """When an unclear attempt is looked for next; None: the ladder is used up."""
    if attempt.lookups >= len(account.lookups):
        return None
    return (attempt.unclear_since or attempt.created_at) + account.lookups[attempt.lookups]


class Doubts:
    """Judges attempts that are unclear or uncertain."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        account: AccountTerms,
        facts: ProviderFacts,
        *,
        book: TermsBook,
        recorder: Recorder,
    ) -> None:
        self._store, self._clock, self._account, self._facts = store, clock, account, facts
        self._book, self._recorder = book, recorder

    async def look(self, attempt: Attempt, asked: Round) -> CallReport | None:
        """The one call that is this attempt's; None: none or several fit, which is counted."""
        fitting = [report for report in asked.seen.values() if self._fits(attempt, report)]
        free = [r for r in fitting if await self._store.attempt_of_call(self._account.name, r.call_id) is None]
        own = [report for report in free if report.attempt_id == attempt.id]
        if len(free) > 1:
            log.error("several_calls_fit_an_unclear_attempt", attempt=attempt.id, calls=len(free))
            if not own:
                await self._recorder.note_others(attempt, free)  # counted as in vain by the next look
        if own or len(free) == 1:
            return first_of(own or free)
        if attempt.state is S.UNCLEAR and asked.answered and any(due.id == attempt.id for due in asked.due):
            complete = asked.complete and (asked.bookings_complete or attempt.fires_at is None)
            await self._in_vain(attempt, empty=complete and not free and not await self._may_be_shown(attempt, asked))
        return None

    async def _may_be_shown(self, attempt: Attempt, asked: Round) -> bool:
        """Whether a call is shown that is nobody's, and might be this attempt's."""
        by_id_only = self._facts.lookup_by_own_id
        names = [r.call_id for r in asked.seen.values() if may_be(attempt, r, by_id_only=by_id_only)]
        owners = [await self._store.attempt_of_call(self._account.name, name) for name in names]
        return None in owners

    def _fits(self, attempt: Attempt, report: CallReport) -> bool:
        return report.direction is Direction.OUTBOUND and fits(
            attempt, report, longest_call=self._account.longest_call, by_id_only=self._facts.lookup_by_own_id
        )

    async def _in_vain(self, attempt: Attempt, *, empty: bool) -> None:
        """Proof of absence is only a second empty look-up, both so late that the provider cannot be at it still."""
        now = self._clock.now()
        proves = empty and self._is_late(attempt, now)
        if proves and attempt.empty_lookup_at is not None:
            gone = advance(attempt, S.NOT_CREATED, resolved_by="lookup", ended_at=now, reason="the call does not exist")
            await self._recorder.write(attempt, gone, why="absent in two complete look-ups")
            return
        counted = replace(attempt, lookups=attempt.lookups + 1)
        await self._recorder.write(
            attempt, replace(counted, empty_lookup_at=now) if proves else counted, why="looked up"
        )

    def _is_late(self, attempt: Attempt, now: datetime) -> bool:
        """Whether the settings take absence as proof by now, counted from the last moment it may have been sent."""
        after, unclear_since = self._account.absence_after, attempt.unclear_since or attempt.dial_before
        if after is None or not self._clock.steady_for(after + LONGEST_DIAL):
            return False
        return now >= max(attempt.dial_before, unclear_since) + after

    async def end(self, attempts: Sequence[Attempt]) -> None:
        """Ladders that are used up; and doubts that the file counts as attempts, once no call can be open."""
        for attempt in attempts:
            doubt = attempt
            if attempt.state is S.UNCLEAR and lookup_at(attempt, self._account) is None:
                doubt = replace(advance(attempt, S.UNCERTAIN), rev=attempt.rev + 1)
                if not await self._recorder.write(attempt, doubt, why="every look-up was in vain"):
                    continue
            counts_at = await self.counts_at(doubt) if doubt.state is S.UNCERTAIN else None
            if counts_at is not None and self._clock.now() >= counts_at:
                report = CallReport(doubt.call_id or "", doubt.id, ended=True, disposition=Disposition.UNKNOWN)
                after = ended(doubt, report, by="policy", now=self._clock.now())
                await self._recorder.write(doubt, after, why="attempts.uncertain: as_attempt")

    async def counts_at(self, attempt: Attempt) -> datetime | None:
        """When a doubt is counted as an attempt; None: the campaign file does not say so."""
        terms = await self._book.of(attempt.campaign)
        if terms is None or terms.campaign.attempts.uncertain is not UncertainPolicy.AS_ATTEMPT:
            return None
        return attempt.silent_at(self._account.longest_call) + self._facts.queue
