"""`suppress`: the do-not-call list, shared by all campaigns of a database."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session, open_session
from campaigns.clock import SystemClock, run_real
from campaigns.domain.campaign import Purpose
from campaigns.domain.contact import keyed_hash, mask, parse_phone
from campaigns.domain.errors import InputError
from campaigns.lists import open_list
from campaigns.ports import Row
from campaigns.ports.store import Suppression

from .context import database, options, out, print_json, print_table, shown, with_session

SCOPES = ("all", *(str(purpose) for purpose in Purpose))


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="The do-not-call list: add, remove, import, list.")
    for name, command in (("add", add), ("remove", remove), ("import", import_), ("list", list_)):
        group.command(name)(command)
    cli.add_typer(group, name="suppress")


def add(  # noqa: PLR0913 - one option a fact
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="The number, with +.", metavar="NUMBER")],
    scope: Annotated[str, typer.Option(help=f"One of {', '.join(SCOPES)}.")] = "all",
    who: Annotated[str | None, typer.Option(help="Who says so; default: you.")] = None,
    why: Annotated[str, typer.Option(help="Why.")] = "asked not to be called",
    proof: Annotated[str, typer.Option(help="Where that is written down.")] = "",
) -> None:
    """Never call this number again.

    Example: campaigns suppress add +442079460123 --why "asked by letter"
    """
    _check(scope)
    numbers = [_number(number, None)]
    count = _write(context, numbers, scope=scope, who=who, why=why, proof=proof)
    _say(context, {"added": count}, f"{mask(numbers[0])}: on the do-not-call list ({scope})")


def remove(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="The number, with +.", metavar="NUMBER")],
    scope: Annotated[str | None, typer.Option(help="Only this scope; default: every entry.")] = None,
) -> None:
    """Take a number off the do-not-call list.

    Example: campaigns suppress remove +442079460123
    """
    e164 = _number(number, None)

    async def work(session: Session) -> int:
        return await session.store.unsuppress(keyed_hash(session.hash_key, "phone", e164), scope)

    count = with_session(context, work)
    if not count:
        raise InputError(f"{mask(e164)} is not on the do-not-call list.")
    _say(context, {"removed": count}, f"{mask(e164)}: {count} entries removed")


def import_(  # noqa: PLR0913 - one option a fact
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
    _check(scope)
    numbers, bad = _read(file, column, region)
    if bad:
        # A number that cannot be read is a person who would be called: stop rather than leave them out.
        raise InputError("\n".join([*bad[:20], f"{len(bad)} rows cannot be read, so nothing was added. Mend them first."]))
    count = _write(context, numbers, scope=scope, who=None, why=why, proof=file.name)
    _say(context, {"read": len(numbers), "added": count}, f"{len(numbers)} numbers read, {count} added ({scope})")


def list_(context: typer.Context) -> None:
    """Show the do-not-call list.

    Example: campaigns suppress list
    """

    async def work(session: Session) -> list[Suppression]:
        return await session.store.suppressions()

    entries = with_session(context, work)
    rows = [[e.shown or "(from a call)", e.scope, e.who, e.why, e.proof, shown(e.created_at)] for e in entries]
    columns = ["number", "scope", "who", "why", "proof", "when"]
    if options(context).json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("", columns, rows)


def _read(file: Path, column: str, region: str | None) -> tuple[list[str], list[str]]:
    opened = open_list(file)
    if column not in opened.header():
        raise InputError(f"{file}: there is no column '{column}'. It has: {', '.join(opened.header())}. Name one with --column.")
    numbers, bad = [], []
    for row in opened.rows():
        try:
            numbers.append(parse_phone(row.cells.get(column, ""), region) if isinstance(row, Row) else _fail(row.reason))
        except ValueError as error:
            bad.append(f"{file}:{row.line}: {error}")
    return numbers, bad


def _fail(reason: str) -> str:
    raise ValueError(reason)


def _write(  # noqa: PLR0913 - one entry's facts
    context: typer.Context, numbers: list[str], *, scope: str, who: str | None, why: str, proof: str
) -> int:
    """Add to the database that is there, else to a new live one: a list may come before the first campaign."""
    settings = options(context).settings()
    clock = SystemClock()

    async def main() -> int:
        path, simulated = await database(settings)
        async with open_session(settings, clock, simulated=simulated, path=path) as session:
            entries = [
                Suppression(
                    keyed_hash(session.hash_key, "phone", number), scope, mask(number), who or getpass.getuser(), why,
                    proof, clock.now(),
                )
                for number in numbers
            ]  # fmt: skip
            return await session.store.suppress(entries)

    return run_real(main)


def _number(text: str, region: str | None) -> str:
    try:
        return parse_phone(text, region)
    except ValueError as error:
        raise InputError(f"NUMBER is {error}. Write it with + and country code.") from None


def _check(scope: str) -> None:
    if scope not in SCOPES:
        raise InputError(f"--scope {scope}: write one of {', '.join(SCOPES)}.")


def _say(context: typer.Context, data: dict[str, int], text: str) -> None:
    print_json(data) if options(context).json else out.print(text, markup=False)
