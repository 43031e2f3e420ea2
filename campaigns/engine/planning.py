"""Plans leads that nobody has claimed: new ones, and after an edit those that wait by a plan of the old file."""

from dataclasses import replace
from datetime import datetime

from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead
from campaigns.domain.transitions import close
from campaigns.planner.decide import Close, Wait, decide, planned
from campaigns.ports.store import Store

from .terms import Terms

REPLANNED = 100
"""Leads at a time: some milliseconds, so that no dial comes late."""


def plan(facts: Facts, terms: Terms, *, now: datetime) -> Lead:
    """The lead in its place: waiting for its time, due at once, or closed."""
    lead, revision = facts.lead, terms.record.revision
    step = decide(facts, terms.campaign, terms.law, terms.people, now=now)
    if isinstance(step, Wait):
        return planned(lead, step, revision=revision)
    if isinstance(step, Close):
        return close(lead, step.outcome, reason=step.reason, rule=step.rule, now=now)
    return replace(lead, due_at=now, closes_at=step.closes_at, last_chance=step.last_chance, revision=revision)


async def replan(store: Store, terms: Terms, *, now: datetime) -> int:
    """Plan some of those anew whose plan no longer holds; returns how many were looked at."""
    stale = await store.stale(terms.record.name, limit=REPLANNED, now=now)
    await store.replan([(plan(claimed.facts, terms, now=now), claimed.rev) for claimed in stale])
    return len(stale)
