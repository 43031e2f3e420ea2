"""One report → transition → store. Repeats, races and any order change nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from campaigns.domain.call import CallReport, Direction
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, Lead, LeadState, Outcome
from campaigns.domain.outcomes import opted_out
from campaigns.domain.transitions import called_us, close, conclude, ended, found, merge
from campaigns.ports import Clock
from campaigns.ports.store import Move, Store

from .terms import Terms, TermsBook

log = structlog.get_logger()

TRIES = 5
AGREE_SECONDS = 2.0
"""How far a webhook's duration may lie from the fetched call's."""


class Recorder:
    """Applies what is known of calls to attempts and leads."""

    def __init__(self, store: Store, clock: Clock, book: TermsBook) -> None:
        self._store, self._clock, self._book = store, clock, book

    async def settle(self, attempt: Attempt, report: CallReport, *, by: str) -> bool:
        """Apply a proved report to its attempt; True when anything changed."""
        for _ in range(TRIES):
            after = self._after(attempt, report, by=by)
            if after is None:
                return False
            if await self.write(attempt, after, why=f"{by}: {report.ended_reason or after.state}"):
                return True
            again = await self._store.attempt(attempt.id)
            if again is None:
                return False
            attempt = again
        log.error("report_not_recorded", attempt=attempt.id)
        return False

    def _after(self, attempt: Attempt, report: CallReport, *, by: str) -> Attempt | None:
        now = self._clock.now()
        if attempt.state in (AttemptState.UNCLEAR, AttemptState.UNCERTAIN, AttemptState.SENDING):
            attempt = replace(found(attempt, report.call_id, by=by, now=now), rev=attempt.rev)
            return attempt if not report.ended else ended(attempt, report, by=by, now=now)
        if attempt.state not in (AttemptState.PLACED, AttemptState.ENDED):
            log.error("report_for_a_call_that_was_not_placed", attempt=attempt.id, state=str(attempt.state))
            return None
        merged = merge(attempt.report, report)
        if merged == attempt.report or not merged.ended:
            return None
        return ended(attempt, merged, by=by if attempt.disposition is None else attempt.resolved_by, now=now)

    async def write(self, before: Attempt, after: Attempt, *, why: str) -> bool:
        """Write a move with the lead that follows; False: attempt or lead changed meanwhile."""
        terms = await self._book.of(before.campaign)
        entry = await self._store.lead(before.lead_id)
        if terms is None or entry is None:
            return all(await self._store.record([Move(before, after, why)], now=self._clock.now()))
        lead, rev = entry
        now = self._clock.now()
        if not await self._decides(lead, after):
            opted = after.report is not None and opted_out(after.report)
            concluded = close(lead, Outcome.DO_NOT_CALL, reason="opt-out", label="opt-out", now=now) if opted else None
            moves = [Move(before, after, why, concluded, rev, opted_out=opted)]
        else:
            conclusion = conclude(lead, after, terms.campaign, now=now)
            settled = await self._unless_stopped(conclusion.lead, now)
            moves = [Move(before, after, why, settled, rev, opted_out=conclusion.opted_out)]
        return all(await self._store.record(moves, now=now))

    async def _decides(self, lead: Lead, attempt: Attempt) -> bool:
        """Only the newest attempt decides its lead, and nothing overwrites an opt-out."""
        if lead.outcome is Outcome.DO_NOT_CALL:
            return False
        newest = max(await self._store.attempts_of(lead.id), key=lambda other: other.ordinal)
        return newest.id == attempt.id

    async def _unless_stopped(self, lead: Lead, now: datetime) -> Lead:
        if lead.state is not LeadState.WAITING:
            return lead
        record = await self._store.campaign(lead.campaign)
        if record is not None and record.state is CampaignState.STOPPED:
            return close(lead, Outcome.STOPPED, reason="the campaign was stopped", now=now)
        return lead

    async def inbound(self, provider: str, report: CallReport) -> None:
        """A person rang us: their open leads wait, and the files' own rules may settle them."""
        if report.phone is None:
            return
        stage = "ended" if report.ended else "live"
        if not await self._store.note_inbound(provider, report.call_id, stage):
            return
        for terms, lead, rev in await self._waiting_leads(report.phone):
            ordinal = len(await self._store.attempts_of(lead.id)) + 1
            conclusion = called_us(lead, report, terms.campaign, ordinal=ordinal, now=self._clock.now())
            await self._store.put_lead(
                conclusion.lead, rev, opted_out=conclusion.opted_out, now=self._clock.now(), why="called us"
            )

    async def _waiting_leads(self, phone: str) -> Sequence[tuple[Terms, Lead, int]]:
        waiting = []
        for lead, rev in await self._store.leads_with_phone(self._book.phone_key(phone)):
            terms = await self._book.of(lead.campaign)
            if terms is not None and lead.state in (LeadState.WAITING, LeadState.READY):
                waiting.append((terms, lead, rev))
        return waiting


def with_hints(report: CallReport, hints: Sequence[CallReport]) -> CallReport:
    """A fetched call, filled from webhooks that only their address proves.

    What exists, how it ended and how long it took is the fetched call's word alone. Of a webhook that agrees with it
    the analysis and the texts are taken; of one that does not, only an opt-out.
    """
    for hint in hints:
        if _agrees(report, hint):
            told = replace(
                hint, call_id=report.call_id, attempt_id=None, direction=report.direction, phone=None, ended=False,
                disposition=None, ended_reason="", talk_seconds=None, started_at=None, ended_at=None, created_at=None,
                cost=None, proof="token",
            )  # fmt: skip
            report = merge(report, told)
        elif opted_out(hint):
            report = merge(report, CallReport(report.call_id, analysis={"opt_out": True}, proof="token"))
    return report


def _agrees(report: CallReport, hint: CallReport) -> bool:
    same_phone = report.phone is None or hint.phone in (None, report.phone)
    both = report.talk_seconds is not None and hint.talk_seconds is not None
    return same_phone and (not both or abs((report.talk_seconds or 0) - (hint.talk_seconds or 0)) <= AGREE_SECONDS)


def is_inbound(report: CallReport) -> bool:
    return report.direction is Direction.INBOUND
