"""`status`: where things stand."""

from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.domain.lead import AttemptState
from campaigns.files import parse_campaign
from campaigns.ports.returns import ReturnCounts
from campaigns.ports.store import CampaignRecord
from campaigns.summary import budget_told

from .completing import campaign_names
from .context import (
    Json,
    counted,
    options,
    out,
    print_json,
    print_pairs,
    shown,
    with_campaign,
    with_databases,
)

MOST_REASONS = 12
"""Why leads wait: lines that `status` shows; all of them are in the JSON."""
Name = Annotated[str, typer.Argument(help="The campaign's name.", metavar="NAME", autocompletion=campaign_names)]


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(status)


def status(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="One campaign; default: all.", metavar="NAME", autocompletion=campaign_names)
    ] = None,
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
