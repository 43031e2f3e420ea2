"""How the leads of one campaign are judged: for this moment, or for a moment ahead at which the provider is to call."""

from collections.abc import Callable
from datetime import datetime

from campaigns.domain.call import CallOrder
from campaigns.domain.facts import Facts
from campaigns.planner.booking import Full, Slot, book
from campaigns.planner.decide import Step, decide
from campaigns.ports import CallProvider, schedules
from campaigns.ports.store import Store

from .terms import Terms

Judge = Callable[[Facts], Step | Slot | Full]


async def judge_of(store: Store, terms: Terms, *, now: datetime) -> Judge | None:
    """The judge of one look; None: nobody can be booked, for want of lines.

    With scheduled dialing each slot that it gives is taken for the next lead.
    """
    campaign, law, people = terms.campaign, terms.law, terms.people
    if not terms.scheduled:
        return lambda facts: decide(facts, campaign, law, people, now=now)
    lines = terms.limits.lines
    holds = await store.holds(terms.record.name, terms.limits.longest_call, now=now)

    def line_left() -> bool:
        return lines.first_free(now + lines.notice, now + lines.ahead, holds) is not None

    left = line_left()

    def ahead(facts: Facts) -> Step | Slot | Full:
        nonlocal left
        if not left:
            return Full()
        step = book(facts, campaign, law, people, lines=lines, holds=holds, now=now)
        if isinstance(step, Slot):
            holds.append(lines.hold(step.fires_at))
            left = line_left()
        return step

    return ahead if left else None


def encoded(provider: CallProvider, order: CallOrder, fires_at: datetime | None) -> bytes:
    """The request body of a call now, or at `fires_at`."""
    if fires_at is None or not schedules(provider):
        return provider.encode(order)
    return provider.encode_booking(order, fires_at)
