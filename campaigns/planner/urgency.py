"""Who must be called today so that the most people are reached before their deadlines, where lines are short.

`decide` knows of one person whether today is their last day. Here all are looked at together: somebody with two days
left must go today if the slots of tomorrow are needed for others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.hours import CallingWindow
from campaigns.domain.legal import Law
from campaigns.domain.sources import FileList
from campaigns.domain.zones import zone as zone_info

from .comb import EPOCH, SLOT, Capacity
from .questions import case_of, deadline, midnight_after
from .schedule import ToCall, Window, reachable, schedule

_NEARER = (timedelta(days=14), timedelta(days=7), timedelta(days=3))
"""How far is looked ahead: where people are of too many kinds, less far."""
_CELLS = 50_000_000
"""Kinds times minutes up to which a schedule takes some tenths of a second and 50 MB."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Dated:
    """Somebody with a deadline."""

    call: ToCall
    midnight: datetime
    """The end of their day, in their first zone."""


def has_deadlines(campaign: Campaign) -> bool:
    """Whether the file gives a deadline to anybody."""
    lists = [source for source in campaign.contacts if isinstance(source, FileList)]
    return campaign.ends is not None or any(source.call_by is not None for source in lists)


def dated(leads: Iterable[Facts], campaign: Campaign, law: Law, *, now: datetime) -> list[Dated]:
    """Those who have a deadline.

    Deadlines count as the full hour before: the schedule's cost grows with how many different ones there are, and in
    the last hour of the last day `decide` says by itself that it is the last chance.
    """
    found = []
    for facts in leads:
        case = case_of(facts, campaign, law, PeopleLimits(), now=now)
        end, _ = deadline(case)
        if end is None:
            continue
        lead, zone = case.lead, case.zones[0]
        call = ToCall(
            lead.id, _hours(case.window, now), lead.due_at or now, end - (end - EPOCH) % _HOUR, lead.contact.rank
        )
        found.append(Dated(call, midnight_after(now.astimezone(zone_info(zone)).date(), zone)))
    return found


# One value for all who share a window: `schedule` asks for that.
@lru_cache(maxsize=4096)
def _hours(window: CallingWindow, now: datetime) -> Window:
    return Window(tuple(window.spans(now, now + _NEARER[0])))


def urgent(leads: Sequence[Dated], capacity: Capacity, *, now: datetime) -> frozenset[str]:
    """Ids of the leads that go today in a schedule that reaches the most people; none where today is not needed.

    Today is needed if fewer people could be reached once it is tomorrow for all of them. Whoever then takes the marked
    ones first loses nobody whom the schedule reaches. Each person counts as one call: retries are not foreseen. Only
    deadlines within 14 days are looked at, and within fewer where hours and deadlines are of very many kinds.
    """
    near = _near(leads, now=now)
    calls = [lead.call for lead in near]
    later = reachable(calls, capacity, now=max((lead.midnight for lead in near), default=now))
    if later == len(near):
        return frozenset()
    starts = schedule(calls, capacity, now=now).starts
    if later == len(starts):
        return frozenset()
    return frozenset(lead.call.id for lead in near if starts.get(lead.call.id, lead.midnight) < lead.midnight)


def _near(leads: Sequence[Dated], *, now: datetime) -> list[Dated]:
    """Those who are looked at; a kind is one window and one deadline."""
    for ahead in _NEARER:
        near = [lead for lead in leads if lead.call.latest <= now + ahead]
        if len({(id(lead.call.window), lead.call.latest) for lead in near}) * (ahead // SLOT) <= _CELLS:
            return near
    return []
