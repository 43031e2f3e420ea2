"""An explanation as a person would want it: the answer in one or two sentences, times on the called person's clock."""

from collections.abc import Callable
from datetime import datetime

from campaigns.domain.lead import CampaignState, Lead, LeadState, Outcome
from campaigns.domain.zones import zone as zone_info

from .explain import Explanation, in_minutes
from .steps import Call, Close, Wait

Reader = Callable[[datetime], datetime]
"""An instant on the reader's own clock."""
_PLANNED = (Outcome.EXHAUSTED, Outcome.EXPIRED, Outcome.BLOCKED)
"""Outcomes that a rule of the plan gave, not a conversation."""


def answer(found: Explanation, *, state: CampaignState = CampaignState.ACTIVE, reader: Reader | None = None) -> str:
    """Whether they are called now, why, and when next.

    Args:
        found: By `explain`.
        state: Of the campaign.
        reader: The reader's clock, where theirs may differ from the person's.
    """
    lead = found.facts.lead
    if lead.state is LeadState.CLOSED:
        return ending(lead, reader)
    if lead.state is LeadState.CALLING:
        return "A call to this person is under way, or booked."
    if lead.state is LeadState.HELD:
        doubt = lead.reason.removeprefix("uncertain: ")
        return f"Waits for your word: nobody knows whether the last call took place ({doubt}). See `campaigns resolve`."
    said = _stepped(found, reader)
    if state is not CampaignState.ACTIVE and not isinstance(found.step, Close):
        said += f" But the campaign is {state}: nobody is called until it goes on."
    return said


def _stepped(found: Explanation, reader: Reader | None) -> str:
    lead, step = found.facts.lead, found.step
    if isinstance(step, Call):
        asked = ", as they asked" if step.callback else ""
        return f"May be called now{asked}, on {step.phone}, until {clock(lead, step.closes_at, reader)}."
    if isinstance(step, Close):
        outcome = step.outcome.replace("_", " ")
        return f"Will not be called: {step.reason.rstrip('.')} ({step.rule}). It will be closed as {outcome}."
    next_ = f"{clock(lead, step.until, reader)}, in {in_minutes(step.until - found.now)}"
    first = found.earliest
    hours = step.reason.startswith("outside") and first.at > found.now
    before = f"{first.reason} ({first.rule}), and then " if hours else ""
    return f"Not now: {before}{step.reason} ({step.rule}). {_then(step)} {next_}."


def _then(step: Wait) -> str:
    """A closed jurisdiction, or a call that is open, promises no moment at which it ends."""
    promises = step.rule not in ("rules suspend", "one call at a time")
    return "May be called from" if promises else "Is looked at again on"


def ending(lead: Lead, reader: Reader | None) -> str:
    """When a lead was closed, as what, and why."""
    why = lead.label or lead.reason
    rule = f" ({lead.rule})" if lead.outcome in _PLANNED and lead.rule else ""
    at = f" on {clock(lead, lead.closed_at, reader)}" if lead.closed_at else ""
    outcome = str(lead.outcome).replace("_", " ")
    return f"Closed as {outcome}{at}: {why.replace('_', ' ')}{rule}. It will not be called again."


def clock(lead: Lead, at: datetime, reader: Reader | None = None) -> str:
    """An instant on the person's own clock, which is named, and on the reader's where that shows another time."""
    zones = lead.contact.zones or ("UTC",)
    there = at.astimezone(zone_info(zones[0]))
    shown = f"{there:%a %d %b %Y %H:%M} {zones[0]}"
    for name in zones[1:]:
        shown += f" ({at.astimezone(zone_info(name)):%H:%M} {name})"
    here = reader(at) if reader else None
    if here is not None and here.utcoffset() != there.utcoffset():
        day = "" if here.date() == there.date() else f"{here:%a} "
        shown += f" ({day}{here:%H:%M} on your clock)"
    return shown
