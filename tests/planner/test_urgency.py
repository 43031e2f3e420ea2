"""Who must go today: those whom tomorrow has no slot for, and nobody where there is room for all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.domain.contact import Contact
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead
from campaigns.planner.comb import Capacity
from campaigns.planner.urgency import dated, has_deadlines, urgent
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

NOW = instant("2026-11-23T06:00Z")  # a Monday; 07:00 in Amsterdam
MINUTE = timedelta(minutes=1)
TEN_A_DAY = Capacity(at_once=1, per_second=1, hold=MINUTE)
"""In a window of ten minutes and the margin."""
LONG, SHORT = "Mo-Su 10:00-10:12", "Mo-Su 10:00-10:11"
MONDAY, TUESDAY, WEDNESDAY = (instant(f"2026-11-{day}T22:00Z") for day in (23, 24, 25))


def group(name: str, count: int, **contact) -> list[Facts]:
    made: list[Contact] = [a_contact(n, **contact) for n in range(count)]
    return [Facts(Lead(f"{name}{n}", "test", one, one.person)) for n, one in enumerate(made)]


def marked(leads: list[Facts], capacity: Capacity = TEN_A_DAY, *, now=NOW, **campaign) -> dict[str, int]:
    """How many of each group."""
    ids = urgent(dated(leads, a_campaign(**campaign), NO_LAW, now=now), capacity, now=now)
    names = [facts.lead.id[0] for facts in leads if facts.lead.id in ids]
    return {name: names.count(name) for name in sorted(set(names))}


def test_whoever_has_another_day_waits_for_those_whose_next_day_is_full() -> None:
    two_days = group("A", 22, hours=LONG, call_by=TUESDAY)
    three_days = group("B", 10, hours=SHORT, call_by=WEDNESDAY)  # and closes earlier today
    assert marked(two_days + three_days) == {"A": 11}


def test_those_with_only_today_go_today_and_those_with_tomorrow_wait() -> None:
    today = group("A", 11, hours=LONG, call_by=MONDAY)
    tomorrow = group("B", 10, hours=SHORT, call_by=TUESDAY)
    assert marked(today + tomorrow) == {"A": 11}


def test_where_all_fit_into_today_nobody_is_marked() -> None:
    assert marked(group("A", 11, hours=LONG, call_by=TUESDAY)) == {}
    assert marked(group("A", 12, hours=LONG, call_by=TUESDAY)) == {"A": 11}


def test_whoever_would_take_a_slot_that_tomorrow_has_for_others_alone_goes_today_though_today_has_room() -> None:
    tuesday_alone = group("A", 11, hours="Tu 10:00-10:12", call_by=TUESDAY)
    either = group("B", 5, hours=LONG, call_by=TUESDAY)  # people without a deadline may want today's slots
    assert marked(tuesday_alone + either) == {"B": 5}
    assert marked(tuesday_alone[:6] + either) == {}


def test_people_further_west_do_not_stand_in_for_those_whose_today_is_needed() -> None:
    """It is Sunday still in Los Angeles: the same ten o'clock in Amsterdam is the next day for some of them."""
    here, there = {"zones": ("Europe/Amsterdam",)}, {"zones": ("America/Los_Angeles",), "country": "US"}
    keys = {"calling_hours": LONG, "ends": "2026-11-24T22:00"}
    assert marked(group("A", 20, **here) + group("B", 20, **there), **keys)["A"] > 0


def test_who_is_lost_in_any_case_makes_nobody_urgent() -> None:
    never = group("A", 3, hours="Sa 10:00-11:00", call_by=TUESDAY)
    too_many = group("B", 30, hours="Tu 10:00-10:12", call_by=TUESDAY)
    later = group("C", 3, hours=LONG, call_by=WEDNESDAY)
    assert marked(never + too_many + later) == {}


def test_who_is_planned_for_another_day_is_not_marked() -> None:
    people = group("A", 30, hours=LONG, call_by=TUESDAY)
    planned = [replace(f, lead=replace(f.lead, due_at=MONDAY)) for f in people]
    assert marked(planned) == {}
    assert marked(planned[1:] + people[:1]) == {"A": 1}


@pytest.mark.parametrize(("ends", "expected"), [(None, {}), ("2026-11-24T22:00", {"A": 11}), ("2026-12-31T22:00", {})])
def test_only_a_deadline_within_two_weeks_makes_anybody_urgent(ends: str | None, expected: dict[str, int]) -> None:
    assert marked(group("A", 160, hours=LONG), ends=ends) == expected


def test_people_of_too_many_kinds_are_looked_at_a_few_days_ahead() -> None:
    """Sixty kinds of hours and a deadline in every hour: of two weeks only three days are asked about."""
    many = [facts for n in range(60) for facts in group(f"{n} ", 336, hours=f"Mo-Su 10:{n:02}-11:{n:02}")]
    spread = [
        Facts(replace(one.lead, contact=replace(one.lead.contact, call_by=NOW + timedelta(hours=n % 336 + 1))))
        for n, one in enumerate(many)
    ]
    found = urgent(dated(spread, a_campaign(), NO_LAW, now=NOW), TEN_A_DAY, now=NOW)
    by = {one.lead.id: one.lead.contact.call_by for one in spread}
    assert found
    assert max(by[name] for name in found) <= NOW + timedelta(days=3)


def test_today_ends_at_midnight_where_the_person_is() -> None:
    people = group("A", 30, zones=("Pacific/Honolulu",), country="US", hours="Mo-Su 20:00-20:12", call_by=WEDNESDAY)
    assert marked(people) == {"A": 11}  # 20:00 of their Sunday
    assert marked(people, now=NOW + timedelta(hours=1)) == {}  # Monday's is still today in UTC and tomorrow there


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, False),
        ({"ends": "2026-11-24T22:00"}, True),
        ({"contacts": [{"file": "l.csv", "columns": {"phone": "P"}, "call_by": "By"}]}, True),
    ],
)
def test_a_file_says_whether_anybody_can_have_a_deadline(keys: dict, expected: bool) -> None:
    assert has_deadlines(a_campaign(**keys)) is expected
