"""`explain`: why somebody is or is not called now, in words, on their own clock."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import mask
from campaigns.domain.durations import format_duration
from campaigns.domain.errors import InputError
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits
from campaigns.domain.lead import CampaignState, Lead, LeadState, Outcome
from campaigns.domain.legal import Law
from campaigns.domain.zones import zone
from campaigns.files import parse_campaign
from campaigns.planner.decide import Call, Close, decide
from campaigns.ports.store import CampaignRecord, LeadFilter

from .context import Json, local, many, options, out, print_json, print_pairs, with_campaign
from .people import plain_number

_PLANNED = (Outcome.EXHAUSTED, Outcome.EXPIRED, Outcome.BLOCKED)
"""Outcomes that a rule of the plan gave, not a conversation."""


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(explain)


def explain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The campaign's name.", metavar="NAME")],
    who: Annotated[str, typer.Argument(help="The lead's key, or a number with +.", metavar="LEAD|PHONE")],
) -> None:
    """Say why this person is or is not called now, which rule says so, and when next.

    Example: campaigns explain dentist-reminders +31200000012
    """

    async def work(session: Session, record: CampaignRecord) -> list[Json]:
        found = await _find(session, name, who)
        return [await _explanation(session, record, lead) for lead in found]

    explained = with_campaign(context, name, work)
    if options(context).json:
        print_json(explained)
        return
    for one in explained:
        out.print(f"[bold]{one['lead']}[/]:", end=" ")
        out.print(one["verdict"], markup=False)
        print_pairs([("  " + title, line) for title, line in one["details"].items()])


async def _find(session: Session, name: str, who: str) -> list[Lead]:
    everyone = await session.store.leads(name, LeadFilter())
    found = [lead for lead, _, _ in everyone if who in (lead.contact.key, lead.id)]
    if not found and who.startswith("+"):
        number = plain_number(who)
        key = session.book.phone_key(number)
        found = [lead for lead, _ in await session.store.leads_with_phone(key) if lead.campaign == name]
        if not found and any(entry.phone_key == key for entry in await session.store.suppressions()):
            raise InputError(f"{mask(number)} is on the do-not-call list, so it is no lead of '{name}'.")
    if not found:
        raise InputError(
            f"'{name}' has no such lead. Write a key as `campaigns leads {name}` shows it, or a number with +."
        )
    return found


async def _explanation(session: Session, record: CampaignRecord, lead: Lead) -> Json:
    now = session.clock.now()
    (claimed,) = await session.store.facts([lead.id], now=now)
    people = PeopleLimits(session.settings.people.per_day, session.settings.people.gap)
    campaign = parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
    closed = frozenset(record.code for record in await session.store.suspensions(now=now))
    law = replace(session.law, suspended=closed)
    verdict, next_at = _verdict(claimed.facts, campaign, law, people, now)
    if record.state is not CampaignState.ACTIVE and lead.state in (LeadState.WAITING, LeadState.READY):
        verdict += f" But the campaign is {record.state}: nobody is called until it goes on."
    return {
        "lead": lead.contact.key, "state": lead.state, "outcome": lead.outcome, "now": now.isoformat(),
        "next_at": next_at.isoformat() if next_at else None, "verdict": verdict,
        "details": dict(_details(lead, claimed.facts.attempts, now)),
    }  # fmt: skip


def _verdict(
    facts: Facts, campaign: Campaign, law: Law, people: PeopleLimits, now: datetime
) -> tuple[str, datetime | None]:
    """One or two sentences, and when they may be called next."""
    lead = facts.lead
    if lead.state is LeadState.CLOSED:
        return _closed(lead), None
    if lead.state is LeadState.CALLING:
        return "is being called right now.", None
    if lead.state is LeadState.HELD:
        return (
            f"waits for your word: nobody knows if the last call took place ({lead.reason}). See `campaigns resolve`.",
            None,
        )
    step = decide(facts, campaign, law, people, now=now)
    if isinstance(step, Call):
        closes = f"until {_clock(lead, step.closes_at)}"
        return f"may be called now, on {mask(step.phone.e164)}, {closes}.", now
    if isinstance(step, Close):
        return f"will not be called: {step.reason}. It will be closed as {step.outcome} (rule: {step.rule}).", None
    wait = format_duration(timedelta(minutes=(step.until - now) // timedelta(minutes=1) + 1))
    return f"not before {_clock(lead, step.until)}, in {wait}: {step.reason} (rule: {step.rule}).", step.until


def _closed(lead: Lead) -> str:
    why = lead.label or lead.reason
    rule = f" (rule: {lead.rule})" if lead.outcome in _PLANNED and lead.rule else ""
    at = f" on {_clock(lead, lead.closed_at)}" if lead.closed_at else ""
    return f"closed as {lead.outcome}{at}: {why}{rule}. It will not be called again."


def _clock(lead: Lead, at: datetime) -> str:
    """On the person's own clock, which is named."""
    name = lead.contact.zones[0] if lead.contact.zones else "UTC"
    return f"{local(at, zone(name))} {name}"


def _details(lead: Lead, attempts: tuple[PastAttempt, ...], now: datetime) -> list[tuple[str, str]]:
    zones = lead.contact.zones
    clocks = ", ".join(f"{local(now, zone(name))} {name}" for name in zones) or "no time zone is known"
    both = "; called only when open in all of them" if len(zones) > 1 else ""
    lines = [("now", clocks + both)]
    for past in attempts:
        ended = past.disposition or ("no end known" if past.counts else "not placed, costs no attempt")
        lines.append(
            (f"attempt {past.ordinal}", f"{_clock(lead, past.at)}, {mask(past.phone)}: {ended}".replace("_", " "))
        )
    if not attempts:
        lines.append(("attempts", "none yet"))
    left = [phone for phone in lead.contact.phones if phone.e164 not in {past.phone for past in attempts}]
    if attempts and left:
        lines.append(("numbers", f"{many(len(left), 'number')} not tried yet"))
    if lead.warning:
        lines.append(("warning", lead.warning))
    return lines
