"""Marks the leads that must go today, where lines are short: claims then take them like those with only today left."""

from datetime import datetime, timedelta

import anyio.lowlevel
import structlog

from campaigns.domain.pacing import Limits
from campaigns.planner.comb import Capacity
from campaigns.planner.urgency import Dated, dated, has_deadlines, urgent
from campaigns.ports import Clock
from campaigns.ports.store import Store

from .terms import Terms

log = structlog.get_logger()

EVERY = timedelta(minutes=10)
MOST = 10_000
"""Of more open leads the order stays by each one's own plan: reading them all would keep dials waiting."""
PAGE = 100
"""Leads at a time: some milliseconds, so that no dial comes late."""
HOLD = timedelta(seconds=90)
"""How long a call is expected to hold its line. ASSUMED: half a minute of ringing, a minute of talk. Where calls take
longer, people are marked late; where they are shorter, too many are, which changes only the order."""


class Urgency:
    """Marks one campaign's leads, every ten minutes at most."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._next_at: datetime | None = None

    async def refresh(self, terms: Terms) -> None:
        """Mark anew, if it is time. Interrupted, it leaves the marks of before."""
        now, name = self._clock.now(), terms.record.name
        if not has_deadlines(terms.campaign) or (self._next_at is not None and now < self._next_at):
            return
        self._next_at = now + EVERY
        ids = await self._store.undecided(name, limit=MOST + 1)
        if len(ids) > MOST:
            log.debug("too_many_to_mark", campaign=name, most=MOST)
            return
        leads: list[Dated] = []
        for start in range(0, len(ids), PAGE):
            page = await self._store.facts(ids[start : start + PAGE], now=now)
            leads += dated((one.facts for one in page), terms.campaign, terms.law, now=now)
            await anyio.lowlevel.checkpoint()
        await self._store.mark_urgent(name, urgent(leads, capacity_of(terms.limits), now=now))


def capacity_of(limits: Limits) -> Capacity:
    """What one campaign can use of its account; what others take of it is not foreseen."""
    return Capacity(
        at_once=min(limits.at_once, limits.campaign_at_once),
        per_second=timedelta(seconds=1) / max(limits.account_spacing, limits.lines.apart),
        hold=HOLD,
    )
