"""A campaign that is edited while it runs: dialling goes on at once, and everybody else finds their new place."""

from dataclasses import replace

from campaigns.domain.lead import Outcome, lead_id
from campaigns.engine.planning import REPLANNED
from campaigns.ports.pages import LeadFilter
from campaigns.testing import a_campaign, a_contact, a_night, instant

from .conftest import START, play

ALL, AFTER = LeadFilter(), instant("2026-11-23T12:00Z")
AFTERNOON, MORNING = "Mo-Fr 14:00-17:00", "Mo-Fr 09:00-17:00"


async def edit(night, **keys) -> None:
    record = await night.store.campaign("test")
    night.campaigns["test"] = a_campaign(**keys)
    await night.store.put_campaign(replace(record, document=f"{keys}"), now=night.clock.now())
    night.runner.wake.ring()


def edited(first: dict, then: dict, *, contacts, at="2026-11-23T09:30Z"):
    """Run by the first file, edit at that moment, run to the end."""

    async def main(store, clock):
        async with a_night(store, clock, campaign=a_campaign(**first), contacts=contacts) as night:

            async def person() -> None:
                await clock.sleep_until(instant(at))
                await edit(night, **then)

            night.tasks.start_soon(person)
            await night.run()
            leads = [each.lead for each in await store.leads_after("test", ALL, after=0, limit=1000)]
            return night, leads

    return play(main)


def test_who_waits_is_called_as_soon_as_the_edited_file_allows() -> None:
    count = 2 * REPLANNED + 3
    night, leads = edited({"calling_hours": AFTERNOON}, {"calling_hours": MORNING}, contacts=count)
    assert len(night.provider.asked) == count
    assert all(START < at < instant("2026-11-23T09:40Z") for at, _ in night.provider.asked)
    assert {lead.outcome for lead in leads} == {Outcome.REACHED}


def test_who_may_not_be_called_any_more_is_closed_and_says_why() -> None:
    night, leads = edited({"calling_hours": AFTERNOON}, {"ends": "2026-11-22"}, contacts=5)
    assert night.provider.asked == []
    assert {(lead.outcome, lead.rule) for lead in leads} == {(Outcome.EXPIRED, "ends")}


def test_finished_leads_stay_finished_and_calls_under_way_go_on() -> None:
    people = [a_contact(0), a_contact(1, call_from=instant("2026-11-23T09:29:30Z")), a_contact(2, call_from=AFTER)]
    night, leads = edited({}, {"ends": "2026-11-22"}, contacts=people)
    assert [lead.outcome for lead in leads] == [Outcome.REACHED, Outcome.REACHED, Outcome.EXPIRED]
    assert len(night.provider.asked) == 2


def test_other_rules_than_those_of_the_last_run_plan_everybody_anew() -> None:
    async def main(store, clock):
        person = a_contact(0, call_from=AFTER)
        async with a_night(store, clock, contacts=[person]) as night:
            # As a version with other data would have left it.
            await store.plan_under("test", "rules of last year")
            (claimed,) = await store.facts([lead_id("test", "k0")], now=clock.now())
            later = replace(claimed.facts.lead, due_at=instant("2027-01-01T00:00Z"), revision=2)
            await store.replan([(later, claimed.rev)])
            await night.run()
            return night

    night = play(main)
    assert [at for at, _ in night.provider.asked] == [AFTER]
