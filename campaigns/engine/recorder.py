"""One report → transition → store. Repeats, races and any order change nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce

import structlog

from campaigns.domain.call import CallReport, Grade
from campaigns.domain.changed import changed
from campaigns.domain.contact import mask
from campaigns.domain.erasing import discreet, is_erased
from campaigns.domain.incidents import incidents
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState
from campaigns.domain.outcomes import opted_out
from campaigns.domain.transitions import called_us, ended, found, latest, merge
from campaigns.ports import Clock
from campaigns.ports.meters import UNMETERED, Meters
from campaigns.ports.people import SAID_IN_A_CALL_TO_US, Suppression
from campaigns.ports.store import InboxItem, Store

from .inbox import report_of
from .moves import Moves
from .terms import TermsBook

log = structlog.get_logger()
S = AttemptState

TRIES = 5
AGREE_SECONDS = 2.0
"""How far a webhook's duration may lie from the fetched call's."""


class Recorder:
    """Applies what is known of calls to attempts and leads."""

    def __init__(self, store: Store, clock: Clock, book: TermsBook, meters: Meters = UNMETERED) -> None:
        self._store, self._clock, self._book, self.meters = store, clock, book, meters
        self._moves = Moves(store, clock)
        self.changes = 0
        """How many writes changed something."""

    async def settle(self, attempt: Attempt, report: CallReport, *, by: str) -> bool:
        """Apply a proved report to its attempt; True when anything changed."""
        for _ in range(TRIES):
            after = after_report(attempt, report, by=by, now=self._clock.now())
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

    async def note_others(self, attempt: Attempt, others: Sequence[CallReport]) -> None:
        """Keep that the provider made further calls where it was asked for this attempt's; again changes nothing."""
        for _ in range(TRIES):
            after = with_others(attempt, others)
            if after is None:
                return
            why = next(iter(incidents(after)), "said in a call that nobody asked for")
            log.error("calls_nobody_asked_for", attempt=attempt.id, calls=len(others))
            if await self._moves.write(attempt, after, await self._book.of(attempt.campaign), why=why):
                self.changes += 1
                return
            again = await self._store.attempt(attempt.id)
            if again is None:
                return
            attempt = again

    async def write(self, before: Attempt, after: Attempt, *, why: str, who: str = "") -> bool:
        """Write a move with the lead that follows; False: attempt or lead changed meanwhile."""
        done = await self._moves.write(before, after, await self._book.of(before.campaign), why=why, who=who)
        self.changes += done
        if done and after.state is S.ENDED:
            self.meters.ended(after)
        return done

    async def inbound(self, provider: str, report: CallReport) -> None:
        """A person rang us: their open leads wait, and the files' own rules may settle them.

        An opt-out is kept with the news itself: it holds for whoever has that number, also in other campaigns.
        """
        if report.phone is None or await self._store.is_erased(self._book.phone_key(report.phone)):
            return
        stage = "live" if not report.ended else "told" if report.analysis else "ended"
        entry = self._do_not_call(report) if report.ended and opted_out(report) else None
        if not await self._store.note_inbound(provider, report.call_id, stage, suppress=entry, now=self._clock.now()):
            return
        for lead_id in await self._leads_of(report.phone):
            await self._called_us(lead_id, report)

    def _do_not_call(self, report: CallReport) -> Suppression:
        phone = report.phone or ""
        return Suppression(
            phone_key=self._book.phone_key(phone), scope="all", shown=mask(phone), who=SAID_IN_A_CALL_TO_US,
            why="asked not to be called", proof="an inbound call", created_at=self._clock.now(),
        )  # fmt: skip

    async def _leads_of(self, phone: str) -> list[str]:
        return [lead.id for lead, _ in await self._store.leads_with_phone(self._book.phone_key(phone))]

    async def _is_booked(self, lead: Lead) -> bool:
        """Whether all that is open is a call for later."""
        last = latest(await self._store.attempts_of(lead.id))
        return last is not None and last.state is S.BOOKED

    async def _called_us(self, lead_id: str, report: CallReport) -> None:
        for _ in range(TRIES):
            found_lead = await self._store.lead(lead_id)
            if found_lead is None:
                return
            lead, rev = found_lead
            booked = lead.state is LeadState.CALLING and await self._is_booked(lead)
            if lead.state not in (LeadState.WAITING, LeadState.READY) and not booked:
                return
            terms = await self._book.of(lead.campaign)
            if terms is None:
                return
            ordinal, now = len(await self._store.attempts_of(lead.id)) + 1, self._clock.now()
            conclusion = called_us(lead, report, terms.campaign, ordinal=ordinal, now=now)
            opted, after = conclusion.opted_out, conclusion.lead
            if booked and after.state is LeadState.WAITING:
                after = replace(after, state=LeadState.CALLING)  # until what was booked is judged anew
            if await self._store.put_lead(after, rev, opted_out=opted, now=now, why="called us"):
                self.changes += 1
                return


def after_report(attempt: Attempt, report: CallReport, *, by: str, now: datetime) -> Attempt | None:
    """The attempt after a proved report; None: it changes nothing. Of whoever is erased it brings nothing back."""
    if is_erased(attempt):
        report = discreet(report, attempt.call_id or "")
    if attempt.state in (S.UNCLEAR, S.UNCERTAIN, S.SENDING, S.BOOKED):
        placed = found(attempt, report.call_id, by=by, now=now)
        return placed if not report.ended else ended(placed, report, by=by, now=now)
    if attempt.state not in (S.PLACED, S.ENDED):
        log.error("report_for_a_call_that_was_not_placed", attempt=attempt.id, state=str(attempt.state))
        return with_others(attempt, [report])
    merged = merge(attempt.report, report)
    if merged == attempt.report or not merged.ended:
        return None
    return ended(attempt, merged, by=attempt.resolved_by or by, now=now)


def with_others(attempt: Attempt, others: Sequence[CallReport]) -> Attempt | None:
    """The attempt with calls beside its own, of which only an opt-out is taken; None: that is known."""
    others = [other for other in others if other.call_id != attempt.call_id]
    said = {"opt_out": True} if any(map(opted_out, others)) else {}
    beside = () if is_erased(attempt) else tuple(sorted(other.call_id for other in others))
    merged = merge(attempt.report, CallReport(attempt.call_id or "", analysis=said, others=beside))
    return None if merged == attempt.report else changed(attempt, report=merged)


def whole_of(items: Sequence[InboxItem], *shown: CallReport | None, of: Attempt | None) -> CallReport:
    """All that is known of one call: what was shown or signed counts in full, other webhooks as hints.

    A webhook that names another attempt than the call's own, and is proved by its address alone, tells nothing of it.
    """
    hints = [report_of(item) for item in items]
    signed = [hint for item, hint in zip(items, hints, strict=True) if item.grade == Grade.BODY]
    known = [report for report in (*shown, *signed) if report is not None]
    # What an erased call has left is that it ended.
    whole = reduce(merge, known or [CallReport(hints[0].call_id, ended=True)])
    own = (None, of.id if of is not None else None)
    return with_hints(whole, [hint for hint in hints if hint in signed or hint.attempt_id in own])


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
