"""`status`, `leads`, `attempts`: where things stand."""

from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.domain.call import Disposition
from campaigns.domain.contact import ERASED, mask
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState, Outcome
from campaigns.files import parse_campaign
from campaigns.ports.queries import LeadFilter
from campaigns.ports.returns import ReturnCounts
from campaigns.ports.store import CampaignRecord
from campaigns.summary import budget_told

from .context import (
    Json,
    counted,
    options,
    out,
    print_json,
    print_pairs,
    print_table,
    shown,
    with_campaign,
    with_databases,
)

MOST_REASONS = 12
"""Why leads wait: lines that `status` shows; all of them are in the JSON."""
Name = Annotated[str, typer.Argument(help="The campaign's name.", metavar="NAME")]


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    for command in (status, leads, attempts):
        cli.command()(command)


def status(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One campaign; default: all.", metavar="NAME")] = None,
) -> None:
    """Show where one campaign, or every campaign, stands.

    Example: campaigns status dentist-reminders
    """

    async def everything(sessions: list[Session]) -> list[Json]:
        return [await _status_of(s, record) for s in sessions for record in await s.store.campaigns()]

    found = [with_campaign(context, name, _status_of)] if name else with_databases(context, everything)
    if options(context).json:
        print_json(found[0] if name else found)
        return
    for one in found:
        _tell_status(one)
    if not found:
        out.print("There is no campaign in this database yet.")


async def _status_of(session: Session, record: CampaignRecord) -> Json:
    if record.closing:  # whoever stopped it was ended before all were closed
        await session.store.close_stopped(record.name, now=session.clock.now())
    counts = await session.store.counts(record.name)
    loaded = parse_campaign(record.document, name=record.name)
    returns = await session.store.returns(record.name) if loaded.campaign.write_back else None
    return {
        "campaign": record.name,
        "state": record.state,
        "reason": record.reason,
        "leads": counts.states,
        "outcomes": counts.outcomes,
        "attempts": counts.dispositions | {s: n for s, n in counts.attempts.items() if s != AttemptState.ENDED},
        "waiting": [
            {"leads": n, "reason": why, "rule": rule, "next_at": due.isoformat() if due else None, "due": shown(due)}
            for why, rule, n, due in counts.reasons
        ],
        "budget": budget_told(session, loaded, counts),
        "warnings": counts.warnings,
        **({"write_back": {**returns.as_json(), "reasons": dict(returns.reasons)}} if returns else {}),
        "database": str(session.database),
    }


def _tell_status(one: Json) -> None:
    reason = f" ({one['reason']})" if one["reason"] else ""
    out.print(f"[bold]{one['campaign']}[/]: {one['state']}", end="")
    out.print(reason, markup=False)
    pairs = [(f"  {title}", counted(one[title]) or "none") for title in ("leads", "outcomes", "attempts")]
    pairs += [("  budget", one["budget"])] if one["budget"] else []
    pairs += [("  waiting", line) for line in waiting_lines(one["waiting"])]
    if "write_back" in one:
        returns = dict(one["write_back"])
        pairs.append(("  write-back", ReturnCounts(reasons=tuple(returns.pop("reasons").items()), **returns).told()))
    if one["warnings"]:
        pairs.append(("  warnings", f"{one['warnings']:,}: see `campaigns leads {one['campaign']} --json`"))
    print_pairs([*pairs, ("  database", one["database"])])


def waiting_lines(groups: list[Json]) -> list[str]:
    """How many wait for what, the largest groups first; few enough to be read."""
    lines = []
    for group in groups[:MOST_REASONS]:
        rule = f" ({group['rule']})" if group["rule"] else ""
        due = f", the first from {group['due']}" if group["due"] else ""
        lines.append(f"{group['leads']:,}: {group['reason'].replace('_', ' ') or 'ready to be called'}{rule}{due}")
    others = groups[MOST_REASONS:]
    if others:
        first = min((group["due"] for group in others if group["due"]), default="")
        due = f", the first from {first}" if first else ""
        lines.append(f"{sum(group['leads'] for group in others):,}: {len(others):,} other reasons{due}")
    return lines


def leads(
    context: typer.Context,
    name: Name,
    state: Annotated[LeadState | None, typer.Option(help="Only these.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, show_default=False)] = 1_000_000,
) -> None:
    """List the leads of a campaign.

    Example: campaigns leads dentist-reminders --outcome exhausted
    """

    async def work(session: Session, _record: CampaignRecord) -> list[Json]:
        which = LeadFilter(state=state, outcome=outcome, limit=limit)
        return [_lead_json(lead, tries, last) for lead, tries, last in await session.store.leads(name, which)]

    rows = with_campaign(context, name, work)
    if options(context).json:
        print_json(rows)
        return
    columns = ["lead", "phone", "state", "outcome", "tries", "next", "why"]
    print_table(columns, [_lead_row(row) for row in rows])


def _lead_json(lead: Lead, tries: int, last_phone: str | None) -> Json:
    return {
        "lead": lead.contact.key,
        "person": lead.contact.person,
        "phone": last_phone or lead.contact.number or ERASED,
        "name": lead.contact.name,
        "state": lead.state,
        "outcome": lead.outcome,
        "label": lead.label,
        "attempts": tries,
        "next_at": lead.due_at.isoformat() if lead.due_at and lead.state is not LeadState.CLOSED else None,
        "reason": lead.reason + (f"; warning: {lead.warning}" if lead.warning else ""),
    }


def _lead_row(row: Json) -> list[object]:
    due = f"{row['next_at'][:16].replace('T', ' ')}Z" if row["next_at"] else ""
    why = row["reason"] if row["label"] in row["reason"] else f"{row['label']}: {row['reason']}"
    return [row["lead"], mask(row["phone"]), row["state"], row["outcome"], row["attempts"], due, why]


def attempts(
    context: typer.Context,
    name: Name,
    state: Annotated[AttemptState | None, typer.Option(help="Only these.")] = None,
    disposition: Annotated[Disposition | None, typer.Option(help="Only these.")] = None,
) -> None:
    """List the attempts of a campaign, oldest first.

    Example: campaigns attempts dentist-reminders --state uncertain
    """

    async def work(session: Session, _record: CampaignRecord) -> list[Json]:
        keys = {lead.id: lead.contact.key for lead, _, _ in await session.store.leads(name, LeadFilter())}
        return [
            _attempt_json(attempt, keys)
            for attempt in await session.store.attempts(name)
            if state in (None, attempt.state) and disposition in (None, attempt.disposition)
        ]

    rows = with_campaign(context, name, work)
    if options(context).json:
        print_json(rows)
        return
    columns = ["attempt", "lead", "nr", "phone", "result", "written down", "talk", "why"]
    print_table(columns, [_attempt_row(row) for row in rows])


def _attempt_json(attempt: Attempt, keys: dict[str, str]) -> Json:
    report = attempt.report
    return {
        "attempt": attempt.id,
        "lead": keys.get(attempt.lead_id, attempt.lead_id),
        "ordinal": attempt.ordinal,
        "phone": attempt.phone or ERASED,
        "provider": attempt.provider,
        "call_id": attempt.call_id,
        "state": attempt.state,
        "disposition": attempt.disposition,
        "intent_at": attempt.created_at.isoformat(),
        "placed_at": attempt.placed_at.isoformat() if attempt.placed_at else None,
        "ended_at": attempt.ended_at.isoformat() if attempt.ended_at else None,
        "talk_seconds": report.talk_seconds if report else None,
        "cost": report.cost if report else None,
        "summary": report.summary if report else None,
        "reason": attempt.reason,
    }


def _attempt_row(row: Json) -> list[object]:
    """Eight characters of the id are enough for `resolve`; all of them are in the JSON."""
    written = f"{row['intent_at'][:16].replace('T', ' ')}Z"
    talk = f"{row['talk_seconds']:.0f} s" if row["talk_seconds"] else ""
    result = row["disposition"] or row["state"]
    return [row["attempt"][:8], row["lead"], row["ordinal"], mask(row["phone"]), result, written, talk, row["reason"]]
