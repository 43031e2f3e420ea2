"""Days on which lines are short: as many are reached before their deadlines as the schedule for all of them reaches."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from campaigns.domain.contact import Contact
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead
from campaigns.engine.terms import limits_of
from campaigns.engine.urgency import EVERY, MOST, capacity_of
from campaigns.planner.schedule import schedule
from campaigns.planner.urgency import dated
from campaigns.ports import Clock
from campaigns.stores.memory import MemoryStore
from campaigns.testing import NO_LAW, a_campaign, a_contact, a_night, an_account, instant

from .conftest import check, play

MORNING = instant("2026-11-23T06:00Z")  # a Monday; 07:00 in Amsterdam
TUESDAY, WEDNESDAY = (instant(f"2026-11-{day}T22:00Z") for day in (24, 25))
CAMPAIGN = a_campaign(
    attempts={"max": 1, "per_day": 1, "gap": "0s"},
    pacing={"at_once": 1, "per_second": 100},
    contacts=[{"file": "list.csv", "columns": {"phone": "Phone"}, "call_by": "By"}],
)
LASTS = timedelta(seconds=85)
"""With the wait for the next look at the provider, a call holds its line for as long as is expected."""


def crowd(two_days: int, three_days: int) -> list[Contact]:
    """Those who can be called until Tuesday, and those who can until Wednesday, but not so late in the day."""
    first = [a_contact(n, hours="Mo-Su 10:00-10:30", call_by=TUESDAY) for n in range(two_days)]
    return first + [a_contact(100 + n, hours="Mo-Su 10:00-10:25", call_by=WEDNESDAY) for n in range(three_days)]


def most(people: list[Contact]) -> int:
    """How many the exact schedule reaches."""
    leads = [Facts(Lead(one.key, "test", one, one.person)) for one in people]
    calls = [lead.call for lead in dated(leads, CAMPAIGN, NO_LAW, now=MORNING)]
    capacity = capacity_of(limits_of(CAMPAIGN, an_account(), timedelta(milliseconds=20)))
    return len(schedule(calls, capacity, now=MORNING).starts)


class Marking(MemoryStore):
    """A store that remembers when it was told whom to mark; with `deaf`, everybody goes by their own plan alone."""

    def __init__(self, clock: Clock, *, deaf: bool = False, leads: int | None = None) -> None:
        super().__init__()
        self.clock, self.deaf, self.leads = clock, deaf, leads
        self.marked: list[tuple[datetime, int]] = []

    async def mark_urgent(self, name: str, lead_ids: Collection[str]) -> None:
        self.marked.append((self.clock.now(), len(lead_ids)))
        if not self.deaf:
            await super().mark_urgent(name, lead_ids)

    async def undecided(self, name: str, *, limit: int) -> list[str]:
        found = await super().undecided(name, limit=limit)
        return (found * (self.leads or 1))[:limit]


def days(people: list[Contact], **changes: Any) -> tuple[Counter[str], list[tuple[datetime, int]]]:
    """How many of each kind are called on which day, and when how many were marked."""
    own = {key: changes.pop(key) for key in ("deaf", "leads") if key in changes}

    async def main(_, clock):
        store = Marking(clock, **own)
        async with a_night(store, clock, campaign=CAMPAIGN.model_copy(update=changes), contacts=people) as night:
            night.provider.lasts = LASTS
            await night.run()
            await check(night)
            kinds = {one.phones[0].e164: "A" if one.call_by == TUESDAY else "B" for one in people}
            called = Counter(f"{kinds[call.phone]} {call.at:%a}" for call in night.provider.calls)
        store.close()
        return called, store.marked

    return play(main, MORNING)


def test_the_plan_for_all_reaches_people_whom_each_ones_own_plan_loses() -> None:
    people = crowd(two_days=45, three_days=16)
    own, _ = days(people, deaf=True)
    together, _ = days(people)
    # Who closes first goes first: those who could wait until Wednesday take Monday from those who cannot.
    assert own == {"B Mon": 16, "A Mon": 5, "A Tue": 21}
    assert together == {"A Mon": 21, "A Tue": 21, "B Wed": 16}
    # The schedule keeps a whole minute before each closing, the runner half of one.
    assert most(people) == 56 <= together.total()


def test_marks_are_made_anew_every_ten_minutes_while_people_wait_for_a_line() -> None:
    _, marked = days(crowd(two_days=45, three_days=16))
    moments = [at for at, _ in marked]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= EVERY
    monday = [count for at, count in marked if at < TUESDAY - timedelta(days=1)]
    assert monday == [20, 20, 12, 4]  # before the opening, and then as the hour goes by


def test_nobody_is_looked_at_where_there_is_a_line_for_everybody() -> None:
    wide = {"pacing": CAMPAIGN.pacing.model_copy(update={"at_once": 100})}
    assert days(crowd(two_days=25, three_days=10), **wide)[1] == []


def test_a_file_without_deadlines_marks_nobody() -> None:
    assert days(crowd(two_days=25, three_days=10), contacts=a_campaign().contacts)[1] == []


def test_too_many_open_leads_go_by_their_own_plans() -> None:
    called, marked = days(crowd(two_days=45, three_days=16), leads=MOST + 1)
    assert (called.total(), marked) == (42, [])
