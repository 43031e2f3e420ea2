"""What lists say of consents is kept as records, joins campaigns, and ends with the person's word."""

from dataclasses import replace
from datetime import timedelta

from campaigns.domain.contact import Basis, Consent, PhoneNumber
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead, LeadState, Outcome
from campaigns.domain.legal import Law
from campaigns.engine.intake import Source, load
from campaigns.engine.preparing import told
from campaigns.planner.decide import Call, Close, decide
from campaigns.ports.consents import Withdrawal
from campaigns.ports.pages import LeadFilter
from campaigns.rules import load_rules
from campaigns.testing import a_campaign, a_contact, a_night, instant

from .conftest import play

LAW = Law(load_rules())
TUESDAY = instant("2026-11-24T15:00Z")  # 16:00 in Paris
PRIOR = (Consent(Basis.PRIOR, "form 7"),)


def selling(name: str):
    return a_campaign(
        campaign=name, purpose="telemarketing", voice="human", timezone="contact", legal_hours="auto",
        attempts={"max": 3, "gap": "1h", "retry": {"no_answer": "2h"}},
    )  # fmt: skip


def in_france(number=0, consents=PRIOR, **changes):
    plain = a_contact(number, zones=("Europe/Paris",), country="FR", jurisdictions=("FR",), consents=consents)
    return replace(plain, **changes)


def reading(*readings, between=None):
    """Each reading is a campaign's name and its contacts; every lead's state and reason after the last of them."""

    async def main(store, clock):
        for number, (name, contacts) in enumerate(readings):
            async with a_night(store, clock, campaign=selling(name), contacts=0, law=LAW) as night:
                if number and between is not None:
                    await between(store, night, clock)
                terms = await night.book.of(name)
                rows = Source("people.csv", 0, told(lambda rows=contacts: rows))
                await load(terms, [rows], frozenset(), store=store, clock=clock)
                found = [
                    (each.lead.state, each.lead.outcome, each.lead.rule)
                    for each in await store.leads_after(name, LeadFilter(), after=0, limit=1000)
                ]
                records = await store.consents(night.book.phone_key(contacts[0].phones[0].e164))
        return found, records

    return play(main, TUESDAY)


def test_a_list_is_recorded_with_who_said_it_where_and_by_which_proof() -> None:
    _, (record,) = reading(("one", [in_france()]))
    assert (record.purpose, record.who, record.source) == ("telemarketing", "the list", "one/people.csv")
    assert record.consent == PRIOR[0]
    assert record.recorded_at == TUESDAY


def test_another_campaign_relies_on_the_record_from_its_first_plan_on() -> None:
    nothing = in_france(consents=())
    ((state, outcome, rule),), _ = reading(("two", [nothing]))
    assert (state, outcome, rule) == (LeadState.CLOSED, Outcome.BLOCKED, "fr-telemarketing-2026")
    ((state, _, _),), _ = reading(("one", [in_france()]), ("two", [nothing]))
    assert state is LeadState.WAITING


def test_of_people_who_share_a_number_other_campaigns_know_only_what_all_agreed_to() -> None:
    shared = (in_france().phones[0],)
    two = [in_france(person=name, person_from_id=True, key=name, phones=shared) for name in ("a", "b")]
    _, records = reading(("one", two))
    assert len(records) == 1
    _, records = reading(("one", [two[0], replace(two[1], consents=())]))
    assert records == []


def withdrawn(days):
    async def between(store, night, clock):
        key = night.book.phone_key(in_france().phones[0].e164)
        await store.withdraw(Withdrawal(key, clock.now() - timedelta(days=days), "Ann", "by letter"))

    return between


def test_a_withdrawal_beats_the_lists_own_cell_when_it_is_read_again() -> None:
    ((state, outcome, rule),), records = reading(("one", [in_france()]), ("two", [in_france()]), between=withdrawn(0))
    assert (state, outcome, rule) == (LeadState.CLOSED, Outcome.BLOCKED, "fr-telemarketing-2026")
    assert [record.withdrawn_at for record in records] == [TUESDAY] * 2


def test_a_consent_that_was_given_after_the_withdrawal_counts_again() -> None:
    later = (Consent(Basis.PRIOR, "form 9", TUESDAY - timedelta(days=1)),)
    renewed = in_france(consents=later)
    for days, state in ((2, LeadState.WAITING), (0, LeadState.CLOSED)):
        ((found, _, _),), _ = reading(("one", [in_france()]), ("two", [renewed]), between=withdrawn(days))
        assert found is state


def test_a_withdrawal_on_one_number_holds_for_the_whole_person() -> None:
    both = in_france(phones=(PhoneNumber("+442079460199"), *in_france().phones))
    ((state, _, _),), _ = reading(("one", [in_france()]), ("two", [both]), between=withdrawn(0))
    assert state is LeadState.CLOSED


def test_withdrawn_words_of_the_list_and_of_records_permit_nothing() -> None:
    lead = Lead("lead", "one", in_france(), "p")
    agreed = Facts(lead, consents=PRIOR)
    assert isinstance(decide(agreed, selling("one"), LAW, now=TUESDAY), Call)
    decision = decide(replace(agreed, withdrawn_at=TUESDAY), selling("one"), LAW, now=TUESDAY)
    assert isinstance(decision, Close)
    assert decision.rule == "fr-telemarketing-2026"
