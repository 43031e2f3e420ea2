"""Leads with hostile names, on a shelf that reports read from."""

from dataclasses import replace
from datetime import timedelta

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.contact import Contact, PhoneNumber
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState, Outcome, attempt_id, lead_id
from campaigns.testing import instant

CLOSED = instant("2026-11-23T09:30:15Z")
HOSTILE = (
    "=1+1", "+cmd|' /C calc'!A0", "@SUM(1,2)", "-2+3", "\t=1+1", "\r=1+1", "{=1+1}", '=HYPERLINK("https://a.example")',
    "https://a.example/x", "mailto:a@b.example", "'=1", "1e5", "00123", "2026-11-23", "TRUE", "#REF!", "\uff1d1+1",
    "x" * 40_000, "né \U0001f600 \x07",
)  # fmt: skip


class Shelf:
    """The one verb of a store that rows are read with."""

    def __init__(self, leads):
        self._leads = leads

    async def lead_page(self, name, *, after, limit):
        return [(n, *found) for n, found in enumerate(self._leads, 1) if n > after][:limit]


def a_lead(key, number=0):
    phone = f"+4420794600{number:02}"
    contact = Contact(person="p", key=key, phones=(PhoneNumber(phone),), person_from_id=True, zones=("Europe/London",))
    lead = Lead(
        lead_id("c", key), "c", contact, "p", state=LeadState.CLOSED, outcome=Outcome.REACHED, label=key, reason=key,
        closed_at=CLOSED,
    )  # fmt: skip
    report = CallReport("call", disposition=Disposition.ANSWERED, talk_seconds=61.5, cost=0.25)
    attempt = Attempt(
        attempt_id(lead.id, 1), lead.id, "c", "p", phone, "k", 1, "simulator", AttemptState.ENDED, False, b"", False,
        CLOSED, CLOSED, CLOSED, "w", first_sent_at=CLOSED - timedelta(minutes=2), ended_at=CLOSED, reason=key,
        disposition=Disposition.ANSWERED, report=report,
    )  # fmt: skip
    return lead, [attempt]


def hostile():
    """A lead for each hostile text, and one that was never called."""
    leads = [a_lead(key, number) for number, key in enumerate(HOSTILE)]
    untouched = replace(a_lead("later")[0], state=LeadState.WAITING, outcome=None, closed_at=None, due_at=CLOSED)
    return Shelf([*leads, (untouched, [])])
