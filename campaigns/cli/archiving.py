"""`archive`: ended campaigns leave the database for a file, so that it stays small and quick."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.archiving import Archived, archive_all, archive_one, forget_news
from campaigns.domain.durations import parse_duration
from campaigns.domain.errors import InputError

from .completing import campaign_names
from .context import counted, options, out, print_json, with_databases


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(archive)


def archive(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="One campaign.", metavar="NAME", show_default=False, autocompletion=campaign_names),
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(help="Every campaign that ended so long ago, such as 90d; at least 63d.")
    ] = None,
    out_: Annotated[Path, typer.Option("--out", help="Folder of the archives.", metavar="DIR")] = Path(),
    compact: Annotated[
        bool, typer.Option("--compact", help="Give the room back to the disk too (SQLite); nobody dials meanwhile.")
    ] = False,
) -> None:
    """Move ended campaigns into files, NAME.archive.jsonl.gz, and out of the database.

    Example: campaigns archive --older-than 90d --out archives
    """
    if (name is None) == (older_than is None):
        raise InputError("Name one campaign, or write --older-than 90d.")
    age = _age(older_than) if older_than else None
    if not out_.is_dir():
        raise InputError(f"--out {out_}: there is no such folder. Make it, or name another.")

    async def work(sessions: list[Session]) -> list[Archived]:
        done = [one for s in sessions for one in await _archived(s, name, age, out_)]
        if name is not None and not done:
            raise InputError(f"There is no campaign '{name}'. `campaigns status` lists them.")
        for session in sessions:
            await forget_news(session)
            await session.store.tidy(shrink=compact)
        return done

    _tell(context, with_databases(context, work))


async def _archived(session: Session, name: str | None, age: timedelta | None, folder: Path) -> list[Archived]:
    if age is not None:
        return await archive_all(session, age, folder)
    if name is None or await session.store.campaign(name) is None:
        return []
    return [await archive_one(session, name, folder)]


def _tell(context: typer.Context, done: list[Archived]) -> None:
    if options(context).json:
        print_json(
            [{"campaign": one.name, "archived": not one.stays, "why": one.why, "rows": one.rows} for one in done]
        )
        return
    for one in done:
        rows = f" ({counted(one.rows)})" if one.rows else ""
        out.print(f"{one.name}: {'stays: ' if one.stays else ''}{one.why}{rows}", markup=False)
    if not done:
        out.print("No campaign ended so long ago.")


def _age(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InputError(f"--older-than: {error}") from None
