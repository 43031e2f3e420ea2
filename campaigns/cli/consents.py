"""`consent`: what people agreed to by the records that lists have left, and what they take back."""

from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.desk.barring import Barring, number_of
from campaigns.domain.contact import keyed_hash, mask
from campaigns.ports.consents import ConsentRecord

from .context import Json, many, operator, options, out, print_json, print_table, shown, with_databases

Number = Annotated[str, typer.Argument(help="The number, with +.", metavar="NUMBER")]

HELP = "What people agreed to: show and withdraw.\n\nExample: campaigns consent list +442079460123"


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help=HELP)
    group.command("list")(list_)
    group.command()(withdraw)
    cli.add_typer(group, name="consent")


def list_(context: typer.Context, number: Number) -> None:
    """Show what is on record of a number: which consent, for what, by which list and proof.

    Example: campaigns consent list +442079460123
    """
    e164 = number_of(number)

    async def work(sessions: list[Session]) -> list[Json]:
        return [
            _shown(record, session)
            for session in sessions
            for record in await session.store.consents(keyed_hash(session.hash_key, "phone", e164))
        ]

    records = with_databases(context, work)
    if options(context).json:
        print_json(records)
    elif not records:
        out.print(f"Nothing is on record of {mask(e164)}.", markup=False)
    else:
        columns = ["consent", "purpose", "given", "withdrawn", "recorded", "by", "database", "proof"]
        print_table(columns, [[record[column] for column in columns] for record in records])


def _shown(record: ConsentRecord, session: Session) -> Json:
    return {
        "consent": record.consent.basis, "purpose": record.purpose, "given": shown(record.consent.given_at),
        "withdrawn": shown(record.withdrawn_at), "recorded": shown(record.recorded_at),
        "by": f"{record.who} {record.source}", "proof": record.consent.proof, "database": str(session.database),
    }  # fmt: skip


def withdraw(
    context: typer.Context,
    number: Number,
    who: Annotated[str, typer.Option(help="Who says so; default: you.")] = "",
    why: Annotated[str, typer.Option(help="How they said it.")] = "taken back",
) -> None:
    """Let whatever was agreed before count no more, also where a list goes on saying it.

    Only a list that says it was given later counts again. Nobody is suppressed: see `campaigns suppress add`.

    Example: campaigns consent withdraw +442079460123 --why "by letter"
    """
    e164 = number_of(number)

    async def work(sessions: list[Session]) -> int:
        return max([await Barring(session).withdraw(number, why, by=operator(), who=who) for session in sessions])

    count = with_databases(context, work, make=True)
    if options(context).json:
        print_json({"withdrawn": count})
    else:
        out.print(
            f"{mask(e164)}: withdrawn; {many(count, 'record counts', 'records count')} no more",
            markup=False,
        )
