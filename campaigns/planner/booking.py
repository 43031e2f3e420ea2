"""Scheduled dialing: at which moment ahead a lead may be booked, so that the law and the lines hold at that moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.lead import FIRES_WITHIN, Attempt
from campaigns.domain.legal import Law
from campaigns.domain.lines import Hold, Lines

from .decide import Call, Close, Step, Wait, decide

TURNS = 20
"""So many moments are tried for one lead in one look."""
LOOK = timedelta(minutes=1)
"""A person with another open call is looked at again after this."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Book this call for `fires_at`."""

    call: Call
    fires_at: datetime


@dataclass(frozen=True, slots=True)
class Full:
    """No line is free for this lead within the horizon: it stays as it is."""


def book(  # noqa: PLR0913 - what `decide` takes, and the lines
    facts: Facts,
    campaign: Campaign,
    law: Law,
    people: PeopleLimits,
    *,
    lines: Lines,
    holds: Sequence[Hold],
    now: datetime,
) -> Slot | Wait | Close | Full:
    """When within the horizon this lead may be called, by the same law as a dial. Pure.

    A slot is open, and stays open FIRES_WITHIN longer, since the provider may be late.
    """
    horizon, at, crowded = now + lines.ahead, now + lines.notice, False
    if facts.busy_until is not None:
        return Wait(horizon + LOOK, "another call to this person is open", "one call at a time", horizon, False)
    for _ in range(TURNS):
        step = decide(facts, campaign, law, people, now=at)
        if isinstance(step, Close):
            return Full() if crowded else step
        if isinstance(step, Wait):
            at = step.until
            if at > horizon:
                return Full() if crowded else step
        elif step.closes_at < at + FIRES_WITHIN:
            at = step.closes_at
        else:
            free = lines.first_free(at, min(horizon, step.closes_at - FIRES_WITHIN), holds)
            if free == at:
                return Slot(step, at)
            if free is None and step.closes_at - FIRES_WITHIN >= horizon:
                return Full()
            at, crowded = free or step.closes_at, True
    return Full()


def still_books(attempt: Attempt, facts: Facts, campaign: Campaign, law: Law, people: PeopleLimits) -> str:
    """Why a booked call must not take place as things are now; empty: it may.

    Judged for the moment at which it fires, as if it had not been made.
    """
    others = tuple(past for past in facts.attempts if past.ordinal != attempt.ordinal)
    at = attempt.rings_from
    step: Step = decide(replace(facts, attempts=others, busy_until=None), campaign, law, people, now=at)
    if not isinstance(step, Call):
        return step.reason
    if step.phone.e164 != attempt.phone:
        return "another number is next"
    return "" if step.closes_at >= at + FIRES_WITHIN else "the hours close too soon after it"
