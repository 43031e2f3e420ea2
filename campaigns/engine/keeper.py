"""What was booked ahead is kept in step: read back, judged anew for its moment, and cancelled where it must not be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from campaigns.domain.call import Booking, BookingState, CallReport, Disposition
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.domain.lead import FIRES_WITHIN, Attempt, AttemptState, CampaignState, LeadState
from campaigns.domain.transitions import advance, ended, shown
from campaigns.planner.booking import still_books
from campaigns.ports import CallProvider, Clock, Scheduler, schedules
from campaigns.ports.store import Claimed, Store

from .booker import encoded
from .recorder import Recorder
from .sweep import Round, fits
from .terms import AccountTerms, Terms, TermsBook

log = structlog.get_logger()
S = AttemptState

LOOKS = 90
"""A booking is judged so often within the horizon: every 20 s of 30 min."""
CANCELS = 10
"""Cancellations in one round, the most urgent first: reports are heard in between."""
FAILURES = 3
"""Bookings that fail alike in a row, after which the fault is not the numbers'."""
SAME_MOMENT = timedelta(minutes=1)
"""Providers may round the moment that they are given."""
FAILED = "the booking failed without a call"


class Keeper:
    """Looks after the bookings of one account."""

    def __init__(
        self,
        store: Store,
        provider: CallProvider,
        clock: Clock,
        account: AccountTerms,
        *,
        book: TermsBook,
        recorder: Recorder,
    ) -> None:
        self._store, self._provider, self._clock, self._account = store, provider, clock, account
        self._book, self._recorder = book, recorder
        self._failures = 0
        self._pressing = False

    def look_at(self, attempt: Attempt, *, soon: datetime) -> datetime:
        """When a booking is judged next: in time for a stop to reach it, and soon while one is to be cancelled."""
        if self._pressing or attempt.rings_from <= soon:
            return soon
        return min(attempt.rings_from, max(soon, self._clock.now() + self._account.book_ahead / LOOKS))

    async def settle(self, attempt: Attempt, asked: Round) -> bool:
        """Apply what the provider shows of the attempt's booking; False: it shows none, or nothing new."""
        booking = await self._booking_of(attempt, asked)
        if booking is None:
            return False
        if booking.state is BookingState.FAILED and not booking.call_id:
            return await self._failed(attempt, booking, asked)
        return await self._apply(attempt, booking, why="")

    async def _booking_of(self, attempt: Attempt, asked: Round) -> Booking | None:
        """Its booking: by its id, by our own, or the only one of that number and moment that nobody owns."""
        if attempt.booking_id is not None:
            return asked.bookings.get(attempt.booking_id)
        fitting = [booking for booking in asked.bookings.values() if _is_of(booking, attempt)]
        free = [b for b in fitting if await self._store.attempt_of_booking(self._account.name, b.booking_id) is None]
        if len(free) > 1:
            log.error("several_bookings_fit_an_unclear_attempt", attempt=attempt.id, bookings=len(free))
        own = [booking for booking in free if booking.attempt_id == attempt.id]
        return min(own, key=lambda b: b.booking_id) if own else free[0] if len(free) == 1 else None

    async def _failed(self, attempt: Attempt, booking: Booking, asked: Round) -> bool:
        """A booking that failed: its call, where there is one, tells the rest. Without any nobody was rung.

        That costs no attempt; but a second time it does, or a number that always fails would be booked for ever.
        """
        fitting = [report.call_id for report in asked.seen.values() if self._fits(attempt, report)]
        if [call_id for call_id in fitting if not await self._store.attempt_of_call(self._account.name, call_id)]:
            return False
        if not asked.complete:
            return True
        earlier = await self._store.attempts_of(attempt.lead_id)
        again = any(other.reason == FAILED for other in earlier if other.id != attempt.id)
        if again:
            report = CallReport("", attempt.id, ended=True, disposition=Disposition.FAILED, ended_reason=FAILED)
            after = replace(ended(attempt, report, by="lookup", now=self._clock.now()), reason=FAILED)
            return await self._recorder.write(attempt, after, why=FAILED)
        if await self._apply(attempt, booking, why=FAILED):
            self._failures += 1
            await self._pause_where_all_fail(attempt)
        return True

    async def _pause_where_all_fail(self, attempt: Attempt) -> None:
        if self._failures >= FAILURES:
            self._failures = 0  # whoever resumes has looked at it
            reason = f"{FAILURES} bookings in a row failed at the provider without a call"
            await self._store.steer(
                attempt.campaign, CampaignState.PAUSED, expect=[CampaignState.ACTIVE], reason=reason,
                now=self._clock.now(),
            )  # fmt: skip

    def _fits(self, attempt: Attempt, report: CallReport) -> bool:
        by_id_only = self._provider.facts.lookup_by_own_id
        return fits(attempt, report, longest_call=self._account.longest_call, by_id_only=by_id_only)

    async def _apply(self, attempt: Attempt, booking: Booking, *, why: str) -> bool:
        after = shown(attempt, booking, by="lookup", now=self._clock.now())
        if after is None:
            return False
        if after.state is S.NOT_CREATED and why:
            after = replace(after, reason=why)
        if after.state is S.PLACED:
            self._failures = 0
        return await self._recorder.write(attempt, after, why=why or f"the booking is {booking.state}")

    async def keep(self) -> None:
        """Judge every booking anew, and cancel those that must not take place. Raises as `Scheduler.cancel` does."""
        booked = await self._store.attempts_in(self._account.name, [S.BOOKED])
        if not booked or not schedules(self._provider):
            return
        await self._give_up(booked)
        unfit = await self._unfit(booked)
        self._pressing = bool(unfit)
        for attempt, why in unfit[:CANCELS]:
            await self._cancel(self._provider, attempt, why)

    async def _unfit(self, booked: Sequence[Attempt]) -> list[tuple[Attempt, str]]:
        """Which of them must not take place, and why; the next to fire first."""
        now = self._clock.now()
        suspended = frozenset(record.code for record in await self._store.suspensions(now=now))
        claims = {c.facts.lead.id: c for c in await self._store.facts([a.lead_id for a in booked], now=now)}
        found: list[tuple[Attempt, str]] = []
        for attempt in sorted(booked, key=lambda attempt: attempt.rings_from):
            terms = await self._terms(attempt.campaign, suspended)
            why = self._objection(attempt, claims.get(attempt.lead_id), terms)
            if not why and terms is not None and await self._is_outdated(attempt, claims[attempt.lead_id], terms):
                why = "what is said or shown has changed"
            if why:
                found.append((attempt, why))
        return found

    async def _terms(self, campaign: str, suspended: frozenset[str]) -> Terms | None:
        """As they are now."""
        record = await self._store.campaign(campaign)
        terms = self._book.current(record) if record else None
        return terms and replace(terms, law=replace(terms.law, suspended=suspended))

    async def _is_outdated(self, attempt: Attempt, claim: Claimed, terms: Terms) -> bool:
        """Whether other words, another agent or another caller id would be asked for now."""
        numbers = [caller.number for caller in terms.campaign.caller_ids]
        if attempt.caller_id not in (numbers or [""]):
            return True
        order = terms.order(claim.facts.lead, attempt.id, attempt.phone, attempt.caller_id)
        if order is not None and encoded(self._provider, order, attempt.fires_at) == attempt.body:
            return False
        try:  # a process that has just begun does not know yet how the provider calls the caller ids
            await self._provider.prepare(numbers)
        except (VendorError, AccountRefused):
            return False
        return order is None or encoded(self._provider, order, attempt.fires_at) != attempt.body

    def _objection(self, attempt: Attempt, claim: Claimed | None, terms: Terms | None) -> str:
        """Why it must not take place; empty: it may."""
        if claim is None or terms is None:
            return "its campaign was removed"
        if terms.record.state is not CampaignState.ACTIVE:
            return f"the campaign is {terms.record.state}"
        if not terms.scheduled or terms.record.provider != self._account.name:
            return "the campaign dials otherwise now"
        lead = claim.facts.lead
        if lead.state is not LeadState.CALLING:
            return f"closed: {lead.reason}"
        if self._clock.now() > attempt.rings_from + FIRES_WITHIN:
            return "the provider did not call in time"
        return still_books(attempt, claim.facts, terms.campaign, terms.law, terms.people)

    async def _cancel(self, provider: Scheduler, attempt: Attempt, why: str) -> None:
        booking = await provider.cancel(attempt.booking_id or "")
        state = booking.state if booking else "gone"
        log.info("cancelled", attempt=attempt.id, why=why, state=str(state))
        if booking is not None and booking.state is not BookingState.FAILED:
            await self._apply(attempt, booking, why=why)

    async def _give_up(self, booked: Sequence[Attempt]) -> None:
        """Past its time by more than any call lasts, and nobody knows what became of it: a doubt."""
        for attempt in booked:
            if self._clock.now() >= attempt.silent_at(self._account.longest_call):
                doubt = advance(attempt, S.UNCERTAIN, reason="nobody knows what became of the booking")
                await self._recorder.write(attempt, doubt, why="past its time")


def _is_of(booking: Booking, attempt: Attempt) -> bool:
    """Whether a booking may be what an unclear attempt asked for: our own id decides, else number and moment."""
    if booking.attempt_id is not None:
        return booking.attempt_id == attempt.id
    if booking.phone != attempt.phone or booking.fires_at is None:
        return False
    return abs(booking.fires_at - attempt.rings_from) < SAME_MOMENT
