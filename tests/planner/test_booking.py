"""At which moment ahead a lead may be booked, and whether what is booked may still take place."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from campaigns.domain.contact import PhoneNumber
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits
from campaigns.domain.lead import FIRES_WITHIN, Attempt, AttemptState, Lead, LeadState
from campaigns.domain.lines import Hold, Lines
from campaigns.planner.booking import Full, Slot, book, still_books
from campaigns.planner.decide import Close, Wait
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

NOW = instant("2026-11-23T10:00Z")  # 11:00 in Amsterdam
MINUTE = timedelta(minutes=1)
LINES = Lines(1, 1, 20 * MINUTE, timedelta(seconds=1), 30 * MINUTE)
TAKEN = (Hold(NOW, NOW + 90 * MINUTE, own=False),)


def facts(*attempts: PastAttempt, **changes) -> Facts:
    return Facts(Lead("lead", "test", a_contact(), "p", state=LeadState.CALLING), attempts, **changes)


def booked(given: Facts | None = None, holds=(), now: datetime = NOW, **campaign):
    whole = a_campaign(timezone="contact", **campaign)
    return book(given or facts(), whole, NO_LAW, PeopleLimits(), lines=LINES, holds=holds, now=now)


def slot(step) -> timedelta:
    assert isinstance(step, Slot), step
    return step.fires_at - NOW


def test_a_lead_that_may_be_called_now_is_booked_a_tenth_of_the_horizon_ahead() -> None:
    assert slot(booked()) == 3 * MINUTE


def test_a_lead_that_may_be_called_soon_is_booked_for_that_moment() -> None:
    assert slot(booked(calling_hours="11:20-12:00")) == 20 * MINUTE


def test_a_lead_that_may_be_called_later_than_the_horizon_waits_for_its_moment() -> None:
    step = booked(calling_hours="11:31-12:00")
    assert isinstance(step, Wait)
    assert step.until == NOW + 31 * MINUTE


@pytest.mark.parametrize(("closes", "at"), [("11:08", 3), ("11:07", 25)])
def test_a_slot_stays_open_five_minutes_longer(closes: str, at: int) -> None:
    assert slot(booked(calling_hours=f"10:00-{closes},11:25-13:00")) == at * MINUTE
    assert FIRES_WITHIN == 5 * MINUTE


def test_whoever_has_a_line_only_later_is_booked_for_then() -> None:
    assert slot(booked(holds=[Hold(NOW, NOW + 12 * MINUTE, own=False)])) == 12 * MINUTE


@pytest.mark.parametrize("hours", ["24/7", "10:00-11:20", "10:00-11:08,11:15-13:00"])
def test_whoever_has_no_line_stays_ready_and_is_not_put_off_to_the_next_opening(hours: str) -> None:
    assert isinstance(booked(holds=TAKEN, calling_hours=hours), Full)


def test_whoever_has_no_line_before_the_deadline_is_not_given_up_while_lines_may_come_free() -> None:
    assert isinstance(booked(holds=TAKEN, ends="2026-11-23T11:20"), Full)


def test_whoever_cannot_be_called_any_more_is_closed() -> None:
    assert isinstance(booked(ends="2026-11-23T11:02"), Close)
    assert isinstance(booked(facts(suppressed=True)), Close)


def test_a_person_with_another_open_call_is_looked_at_again_in_a_minute() -> None:
    step = booked(facts(busy_until=NOW + MINUTE))
    assert isinstance(step, Wait)
    assert step.until - LINES.ahead == NOW + MINUTE


def test_the_day_of_the_call_is_what_counts_not_the_day_of_the_booking() -> None:
    late = instant("2026-11-23T22:45Z")  # 23:45 in Amsterdam
    today = PastAttempt(1, True, None, a_contact().phones[0].e164, NOW, NOW)
    step = booked(facts(today), now=late, attempts={"max": 3, "per_day": 1, "gap": "0s", "retry": {"unknown": "1m"}})
    assert slot(step) + NOW == instant("2026-11-23T23:00Z")


# What is booked


def attempt(at: datetime) -> Attempt:
    return Attempt(
        id="a", lead_id="lead", campaign="test", person_key="p", phone=a_contact().phones[0].e164, phone_key="k",
        ordinal=1, provider="scripted", state=AttemptState.BOOKED, open=True, body=b"", callback=False, created_at=NOW,
        send_at=NOW, dial_before=at, lease_owner="w", fires_at=at,
    )  # fmt: skip


def objection(given: Facts | None = None, minutes: int = 20, **campaign) -> str:
    whole = a_campaign(timezone="contact", **campaign)
    at = NOW + minutes * MINUTE
    own = PastAttempt(1, True, None, a_contact().phones[0].e164, at, at)
    given = given or facts()
    given = replace(given, attempts=(own, *given.attempts), busy_until=NOW + MINUTE)
    return still_books(attempt(at), given, whole, NO_LAW, PeopleLimits())


def test_what_was_booked_may_take_place_although_it_counts_and_is_open_itself() -> None:
    assert objection(attempts={"max": 1, "per_day": 1, "gap": "2h"}) == ""


def test_what_was_booked_is_judged_by_the_law_of_its_own_moment() -> None:
    assert objection(calling_hours="11:20-12:00") == ""
    assert objection(calling_hours="11:00-11:15,12:00-13:00") == "outside calling hours"
    assert objection(calling_hours="11:00-11:24") == "the hours close too soon after it"
    assert objection(facts(suppressed=True)) == "on the do-not-call list"
    changed = replace(facts().lead, contact=a_contact(phones=(PhoneNumber("+31200000009"),)))
    assert objection(Facts(changed)) == "another number is next"
    assert objection(Facts(replace(facts().lead, inbound_at=NOW)), attempts={"gap": "2h"}) == "they called us"
