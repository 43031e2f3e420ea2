"""Ask the provider what became of its calls: pages of its list, and a few single questions for the rest."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from campaigns.domain.call import Booking, BookingState, CallReport, Direction
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.ports import CallProvider, Clock, schedules
from campaigns.ports.store import InboxItem

SKEW = timedelta(minutes=2)
"""The provider's clock may differ from ours by this much."""
FAR_SKEW = timedelta(hours=1)
"""Nor, for the proof that it has no call, is it wrong by more than this."""
PAGE = 100
MOST_PAGES = 1_000
"""Where a list never ends, the fault is its own."""
FETCHES = 5
"""Single questions in one round."""
FIRST_RETRY = timedelta(seconds=5)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Round:
    """What one round of asking is about, and what it brought."""

    live: list[Attempt]
    """Every attempt that is not settled, as it was before the asking."""
    due: list[Attempt]
    """Those of them that are asked for."""
    hints: dict[str, list[InboxItem]] = field(default_factory=dict)
    """Webhooks that are not applied yet, by the id of their call."""
    seen: dict[str, CallReport] = field(default_factory=dict)
    """Every call that was shown, by its id."""
    complete: bool = False
    """Whether every page was read: then what was not shown is not there."""
    bookings: dict[str, Booking] = field(default_factory=dict)
    """Every booking that was shown, by its id."""
    bookings_complete: bool = False
    """The same of these."""
    answered: bool = False
    """Whether the provider answered all that it was asked."""
    may_prove: bool = False
    """Whether the settings take absence as proof."""
    unasked: set[str] = field(default_factory=set)
    """Calls that the pages did not show, and that there was no time to ask for one by one."""

    def lacks(self, attempt: Attempt) -> bool:
        """Whether the provider was asked for the attempt's call, and has shown none."""
        asked = self.answered and attempt.call_id not in self.unasked and any(a.id == attempt.id for a in self.due)
        return asked and attempt.call_id not in self.seen


@dataclass(frozen=True, slots=True)
class _Turned:
    """One page that was read."""

    rows: int
    total: int | None
    has_more: bool
    found: bool
    """Whether all that was looked for has been shown by now."""


_HANDED_OVER = (AttemptState.BOOKED, AttemptState.UNCLEAR)


def _any_unclear(asked: Round) -> bool:
    return any(attempt.state is AttemptState.UNCLEAR for attempt in asked.due)


def _over_without_call(asked: Round, attempt: Attempt) -> bool:
    """A booking that is over, and names no call: only the whole list of calls can tell whether there was one."""
    booking = asked.bookings.get(attempt.booking_id or "")
    return booking is not None and not booking.call_id and booking.state is not BookingState.WAITING


class Sweep:
    """Asks for one account; remembers whom it asked for last, so that nobody is always last."""

    def __init__(self, provider: CallProvider, clock: Clock) -> None:
        self._provider, self._clock = provider, clock
        self._asked: dict[str, datetime] = {}

    async def ask(self, asked: Round) -> None:
        """Fill the round. Raises VendorError, Throttled, AccountRefused; what came before the error stays."""
        if any(attempt.fires_at and attempt.state in _HANDED_OVER for attempt in asked.due):
            await self._list_bookings(asked)  # first: what then shows no call has none
        if asked.due:
            await self._list(asked)
        await self._fetch_stragglers(asked)
        asked.answered = True

    async def _list(self, asked: Round) -> None:
        """As many pages as cover the open calls, from whichever end the provider keeps them; all for a look-up."""
        skew = FAR_SKEW if asked.may_prove and _any_unclear(asked) else SKEW
        since = min(attempt.rings_from for attempt in asked.due) - skew
        wanted = {attempt.call_id for attempt in asked.due if attempt.call_id}

        async def turn(offset: int) -> _Turned:
            page = await self._provider.page(since=since, offset=offset, limit=PAGE)
            asked.seen.update((report.call_id, report) for report in page.reports)
            return _Turned(len(page.reports), page.total, page.has_more, wanted <= asked.seen.keys())

        lost = any(_over_without_call(asked, attempt) for attempt in asked.due)
        asked.complete = await self._turn_pages(turn, asked, whole=lost or _any_unclear(asked))

    async def _list_bookings(self, asked: Round) -> None:
        """The same of bookings; those that are due and not shown are then asked for one by one."""
        if not schedules(self._provider):
            return
        provider = self._provider
        wanted = {a.booking_id for a in asked.due if a.booking_id and a.state is AttemptState.BOOKED}

        async def turn(offset: int) -> _Turned:
            page = await provider.bookings(offset=offset, limit=PAGE)
            asked.bookings.update((booking.booking_id, booking) for booking in page.bookings)
            return _Turned(len(page.bookings), page.total, page.has_more, wanted <= asked.bookings.keys())

        asked.bookings_complete = await self._turn_pages(turn, asked, whole=_any_unclear(asked))
        for booking_id in self._longest_unasked([name for name in wanted if name not in asked.bookings]):
            booking = await provider.booking(booking_id)
            if booking is not None:
                asked.bookings[booking_id] = booking

    async def _turn_pages(self, turn: Callable[[int], Awaitable[_Turned]], asked: Round, *, whole: bool) -> bool:
        """Read pages until all is found that is looked for, or to the end; whether nothing can have been missed."""
        most, offset, pages = len(asked.due) // PAGE + 2, 0, 0
        while True:
            page = await turn(offset)
            pages += 1
            if not page.has_more or not page.rows:
                return not page.has_more and (pages == 1 or whole)
            if pages >= MOST_PAGES or (not whole and (page.found or pages >= most)):
                return False
            offset = self._next_offset(offset, page.rows, page.total, first=pages == 1 and not whole)

    def _next_offset(self, offset: int, got: int, total: int | None, *, first: bool) -> int:
        """Onward; but to the far end where the first page shows none of what is open (an old-first list)."""
        far_end = max((total or 0) - PAGE, 0)
        return far_end if first and far_end > offset + got else offset + got

    async def _fetch_stragglers(self, asked: Round) -> None:
        """Ask by id for what the pages did not show, the longest unasked first."""
        missing = self._missing(asked)
        chosen = self._longest_unasked(missing)
        asked.unasked = set(missing) - set(chosen)
        for call_id in chosen:
            report = await self._provider.fetch(call_id)
            if report is not None:
                asked.seen[call_id] = report
        known = {*missing, *(a.booking_id for a in asked.live)}
        self._asked = {name: at for name, at in self._asked.items() if name in known}

    def _longest_unasked(self, names: Sequence[str]) -> list[str]:
        chosen = sorted(names, key=lambda name: self._asked.get(name, NEVER))[:FETCHES]
        self._asked.update(dict.fromkeys(chosen, self._clock.now()))
        return chosen

    def _missing(self, asked: Round) -> list[str]:
        now = self._clock.now()
        placed = [a.call_id for a in asked.due if a.state is AttemptState.PLACED and a.call_id]
        hinted = [call_id for call_id, items in asked.hints.items() if min(map(hint_due, items)) <= now]
        return [call_id for call_id in dict.fromkeys([*placed, *hinted]) if call_id not in asked.seen]


def hint_due(item: InboxItem) -> datetime:
    """When the call of a webhook that nothing matched is asked for: at once, then ever less often."""
    return item.received_at + FIRST_RETRY * float(2 ** min(item.tries, 16) - 1)


def fits(attempt: Attempt, report: CallReport, *, longest_call: timedelta, by_id_only: bool) -> bool:
    """Whether a listed outbound call may be the one that an unclear attempt asked for.

    Our own id decides where the report carries it, else number and time. What has no time fits only while nobody else
    can have been dialled at that number since.
    """
    if report.attempt_id is not None or by_id_only:
        return report.attempt_id == attempt.id
    if report.booking_id is not None and attempt.booking_id is not None:
        return report.booking_id == attempt.booking_id
    if report.phone != attempt.phone:
        return False
    moment = report.created_at or report.started_at
    if moment is None:
        return attempt.open
    return attempt.rings_from - SKEW <= moment < attempt.silent_at(longest_call)


def may_be(attempt: Attempt, report: CallReport, *, by_id_only: bool) -> bool:
    """Whether a listed call cannot be told from the one that an unclear attempt asked for.

    Wider than `fits`: the vendor may have forgotten its number, spell it in another way, or have a clock that is wrong.
    """
    if report.direction is not Direction.OUTBOUND:
        return False
    if report.attempt_id is not None or by_id_only:
        return report.attempt_id == attempt.id
    moment = report.created_at or report.started_at
    is_other = report.phone is not None and report.phone.startswith("+") and report.phone != attempt.phone
    return not is_other and (moment is None or moment >= attempt.rings_from - FAR_SKEW)


def first_of(reports: Sequence[CallReport]) -> CallReport:
    """Of several calls the one that was created first."""
    return min(reports, key=lambda report: (report.created_at or report.started_at or NEVER, report.call_id))
