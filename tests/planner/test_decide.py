"""One lead, now: call, wait until (and why), or close. Tables first, then laws that hold for every lead."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Contact, PhoneNumber
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits
from campaigns.domain.hours import calling_window
from campaigns.domain.lead import Lead, LeadState, Outcome
from campaigns.domain.zones import Place
from campaigns.planner.decide import MARGIN, Call, Close, Step, Wait, decide, next_number, planned, window_of
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

D = Disposition
AMSTERDAM, NEW_YORK, LOS_ANGELES = "Europe/Amsterdam", "America/New_York", "America/Los_Angeles"
NOW = instant("2026-11-23T10:00Z")  # a Monday; 11:00 in Amsterdam, 05:00 in New York
ONE, TWO, THREE = PhoneNumber("+31200000001"), PhoneNumber("+31200000002"), PhoneNumber("+31200000003")
OFFICE = "Mo-Fr 09:00-17:00"


def at(text: str) -> datetime:
    """Amsterdam wall time in the night's week."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(AMSTERDAM)).astimezone(UTC)


def tried(ended: datetime, disposition: Disposition | None = D.NO_ANSWER, ordinal: int = 1, **changes) -> PastAttempt:
    plain = PastAttempt(ordinal, counts=True, disposition=disposition, phone=ONE.e164, at=ended, ended_by=ended)
    return replace(plain, **changes)


def facts(*attempts: PastAttempt, contact: dict | None = None, lead: dict | None = None, **changes) -> Facts:
    person = replace(a_contact(phones=(ONE,)), **(contact or {}))
    return Facts(replace(Lead("lead", "test", person, "p"), **(lead or {})), attempts, **changes)


def step(given_facts: Facts, *, now: datetime = NOW, people: PeopleLimits | None = None, **campaign) -> Step:
    campaign = {"timezone": "contact", **campaign}
    return decide(given_facts, a_campaign(**campaign), NO_LAW, people or PeopleLimits(), now=now)


def waits(decision: Step) -> tuple[datetime, str]:
    assert isinstance(decision, Wait), decision
    return decision.until, decision.rule


def closes(decision: Step) -> tuple[Outcome, str]:
    assert isinstance(decision, Close), decision
    return decision.outcome, decision.rule


# Calling at all


def test_a_new_lead_in_an_open_hour_is_called_on_its_first_number() -> None:
    decision = step(facts(contact={"phones": (ONE, TWO)}), calling_hours=OFFICE)
    assert decision == Call(ONE, callback=False, closes_at=at("2026-11-23T17:00"), last_chance=False)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-23T08:00", "2026-11-23T09:00"),
        ("2026-11-23T08:59:59", "2026-11-23T09:00"),
        ("2026-11-23T16:59:31", "2026-11-24T09:00"),
        ("2026-11-23T17:00", "2026-11-24T09:00"),
        ("2026-11-27T17:00", "2026-11-30T09:00"),
        ("2026-11-28T12:00", "2026-11-30T09:00"),
    ],
)
def test_outside_calling_hours_it_waits_for_the_next_opening(now: str, until: str) -> None:
    assert waits(step(facts(), now=at(now), calling_hours=OFFICE)) == (at(until), "calling_hours")


def test_nobody_is_called_in_the_last_moments_of_an_hour() -> None:
    assert isinstance(step(facts(), now=at("2026-11-23T16:59:30"), calling_hours=OFFICE), Wait)
    assert isinstance(step(facts(), now=at("2026-11-23T16:59:29"), calling_hours=OFFICE), Call)


def test_the_persons_own_hours_narrow_the_campaigns() -> None:
    person = facts(contact={"hours": "Mo-Fr 16:00-20:00"})
    assert waits(step(person, calling_hours=OFFICE))[0] == at("2026-11-23T16:00")
    assert step(person, now=at("2026-11-23T16:30"), calling_hours=OFFICE).closes_at == at("2026-11-23T17:00")


def test_hours_that_never_meet_block_the_lead() -> None:
    person = facts(contact={"hours": "Mo-Fr 18:00-20:00"})
    assert closes(step(person, calling_hours=OFFICE)) == (Outcome.BLOCKED, "calling_hours")


def test_who_may_be_in_several_zones_is_called_when_it_is_open_in_all() -> None:
    american = facts(contact={"zones": (NEW_YORK, LOS_ANGELES), "country": "US"})
    decision = step(american, calling_hours=OFFICE)
    assert waits(decision) == (instant("2026-11-23T17:00Z"), "calling_hours")  # 12:00 and 09:00
    assert decision.closes_at == instant("2026-11-23T22:00Z")  # 17:00 and 14:00


def test_without_a_zone_nobody_is_called() -> None:
    assert closes(step(facts(contact={"zones": ()}), calling_hours=OFFICE)) == (Outcome.BLOCKED, "timezone")
    lawful = step(facts(contact={"zones": ()}), calling_hours="24/7", legal_hours="auto")
    assert closes(lawful) == (Outcome.BLOCKED, "timezone")


def test_without_a_zone_only_hours_around_the_clock_without_a_law_allow_a_call() -> None:
    nowhere, off = facts(contact={"zones": ()}), {"off": "our own staff"}
    assert isinstance(step(nowhere, calling_hours="24/7", legal_hours=off), Call)
    assert isinstance(step(nowhere, calling_hours="Mo-Su 00:00-24:00", legal_hours=off), Close)
    own_hours = facts(contact={"zones": (), "hours": OFFICE})
    assert isinstance(step(own_hours, calling_hours="24/7", legal_hours=off), Close)


def test_hours_that_name_holidays_of_nobodys_country_block_and_say_so() -> None:
    decision = step(facts(contact={"country": None}), calling_hours="Mo-Fr 09:00-17:00; PH off")
    assert closes(decision) == (Outcome.BLOCKED, "calling_hours")
    assert "country" in decision.reason


def test_public_holidays_are_those_of_the_persons_country() -> None:
    hours, christmas = "Mo-Fr 09:00-17:00; PH off", instant("2026-12-25T10:00Z")
    assert isinstance(step(facts(), now=christmas, calling_hours=hours), Wait)
    turkish = facts(contact={"country": "TR", "zones": ("Europe/Istanbul",)})
    assert isinstance(step(turkish, now=christmas, calling_hours=hours), Call)


# Never again


def test_who_is_suppressed_is_never_called_whatever_else_holds() -> None:
    for person in (
        facts(suppressed=True),
        facts(suppressed=True, contact={"zones": ()}),
        facts(suppressed=True, lead={"callback_at": NOW}),
    ):
        assert closes(step(person)) == (Outcome.DO_NOT_CALL, "suppression")


def test_after_max_attempts_it_is_exhausted() -> None:
    past = [tried(NOW - timedelta(days=n), ordinal=4 - n) for n in (3, 2, 1)]
    assert closes(step(facts(*past))) == (Outcome.EXHAUSTED, "attempts.max")
    assert isinstance(step(facts(*past), attempts={"max": 4}), Call)


def test_dials_that_cost_nothing_are_not_counted() -> None:
    past = [tried(NOW - timedelta(minutes=n), None, ordinal=9 - n, counts=False) for n in range(1, 9)]
    assert isinstance(step(facts(*past)), Call)


@pytest.mark.parametrize("ending", [D.VOICEMAIL, D.DECLINED, D.UNKNOWN, D.ANSWERED, None])
def test_without_a_retry_for_its_ending_it_is_exhausted(ending: Disposition | None) -> None:
    assert closes(step(facts(tried(NOW - timedelta(days=2), ending)))) == (Outcome.EXHAUSTED, "attempts.retry")


# Retries and gaps


@pytest.mark.parametrize(
    ("retry", "gap", "ago", "until", "rule"),
    [
        ({"no_answer": "3h"}, "2h", "0s", "3h", "attempts.retry.no_answer"),
        ({"no_answer": "1h"}, "2h", "0s", "2h", "attempts.gap"),
        ({"no_answer": "5m"}, "0s", "0s", "5m", "attempts.retry.no_answer"),
        ({"no_answer": ["5m", "4h"]}, "0s", "0s", "5m", "attempts.retry.no_answer"),
    ],
)
def test_the_longer_of_gap_and_retry_holds(retry, gap, ago, until, rule) -> None:
    decision = step(facts(tried(NOW)), attempts={"retry": retry, "gap": gap, "per_day": 9})
    hours = {"5m": timedelta(minutes=5), "2h": timedelta(hours=2), "3h": timedelta(hours=3)}
    assert waits(decision) == (NOW + hours[until], rule)


@pytest.mark.parametrize(
    ("endings", "minutes"), [("b", 5), ("bb", 30), ("bnb", 30), ("bbb", 60), ("bbbb", 60), ("nnb", 5)]
)
def test_a_list_of_delays_counts_attempts_that_ended_alike(endings: str, minutes: int) -> None:
    words = {"b": D.BUSY, "n": D.NO_ANSWER}
    past = [tried(NOW, words[word], ordinal=n) for n, word in enumerate(endings, 1)]
    rules = {"retry": {"busy": ["5m", "30m", "1h"], "no_answer": "2m"}, "gap": "0s", "per_day": 99, "max": 99}
    assert waits(step(facts(*past), attempts=rules))[0] == NOW + timedelta(minutes=minutes)


def test_gap_and_retry_count_from_the_end_of_the_last_attempt() -> None:
    long_call = tried(NOW, at=NOW - timedelta(minutes=50))
    assert waits(step(facts(long_call), attempts={"per_day": 9}))[0] == NOW + timedelta(hours=3)


def test_the_last_attempt_is_the_one_with_the_highest_number_that_counted() -> None:
    past = [tried(NOW - timedelta(hours=4), D.BUSY, 2), tried(NOW, D.FAILED, 1), tried(NOW, None, 3, counts=False)]
    assert isinstance(step(facts(*past), attempts={"per_day": 9}), Call)


def test_next_day_waits_for_the_other_half_of_the_next_open_day() -> None:
    monday_morning = tried(at("2026-11-23T10:00"))
    decision = step(facts(monday_morning), attempts={"retry": {"no_answer": "next_day"}}, calling_hours=OFFICE)
    until, rule = waits(decision)
    assert rule == "attempts.retry.no_answer"
    assert at("2026-11-24T12:00") <= until < at("2026-11-24T17:00")


def test_next_day_of_a_friday_is_monday() -> None:
    friday = facts(tried(at("2026-11-27T15:00")))
    until, _ = waits(
        step(friday, now=at("2026-11-27T16:00"), attempts={"retry": {"no_answer": "next_day"}}, calling_hours=OFFICE)
    )
    assert at("2026-11-30T09:00") <= until < at("2026-11-30T12:00")


def test_a_retry_asked_by_an_outcome_rule_overrules_the_table_but_not_the_gap() -> None:
    lead = {"retry_at": NOW + timedelta(hours=5)}
    answered = tried(NOW, D.ANSWERED)
    assert waits(step(facts(answered, lead=lead), attempts={"per_day": 9})) == (lead["retry_at"], "outcomes.retry")
    soon = {"retry_at": NOW + timedelta(minutes=5)}
    assert waits(step(facts(answered, lead=soon), attempts={"per_day": 9})) == (
        NOW + timedelta(hours=2),
        "attempts.gap",
    )


def test_an_unreadable_callback_is_retried_like_unknown() -> None:
    lead = facts(tried(NOW, D.ANSWERED), lead={"retry_like": D.UNKNOWN})
    assert waits(step(lead, attempts={"retry": {"unknown": "4h"}, "per_day": 9}))[1] == "attempts.retry.unknown"
    assert closes(step(lead)) == (Outcome.EXHAUSTED, "attempts.retry")


# Attempts per day


@pytest.mark.parametrize(
    ("zone", "tried_at", "now", "until"),
    [
        (AMSTERDAM, "2026-11-23T08:00Z", "2026-11-23T18:00Z", "2026-11-23T23:00Z"),
        (NEW_YORK, "2026-11-23T04:30Z", "2026-11-23T10:00Z", None),  # 23:30 the day before, there
        (NEW_YORK, "2026-11-23T05:30Z", "2026-11-23T10:00Z", "2026-11-24T05:00Z"),
        ("Pacific/Auckland", "2026-11-23T10:59Z", "2026-11-23T16:00Z", None),  # 23:59, then 05:00 of the next day
        ("Asia/Kathmandu", "2026-11-23T10:00Z", "2026-11-23T16:00Z", "2026-11-23T18:15Z"),
        (AMSTERDAM, "2027-03-27T23:30Z", "2027-03-28T10:00Z", "2027-03-28T22:00Z"),  # a day of 23 hours
        (AMSTERDAM, "2027-10-30T22:30Z", "2027-10-31T10:00Z", "2027-10-31T23:00Z"),  # a day of 25 hours
        ("Africa/Cairo", "2026-04-23T10:00Z", "2026-04-23T16:00Z", "2026-04-23T22:00Z"),  # a midnight that is none
    ],
)
def test_per_day_is_the_persons_calendar_day(zone: str, tried_at: str, now: str, until: str | None) -> None:
    person = facts(tried(instant(tried_at)), contact={"zones": (zone,), "country": None})
    decision = step(person, now=instant(now))
    if until is None:
        assert isinstance(decision, Call)
    else:
        assert waits(decision) == (instant(until), "attempts.per_day")


def test_who_may_be_in_two_zones_has_a_full_day_where_either_has() -> None:
    both = facts(tried(instant("2026-11-23T04:30Z")), contact={"zones": (NEW_YORK, AMSTERDAM), "country": None})
    assert waits(step(both))[1] == "attempts.per_day"


def test_a_full_day_is_said_even_where_the_next_day_opens_later() -> None:
    decision = step(facts(tried(at("2026-11-23T09:00"))), now=at("2026-11-23T15:00"), calling_hours=OFFICE)
    assert waits(decision) == (at("2026-11-24T09:00"), "attempts.per_day")


# Callbacks


def test_a_callback_goes_beyond_max_and_ignores_gap_and_day() -> None:
    past = [tried(NOW - timedelta(minutes=n), ordinal=4 - n) for n in (3, 2, 1)]
    promised = facts(*past, lead={"callback_at": NOW, "callbacks": 1})
    assert step(promised) == Call(ONE, callback=True, closes_at=NOW + timedelta(days=7), last_chance=False)


def test_a_callback_ignores_the_gap_after_their_own_call() -> None:
    promised = facts(lead={"callback_at": NOW, "callbacks": 1, "inbound_at": NOW - timedelta(minutes=1)})
    assert isinstance(step(promised), Call)


def test_a_callback_waits_for_its_time_and_for_open_hours() -> None:
    early = facts(lead={"callback_at": NOW + timedelta(hours=1), "callbacks": 1})
    assert waits(step(early)) == (NOW + timedelta(hours=1), "outcomes.callback")
    night = facts(lead={"callback_at": at("2026-11-23T22:00"), "callbacks": 1})
    assert waits(step(night, calling_hours=OFFICE)) == (at("2026-11-24T09:00"), "calling_hours")


def test_a_callback_never_overrules_a_suppression_an_open_call_or_the_deadline() -> None:
    promised = {"callback_at": NOW, "callbacks": 1}
    assert isinstance(step(facts(lead=promised, suppressed=True)), Close)
    assert waits(step(facts(lead=promised, busy_until=NOW + timedelta(minutes=1))))[1] == "one call at a time"
    late = facts(lead={"callback_at": NOW + timedelta(days=3), "callbacks": 1})
    assert closes(step(late, ends="2026-11-25")) == (Outcome.EXPIRED, "ends")


def test_a_callback_is_made_to_the_number_on_which_it_was_promised() -> None:
    person = {"phones": (ONE, TWO, THREE)}
    last = tried(NOW - timedelta(hours=9), D.ANSWERED, phone=TWO.e164)
    promised = facts(last, contact=person, lead={"callback_at": NOW, "callbacks": 1})
    assert step(promised).phone == TWO


# Earliest and latest


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("contact", "2026-11-23T23:00Z"), (NEW_YORK, "2026-11-24T05:00Z"), ("UTC", "2026-11-24T00:00Z")],
)
def test_starts_is_local_time_of_the_campaign_or_the_person(zone: str, expected: str) -> None:
    assert waits(step(facts(), starts="2026-11-24", timezone=zone)) == (instant(expected), "starts")


def test_starts_and_ends_are_careful_where_the_zone_is_in_doubt() -> None:
    both = facts(contact={"zones": (NEW_YORK, LOS_ANGELES), "country": "US"})
    assert waits(step(both, starts="2026-11-24"))[0] == instant("2026-11-24T08:00Z")
    late = step(both, ends="2026-11-24", now=instant("2026-11-24T05:00Z"))
    assert closes(late) == (Outcome.EXPIRED, "ends")


@pytest.mark.parametrize(
    ("now", "called"),
    [
        ("2026-11-23T11:59:29", True),
        ("2026-11-23T11:59:30", False),
        ("2026-11-23T12:00", False),
        ("2026-11-24T09:00", False),
    ],
)
def test_from_the_end_on_nobody_is_called(now: str, called: bool) -> None:
    decision = step(facts(), now=at(now), ends="2026-11-23T12:00")
    assert isinstance(decision, Call) is called
    assert called or closes(decision) == (Outcome.EXPIRED, "ends")


@pytest.mark.row("T2")
def test_an_end_in_the_night_of_the_clock_change_is_kept_to_the_minute() -> None:
    # 03:00 in Amsterdam is 01:00 in UTC, because 02:00 to 03:00 does not exist that night.
    assert isinstance(step(facts(), now=instant("2027-03-28T00:59:00Z"), ends="2027-03-28T03:00"), Call)
    for now in ("2027-03-28T00:59:45Z", "2027-03-28T01:30:00Z", "2027-03-28T01:59:00Z"):
        assert isinstance(step(facts(), now=instant(now), ends="2027-03-28T03:00"), Close)


def test_each_person_has_a_first_and_a_last_moment() -> None:
    contact = {"call_from": at("2026-11-23T12:00"), "call_by": at("2026-11-23T14:00")}
    assert waits(step(facts(contact=contact))) == (at("2026-11-23T12:00"), "contacts.call_from")
    decision = step(facts(contact=contact), now=at("2026-11-23T13:00"), ends="2026-11-30")
    assert decision == Call(ONE, callback=False, closes_at=at("2026-11-23T14:00"), last_chance=True)
    assert closes(step(facts(contact=contact), now=at("2026-11-23T14:00"))) == (Outcome.EXPIRED, "contacts.call_by")


def test_a_wait_beyond_the_deadline_is_expired_and_says_what_it_would_have_waited_for() -> None:
    decision = step(facts(tried(NOW)), ends="2026-11-23T12:00", attempts={"per_day": 9})
    assert closes(decision) == (Outcome.EXPIRED, "ends")
    assert "retry after no answer" in decision.reason


def test_no_open_hour_before_the_deadline_is_expired() -> None:
    decision = step(facts(), now=at("2026-11-23T18:00"), ends="2026-11-24T08:00", calling_hours=OFFICE)
    assert closes(decision) == (Outcome.EXPIRED, "ends")


@pytest.mark.parametrize(
    ("ends", "last"),
    [
        ("2026-11-23T16:00", True),
        ("2026-11-24T09:00", True),
        ("2026-11-24T09:00:30", True),
        ("2026-11-24T12:00", False),
        (None, False),
    ],
)
def test_the_last_day_on_which_somebody_can_be_reached_is_their_last_chance(ends: str | None, last: bool) -> None:
    assert step(facts(), calling_hours=OFFICE, ends=ends).last_chance is last


# Numbers


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([], ONE),
        ([(ONE, D.NO_ANSWER)], TWO),
        ([(ONE, D.NO_ANSWER), (TWO, D.BUSY)], THREE),
        ([(ONE, D.NO_ANSWER), (TWO, D.BUSY), (THREE, D.NO_ANSWER)], ONE),
        ([(ONE, D.BAD_NUMBER)], TWO),
        ([(ONE, D.BAD_NUMBER), (TWO, D.NO_ANSWER), (THREE, D.NO_ANSWER)], TWO),
        ([(TWO, D.BAD_NUMBER), (ONE, D.NO_ANSWER)], THREE),
        ([(PhoneNumber("+31200000099"), D.NO_ANSWER)], ONE),
    ],
)
def test_the_next_attempt_takes_the_next_number_that_is_not_bad(past, expected: PhoneNumber) -> None:
    attempts = [tried(NOW, word, n, phone=phone.e164) for n, (phone, word) in enumerate(past, 1)]
    assert next_number(facts(*attempts, contact={"phones": (ONE, TWO, THREE)})) == expected


def test_only_when_every_number_is_bad_the_lead_is() -> None:
    person = {"phones": (ONE, TWO)}
    one_bad = facts(tried(NOW - timedelta(days=1), D.BAD_NUMBER), contact=person)
    assert step(one_bad).phone == TWO
    both = facts(tried(NOW, D.BAD_NUMBER), tried(NOW, D.BAD_NUMBER, 2, phone=TWO.e164), contact=person)
    assert closes(step(both)) == (Outcome.BAD_NUMBER, "contacts")


def test_after_a_bad_number_the_next_is_tried_as_soon_as_gap_and_day_allow() -> None:
    bad = facts(tried(NOW, D.BAD_NUMBER), contact={"phones": (ONE, TWO)})
    assert waits(step(bad, attempts={"per_day": 9})) == (NOW + timedelta(hours=2), "attempts.gap")
    assert isinstance(step(bad, attempts={"per_day": 9, "gap": "0s"}), Call)


# People, over all campaigns


def test_limits_per_person_count_what_other_campaigns_did() -> None:
    elsewhere = (tried(NOW - timedelta(hours=3)), tried(NOW - timedelta(minutes=10)))
    person = facts(elsewhere=elsewhere)
    assert isinstance(step(person), Call)
    gap = PeopleLimits(gap=timedelta(minutes=30))
    assert waits(step(person, people=gap)) == (NOW + timedelta(minutes=20), "[people] gap")
    per_day = PeopleLimits(per_day=2)
    assert waits(step(person, people=per_day)) == (at("2026-11-24T00:00"), "[people] per_day")


def test_limits_per_person_count_the_leads_own_attempts_too() -> None:
    own = facts(tried(NOW - timedelta(minutes=10), D.FAILED))
    rules = {"gap": "0s", "per_day": 9}
    assert isinstance(step(own, attempts=rules), Call)
    people = PeopleLimits(gap=timedelta(hours=1))
    assert waits(step(own, attempts=rules, people=people)) == (NOW + timedelta(minutes=50), "[people] gap")


def test_the_day_of_a_person_counts_both_what_we_and_what_others_did() -> None:
    past = [tried(NOW - timedelta(hours=4)), tried(NOW - timedelta(hours=8), ordinal=2)]
    rules, people = {"per_day": 9, "max": 9}, PeopleLimits(per_day=3)
    assert isinstance(step(facts(*past), attempts=rules, people=people), Call)
    third = facts(*past, elsewhere=(tried(NOW - timedelta(hours=1)),))
    assert waits(step(third, attempts=rules, people=people))[1] == "[people] per_day"


def test_while_another_call_to_the_person_is_open_it_waits() -> None:
    decision = step(facts(busy_until=NOW + timedelta(minutes=1)))
    assert waits(decision) == (NOW + timedelta(minutes=1), "one call at a time")


def test_who_called_us_is_left_alone_for_the_gap() -> None:
    decision = step(facts(lead={"inbound_at": NOW}))
    assert waits(decision) == (NOW + timedelta(hours=2), "attempts.gap")


def test_a_wait_is_written_onto_the_lead_as_a_cache() -> None:
    decision = step(facts(busy_until=NOW + timedelta(minutes=1)))
    lead = planned(facts(lead={"state": LeadState.READY}).lead, decision, revision=7)
    assert (lead.state, lead.due_at, lead.reason, lead.rule, lead.revision) == (
        LeadState.WAITING, decision.until, decision.reason, decision.rule, 7,
    )  # fmt: skip


# Laws

zones = st.lists(
    st.sampled_from([AMSTERDAM, NEW_YORK, LOS_ANGELES, "Asia/Kathmandu", "Pacific/Auckland"]), max_size=2, unique=True
)
minutes = st.integers(-20_000, 20_000).map(lambda n: NOW + timedelta(minutes=n))
pasts = st.lists(
    st.builds(
        lambda counts, word, phone, ended, lasted: tried(
            ended, word if counts else None, phone=phone.e164, counts=counts, at=ended - lasted
        ),
        st.booleans(),
        st.none() | st.sampled_from(list(D)),
        st.sampled_from([ONE, TWO]),
        st.integers(0, 20_000).map(lambda n: NOW - timedelta(minutes=n)),
        st.sampled_from([timedelta(), timedelta(minutes=20)]),
    ),
    max_size=4,
).map(lambda past: tuple(replace(a, ordinal=n) for n, a in enumerate(past, 1)))
people_facts = st.builds(
    lambda past, zones, hours, by, callback, retry, inbound, elsewhere, busy, off: facts(
        *past,
        contact={"zones": tuple(zones), "country": None, "hours": hours, "call_by": by, "phones": (ONE, TWO)},
        lead={
            "callback_at": callback,
            "callbacks": int(callback is not None),
            "retry_at": retry,
            "inbound_at": inbound,
        },
        elsewhere=tuple(tried(at) for at in elsewhere),
        busy_until=busy,
        suppressed=off,
    ),
    pasts,
    zones,
    st.sampled_from([None, "Mo-Su 08:00-21:00", "Tu 10:00-12:00"]),
    st.none() | minutes,
    st.none() | minutes,
    st.none() | minutes,
    st.none() | minutes,
    st.lists(minutes.map(lambda at: min(at, NOW)), max_size=3),
    st.none() | minutes,
    st.booleans(),
)
written = st.fixed_dictionaries(
    {
        "calling_hours": st.sampled_from(["24/7", OFFICE, "Mo-Su 22:00-02:00", "Mo-Fr 09:00-12:30,13:30-17:30"]),
        "ends": st.sampled_from([None, "2026-11-23T18:00", "2026-11-30"]),
        "starts": st.sampled_from([None, "2026-11-20", "2026-11-23T15:00"]),
        "timezone": st.sampled_from(["contact", AMSTERDAM]),
        "attempts": st.sampled_from(
            [
                {},
                {
                    "max": 9,
                    "per_day": 2,
                    "gap": "0s",
                    "retry": {"no_answer": "next_day", "busy": ["5m", "next_day"], "unknown": "1h"},
                },
                {"max": 9, "per_day": 9, "gap": "30m"},
            ]
        ),
    }
)
limits = st.builds(PeopleLimits, st.none() | st.integers(1, 3), st.none() | st.just(timedelta(minutes=30)))
BASE = a_campaign(timezone="contact")


def written_as(keys: dict) -> object:
    return a_campaign(**keys)


@settings(max_examples=300)
@given(people_facts, written, limits)
def test_whoever_is_called_may_be_called_by_every_rule(person: Facts, keys: dict, people: PeopleLimits) -> None:
    campaign = written_as(keys)
    decision = decide(person, campaign, NO_LAW, people, now=NOW)
    if not isinstance(decision, Call):
        return
    lead, used = person.lead, [a for a in person.attempts if a.counts]
    for zone in lead.contact.zones:
        for text, where in ((campaign.calling_hours, campaign.zone or zone), (lead.contact.hours or "24/7", zone)):
            window = calling_window((text,), (Place(where, None, None),))
            assert window.is_open(NOW)
            assert window.is_open(NOW + MARGIN)
        days = [a.at.astimezone(ZoneInfo(zone)).date() for a in used]
        today = NOW.astimezone(ZoneInfo(zone)).date()
        assert lead.callback_at or days.count(today) < campaign.attempts.per_day
    assert lead.contact.zones or campaign.zone or campaign.calling_hours == "24/7"
    assert not person.suppressed
    assert person.busy_until is None or person.busy_until <= NOW
    assert len(used) < campaign.attempts.max + lead.callbacks
    assert lead.contact.call_by is None or lead.contact.call_by > NOW + MARGIN
    assert lead.callback_at or all(a.ended_by + campaign.attempts.gap <= NOW for a in used[-1:])
    assert lead.callback_at or not people.gap or all(past.ended_by + people.gap <= NOW for past in person.elsewhere)
    assert decision.phone.e164 not in {a.phone for a in used if a.disposition is D.BAD_NUMBER}
    assert decision.closes_at > NOW


@settings(max_examples=300)
@given(people_facts, written, limits)
def test_a_wait_is_for_the_future_and_is_then_over(person: Facts, keys: dict, people: PeopleLimits) -> None:
    campaign = written_as(keys)
    decision = decide(person, campaign, NO_LAW, people, now=NOW)
    if isinstance(decision, Wait):
        assert NOW < decision.until < decision.closes_at
        assert decision.reason
        assert decision.rule
        then = decide(person, campaign, NO_LAW, people, now=decision.until)
        assert isinstance(then, Call)
        just_before = decide(person, campaign, NO_LAW, people, now=decision.until - timedelta(microseconds=1))
        assert isinstance(just_before, Wait)
        assert just_before.until == decision.until


@settings(max_examples=100)
@given(people_facts, written)
def test_the_same_facts_give_the_same_step(person: Facts, keys: dict) -> None:
    assert decide(person, written_as(keys), NO_LAW, now=NOW) == decide(person, written_as(keys), NO_LAW, now=NOW)


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
@pytest.mark.parametrize("zone", [AMSTERDAM, "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo"])
@pytest.mark.row("T2")
def test_in_both_nights_of_the_clock_change_hours_mean_wall_time(day: str, zone: str) -> None:
    person = facts(contact={"zones": (zone,), "country": None})
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=14)
    for quarter in range(4 * 52):
        now = start + timedelta(minutes=15 * quarter)
        wall = now.astimezone(ZoneInfo(zone)).time()
        called = isinstance(step(person, now=now, calling_hours="Mo-Su 01:00-04:00"), Call)
        assert called is (time(1) <= wall < time(4))


def test_the_window_of_a_contact_is_shared_by_all_who_have_the_same() -> None:
    contact: Contact = a_contact()
    assert window_of(contact, BASE, NO_LAW) is window_of(replace(contact, name="other"), BASE, NO_LAW)
