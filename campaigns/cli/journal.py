"""`journal`: every decision about a person, a JSON document a line."""

import json
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated

import typer

from campaigns.app import Session
from campaigns.desk.journal import as_json
from campaigns.domain.errors import InputError
from campaigns.stores.whole_files import appearing, check_free

from .completing import campaign_names
from .context import many, moment, options, out, print_json, with_databases

PAGE = 1000


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(journal)


def journal(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="One campaign; without it all.", metavar="NAME", autocompletion=campaign_names),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Lines from this moment on, with an offset.", metavar="TIME")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="A file that is not there yet; else stdout.", metavar="FILE")] = None,
) -> None:
    """Tell every decision about a person: what was allowed by which rule, done, reported, barred, erased, and by whom.

    Example: campaigns journal --since 2026-11-01T00:00Z --to november.jsonl
    """
    start = moment(since, "--since")
    if to is not None:
        check_free(to)

    async def work(sessions: list[Session]) -> int:
        if name is not None and not [s for s in sessions if await s.store.campaign(name) is not None]:
            raise InputError(f"There is no campaign '{name}'. `campaigns status` lists them.")
        if to is None:
            return await _write(sessions, name, start, sys.stdout)
        with appearing(to) as part, part.open("w", encoding="utf-8") as file:
            return await _write(sessions, name, start, file)

    count = with_databases(context, work)
    if to is None:
        return
    if options(context).json:
        print_json({"file": str(to), "lines": count})
    else:
        out.print(f"{to}: {many(count, 'line')}.", markup=False)


async def _write(sessions: list[Session], name: str | None, since: datetime | None, file: IO[str]) -> int:
    count = 0
    for session in sessions:
        async for line in _lines(session, name, since):
            file.write(line)
            count += 1
    return count


async def _lines(session: Session, name: str | None, since: datetime | None) -> AsyncIterator[str]:
    after = 0
    while page := await session.store.journal(after=after, limit=PAGE, campaign=name, since=since):
        for entry in page:
            yield json.dumps(as_json(entry), ensure_ascii=False) + "\n"
        after = page[-1].line
