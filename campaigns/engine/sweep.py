"""Ask the provider what became of its calls: pages of its list, and a few single questions for the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from campaigns.domain.call import CallReport
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.ports import CallProvider, Clock
from campaigns.ports.store import InboxItem

SKEW = timedelta(minutes=2)
"""The provider's clock may differ from ours by this much."""
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
    answered: bool = False
    """Whether the provider answered all that it was asked."""
    unasked: set[str] = field(default_factory=set)
    """Calls that the pages did not show, and that there was no time to ask for one by one."""

    def lacks(self, attempt: Attempt) -> bool:
        """Whether the provider was asked for the attempt's call, and has shown none."""
        asked = self.answered and attempt.call_id not in self.unasked and any(a.id == attempt.id for a in self.due)
        return asked and attempt.call_id not in self.seen


class Sweep:
    """Asks for one account; remembers whom it asked for last, so that nobody is always last."""

    def __init__(self, provider: CallProvider, clock: Clock) -> None:
        self._provider, self._clock = provider, clock
        self._asked: dict[str, datetime] = {}

    async def ask(self, asked: Round) -> None:
        """Fill the round. Raises VendorError, Throttled, AccountRefused; what came before the error stays."""
        if asked.due:
            await self._list(asked)
        await self._fetch_stragglers(asked)
        asked.answered = True

    async def _list(self, asked: Round) -> None:
        """As many pages as cover the open calls, from whichever end the provider keeps them; all for a look-up."""
        since = min(attempt.first_sent_at or attempt.created_at for attempt in asked.due) - SKEW
        wanted = {attempt.call_id for attempt in asked.due if attempt.call_id}
        unclear = any(attempt.state is AttemptState.UNCLEAR for attempt in asked.due)
        most = len(asked.due) // PAGE + 2
        offset, pages = 0, 0
        while True:
            page = await self._provider.page(since=since, offset=offset, limit=PAGE)
            pages += 1
            asked.seen.update((report.call_id, report) for report in page.reports)
            wanted -= asked.seen.keys()
            if not page.has_more or not page.reports:
                asked.complete = not page.has_more and (pages == 1 or unclear)
                return
            if pages >= MOST_PAGES or (not unclear and (not wanted or pages >= most)):
                return
            offset = self._next_offset(offset, len(page.reports), page.total, first=pages == 1 and not unclear)

    def _next_offset(self, offset: int, got: int, total: int | None, *, first: bool) -> int:
        """Onward; but to the far end where the first page shows none of what is open (an old-first list)."""
        far_end = max((total or 0) - PAGE, 0)
        return far_end if first and far_end > offset + got else offset + got

    async def _fetch_stragglers(self, asked: Round) -> None:
        """Ask by id for what the pages did not show, the longest unasked first."""
        missing = self._missing(asked)
        missing.sort(key=lambda call_id: self._asked.get(call_id, NEVER))
        asked.unasked = set(missing[FETCHES:])
        for call_id in missing[:FETCHES]:
            self._asked[call_id] = self._clock.now()
            report = await self._provider.fetch(call_id)
            if report is not None:
                asked.seen[call_id] = report
        self._asked = {call_id: at for call_id, at in self._asked.items() if call_id in missing}

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
    if report.phone != attempt.phone:
        return False
    sent = attempt.first_sent_at or attempt.created_at
    moment = report.created_at or report.started_at
    if moment is None:
        return attempt.open
    return sent - SKEW <= moment < sent + longest_call


def first_of(reports: Sequence[CallReport]) -> CallReport:
    """Of several calls the one that was created first."""
    return min(reports, key=lambda report: (report.created_at or report.started_at or NEVER, report.call_id))
