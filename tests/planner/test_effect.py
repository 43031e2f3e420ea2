"""Whom an edit moves: the same decisions by both files."""

from datetime import timedelta

from campaigns.domain.contact import Contact
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.lead import Lead
from campaigns.planner.effect import Effect, effect
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

NOW = instant("2026-11-23T10:00Z")  # 11:00 in Amsterdam
HOUR = timedelta(hours=1)


def someone(number: int, **contact: object) -> Facts:
    person: Contact = a_contact(number, **contact)
    return Facts(Lead(f"lead {number}", "test", person, f"p{number}"))


def judge(people: list[Facts], old: dict, new: dict, *, waiting: int | None = None) -> Effect:
    total = len(people) if waiting is None else waiting
    return effect(people, a_campaign(**old), a_campaign(**new), NO_LAW, PeopleLimits(), waiting=total, now=NOW)


def test_longer_hours_move_people_earlier_and_shorter_ones_later() -> None:
    morning, noon = {"calling_hours": "Mo-Su 09:00-17:00"}, {"calling_hours": "Mo-Su 14:00-17:00"}
    people = [someone(n) for n in range(3)]
    assert judge(people, morning, noon) == Effect(3, 3, later=3, later_by=3 * HOUR)
    assert judge(people, noon, morning) == Effect(3, 3, earlier=3, earlier_by=3 * HOUR)


def test_who_cannot_be_called_any_more_is_lost_with_the_reason() -> None:
    found = judge(
        [someone(1), someone(2, zones=())],
        {},
        {"ends": "2026-11-22", "timezone": "contact", "calling_hours": "Mo-Su 00:00-12:00"},
    )
    assert found.lost == {
        "the deadline has passed (ends)": 1,
        "no time zone is known for this person (timezone)": 1,
    }
    assert (found.unchanged, found.gained) == (0, 0)


def test_who_was_to_be_closed_and_may_now_be_called_is_gained() -> None:
    found = judge([someone(1)], {"ends": "2026-11-22"}, {"ends": "2026-12-01"})
    assert found == Effect(1, 1, gained=1)


def test_the_median_is_told_and_who_keeps_their_time_is_counted() -> None:
    people = [someone(n, call_from=NOW + n * HOUR) for n in range(1, 5)] + [someone(9, call_from=NOW + 30 * HOUR)]
    found = judge(people, {}, {"starts": "2026-11-23T17:00"})  # 16:00Z, six hours from now
    assert (found.later, found.later_by, found.unchanged) == (4, timedelta(hours=3.5), 1)


def test_a_sample_is_scaled_up_and_says_so() -> None:
    found = judge([someone(n) for n in range(10)], {}, {"ends": "2026-11-22"}, waiting=1000)
    assert sum(found.lost.values()) == 1000
    assert not found.exact


def test_nobody_to_judge_is_no_effect() -> None:
    assert judge([], {}, {"ends": "2026-11-22"}) == Effect(0, 0)
