"""What is taken away of a closed lead, when, and what stays."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.contact import ERASED, Consent, PhoneNumber, contact_from_json, contact_to_text, mask
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState, Outcome
from campaigns.domain.retention import Erased, Keeping, Kept, asked_by, due, holds_number, without
from campaigns.testing import a_campaign, a_contact, instant

NOW = instant("2026-11-23T09:00Z")
DAY = timedelta(days=1)
KEEPING = Keeping(words=90 * DAY, numbers=400 * DAY)
PHONE = "+442079460123"
CONTACT = a_contact(
    phones=(PhoneNumber(PHONE), PhoneNumber("+442079460124")), name="Ann Example", person="patient-7", key="visit-7",
    variables={"first_name": "Ann", "town": "Leeds"}, postal_code="LS1 1AA", debt="account-9", person_from_id=True,
    consents=(Consent("prior", "signed by Ann"),), origin=("crm", "ref-7"), jurisdictions=("GB",), language="en",
)  # fmt: skip
REPORT = CallReport(
    "call-1", "a", phone=PHONE, ended=True, disposition=Disposition.ANSWERED, talk_seconds=61.0, cost=0.2,
    transcript="Hello, Ann here", summary="Ann confirmed", recording="https://example.org/1.wav",
    analysis={"confirmed": True, "reason": "Ann is ill", "mood": "fine", "opt_out": "yes"},
)  # fmt: skip
CAMPAIGN = a_campaign(
    outcomes=[
        {"when": "report.analysis.confirmed == true", "outcome": "reached"},
        {"when": 'report.analysis["reason"] != ""', "callback": "report.analysis.call_back_at"},
    ]
)
USED = asked_by(CAMPAIGN.outcomes)


def kept(age: timedelta, **changes: object) -> Kept:
    """A lead that was closed so long ago, a minute after its only call."""
    closed_at = NOW - age
    lead = Lead(
        "l", "test", CONTACT, "person hash", LeadState.CLOSED, outcome=Outcome.REACHED, closed_at=closed_at,
        reason="confirmed", label="yes", warning="odd: Ann",
    )  # fmt: skip
    at = closed_at - timedelta(minutes=1)
    attempt = Attempt(
        "a", "l", "test", "person hash", PHONE, "phone hash", 1, "p", AttemptState.ENDED, False, b'{"to": "Ann"}',
        False, at, at, at, "w", first_sent_at=at, ended_at=at, call_id="call-1", disposition=Disposition.ANSWERED,
        report=REPORT, subject="visit", debt="account-9", permit='{"rules": ["gb"]}',
    )  # fmt: skip
    return replace(Kept(lead, 3, (attempt,), Erased.NOTHING, is_returned=False), **changes)


@pytest.mark.parametrize(
    ("age", "keeping", "what"),
    [
        (89 * DAY, KEEPING, Erased.NOTHING), (90 * DAY, KEEPING, Erased.WORDS), (399 * DAY, KEEPING, Erased.WORDS),
        (400 * DAY, KEEPING, Erased.NUMBERS), (9999 * DAY, Keeping(), Erased.NOTHING),
        (9999 * DAY, Keeping(words=DAY), Erased.WORDS), (2 * DAY, Keeping(numbers=DAY), Erased.NUMBERS),
    ],
)  # fmt: skip
def test_words_and_numbers_go_when_their_time_is_over(age: timedelta, keeping: Keeping, what: Erased) -> None:
    assert due(kept(age), keeping, waits_for_return=False, now=NOW) is what


def test_nothing_goes_of_whoever_is_not_done() -> None:
    old = kept(9999 * DAY)
    (attempt,) = old.attempts
    waits = replace(old, lead=replace(old.lead, state=LeadState.WAITING, outcome=None, closed_at=None))
    calls = replace(old, attempts=(replace(attempt, open=True),))
    lately = replace(old, attempts=(replace(attempt, ended_at=NOW - DAY),))
    for other in (waits, calls, lately):
        assert due(other, KEEPING, waits_for_return=False, now=NOW) is Erased.NOTHING
    assert due(old, KEEPING, waits_for_return=True, now=NOW) is Erased.NOTHING
    assert due(replace(old, is_returned=True), KEEPING, waits_for_return=True, now=NOW) is Erased.NUMBERS


def test_without_words_a_report_has_what_outcomes_and_figures_are_made_of() -> None:
    left = without(kept(100 * DAY), Erased.WORDS, USED)
    report = left.attempts[0].report
    assert report == replace(
        REPORT, transcript="", summary="", recording="",
        analysis={"confirmed": True, "reason": "Ann is ill", "opt_out": "yes"},
    )  # fmt: skip
    assert (left.lead.contact, left.attempts[0].phone, left.erased) == (CONTACT, PHONE, Erased.WORDS)


def test_without_numbers_nobody_can_be_named_and_caps_go_on_counting() -> None:
    before = kept(500 * DAY)
    left = without(before, Erased.NUMBERS, USED)
    told = contact_to_text(left.lead.contact) + repr(left.attempts[0].body) + repr(left.lead.warning)
    (attempt,), (was,) = left.attempts, before.attempts
    assert attempt.report is not None
    told += attempt.phone + attempt.report.summary + attempt.report.transcript + repr(attempt.report.analysis)
    told += str(attempt.report.phone)
    for trace in ("Ann", "Leeds", "LS1", "patient", "account", "7946", "signed", "ref-77"):
        assert trace not in told
    assert left.lead.contact.key == "visit-7"
    assert left.lead.contact.origin == ("crm", "ref-7")
    assert left.lead.contact.zones == CONTACT.zones
    assert attempt.report.analysis == {"confirmed": True, "opt_out": True}
    same = ("person_key", "phone_key", "subject", "debt", "disposition", "ended_at", "permit", "call_id", "ordinal")
    assert [getattr(attempt, name) for name in same] == [getattr(was, name) for name in same]
    assert (attempt.report.talk_seconds, attempt.report.cost) == (61.0, 0.2)
    assert left.lead.person_key == "person hash"


@pytest.mark.parametrize("name", ["CA-+44 20 7946 0123", "442079460123:1", "x/07946-0123/y"])
def test_a_name_that_holds_the_number_goes_with_it(name: str) -> None:
    before = kept(500 * DAY)
    lead = replace(before.lead, contact=replace(CONTACT, key=name, origin=("crm", name)))
    attempt = replace(before.attempts[0], call_id=name, booking_id=name, report=replace(REPORT, call_id=name))
    left = without(replace(before, lead=lead, attempts=(attempt,)), Erased.NUMBERS, USED)
    assert (left.lead.contact.key, left.lead.contact.origin) == (ERASED, ("crm", ""))
    assert (left.attempts[0].call_id, left.attempts[0].booking_id) == (None, None)
    assert left.attempts[0].report == replace(left.attempts[0].report, call_id="")


def test_a_name_that_only_looks_like_a_number_stays() -> None:
    assert not holds_number("0b5c1f6e-1234-4567-8901-23456789abcd", [PHONE])
    assert not holds_number("visit-7", [""])


def test_an_erased_contact_survives_the_database_and_says_so() -> None:
    left = without(kept(500 * DAY), Erased.NUMBERS, USED).lead.contact
    assert contact_from_json(json.loads(contact_to_text(left))) == left
    assert (left.name, left.person, left.number, mask(left.number)) == (ERASED, ERASED, "", ERASED)
