"""`leads`, `attempts`: long lists, page by page, however long they are."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from campaigns.app import Session
from campaigns.desk.people import MOST, People
from campaigns.desk.views import AttemptView, LeadRow, Page
from campaigns.domain.call import Disposition
from campaigns.domain.contact import mask
from campaigns.domain.lead import AttemptState, LeadState, Outcome
from campaigns.ports.pages import AttemptFilter, LeadFilter
from campaigns.ports.store import CampaignRecord

from .context import Json, operator, options, print_table, widths_of, with_campaign
from .listing import Name
from .reopening import Leads, reopen

T = TypeVar("T")
Turn = Callable[[str | None, int], Awaitable[Page[T]]]
"""The page of at most so many that begins after a word."""


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(cls=Leads, no_args_is_help=True, subcommand_metavar="NAME [OPTIONS] | reopen NAME --where …")
    group.callback()(_leads)
    group.command("list")(leads)
    group.command()(reopen)
    cli.add_typer(group, name="leads")
    cli.command()(attempts)


def _leads() -> None:
    """List the leads of a campaign, or reopen those that are closed; `leads list --help` shows every filter.

    Example: campaigns leads dentist-reminders --outcome exhausted
    """


def leads(
    context: typer.Context,
    name: Name,
    state: Annotated[LeadState | None, typer.Option(help="Only these.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    label: Annotated[str | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, show_default=False)] = 1_000_000,
) -> None:
    """List the leads of a campaign.

    Example: campaigns leads list dentist-reminders --outcome exhausted
    """
    which = LeadFilter(state, outcome, label)

    async def work(session: Session, _record: CampaignRecord) -> None:
        people, by = People(session), operator()
        pages = _pages(lambda after, size: people.leads(name, which, after, size, by=by), limit)
        columns = ["lead", "phone", "state", "outcome", "tries", "next", "why"]
        await _print(context, pages, _lead_json, columns, _lead_row)

    with_campaign(context, name, work)


def attempts(
    context: typer.Context,
    name: Name,
    state: Annotated[AttemptState | None, typer.Option(help="Only these.")] = None,
    disposition: Annotated[Disposition | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, show_default=False)] = sys.maxsize,
) -> None:
    """List the attempts of a campaign, oldest first.

    Example: campaigns attempts dentist-reminders --state uncertain
    """
    which = AttemptFilter(state, disposition)

    async def work(session: Session, _record: CampaignRecord) -> None:
        people, by = People(session), operator()
        pages = _pages(lambda after, size: people.attempts(name, which, after, size, by=by), limit)
        columns = ["attempt", "lead", "nr", "phone", "result", "written down", "talk", "why"]
        await _print(context, pages, _attempt_json, columns, _attempt_row)

    with_campaign(context, name, work)


async def _pages(turn: Turn[T], limit: int) -> AsyncIterator[tuple[T, ...]]:
    after: str | None = None
    while limit:
        page = await turn(after, min(limit, MOST))
        yield page.items
        after, limit = page.next, limit - len(page.items)
        if after is None:
            return


async def _print(
    context: typer.Context, pages: AsyncIterator[tuple[T, ...]], as_json: Callable[[T], Json], columns: list[str],
    as_row: Callable[[Json], list[object]],
) -> None:  # fmt: skip
    """One JSON document, or one table whose columns are as wide as the widest so far: nothing waits for the end."""
    begun, widths = False, [0] * len(columns)
    async for page in pages:
        rows = [as_json(item) for item in page]
        if options(context).json:
            for row in rows:
                sys.stdout.write((",\n" if begun else "[\n") + _indented(row))
                begun = True
        else:
            cells = [as_row(row) for row in rows]
            widths = widths_of(columns, cells, widths)
            print_table(columns, cells, widths=widths, headed=not begun)
            begun = True
    if options(context).json:
        sys.stdout.write("\n]\n" if begun else "[]\n")


def _indented(row: Json) -> str:
    text = json.dumps(row, ensure_ascii=False, indent=2, default=str)
    return "  " + text.replace("\n", "\n  ")


def _lead_json(row: LeadRow) -> Json:
    return {
        "lead": row.key,
        "person": row.person,
        "phone": row.phone,
        "name": row.name,
        "state": row.state,
        "outcome": row.outcome,
        "label": row.label,
        "attempts": row.attempts,
        "next_at": row.next_at.isoformat() if row.next_at else None,
        "reason": row.reason + (f"; warning: {row.warning}" if row.warning else ""),
    }


def _lead_row(row: Json) -> list[object]:
    due = f"{row['next_at'][:16].replace('T', ' ')}Z" if row["next_at"] else ""
    why = row["reason"] if row["label"] in row["reason"] else f"{row['label']}: {row['reason']}"
    return [row["lead"], mask(row["phone"]), row["state"], row["outcome"], row["attempts"], due, why]


def _attempt_json(view: AttemptView) -> Json:
    return {
        "attempt": view.attempt,
        "lead": view.key,
        "ordinal": view.ordinal,
        "phone": view.phone,
        "provider": view.provider,
        "call_id": view.call_id,
        "state": view.state,
        "disposition": view.disposition,
        "intent_at": view.intent_at.isoformat(),
        "placed_at": view.placed_at.isoformat() if view.placed_at else None,
        "ended_at": view.ended_at.isoformat() if view.ended_at else None,
        "talk_seconds": view.talk_seconds,
        "cost": view.cost,
        "summary": view.summary or None,
        "reason": view.reason,
        "incidents": list(view.incidents),
        "other_calls": list(view.other_calls),
    }


def _attempt_row(row: Json) -> list[object]:
    """Eight characters of the id are enough for `resolve`; all of them are in the JSON."""
    written = f"{row['intent_at'][:16].replace('T', ' ')}Z"
    talk = f"{row['talk_seconds']:.0f} s" if row["talk_seconds"] else ""
    result, why = row["disposition"] or row["state"], "; ".join(filter(None, [row["reason"], *row["incidents"]]))
    return [row["attempt"][:8], row["lead"], row["ordinal"], mask(row["phone"]), result, written, talk, why]
