"""Whether everybody with a deadline can be called once before it, and what would make room for those who cannot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts
from campaigns.domain.lead import LeadState
from campaigns.domain.legal import Law

from .comb import Capacity
from .schedule import Change, Reason, cheapest_change, schedule
from .urgency import dated


@dataclass(frozen=True, slots=True)
class Squeeze:
    """People with a deadline in the next two weeks, by the exact schedule: one call each, retries are not foreseen."""

    people: int
    no_opening: tuple[str, ...]
    """Lead keys of those who have no open hour before their deadline."""
    full: tuple[str, ...]
    """Of those for whom no line is left, whoever is called when."""
    fits: Mapping[Change, int]
    """How many of these each change would fit in; empty where nobody is left."""
    cheapest: Change | None


def squeeze(leads: Iterable[Facts], campaign: Campaign, law: Law, capacity: Capacity, *, now: datetime) -> Squeeze:
    """Place everybody with a deadline; who cannot be placed is named, with the cheapest change that would help."""
    waiting = [facts for facts in leads if facts.lead.state in (LeadState.WAITING, LeadState.READY)]
    keys = {facts.lead.id: facts.lead.contact.key for facts in waiting}
    people = [one.call for one in dated(waiting, campaign, law, now=now)]
    plan = schedule(people, capacity, now=now)
    missed = {
        reason: [keys[id_] for group in plan.unplaced if group.reason is reason for id_ in group.ids]
        for reason in Reason
    }
    if not missed[Reason.FULL]:
        return Squeeze(len(people), tuple(missed[Reason.NO_OPENING]), (), {}, None)
    changes = cheapest_change(plan, people, capacity, now=now)
    return Squeeze(
        len(people), tuple(missed[Reason.NO_OPENING]), tuple(missed[Reason.FULL]), changes.fits, changes.cheapest
    )  # fmt: skip
