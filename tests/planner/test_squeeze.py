"""Who cannot be called before their deadline, whoever is called when; and what would make room."""

from datetime import timedelta

from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead
from campaigns.planner.comb import Capacity
from campaigns.planner.schedule import Change
from campaigns.planner.squeeze import squeeze
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

NOW = instant("2026-11-23T06:00Z")
TEN_A_DAY = Capacity(at_once=1, per_second=1, hold=timedelta(minutes=1))
HOURS = "Mo-Su 10:00-10:12"  # eleven whole minutes with their margin


def people(count: int, **contact) -> list[Facts]:
    made = [a_contact(n, key=f"{contact.get('hours', '')[:2]}{n}", **contact) for n in range(count)]
    return [Facts(Lead(f"{one.key}", "test", one, one.person)) for one in made]


def squeezed(leads: list[Facts], **campaign):
    return squeeze(leads, a_campaign(**campaign), NO_LAW, TEN_A_DAY, now=NOW)


def test_where_there_is_room_nobody_is_named() -> None:
    found = squeezed(people(11, hours=HOURS, call_by=instant("2026-11-23T22:00Z")))
    assert (found.people, found.full, found.no_opening, found.cheapest) == (11, (), (), None)


def test_those_without_a_line_are_named_with_the_cheapest_change() -> None:
    found = squeezed(people(15, hours=HOURS, call_by=instant("2026-11-23T22:00Z")))
    assert len(found.full) == 4
    assert found.cheapest is Change.LINE
    assert found.fits[Change.LINE] == found.fits[Change.HOUR] == found.fits[Change.DAY] == 4


def test_those_without_an_open_hour_are_told_apart() -> None:
    never = people(2, hours="Sa 10:00-11:00", call_by=instant("2026-11-24T22:00Z"))
    found = squeezed([*never, *people(3, hours=HOURS, call_by=instant("2026-11-23T22:00Z"))])
    assert (found.people, found.no_opening, found.full) == (5, ("Sa0", "Sa1"), ())


def test_whoever_has_no_deadline_is_not_asked_about() -> None:
    assert squeezed(people(30, hours=HOURS)).people == 0
    assert squeezed(people(30, hours=HOURS), ends="2026-11-24").people == 30
