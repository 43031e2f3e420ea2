"""What a copy of the database does not know: calls that were made since, found in the provider's own list.

Whoever was called since looks undialled in a copy. Each such call becomes the next attempt of its lead, so that caps,
gaps and outcomes hold; where it may be several leads', each of them gets an attempt in doubt, which a person settles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.domain.call import Booking, BookingState, CallReport, Direction
from campaigns.domain.errors import VendorError
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState, attempt_id
from campaigns.domain.transitions import advance, conclude
from campaigns.ports import CallProvider, Clock, schedules
from campaigns.ports.store import Store

from .reconciler import Reconciler
from .recorder import Recorder
from .sweep import MOST_PAGES, PAGE, SKEW
from .terms import AccountTerms, Terms, TermsBook

S = AttemptState
ROUNDS = 30
"""So often the provider is asked to cancel what must not take place."""
AHEAD = 50
"""So many attempts a lead may have had since, at most."""
COPY = "another copy of this database may have made it"
_FREE = (LeadState.WAITING, LeadState.READY)


@dataclass
class Found:
    """What one provider's lists brought."""

    provider: str
    since: datetime
    calls: int = 0
    """Outbound, and unknown to this database."""
    adopted: int = 0
    bookings: int = 0
    """Of the adopted: calls for later."""
    cancelled: int = 0
    """Bookings that might have been several leads'."""
    nobody: int = 0
    """Calls to numbers that no lead here has."""
    settled: int = 0
    """Calls to numbers whose leads are all closed: nobody calls them again."""
    inbound: int = 0
    doubts: list[str] = field(default_factory=list)
    """Leads that wait for a person, by id."""
    last_call_at: datetime | None = None
    """When the last unknown call began."""


class Adopter:
    """For one provider's account, in a database that nobody dials from."""

    def __init__(  # noqa: PLR0913 - the parts of one account, wired once
        self, store: Store, provider: CallProvider, clock: Clock, account: AccountTerms, *, book: TermsBook,
        reconciler: Reconciler, owner: str,
    ) -> None:  # fmt: skip
        self._store, self._provider, self._clock, self._account = store, provider, clock, account
        self._book, self._reconciler, self._owner = book, reconciler, owner
        self._recorder = Recorder(store, clock, book)

    async def adopt(self, since: datetime) -> Found:
        """Learn of every call since then. Raises VendorError, AccountRefused: then it is to be done again."""
        found = Found(self._account.name, since)
        bookings = await self._all_bookings()
        calls = await self._all_calls(since)
        await self._doubt_what_was_under_way()
        await self._reconciler.round()
        for booking in bookings:
            await self._take_booking(booking, found)
        for call in sorted(calls, key=lambda call: (self._moment(call, since), call.call_id)):
            await self._take_call(call, found)
        await self._cancel_bookings()
        found.doubts = sorted(set(found.doubts) | await self._in_doubt())
        return found

    async def _all_calls(self, since: datetime) -> list[CallReport]:
        seen: dict[str, CallReport] = {}
        offset = 0
        for _ in range(MOST_PAGES):
            page = await self._provider.page(since=since - SKEW, offset=offset, limit=PAGE)
            seen.update((report.call_id, report) for report in page.reports)
            offset += len(page.reports)
            if not page.has_more or not page.reports:
                return [report for report in seen.values() if self._moment(report, since) >= since - SKEW]
        raise VendorError(self._account.name, "listing calls", None, f"more than {MOST_PAGES} pages")

    async def _all_bookings(self) -> list[Booking]:
        provider = self._provider
        if not schedules(provider):
            return []
        seen: dict[str, Booking] = {}
        offset = 0
        for _ in range(MOST_PAGES):
            page = await provider.bookings(offset=offset, limit=PAGE)
            seen.update((booking.booking_id, booking) for booking in page.bookings)
            offset += len(page.bookings)
            if not page.has_more or not page.bookings:
                return list(seen.values())
        raise VendorError(self._account.name, "listing bookings", None, f"more than {MOST_PAGES} pages")

    def _moment(self, call: CallReport, fallback: datetime) -> datetime:
        return call.created_at or call.started_at or call.ended_at or fallback

    async def _doubt_what_was_under_way(self) -> None:
        """An intent that is not sent here may have been sent by the other copy: only the list can tell."""
        for attempt in await self._store.attempts_in(self._account.name, (S.INTENT, S.SENDING)):
            sending = attempt
            if attempt.state is S.INTENT:
                sending = advance(attempt, S.SENDING, first_sent_at=attempt.send_at)
                if not await self._recorder.write(attempt, sending, why="adopt: may have been sent"):
                    continue
                sending = await self._store.attempt(attempt.id) or sending
            doubt = advance(sending, S.UNCLEAR, unclear_since=sending.first_sent_at, reason=COPY)
            await self._recorder.write(sending, doubt, why="adopt: may have been sent")

    async def _take_call(self, call: CallReport, found: Found) -> None:
        if call.direction is Direction.INBOUND:
            await self._recorder.inbound(self._account.name, call)
            found.inbound += 1
            return
        if await self._store.attempt_of_call(self._account.name, call.call_id) is not None:
            return
        found.calls += 1
        moment = self._moment(call, found.since)
        found.last_call_at = max(found.last_call_at or moment, moment)
        fitting = await self._fitting(call.phone, call.attempt_id, found)
        if len(fitting) > 1:
            await self._doubt(fitting, call.phone or "", found)
        for lead, rev, ordinal in fitting if len(fitting) == 1 else ():
            attempt = self._attempt(lead, ordinal, call.phone or "", await self._terms(lead), moment)
            placed = advance(advance(attempt, S.SENDING), S.PLACED, call_id=call.call_id, placed_at=moment)
            if await self._put(placed, lead, rev):
                found.adopted += 1
                if call.ended:
                    await self._recorder.settle(placed, call, by="adopt")

    async def _take_booking(self, booking: Booking, found: Found) -> None:
        over = booking.call_id or booking.state in (BookingState.CANCELLED, BookingState.FAILED, BookingState.DONE)
        if over or await self._store.attempt_of_booking(self._account.name, booking.booking_id) is not None:
            return
        fitting = await self._fitting(booking.phone, booking.attempt_id, found)
        if len(fitting) > 1 and schedules(self._provider):
            await self._provider.cancel(booking.booking_id)  # its call, if it is too late, is shown with the others
            found.cancelled += 1
        for lead, rev, ordinal in fitting if len(fitting) == 1 else ():
            fires_at = booking.fires_at or self._clock.now()
            attempt = self._attempt(lead, ordinal, booking.phone or "", await self._terms(lead), self._clock.now())
            sending = advance(attempt, S.SENDING, fires_at=fires_at)
            if await self._put(advance(sending, S.BOOKED, booking_id=booking.booking_id), lead, rev):
                found.bookings += 1
                found.adopted += 1

    async def _fitting(self, phone: str | None, echoed: str | None, found: Found) -> list[tuple[Lead, int, int]]:
        """Whose call it may be: the lead that our own id names, else every lead that may still call this number.

        With its revision and the ordinal of the attempt. None where nobody of them is called again anyway.
        """
        known = await self._store.leads_with_phone(self._book.phone_key(phone)) if phone else []
        leads = [(lead, rev, await self._next_ordinal(lead)) for lead, rev in known]
        for lead, rev, first in leads:
            for ordinal in range(first, first + AHEAD):
                if echoed == attempt_id(lead.id, ordinal) and lead.state is not LeadState.CLOSED:
                    return [(lead, rev, ordinal)]
        free = [each for each in leads if each[0].state in _FREE and await self._is_ours(each[0])]
        if not free:
            doubts = [lead.id for lead, _, _ in leads if lead.state is not LeadState.CLOSED]
            found.doubts += doubts
            found.nobody += not leads
            found.settled += bool(leads) and not doubts
        return free

    async def _is_ours(self, lead: Lead) -> bool:
        terms = await self._book.of(lead.campaign)
        return terms is not None and terms.record.provider == self._account.name

    async def _next_ordinal(self, lead: Lead) -> int:
        return max((attempt.ordinal for attempt in await self._store.attempts_of(lead.id)), default=0) + 1

    async def _terms(self, lead: Lead) -> Terms | None:
        return await self._book.of(lead.campaign)

    def _attempt(self, lead: Lead, ordinal: int, phone: str, terms: Terms | None, moment: datetime) -> Attempt:
        """A dial of the other copy, as far as it can be known here."""
        subject = terms.campaign.subject or lead.campaign if terms else lead.campaign
        return Attempt(
            attempt_id(lead.id, ordinal), lead.id, lead.campaign, lead.person_key, phone, self._book.phone_key(phone),
            ordinal, self._account.name, S.INTENT, open=True, body=b"{}", callback=False, created_at=moment,
            send_at=moment, dial_before=moment, lease_owner=self._owner, first_sent_at=moment, resolved_by="adopt",
            subject=subject, debt=lead.contact.debt,
        )  # fmt: skip

    async def _put(self, attempt: Attempt, lead: Lead, rev: int) -> bool:
        terms, now = await self._terms(lead), self._clock.now()
        if terms is None:
            return False
        after = conclude(lead, attempt, terms.campaign, now=now).lead
        return await self._store.adopt(attempt, after, rev, why="adopt: found in the provider's list", now=now)

    async def _doubt(self, fitting: Sequence[tuple[Lead, int, int]], phone: str, found: Found) -> None:
        """Each may have been called. Dated now, so that no look-up gives the call to one of them by its number."""
        now = self._clock.now()
        for lead, rev, ordinal in fitting:
            attempt = self._attempt(lead, ordinal, phone, await self._terms(lead), now)
            unclear = advance(advance(attempt, S.SENDING), S.UNCLEAR, unclear_since=now)
            reason = f"the call of another copy to this number may have been for any of {len(fitting)} leads"
            doubt = advance(unclear, S.UNCERTAIN, reason=reason, lookups=len(self._account.lookups))
            if await self._put(doubt, lead, rev):
                found.doubts.append(lead.id)

    async def _in_doubt(self) -> set[str]:
        return {a.lead_id for a in await self._store.attempts_in(self._account.name, (S.UNCLEAR, S.UNCERTAIN))}

    async def _cancel_bookings(self) -> None:
        """What the other copy has booked does not take place: its campaign is paused, as every one here."""
        for _ in range(ROUNDS):
            if not await self._store.attempts_in(self._account.name, (S.BOOKED,)):
                return
            await self._reconciler.round()
