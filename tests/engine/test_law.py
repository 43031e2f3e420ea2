"""Nights under the law: what decisions forbid is not dialled, over all campaigns, and every dial keeps its permit."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Basis, Consent, Contact, Earlier, PhoneNumber
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead, Outcome
from campaigns.domain.legal import Law
from campaigns.planner.decide import Call, Close, Wait, decide
from campaigns.ports.people import SuspensionRecord
from campaigns.rules import load_rules
from campaigns.testing import a_campaign, a_contact, a_night, instant

from .conftest import play

LAW = Law(load_rules())
PRIOR = (Consent(Basis.PRIOR, "form 7"),)
TUESDAY = instant("2026-11-24T15:00Z")  # 16:00 in Paris, 10:00 in New York


def selling(**changes: Any) -> Campaign:
    return a_campaign(
        **{"purpose": "telemarketing", "voice": "human", "timezone": "contact", "legal_hours": "auto"} | changes
    )


def in_france(number: int = 0, **changes: Any) -> Contact:
    return a_contact(number, zones=("Europe/Paris",), country="FR", jurisdictions=("FR",), consents=PRIOR, **changes)


def in_florida(number: int = 0, **changes: Any) -> Contact:
    plain = {"zones": ("America/New_York",), "country": "US", "jurisdictions": ("US-FL",)}
    return a_contact(number, **(plain | changes))


def step(contact: Contact, *, now: datetime = TUESDAY, **campaign: Any) -> Call | Wait | Close:
    return decide(Facts(Lead("lead", "test", contact, "p")), selling(**campaign), LAW, now=now)


def test_a_refusal_in_one_campaign_closes_the_person_for_sixty_days_in_all_of_them() -> None:
    rules = [{"when": "report.analysis.refused == true", "outcome": "refused"}]

    async def main(store, clock):
        first = selling(campaign="one", outcomes=rules)

        def refuses(phone, number):
            return CallReport("", disposition=Disposition.ANSWERED, analysis={"refused": True})

        async with a_night(store, clock, campaign=first, contacts=[in_france()], law=LAW) as night:
            night.provider.script = refuses
            await night.run()
            (attempt,) = await night.attempts()
        second = selling(campaign="two")
        async with a_night(store, clock, campaign=second, contacts=[in_france()], law=LAW) as night:
            (claimed,) = await store.facts([(await night.lead()).id], now=clock.now())
            decision = decide(claimed.facts, second, LAW, now=clock.now())
        return attempt, decision

    attempt, decision = play(main, TUESDAY)
    assert attempt.refused
    assert isinstance(decision, Wait)
    assert decision.rule == "fr-telemarketing-2026"
    assert decision.until >= attempt.ended_at + timedelta(days=60)
    assert decision.until - attempt.ended_at < timedelta(days=64)  # the next open hour after it


def test_calls_of_another_campaign_on_another_number_fill_the_cap_of_the_person() -> None:
    numbers = (PhoneNumber("+13055550101"), PhoneNumber("+13055550102"))
    contact = in_florida(person="p1", person_from_id=True, phones=numbers)
    often = {"attempts": {"max": 3, "per_day": 9, "gap": "0s", "retry": {"no_answer": "5m"}}}

    async def main(store, clock):
        first = selling(campaign="one", subject="roofs", **often)
        script = lambda phone, number: Disposition.NO_ANSWER  # noqa: E731
        async with a_night(store, clock, campaign=first, contacts=[contact], script=script, law=LAW) as night:
            await night.run()
            attempts = await night.attempts()
        same, other = selling(campaign="two", subject="roofs"), selling(campaign="three", subject="windows")
        found = []
        for campaign in (same, other):
            async with a_night(store, clock, campaign=campaign, contacts=[contact], law=LAW) as night:
                (claimed,) = await store.facts([(await night.lead()).id], now=clock.now())
                found.append(decide(claimed.facts, campaign, LAW, now=clock.now()))
        return attempts, found

    attempts, (same, other) = play(main, TUESDAY)
    assert len(attempts) == 3
    assert {attempt.phone for attempt in attempts} == {number.e164 for number in numbers}
    assert isinstance(same, Wait)
    assert same.rule == "us-fl-telemarketing"
    assert timedelta() < same.until - (attempts[0].first_sent_at + timedelta(days=1)) < timedelta(seconds=1)
    assert isinstance(other, Call)


def test_whoever_has_not_agreed_is_blocked_by_the_row_that_asks() -> None:
    for consents, blocked_by in (((), "us-telemarketing"), (PRIOR, "us-telemarketing")):
        decision = step(in_florida(consents=consents), voice="ai")
        assert isinstance(decision, Close)
        assert (decision.outcome, decision.rule) == (Outcome.BLOCKED, blocked_by)
    written = in_florida(consents=(Consent(Basis.PRIOR_WRITTEN, "signed"),))
    assert isinstance(step(written, voice="ai"), Call)
    assert isinstance(step(in_florida()), Call), "a person who calls needs none"


def test_an_unknown_jurisdiction_is_not_called_but_by_the_fallback() -> None:
    nigeria = a_contact(zones=("Africa/Lagos",), country="NG", jurisdictions=("NG",), consents=PRIOR)
    refused = step(nigeria)
    assert isinstance(refused, Close)
    assert (refused.outcome, refused.rule, refused.reason) == (
        Outcome.BLOCKED, "legal_hours", "nobody knows the calling rules of NG",
    )  # fmt: skip
    assert isinstance(step(nigeria, legal_hours={"fallback": True}), Call)
    nowhere = step(a_contact(jurisdictions=()))
    assert isinstance(nowhere, Close)
    assert nowhere.reason == "nobody knows where this person is"


def test_outside_legal_hours_the_row_that_closes_is_named() -> None:
    decision = step(in_florida(), now=instant("2026-11-25T01:30Z"))  # 20:30 in Florida, open by the federal row
    assert isinstance(decision, Wait)
    assert (decision.reason, decision.rule) == ("outside legal hours", "us-fl-telemarketing")
    assert decision.until == instant("2026-11-25T13:00Z")
    own = step(in_florida(), now=instant("2026-11-25T01:30Z"), calling_hours="Mo-Fr 10:00-17:00")
    assert isinstance(own, Wait)
    assert (own.rule, own.until) == ("calling_hours", instant("2026-11-25T15:00Z"))


def test_hours_of_the_campaigns_zone_do_not_widen_the_law_of_the_persons() -> None:
    decision = step(in_florida(), now=instant("2026-11-24T09:00Z"), timezone="Europe/Amsterdam")
    assert isinstance(decision, Wait)  # 10:00 in Amsterdam, 04:00 in Florida
    assert decision.rule in {"us-telemarketing", "us-fl-telemarketing"}
    assert decision.until == instant("2026-11-24T13:00Z")


def test_calls_that_others_made_count_from_the_first_dial_on() -> None:
    calls = tuple(Earlier(TUESDAY - timedelta(hours=h), Disposition.NO_ANSWER) for h in (3, 2, 1))
    decision = step(in_florida(earlier=calls))
    assert isinstance(decision, Wait)
    assert decision.rule == "us-fl-telemarketing"
    assert isinstance(step(in_florida(earlier=calls[1:])), Call)


def test_a_waived_window_needs_the_campaigns_word_and_the_persons_proof() -> None:
    early = instant("2026-11-24T11:30Z")  # 06:30 in New York
    ohio = {"jurisdictions": ("US-OH",)}
    waived = {"legal_hours": {"waive": ["us-telemarketing"]}}
    proved, unproved = (Consent(Basis.PRIOR, "form 7"),), (Consent(Basis.PRIOR),)
    assert isinstance(step(in_florida(consents=proved, **ohio), now=early), Wait)
    assert isinstance(step(in_florida(consents=unproved, **ohio), now=early, **waived), Wait)
    assert isinstance(step(in_florida(consents=proved, **ohio), now=early, **waived), Call)
    assert isinstance(step(in_florida(consents=proved), now=early, **waived), Wait), "Florida's own row is not waived"


def test_a_suspended_jurisdiction_is_left_alone_until_it_is_opened() -> None:
    async def main(store, clock):
        people = [in_florida(0), in_florida(1, jurisdictions=("US-OH",))]
        campaign = selling(ends="2026-11-24T16:00")
        await store.suspend(SuspensionRecord("US-FL", "me", "hurricane", clock.now()))
        async with a_night(store, clock, campaign=campaign, contacts=people, law=LAW) as night:

            async def open_again():
                await night.until(timedelta(hours=2))
                await store.resume("US-FL", now=clock.now())
                night.runner.wake.ring()

            night.tasks.start_soon(open_again)
            await night.run()
            return night.provider.calls

    early, late = play(main, TUESDAY)
    assert early.phone == a_contact(1).phones[0].e164
    assert late.phone == a_contact(0).phones[0].e164
    assert late.at >= TUESDAY + timedelta(hours=2)


def test_every_dial_keeps_what_permitted_it() -> None:
    async def main(store, clock):
        async with a_night(store, clock, campaign=selling(), contacts=[in_florida()], law=LAW) as night:
            await night.run()
            return await night.attempts()

    (attempt,) = play(main, TUESDAY)
    permit = json.loads(attempt.permit)
    assert permit["rules"] == ["us-fl-telemarketing", "us-telemarketing"]
    assert permit["data"] == LAW.book.version
    assert permit["zones"] == ["America/New_York"]
    local = datetime.fromisoformat(permit["local"][0])
    assert local.astimezone(ZoneInfo("America/New_York")).hour == 10
    assert abs(local - attempt.first_sent_at) < timedelta(seconds=2)
    assert attempt.subject == "test"


def test_an_emergency_is_held_back_by_no_row() -> None:
    night = instant("2026-11-29T08:00Z")  # Sunday, 03:00 in Florida
    emergency = selling(purpose="emergency", legal_hours={"off": "flood warning of the county"})
    facts = Facts(Lead("lead", "test", in_florida(), "p"))
    assert isinstance(decide(facts, emergency, replace(LAW, suspended=frozenset({"US-FL"})), now=night), Call)


def test_where_a_refusal_is_for_good_the_person_is_never_called_again() -> None:
    refused = (Earlier(instant("2025-01-10T12:00Z"), Disposition.ANSWERED, refused=True),)
    japan = a_contact(zones=("Asia/Tokyo",), country="JP", jurisdictions=("JP",), earlier=refused)
    for changes in ({}, {"ends": "2026-12-31"}):
        decision = step(japan, now=instant("2026-11-24T03:00Z"), **changes)
        assert decision == Close(Outcome.BLOCKED, "after a refusal: never again", "jp-telemarketing")


def test_a_voicemail_elsewhere_counts_as_a_message_that_was_left() -> None:
    bogota = {"zones": ("America/Bogota",), "country": "CO", "jurisdictions": ("CO",), "consents": PRIOR}
    for ending, decided in ((Disposition.VOICEMAIL, Wait), (Disposition.NO_ANSWER, Call)):
        contact = a_contact(**bogota, earlier=(Earlier(TUESDAY - timedelta(hours=1), ending),))
        decision = step(contact)
        assert isinstance(decision, decided), decision
