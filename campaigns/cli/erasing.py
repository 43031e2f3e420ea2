"""`erase`: one person, at their request."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.desk.barring import number_of
from campaigns.desk.erasing import Erasing, Erasure
from campaigns.domain.contact import mask
from campaigns.domain.errors import InputError

from .context import err, operator, options, out, print_json, print_pairs, with_databases


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(erase)


def erase(
    context: typer.Context,
    phone: Annotated[str, typer.Argument(help="Their number, with +.", metavar="PHONE")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a person everywhere; only keyed hashes stay, so that nobody calls them again. It cannot be undone.

    Providers that offer it are asked to erase their records too. What is out of reach is named.

    Example: campaigns erase +442079460123 --yes
    """
    e164 = number_of(phone)
    if not yes:
        _ask(e164)

    async def work(sessions: list[Session]) -> list[tuple[str, Erasure]]:
        return [(str(each.database), await Erasing(each).erase(e164, by=operator())) for each in sessions]

    done = with_databases(context, work)
    if options(context).json:
        print_json([{"database": database, **asdict(one)} for database, one in done])
        return
    for database, one in done:
        out.print(f"{database}: {mask(e164)}", markup=False)
        print_pairs(_lines(one))


def _ask(e164: str) -> None:
    if not sys.stdin.isatty():
        raise InputError("Nobody is there to be asked. Write --yes to erase them.")
    if not typer.confirm(f"Erase everything about {mask(e164)}, for good?", err=True):
        err.print("Nothing was erased.")
        raise typer.Exit(3)


def _lines(one: Erasure) -> list[tuple[str, str]]:
    lines = [("  erased", line) for line in one.erased]
    if one.people > 1:
        lines.insert(0, ("  people", f"{one.people:,} people have this number: all of them were erased"))
    lines += [("  provider", line) for line in one.vendors]
    return lines + [("  left", line) for line in one.left]
