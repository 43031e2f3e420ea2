"""A campaign that was played to its end, with everything a report must tell of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import CallReport, Disposition, Refused, Unclear
from campaigns.domain.contact import PhoneNumber
from campaigns.reports import gather, results_csv
from campaigns.stores.memory import MemoryStore
from campaigns.testing import NO_LAW, a_campaign, a_contact, a_night, instant

DOCUMENT = """
campaign: test
purpose: informational
calling_hours: "24/7"
timezone: Europe/Amsterdam
contacts: [{file: list.csv, columns: {phone: Phone}}]
legal_hours: {off: "a test on loopback"}
"""
RULES = [
    {"when": "report.analysis.confirmed == true", "outcome": "reached", "label": "<b>confirmed</b>"},
    {"when": "report.analysis.bad + 1 == 2", "outcome": "reached"},
]
ENDS = (
    CallReport("", disposition=Disposition.ANSWERED, talk_seconds=90, cost=0.25, analysis={"confirmed": True}),
    CallReport("", disposition=Disposition.ANSWERED, talk_seconds=30, cost=0.5, analysis={"bad": "text"}),
    Disposition.NO_ANSWER,
    Disposition.BAD_NUMBER,
    Unclear("cut off while +31200000004 was dialled"),
    Refused("no such number: 020 0000005", bad_data=True),
)
"""How the calls of person 0, 1, 2 … end."""


def played():
    """The figures and the CSV of a campaign, after it was run."""
    people = len(ENDS)
    clock = DiscreteClock(instant("2026-11-23T09:00Z"))

    async def play():
        store = MemoryStore()
        numbers = {a_contact(n).phones[0].e164: ENDS[n] for n in range(people)}
        campaign = a_campaign(outcomes=RULES)
        contacts = [named(n) for n in range(people)]
        async with a_night(store, clock, campaign=campaign, contacts=contacts, script=lambda p, _: numbers[p]) as night:
            record = await store.campaign("test")
            await store.put_campaign(replace(record, document=DOCUMENT), now=clock.now())
            counts = {"read": people + 2, "invalid": 2, "duplicate": 0, "suppressed": 0, "excluded": 0}
            await store.note_intake("test", counts, [("list.csv", 7, "Phone: 020 0000099 has letters")])
            await night.run()
            now = clock.now() + timedelta(minutes=1)
            figures = await gather(store, "test", now=now, rules=NO_LAW, simulated=True, currency="EUR")
            lines = "".join([line async for line in results_csv(store, "test")]).splitlines(keepends=True)
        store.close()
        return figures, lines

    return run_virtual(clock, play)


def named(number):
    """A person whose name and number would be recognised in a report."""
    contact = a_contact(number)
    key = "=HYPERLINK(1)" if number == 0 else contact.key
    return replace(contact, name="Verysecret Name", key=key, phones=(PhoneNumber(contact.phones[0].e164),))


@pytest.fixture(scope="session")
def campaign_played():
    return played()


@pytest.fixture
def figures(campaign_played):
    return campaign_played[0]


@pytest.fixture
def csv_lines(campaign_played):
    return campaign_played[1]
