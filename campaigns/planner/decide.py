"""One lead, now: call it, wait until (and why), or close it. The one place where that is decided."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.hours import CallingWindow
from campaigns.domain.lead import Lead, LeadState, Outcome
from campaigns.domain.legal import Law
from campaigns.domain.zones import zone as zone_info

from .lawful import permit_at, window_of
from .questions import AT, HORIZON, NEVER, NOT_BEFORE, Case, case_of, deadline, midnight_after, next_number
from .steps import Call, Close, Earliest, Step, Wait

__all__ = ["MARGIN", "Call", "Close", "Step", "Wait", "closed_by", "decide", "next_number", "planned", "window_of"]

MARGIN = timedelta(seconds=30)
"""From the slot to the latest moment of dialling: both must be inside the window."""


def decide(facts: Facts, campaign: Campaign, law: Law, people: PeopleLimits = PeopleLimits(), *, now: datetime) -> Step:  # noqa: B008 - frozen
    """What to do about one lead. Pure: the same facts give the same step.

    Args:
        facts: The lead, its attempts, and what other campaigns did to the person.
        campaign: The campaign file.
        law: The legal rules, as `campaigns.load_rules` reads them; not asked where the file switches them off.
        people: The settings' limits per person.
        now: The instant to decide for, aware.
    """
    return decided(case_of(facts, campaign, law, people, now=now))


def decided(case: Case) -> Step:
    """The same of a case that was put together before."""
    for ask in NEVER:
        closed = ask(case)
        if closed is not None:
            return closed
    return _within(case, earliest_of(case))


def earliest_of(case: Case) -> Earliest:
    """Of all reasons to wait but the hours, the one that holds longest; without a reason: now."""
    earliest = Earliest(case.now, "", "")
    for ask in NOT_BEFORE:
        found = ask(case)
        if found is not None and found.at > earliest.at:
            earliest = found
    return earliest


def _within(case: Case, earliest: Earliest) -> Step:
    end, rule = deadline(case)
    limit = end - MARGIN if end else None
    at, why = _open_and_allowed(case, earliest, limit)
    if at is None and why is not earliest and why.at >= case.now + HORIZON:
        return Close(Outcome.BLOCKED, why.reason, why.rule)
    if at is None:
        return _never(earliest, end, rule, now=case.now)
    closes_at = _closes_at(case.window, at, end or at + timedelta(days=7))
    last_chance = _is_last_chance(case, at, limit)
    if at <= case.now:
        permit = permit_at(case.window, case.campaign, case.law, case.lead.contact.zones, case.now)
        return Call(next_number(case.facts), case.lead.callback_at is not None, closes_at, last_chance, permit)
    return Wait(at, why.reason, why.rule, closes_at, last_chance)


def _never(earliest: Earliest, end: datetime | None, rule: str, *, now: datetime) -> Close:
    if end is None:
        return Close(Outcome.BLOCKED, "no hour at which this person may be called", "calling_hours")
    if end <= now:
        return Close(Outcome.EXPIRED, "the deadline has passed", rule)
    if earliest.at >= end:
        return Close(Outcome.EXPIRED, f"{earliest.reason or 'the next opening'}: that is after the deadline", rule)
    return Close(Outcome.EXPIRED, "no open hour is left before the deadline", rule)


def _open_and_allowed(case: Case, earliest: Earliest, limit: datetime | None) -> tuple[datetime | None, Earliest]:
    """The first instant that is open and under every cap, and what it waited for."""
    why, at = earliest, earliest.at
    for _ in range(HORIZON.days):
        opening = _opens_between(case.window, at, limit)
        if opening is None:
            return None, why
        if opening > at and why is earliest:
            why = Earliest(opening, *closed_by(case, at))
        full = next((found for ask in AT if (found := ask(case, opening)) is not None), None)
        if full is None:
            return opening, why
        at, why = full.at, full
        if at >= opening + HORIZON:
            return None, why
    return None, why


def closed_by(case: Case, at: datetime) -> tuple[str, str]:
    """Why nobody is called at `at`: reason and rule; the campaign's own hours are named first."""
    names = [clock.name for clock in (case.window.closed_by(at) or case.window.closed_by(at + MARGIN))]
    own = next((name for name in names if name in ("calling_hours", "contacts.hours")), None)
    if own == "contacts.hours":
        return "outside this person's own hours", own
    return ("outside legal hours", names[0]) if names and own is None else ("outside calling hours", "calling_hours")


def _is_last_chance(case: Case, at: datetime, limit: datetime | None) -> bool:
    """Whether today is the last day on which this person can be reached."""
    if limit is None:
        return False
    tomorrow = midnight_after(at.astimezone(zone_info(case.zones[0])).date(), case.zones[0])
    return tomorrow >= limit or _opens_between(case.window, tomorrow, limit) is None


# Many are judged at one moment, most of them new: asked once for all who share a window.
@lru_cache(maxsize=65_536)
def _opens_between(window: CallingWindow, start: datetime, limit: datetime | None) -> datetime | None:
    return window.next_open(start, before=limit, margin=MARGIN)


@lru_cache(maxsize=65_536)
def _closes_at(window: CallingWindow, at: datetime, limit: datetime) -> datetime:
    return window.closes_at(at, limit=limit)


def planned(lead: Lead, step: Wait, *, revision: int) -> Lead:
    """The lead that carries a Wait: a cache, planned anew when it is claimed."""
    return replace(
        lead, state=LeadState.WAITING, due_at=step.until, closes_at=step.closes_at, last_chance=step.last_chance,
        reason=step.reason, rule=step.rule, revision=revision,
    )  # fmt: skip
