"""`explain`: why somebody is or is not called now, in words, on their own clock."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.desk.barring import number_of
from campaigns.domain.contact import ERASED, mask
from campaigns.domain.errors import InputError
from campaigns.domain.facts import PastAttempt
from campaigns.domain.lead import Lead, LeadState
from campaigns.domain.zones import zone
from campaigns.editing import people_limits
from campaigns.files import parse_campaign
from campaigns.planner.explain import Explanation, Verdict
from campaigns.planner.explain import explain as explain_lead
from campaigns.planner.steps import Call, Close
from campaigns.planner.telling import answer, clock, ending
from campaigns.ports.queries import LeadFilter
from campaigns.ports.store import CampaignRecord

from .context import Json, local, options, out, print_json, print_pairs, with_campaign


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
        print_pairs([("  " + title, line) for title, line in one["details"]])


async def _find(session: Session, name: str, who: str) -> list[Lead]:
    everyone = await session.store.leads(name, LeadFilter())
    found = [lead for lead, _, _ in everyone if who in (lead.contact.key, lead.id)]
    if not found and who.startswith("+"):
        number = number_of(who)
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
    if not lead.contact.phones:
        return _erased(lead, session.clock.now())
    now = session.clock.now()
    (claimed,) = await session.store.facts([lead.id], now=now)
    campaign = parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
    closed = frozenset(one.code for one in await session.store.suspensions(now=now))
    law = replace(session.law, suspended=closed)
    found = explain_lead(claimed.facts, campaign, law, people_limits(session), now=now)
    next_at = _next_at(found)
    return {
        "lead": lead.contact.key, "state": lead.state, "outcome": lead.outcome, "now": now.isoformat(),
        "next_at": next_at.isoformat() if next_at else None,
        "verdict": answer(found, state=record.state, reader=_reader),
        "zones": [{"zone": name, "now": now.astimezone(zone(name)).isoformat()} for name in found.zones],
        "attempts": [_attempt_json(past) for past in found.facts.attempts],
        "rules": [_verdict_json(verdict) for verdict in found.verdicts],
        "details": _details(found),
    }  # fmt: skip


def _erased(lead: Lead, now: datetime) -> Json:
    """Of whom no number is kept nothing is judged any more."""
    said = f"{ending(lead, _reader)} {ERASED}: number, name and words are not kept any more."
    return {
        "lead": lead.contact.key, "state": lead.state, "outcome": lead.outcome, "now": now.isoformat(),
        "next_at": None, "verdict": said, "zones": [], "attempts": [], "rules": [], "details": [],
    }  # fmt: skip


def _reader(at: datetime) -> datetime:
    return at.astimezone()


def _next_at(found: Explanation) -> datetime | None:
    if found.facts.lead.state not in (LeadState.WAITING, LeadState.READY) or isinstance(found.step, Close):
        return None
    return found.now if isinstance(found.step, Call) else found.step.until


def _attempt_json(past: PastAttempt) -> Json:
    return {
        "ordinal": past.ordinal, "at": past.at.isoformat(), "phone": mask(past.phone), "disposition": past.disposition,
        "counts": past.counts,
    }  # fmt: skip


def _verdict_json(verdict: Verdict) -> Json:
    until = verdict.until.isoformat() if verdict.until else None
    return {
        "rule": verdict.rule, "ok": verdict.ok, "reason": verdict.reason, "until": until, "source": verdict.source
    }  # fmt: skip


def _details(found: Explanation) -> list[tuple[str, str]]:
    """Clocks, attempts, then every rule: those that hold the call back first."""
    lead, now = found.facts.lead, found.now
    clocks = ", ".join(f"{local(now, zone(name))} {name}" for name in found.zones) or "no time zone is known"
    both = "; called only when open in all of them" if len(found.zones) > 1 else ""
    lines = [("now", clocks + both)]
    for past in found.facts.attempts:
        ended = past.disposition or ("no end known" if past.counts else "not placed, costs no attempt")
        what = f"{clock(lead, past.at)}, {mask(past.phone)}: {ended.replace('_', ' ')}"
        lines.append((f"attempt {past.ordinal}", what))
    lines += [] if found.facts.attempts else [("attempts", "none yet")]
    lines += [("warning", lead.warning)] if lead.warning else []
    if lead.state is not LeadState.CLOSED:
        lines += [_rule_line(lead, verdict) for verdict in sorted(found.verdicts, key=lambda verdict: verdict.ok)]
    return lines


def _rule_line(lead: Lead, verdict: Verdict) -> tuple[str, str]:
    until = f"; from {clock(lead, verdict.until)} on it allows calls" if verdict.until else ""
    source = f"; {verdict.source}" if verdict.source else ""
    return "allows" if verdict.ok else "forbids", f"{verdict.rule}: {verdict.reason}{until}{source}"
