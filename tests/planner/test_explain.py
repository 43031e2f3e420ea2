"""Why somebody is or is not called, case by case, with the whole answer."""
# ruff: noqa: E501 - sentences stand whole

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Basis, Consent, PhoneNumber
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits
from campaigns.domain.lead import CampaignState, Lead, LeadState, Outcome
from campaigns.domain.legal import Law
from campaigns.planner.decide import Call, decide
from campaigns.planner.explain import Explanation, explain
from campaigns.planner.telling import answer
from campaigns.rules import load_rules
from campaigns.testing import a_campaign, a_contact, instant

D = Disposition
LAW = Law(load_rules())
NOW = instant("2026-11-23T10:00Z")  # a Monday; 11:00 in Amsterdam, 05:00 in New York
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = "Mo-Fr 09:00-17:00"
ONE, TWO = PhoneNumber("+31200000001"), PhoneNumber("+31200000002")
WRITTEN = Consent(Basis.PRIOR_WRITTEN, "form 7")
AMERICAN = {"zones": ("America/New_York", "America/Los_Angeles"), "country": "US"}
DUTCH = {"jurisdictions": ("NL",), "consents": (WRITTEN,)}
FRENCH = {"jurisdictions": ("FR",), "zones": ("Europe/Paris",), "country": "FR", "consents": (WRITTEN,)}
SALES = {"legal_hours": "auto", "purpose": "telemarketing", "voice": "human"}


def tried(ended: datetime, word: Disposition | None = D.NO_ANSWER, ordinal: int = 1, **changes: Any) -> PastAttempt:
    plain = PastAttempt(ordinal, counts=True, disposition=word, phone=ONE.e164, at=ended, ended_by=ended)
    return replace(plain, **changes)


def told(
    *past: PastAttempt, contact: dict | None = None, lead: dict | None = None, now: datetime = NOW, law: Law = LAW,
    people: PeopleLimits | None = None, facts: dict | None = None, **campaign: Any,
) -> Explanation:  # fmt: skip
    person = replace(a_contact(phones=(ONE,)), **(contact or {}))
    given = Facts(replace(Lead("lead", "test", person, "p"), **(lead or {})), past, **(facts or {}))
    file = a_campaign(**{"timezone": "contact", "calling_hours": OFFICE, **campaign})
    return explain(given, file, law, people or PeopleLimits(), now=now)


def closed(outcome: Outcome, reason: str, rule: str = "", **changes: Any) -> dict:
    return {"state": LeadState.CLOSED, "outcome": outcome, "reason": reason, "rule": rule, "closed_at": NOW, **changes}


THREE = [tried(NOW - n * DAY, ordinal=4 - n) for n in (3, 2, 1)]
CASES: dict[str, tuple[Explanation, str]] = {
    "open": (told(), "May be called now, on +312******01, until Mon 23 Nov 2026 17:00 Europe/Amsterdam."),
    "night": (
        told(now=instant("2026-11-23T20:00Z")),
        "Not now: outside calling hours (calling_hours). May be called from Tue 24 Nov 2026 09:00 Europe/Amsterdam, in 12h.",
    ),
    "weekend": (
        told(now=instant("2026-11-28T12:00Z")),
        "Not now: outside calling hours (calling_hours). May be called from Mon 30 Nov 2026 09:00 Europe/Amsterdam, in 1d20h.",
    ),
    "holiday": (
        told(now=instant("2026-12-25T10:00Z"), calling_hours="Mo-Fr 09:00-17:00; PH off"),
        "Not now: outside calling hours (calling_hours). May be called from Mon 28 Dec 2026 09:00 Europe/Amsterdam, in 2d22h.",
    ),
    "the night of the clock change": (
        told(now=instant("2027-03-28T00:30Z"), calling_hours="Mo-Su 03:00-06:00"),
        "Not now: outside calling hours (calling_hours). May be called from Sun 28 Mar 2027 03:00 Europe/Amsterdam, in 30m.",
    ),
    "no zone": (
        told(contact={"zones": ()}),
        "Will not be called: no time zone is known for this person (timezone). It will be closed as blocked.",
    ),
    "several zones": (
        told(contact=AMERICAN),
        "Not now: outside calling hours (calling_hours). May be called from Mon 23 Nov 2026 12:00 America/New_York (09:00 America/Los_Angeles), in 7h.",
    ),
    "unknown country": (
        told(contact={"jurisdictions": ("XX",)}, **SALES),
        "Will not be called: nobody knows the calling rules of XX (legal_hours). It will be closed as blocked.",
    ),
    "nobody knows where": (
        told(contact={"jurisdictions": ()}, **SALES),
        "Will not be called: nobody knows where this person is (legal_hours). It will be closed as blocked.",
    ),
    "no country for holidays": (
        told(contact={"country": None}, calling_hours="Mo-Fr 09:00-17:00; PH off"),
        "Will not be called: The hours name PH, but no country is known. Give the contact a country, or take PH out (calling_hours). It will be closed as blocked.",
    ),
    "closed by a legal row only": (
        told(contact=FRENCH, now=instant("2026-11-23T12:30Z"), calling_hours="24/7", **SALES),
        "Not now: outside legal hours (fr-telemarketing-2026). May be called from Mon 23 Nov 2026 14:00 Europe/Paris, in 30m.",
    ),
    "lawful": (
        told(contact=DUTCH, **SALES),
        "May be called now, on +312******01, until Mon 23 Nov 2026 17:00 Europe/Amsterdam.",
    ),
    "cap reached in another campaign": (
        told(
            contact=FRENCH,
            facts={"elsewhere": tuple(tried(NOW - n * DAY) for n in (2, 4, 6, 8))},
            now=instant("2026-11-24T10:00Z"),
            **SALES,
        ),
        "Not now: no more than 4 attempts in 30 days (fr-telemarketing-2026). May be called from Tue 15 Dec 2026 11:00 Europe/Paris, in 21d1h.",
    ),
    "refused ten days ago in France": (
        told(contact=FRENCH, facts={"elsewhere": (tried(NOW - 10 * DAY, D.ANSWERED, refused=True),)}, **SALES),
        "Not now: 60 days of silence after a refusal (fr-telemarketing-2026). May be called from Tue 12 Jan 2027 11:00 Europe/Paris, in 50d.",
    ),
    "consent missing": (
        told(contact={"jurisdictions": ("NL",)}, **SALES),
        "Will not be called: prior consent is needed (nl-telemarketing). It will be closed as blocked.",
    ),
    "consent of a day to come, though an older withdrawal is beaten by it": (
        told(
            contact={"jurisdictions": ("NL",), "consents": (replace(WRITTEN, given_at=NOW + DAY),)},
            facts={"withdrawn_at": NOW - DAY},
            **SALES,
        ),
        "Will not be called: prior consent is needed (nl-telemarketing). It will be closed as blocked.",
    ),
    "suspended": (
        told(contact=DUTCH, law=Law(LAW.book, frozenset({"NL"})), **SALES),
        "Not now: calling is suspended in NL (rules suspend). Is looked at again on Mon 23 Nov 2026 11:15 Europe/Amsterdam, in 15m.",
    ),
    "callback promised": (
        told(tried(NOW - HOUR, D.ANSWERED), lead={"callback_at": NOW + 4 * HOUR, "callbacks": 1}),
        "Not now: they asked to be called back then (outcomes.callback). May be called from Mon 23 Nov 2026 15:00 Europe/Amsterdam, in 4h.",
    ),
    "callback due": (
        told(*THREE, lead={"callback_at": NOW, "callbacks": 1}),
        "May be called now, as they asked, on +312******01, until Mon 23 Nov 2026 17:00 Europe/Amsterdam.",
    ),
    "held doubt": (
        told(tried(NOW, None), lead={"state": LeadState.HELD, "reason": "uncertain: timed out"}),
        "Waits for your word: nobody knows whether the last call took place (timed out). See `campaigns resolve`.",
    ),
    "call running": (
        told(tried(NOW, None), lead={"state": LeadState.CALLING}),
        "A call to this person is under way, or booked.",
    ),
    "another call to the person": (
        told(facts={"busy_until": NOW + timedelta(minutes=1)}),
        "Not now: another call to this person is open (one call at a time). Is looked at again on Mon 23 Nov 2026 11:01 Europe/Amsterdam, in 1m.",
    ),
    "all numbers bad": (
        told(tried(NOW, D.BAD_NUMBER), tried(NOW, D.BAD_NUMBER, 2, phone=TWO.e164), contact={"phones": (ONE, TWO)}),
        "Will not be called: every number is bad (contacts). It will be closed as bad number.",
    ),
    "deadline passed": (
        told(contact={"call_by": NOW - HOUR}),
        "Will not be called: the deadline has passed (contacts.call_by). It will be closed as expired.",
    ),
    "no opening before the deadline": (
        told(now=instant("2026-11-23T17:00Z"), ends="2026-11-24T08:00"),
        "Will not be called: no open hour is left before the deadline (ends). It will be closed as expired.",
    ),
    "suppressed": (
        told(facts={"suppressed": True}),
        "Will not be called: on the do-not-call list (suppression). It will be closed as do not call.",
    ),
    "emergency": (
        told(purpose="emergency", legal_hours={"off": "flood"}, calling_hours="24/7"),
        "May be called now, on +312******01, until Mon 30 Nov 2026 11:00 Europe/Amsterdam.",
    ),
    "around the clock without a law and a zone": (
        told(contact={"zones": ()}, calling_hours="24/7"),
        "May be called now, on +312******01, until Mon 30 Nov 2026 10:00 UTC.",
    ),
    "own hours": (
        told(contact={"hours": "Mo-Fr 16:00-20:00"}),
        "Not now: outside this person's own hours (contacts.hours). May be called from Mon 23 Nov 2026 16:00 Europe/Amsterdam, in 5h.",
    ),
    "own hours that never meet": (
        told(contact={"hours": "Mo-Fr 18:00-20:00"}),
        "Will not be called: no hour at which this person may be called (calling_hours). It will be closed as blocked.",
    ),
    "they called us": (
        told(lead={"inbound_at": NOW}),
        "Not now: they called us (attempts.gap). May be called from Mon 23 Nov 2026 13:00 Europe/Amsterdam, in 2h.",
    ),
    "gap": (
        told(tried(NOW), attempts={"per_day": 9}),
        "Not now: retry after no answer (attempts.retry.no_answer). May be called from Mon 23 Nov 2026 14:00 Europe/Amsterdam, in 3h.",
    ),
    "gap of the person": (
        told(facts={"elsewhere": (tried(NOW),)}, people=PeopleLimits(gap=timedelta(minutes=30))),
        "Not now: called lately ([people] gap). May be called from Mon 23 Nov 2026 11:30 Europe/Amsterdam, in 30m.",
    ),
    "day full": (
        told(tried(NOW - 2 * HOUR)),
        "Not now: called enough today (attempts.per_day). May be called from Tue 24 Nov 2026 09:00 Europe/Amsterdam, in 22h.",
    ),
    "day full over all campaigns": (
        told(facts={"elsewhere": (tried(NOW - HOUR),)}, people=PeopleLimits(per_day=1)),
        "Not now: called enough today by all campaigns ([people] per_day). May be called from Tue 24 Nov 2026 09:00 Europe/Amsterdam, in 22h.",
    ),
    "next day": (
        told(tried(NOW), attempts={"retry": {"no_answer": "next_day"}}),
        "Not now: the next day, after no answer (attempts.retry.no_answer). May be called from Tue 24 Nov 2026 15:43 Europe/Amsterdam, in 1d4h44m.",
    ),
    "max": (told(*THREE), "Will not be called: 3 attempts made (attempts.max). It will be closed as exhausted."),
    "no retry": (
        told(tried(NOW - DAY, D.DECLINED)),
        "Will not be called: no retry after declined (attempts.retry). It will be closed as exhausted.",
    ),
    "a rule asks to wait": (
        told(tried(NOW - DAY, D.ANSWERED), lead={"retry_at": NOW + 5 * HOUR}),
        "Not now: an outcome rule asks to wait (outcomes.retry). May be called from Mon 23 Nov 2026 16:00 Europe/Amsterdam, in 5h.",
    ),
    "not begun": (
        told(starts="2026-12-01"),
        "Not now: the campaign has not begun (starts), and then outside calling hours (calling_hours). May be called from Tue 01 Dec 2026 09:00 Europe/Amsterdam, in 7d22h.",
    ),
    "too early": (
        told(contact={"call_from": NOW + 2 * DAY}),
        "Not now: too early for this person's deadline (contacts.call_from). May be called from Wed 25 Nov 2026 11:00 Europe/Amsterdam, in 2d.",
    ),
    "expired": (
        told(lead=closed(Outcome.EXPIRED, "the deadline has passed", "contacts.call_by")),
        "Closed as expired on Mon 23 Nov 2026 11:00 Europe/Amsterdam: the deadline has passed (contacts.call_by). It will not be called again.",
    ),
    "reached": (
        told(lead=closed(Outcome.REACHED, "answered", label="confirmed")),
        "Closed as reached on Mon 23 Nov 2026 11:00 Europe/Amsterdam: confirmed. It will not be called again.",
    ),
    "reopened": (
        told(*THREE, lead={"state": LeadState.WAITING}, attempts={"max": 4}),
        "May be called now, on +312******01, until Mon 23 Nov 2026 17:00 Europe/Amsterdam.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_one_that_a_person_understands(name: str) -> None:
    found, expected = CASES[name]
    assert answer(found) == expected


@pytest.mark.parametrize("name", [name for name, (found, _) in CASES.items() if found.facts.lead.state == "waiting"])
def test_a_call_is_allowed_exactly_where_no_rule_forbids_it(name: str) -> None:
    found, _ = CASES[name]
    forbids = [verdict for verdict in found.verdicts if not verdict.ok]
    assert isinstance(found.step, Call) is not bool(forbids)
    if not isinstance(found.step, Call):
        assert found.step.rule in {verdict.rule for verdict in forbids} | AFTERWARDS


AFTERWARDS = {"calling_hours", "contacts.hours", "ends"}
"""Rules that may forbid a later moment and not this one."""


def test_a_paused_campaign_is_said_besides() -> None:
    found = told(now=instant("2026-11-23T20:00Z"))
    said = answer(found, state=CampaignState.PAUSED)
    assert said == f"{answer(found)} But the campaign is paused: nobody is called until it goes on."
    assert answer(told(), state=CampaignState.STOPPED).endswith(
        "the campaign is stopped: nobody is called until it goes on."
    )
    suppressed = told(facts={"suppressed": True})
    assert answer(suppressed, state=CampaignState.PAUSED) == answer(suppressed)


def test_the_readers_clock_is_told_where_it_shows_another_time() -> None:
    found = told(now=instant("2026-11-23T20:00Z"))
    tokyo, brussels = (
        lambda at, name=name: at.astimezone(ZoneInfo(name)) for name in ("Asia/Tokyo", "Europe/Brussels")
    )
    los_angeles = lambda at: at.astimezone(ZoneInfo("America/Los_Angeles"))  # noqa: E731
    assert "Tue 24 Nov 2026 09:00 Europe/Amsterdam (17:00 on your clock)" in answer(found, reader=tokyo)
    assert "Tue 24 Nov 2026 09:00 Europe/Amsterdam (00:00 on your clock)" in answer(found, reader=los_angeles)
    assert answer(found, reader=brussels) == answer(found)
    late = told(now=instant("2026-11-23T20:00Z"), calling_hours="Mo-Fr 05:00-06:00")
    assert "05:00 Europe/Amsterdam (Mon 20:00 on your clock)" in answer(late, reader=los_angeles)


def test_every_row_says_what_it_demands_how_far_it_is_used_and_where_it_stands() -> None:
    found = told(
        contact=FRENCH, facts={"elsewhere": tuple(tried(NOW - n * DAY) for n in (2, 4, 40))},
        now=instant("2026-11-23T12:30Z"), **SALES,
    )  # fmt: skip
    rows = [verdict for verdict in found.verdicts if verdict.rule == "fr-telemarketing-2026"]
    assert [(row.ok, row.reason) for row in rows] == [
        (True, "prior consent is needed, or a running contract; the lists say: prior_written (form 7)"),
        (False, "closed now in Europe/Paris"),
        (True, "2 of at most 4 attempts in 30 days"),
        (True, "60 days of silence after a refusal: there was none"),
    ]
    assert rows[1].until == instant("2026-11-23T13:00Z")
    assert all("https://" in row.source and "not legal advice" in row.source for row in rows)


def test_a_full_cap_says_when_it_has_room_again() -> None:
    past = tuple(tried(NOW - n * DAY) for n in (2, 4, 6, 8))
    found = told(contact=FRENCH, facts={"elsewhere": past}, **SALES)
    (full,) = [verdict for verdict in found.verdicts if not verdict.ok and "attempts in 30 days" in verdict.reason]
    assert full.reason == "4 of at most 4 attempts in 30 days"
    assert full.until is not None
    assert abs(full.until - (NOW + 22 * DAY)) < timedelta(seconds=1)


def test_it_is_the_decision_itself_that_is_explained() -> None:
    contact = replace(a_contact(phones=(ONE,)), **DUTCH)
    given, file = Facts(Lead("lead", "test", contact, "p")), a_campaign(timezone="contact", **SALES)
    for hours in range(0, 48, 5):
        now = NOW + hours * HOUR
        found = explain(given, file, LAW, PeopleLimits(), now=now)
        assert found.step == decide(given, file, LAW, now=now)


def test_a_reason_that_is_over_is_not_told_as_if_it_held() -> None:
    found = told(tried(NOW - 2 * DAY), starts="2026-11-20")
    over = {verdict.rule: verdict for verdict in found.verdicts}
    assert over["starts"].reason == "no longer holds: the campaign has not begun"
    assert over["attempts.gap"].reason == "no longer holds: the gap after the last attempt"
    assert over["starts"].ok
    assert over["attempts.per_day"].reason == "0 of 1 attempts made today"
