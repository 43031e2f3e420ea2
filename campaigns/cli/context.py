"""What every command shares: the global options, the settings, the database, and how answers are printed."""

import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog
import typer
from rich.console import Console
from rich.table import Table

from campaigns.app import Session, database_of, open_session
from campaigns.clock import SystemClock, run_real, stamp_log
from campaigns.domain.errors import InputError
from campaigns.ports.store import CampaignRecord
from campaigns.settings import Settings, read_settings
from campaigns.stores.sqlite import kind_of

T = TypeVar("T")


@dataclass
class Globals:
    """The options before the command."""

    settings_file: Path | None = None
    database: str | None = None
    json: bool = False
    verbose: bool = False

    def settings(self) -> Settings:
        """Raises InputError."""
        return read_settings(self.settings_file, environ=os.environ, database=self.database)


out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def options(context: typer.Context) -> Globals:
    found = context.find_object(Globals)
    return found if found is not None else Globals()


def set_up_logs(*, verbose: bool) -> None:
    """Structured lines on stderr; without -v only what a person must know."""
    level = logging.INFO if verbose else logging.ERROR
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp_log, structlog.processors.KeyValueRenderer(key_order=["at", "level", "event"])],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def print_json(value: object) -> None:
    """One document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people; plain where stdout is no terminal."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


def moment(text: str | None) -> datetime | None:
    """`--at`: an ISO time with an offset, or Z. Raises InputError showing a right one."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--at: '{text}' is not a time. Write 2026-11-23T09:00+01:00.") from None
    if parsed.tzinfo is None:
        raise InputError(f"--at: '{text}' has no offset. Write 2026-11-23T09:00+01:00, or end with Z for UTC.")
    return parsed


async def database(settings: Settings) -> tuple[Path, bool]:
    """The database that a command without a campaign file means, and whether it is simulated.

    The settings' own; else the live one where it exists, else the simulated one.
    """
    live, simulated = database_of(settings, simulated=False), database_of(settings, simulated=True)
    for path in (live, simulated):
        kind = await kind_of(path)
        if kind is not None:
            return path, kind == "simulated"
    return live, False


@asynccontextmanager
async def existing_session(settings: Settings) -> AsyncIterator[Session]:
    """The database that is there. Raises InputError when there is none."""
    path, simulated = await database(settings)
    if not path.exists():
        raise InputError(f"There is no database {path} yet. Run a campaign first, or name one with --db sqlite:///FILE.")
    async with open_session(settings, SystemClock(), simulated=simulated, path=path) as session:
        yield session


def with_session(context: typer.Context, work: Callable[[Session], Awaitable[T]]) -> T:
    """Run `work` on the existing database."""
    settings = options(context).settings()

    async def main() -> T:
        async with existing_session(settings) as session:
            return await work(session)

    return run_real(main)


async def the_campaign(session: Session, name: str) -> CampaignRecord:
    """The campaign of that name. Raises InputError naming those that exist."""
    record = await session.store.campaign(name)
    if record is None:
        names = ", ".join(record.name for record in await session.store.campaigns()) or "none"
        raise InputError(f"There is no campaign '{name}' in {session.path}. It has: {names}.")
    return record


def shown(instant: datetime | None) -> str:
    """An instant for people: UTC, to the second."""
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}Z"


Json = dict[str, Any]
