"""`status`: where things stand."""

from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.desk.board import Board
from campaigns.desk.views import BudgetLine
from campaigns.domain.budget import plain
from campaigns.domain.lead import AttemptState
from campaigns.ports.returns import ReturnCounts
from campaigns.ports.store import CampaignRecord

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
    board = Board(session)
    view = await board.campaign(record.name)
    campaign = board.files.of(record).campaign
    returns = await session.store.returns(record.name) if campaign is None or campaign.write_back else None
    return {
        "campaign": view.name,
        "state": view.state,
        "reason": view.reason,
        "leads": view.states,
        "outcomes": view.outcomes,
        "attempts": view.dispositions | {s: n for s, n in view.attempts.items() if s != AttemptState.ENDED},
        "waiting": [
            {"leads": one.leads, "reason": one.reason, "rule": one.rule,
             "next_at": one.next_at.isoformat() if one.next_at else None, "due": shown(one.next_at)}
            for one in view.waiting
        ],
        "budget": ", ".join(map(budget_line, view.budget)),
        "warnings": view.warnings,
        "errors": view.errors,
        **({"write_back": {**returns.as_json(), "reasons": dict(returns.reasons)}} if returns else {}),
        "database": str(session.database),
    }  # fmt: skip


def budget_line(line: BudgetLine) -> str:
    """How far a cap is used, with what open calls hold: `812 of 2,000 attempts`."""
    unit = line.currency or line.what.replace("_", " ")
    return f"{plain(line.used + line.held)} of {plain(line.limit)} {unit}"


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
    pairs += [("  in the way", error) for error in one["errors"]]
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
