"""What one decision costs, with the rules read: less than 20 µs.

    python tests/bench decide

Telemarketing by people (no artificial voice) to consenting persons in every state of the United States. Beside it a
floor of the same run: as many instants turned into local time, which no decision can do without.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from rig import Row, Wish

from campaigns.domain.contact import Basis, Consent
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead
from campaigns.domain.legal import Law
from campaigns.domain.zones import zone
from campaigns.planner.decide import Call, decide
from campaigns.rules import load_rules
from campaigns.testing import a_campaign, a_contact, instant

MOST = 20.0
NOW = instant("2026-11-23T18:00Z")
STATES = {
    "America/New_York": "CT DC DE GA ME MD MA NH NJ NY NC OH PA RI SC VT VA WV",
    "America/Chicago": "AL AR IL IA LA MN MS MO OK WI",
    "America/Denver": "CO MT NM UT WY",
    "America/Los_Angeles": "CA NV WA",
    "America/Phoenix": "AZ",
}
CAMPAIGN = a_campaign(
    purpose="telemarketing", voice="human", calling_hours="Mo-Fr 09:00-20:00; Sa 10:00-17:00", timezone="contact",
    legal_hours="auto",
)  # fmt: skip


def people(count: int) -> list[Facts]:
    places = [(name, state) for name, states in STATES.items() for state in states.split()]
    consents = (Consent(Basis.PRIOR_WRITTEN, "form"), Consent(Basis.PRIOR, "form"))
    found = []
    for n in range(count):
        name, state = places[n % len(places)]
        here = (f"US-{state}",)
        contact = replace(
            a_contact(n), zones=(name,), country="US", state=state, jurisdictions=here, consents=consents
        )  # fmt: skip
        found.append(Facts(Lead(f"lead {n}", "test", contact, f"person {n}")))
    return found


def cost(work: Callable[[], object], count: int) -> float:
    """Microseconds of the processor for each, the best of five."""
    best = float("inf")
    for _ in range(5):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best / count * 1e6


def measure(wish: Wish) -> list[Row]:
    law, leads = Law(load_rules()), people(5_000)
    calls = sum(isinstance(decide(facts, CAMPAIGN, law, now=NOW), Call) for facts in leads)
    decided = cost(lambda: [decide(facts, CAMPAIGN, law, now=NOW) for facts in leads], len(leads))
    floor = cost(lambda: [NOW.astimezone(zone(facts.lead.contact.zones[0])) for facts in leads], len(leads))
    notes = {"leads": len(leads), "may_be_called": calls}
    return [Row("decide", "one decision, with the rules read", decided, "µs", floor, most=MOST, notes=notes)]
