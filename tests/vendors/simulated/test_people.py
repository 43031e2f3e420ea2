"""The simulated people: plausible as a crowd, faithful as persons."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from campaigns.vendors.simulated.people import How, Person

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
"""Noon in New York."""
CROWD = [Person(1, f"+1{area}555{number:04}") for area in range(201, 221) for number in range(100, 200)]


def shares(ordinal: int, at: datetime) -> dict[How, float]:
    counted = Counter(person.fate(ordinal, at).how for person in CROWD)
    return {how: counted[how] / len(CROWD) for how in How}


def test_two_thousand_people_behave_plausibly() -> None:
    share = shares(1, NOON)
    assert 0.30 < share[How.ANSWERED] < 0.45
    assert 0.10 < share[How.VOICEMAIL] < 0.30
    assert 0.15 < share[How.NO_ANSWER] < 0.35
    assert 0.04 < share[How.BUSY] < 0.12
    assert 0.02 < share[How.DECLINED] < 0.08
    assert 0.02 < share[How.BAD_NUMBER] < 0.045
    assert 0.004 < share[How.PROVIDER_ERROR] < 0.02


def test_what_people_say_is_rare_where_it_should_be() -> None:
    talks = [
        fate.analysis for n in range(1, 7) for person in CROWD if (fate := person.fate(n, NOON)).how is How.ANSWERED
    ]
    share = {key: sum(bool(said.get(key)) for said in talks) / len(talks) for key in
             ("opt_out", "wrong_person", "refused", "call_back_at", "confirmed")}  # fmt: skip
    assert 0.012 < share["opt_out"] < 0.028
    assert 0.005 < share["wrong_person"] < 0.016
    assert 0.065 < share["refused"] < 0.095
    assert 0.045 < share["call_back_at"] < 0.075
    assert 0.55 < share["confirmed"] < 0.75
    assert {said["score"] for said in talks} == {1, 2, 3, 4, 5}
    assert {said["language"] for said in talks} == {"en"}


def test_a_better_moment_is_a_duration_or_a_local_time_of_tomorrow() -> None:
    asked = {
        fate.analysis["call_back_at"]
        for n in range(1, 9)
        for person in CROWD
        if "call_back_at" in (fate := person.fate(n, NOON)).analysis
    }
    moments = {text for text in asked if not text.endswith("h")}
    assert asked - moments <= {"1h", "2h", "3h", "4h"}
    assert all(datetime.fromisoformat(text).tzinfo is None for text in moments)
    # Whatever the zone, tomorrow is seen from their own today.
    assert {text[:10] for text in moments} == {"2026-11-24"}
    assert all(10 <= datetime.fromisoformat(text).hour < 17 for text in moments)


def test_more_people_pick_up_in_the_evening_and_few_at_night() -> None:
    night, evening = (shares(1, NOON + timedelta(hours=h))[How.ANSWERED] for h in (-9, 7))
    assert night < 0.2 < shares(1, NOON)[How.ANSWERED] < evening


def test_hours_are_the_persons_own() -> None:
    assert str(Person(1, "+31200000001").zone) == "Europe/Amsterdam"
    assert str(Person(1, "+12125550100").zone) == "America/New_York"
    assert str(Person(1, "+999123456").zone) == "UTC"


def test_the_next_call_is_another_try_but_a_bad_number_stays_bad() -> None:
    bad = [person for person in CROWD if person.is_bad_number]
    assert {person.fate(n, NOON).how for person in bad for n in range(1, 9)} == {How.BAD_NUMBER}
    tries = [person.fate(n, NOON).how for person in CROWD[:50] for n in (1, 2)]
    assert tries[::2] != tries[1::2]
    assert CROWD[0].fate(3, NOON) == Person(1, CROWD[0].phone).fate(3, NOON)


def test_a_tenth_of_the_missed_call_back_and_never_at_night() -> None:
    missed = [
        fate for n in range(1, 5) for person in CROWD
        if (fate := person.fate(n, NOON)).how in (How.NO_ANSWER, How.BUSY, How.VOICEMAIL)
    ]  # fmt: skip
    back = [fate.calls_back_after for fate in missed if fate.calls_back_after is not None]
    assert 0.07 < len(back) / len(missed) < 0.13
    assert all(600 <= after <= 5400 for after in back)
    late = NOON + timedelta(hours=13)
    assert not any(person.fate(1, late).calls_back_after for person in CROWD[:500])
