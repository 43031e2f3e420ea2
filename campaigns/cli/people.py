"""`suppress`: the do-not-call list, shared by all campaigns of a database."""

from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.desk.barring import SCOPES, Bar, Barring, number_of, numbers_in
from campaigns.desk.number_lists import read_numbers
from campaigns.domain.contact import mask
from campaigns.ports.people import Suppression

from .context import (
    Json,
    many,
    of_those_that_know,
    operator,
    options,
    out,
    print_json,
    print_table,
    shown,
    with_databases,
)

HELP = "The do-not-call list: add, remove, import, list.\n\nExample: campaigns suppress list"


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help=HELP)
    for name, command in (("add", add), ("remove", remove), ("import", import_), ("list", list_)):
        group.command(name)(command)
    cli.add_typer(group, name="suppress")


def add(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="The number, with +.", metavar="NUMBER")],
    scope: Annotated[str, typer.Option(help=f"One of {', '.join(SCOPES)}.")] = "all",
    who: Annotated[str, typer.Option(help="Who says so; default: you.")] = "",
    why: Annotated[str, typer.Option(help="Why.")] = "asked not to be called",
    proof: Annotated[str, typer.Option(help="Where that is written down.")] = "",
) -> None:
    """Never call this number again.

    Example: campaigns suppress add +442079460123 --why "asked by letter"
    """
    added = _suppress(context, [Bar(number, scope, why, proof, who)])
    state = "is on" if added else "was already on"
    _say(context, {"added": added}, f"{mask(number_of(number))} {state} the do-not-call list ({scope})")


def remove(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="The number, with +.", metavar="NUMBER")],
    scope: Annotated[str | None, typer.Option(help="Only this scope; default: every entry.")] = None,
) -> None:
    """Take a number off the do-not-call list.

    Example: campaigns suppress remove +442079460123
    """
    e164 = number_of(number)

    async def work(sessions: list[Session]) -> int:
        return max(
            await of_those_that_know(sessions, lambda s: Barring(s).unsuppress(number, scope=scope, by=operator()))
        )

    count = with_databases(context, work)
    _say(context, {"removed": count}, f"{mask(e164)}: {many(count, 'entry', 'entries')} removed")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A list: .csv .tsv .xlsx .jsonl", metavar="FILE")],
    column: Annotated[str, typer.Option(help="The column with the numbers.")] = "phone",
    region: Annotated[str | None, typer.Option(help="Country of numbers without +, such as NL.")] = None,
    scope: Annotated[str, typer.Option(help=f"One of {', '.join(SCOPES)}.")] = "all",
    why: Annotated[str, typer.Option(help="Why.")] = "imported",
) -> None:
    """Add every number of a list. Nothing is added unless every row can be read.

    Example: campaigns suppress import dnc.csv --column Phone --region NL
    """
    numbers = read_numbers(file, column, region)
    added = _suppress(context, [Bar(number, scope, why, file.name) for number in numbers])
    _say(
        context, {"read": len(numbers), "added": added}, f"{many(len(numbers), 'number')} read, {added:,} new ({scope})"
    )


def list_(context: typer.Context) -> None:
    """Show the do-not-call list.

    Example: campaigns suppress list
    """

    async def work(sessions: list[Session]) -> list[Json]:
        return [_shown(entry, session) for session in sessions for entry in await session.store.suppressions()]

    entries = with_databases(context, work)
    if options(context).json:
        print_json(entries)
        return
    columns = ["number", "scope", "when", "database", "why"]
    rows = [[*(entry[c] for c in columns[:-1]), _story(entry)] for entry in entries]
    print_table(columns, rows)


def _shown(entry: Suppression, session: Session) -> Json:
    return {
        "number": entry.shown or "(from a call)", "scope": entry.scope, "who": entry.who, "why": entry.why,
        "proof": entry.proof, "when": shown(entry.created_at), "database": str(session.database),
    }  # fmt: skip


def _story(entry: Json) -> str:
    return f"{entry['why']}; {entry['who']}" + (f"; {entry['proof']}" if entry["proof"] else "")


def _suppress(context: typer.Context, bars: list[Bar]) -> int:
    """In the live and in the simulated database, made when absent: a trial run shows what a real one would do."""
    numbers_in(bars)

    async def work(sessions: list[Session]) -> int:
        return max([await Barring(session).suppress(bars, by=operator()) for session in sessions])

    return with_databases(context, work, make=True)


def _say(context: typer.Context, data: dict[str, int], text: str) -> None:
    print_json(data) if options(context).json else out.print(text, markup=False)
