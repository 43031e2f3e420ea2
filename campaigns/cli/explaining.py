"""`explain`: why somebody is or is not called now, in words, on their own clock."""

from datetime import datetime
from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.desk.barring import number_of
from campaigns.desk.explaining import Told, explained
from campaigns.desk.search import leads_called
from campaigns.domain.contact import mask
from campaigns.domain.errors import InputError
from campaigns.domain.facts import PastAttempt
from campaigns.domain.lead import Lead
from campaigns.domain.zones import zone
from campaigns.planner.explain import Verdict
from campaigns.ports.store import CampaignRecord

from .completing import campaign_names
from .context import Json, options, out, print_json, print_pairs, with_campaign


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(explain)


def explain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The campaign's name.", metavar="NAME", autocompletion=campaign_names)],
    who: Annotated[str, typer.Argument(help="The lead's key, or a number with +.", metavar="LEAD|PHONE")],
) -> None:
    """Say why this person is or is not called now, which rule says so, and when next.

    Example: campaigns explain dentist-reminders +31200000012
    """

    async def work(session: Session, record: CampaignRecord) -> list[Told]:
        return [await explained(session, record, lead, _reader) for lead in await _find(session, name, who)]

    found = with_campaign(context, name, work)
    if options(context).json:
        print_json([_json(told) for told in found])
        return
    for told in found:
        out.print(f"[bold]{told.lead.contact.key}[/]:", end=" ")
        out.print(told.verdict, markup=False)
        print_pairs([("  " + line.word, line.text) for line in told.why])


async def _find(session: Session, name: str, who: str) -> list[Lead]:
    found = await leads_called(session, name, who)
    if not found and who.startswith("+"):
        number = number_of(who)
        key = session.book.phone_key(number)
        found = [lead for lead, _ in await session.store.leads_with_phone(key) if lead.campaign == name]
        if not found and await session.store.suppressions_of([key]):
            raise InputError(f"{mask(number)} is on the do-not-call list, so it is no lead of '{name}'.")
    if not found:
        raise InputError(
            f"'{name}' has no such lead. Write a key as `campaigns leads {name}` shows it, or a number with +."
        )
    return found


def _reader(at: datetime) -> datetime:
    return at.astimezone()


def _json(told: Told) -> Json:
    lead = told.lead
    return {
        "lead": lead.contact.key, "state": lead.state, "outcome": lead.outcome, "now": told.now.isoformat(),
        "next_at": told.next_at.isoformat() if told.next_at else None, "verdict": told.verdict,
        "zones": [{"zone": name, "now": told.now.astimezone(zone(name)).isoformat()} for name in told.zones],
        "attempts": [_attempt_json(past) for past in told.attempts],
        "rules": [_verdict_json(verdict) for verdict in told.rules],
        "details": [(line.word, line.text) for line in told.why],
    }  # fmt: skip


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
