"""What every command shares: the global options, the settings, the databases, and how answers are printed."""

import getpass
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import structlog
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from campaigns.clock import SystemClock, run_real, stamp_log
from campaigns.desk.access import Operator, Role
from campaigns.domain.errors import InputError, Unknown
from campaigns.settings import Settings, read_settings
from campaigns.stores.addresses import location_of
from campaigns.stores.location import Kind

if TYPE_CHECKING:
    from campaigns.app import Session
    from campaigns.ports.store import CampaignRecord

T = TypeVar("T")
Json = dict[str, Any]


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

    def again(self, command: str) -> str:
        """The command line that does `command` with the same settings and database."""
        chosen = [f" --settings {self.settings_file}"] if self.settings_file else []
        chosen += [f" --db {location_of(self.database).address}"] if self.database else []
        return f"campaigns{''.join(chosen)} {command}"


_UNBROKEN = 4000
"""Columns where stdout is no terminal: `grep` and `cut` want one line for each row."""


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = _UNBROKEN
    return console


out = _console()
err = _console(stderr=True)


def note(text: str) -> None:
    """Something worth knowing that stops nothing; on stderr, also beside `--json`."""
    err.print(f"note  {text}", markup=False)


def options(context: typer.Context) -> Globals:
    """The options before the command."""
    found = context.find_object(Globals)
    return found if found is not None else Globals()


def set_up_logs(*, verbose: bool) -> None:
    """Structured lines on stderr: JSON for machines, pairs on a terminal; without -v only what a person must know."""
    level = logging.INFO if verbose else logging.ERROR
    people = structlog.processors.KeyValueRenderer(key_order=["at", "level", "event"])
    machines = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            stamp_log,
            people if sys.stderr.isatty() else machines,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


# ── printing ──


def print_json(value: object) -> None:
    """One document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, widths: Sequence[int] = (), headed: bool = True
) -> None:
    """A table for people: only its last column is broken into lines, and only on a terminal.

    `widths`: of its columns at least, so that a long list may be printed in parts; `headed`: with their names.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=headed)
    for number, column in enumerate(columns[:-1]):
        table.add_column(column, no_wrap=True, min_width=widths[number] if widths else None)
    table.add_column(columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    _print_grid(table)


def widths_of(columns: Sequence[str], rows: Sequence[Sequence[object]], least: Sequence[int]) -> list[int]:
    """How wide each column of a table must be."""
    cells = (columns, *rows)
    return [max(wide, *(cell_len(str(row[n] or "")) for row in cells)) for n, wide in enumerate(least)]


def print_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """A name and what it says, line by line; long text is broken and indented on a terminal."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in pairs:
        table.add_row(_plain(name), _plain(text))
    _print_grid(table)


def _print_grid(table: Table) -> None:
    with out.capture() as captured:
        out.print(table, soft_wrap=False)
    for line in captured.get().splitlines():
        out.file.write(line.rstrip() + "\n")


def _plain(cell: object) -> str:
    return "" if cell is None else str(cell).replace("[", "\\[")


def shown(instant: datetime | None) -> str:
    """An instant for people: UTC, to the minute."""
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M}Z"


def local(instant: datetime, zone: ZoneInfo) -> str:
    """An instant on somebody's clock: `Mon 23 Nov 2026 09:00`."""
    return f"{instant.astimezone(zone):%a %d %b %Y %H:%M}"


def many(count: int, one: str, several: str = "") -> str:
    """`1 call`, `2 calls`, `1 entry`, `2 entries`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def counted(numbers: dict[str, int]) -> str:
    """`3 reached, 1 bad number`: what is not nought."""
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in numbers.items() if count)


# ── reading ──


def moment(text: str | None, option: str = "--at") -> datetime | None:
    """An ISO time with an offset, or Z, that stands after an option. Raises InputError showing a right one."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option}: '{text}' is not a time. Write 2026-11-23T09:00+01:00.") from None
    if parsed.tzinfo is None:
        raise InputError(f"{option}: '{text}' has no offset. Write 2026-11-23T09:00+01:00, or end with Z for UTC.")
    return parsed


def user_name() -> str:
    """Who types."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user entry
        return "somebody"


def operator() -> Operator:
    """Whoever types has the database's own rights, and so may do everything."""
    return Operator(user_name(), Role.ADMIN)


# ── databases ──


@asynccontextmanager
async def open_databases(settings: Settings, *, make: bool = False) -> AsyncIterator[list["Session"]]:
    """Every database that these settings mean, the live one first: one that is named, else the two of this folder.

    Args:
        settings: Of this process.
        make: Make those that are not there. False: leave them out, and raise InputError when there is none.
    """
    from campaigns.app import database_of, open_session  # noqa: PLC0415 - takes longer than a shell may wait for names

    live, simulated = database_of(settings, simulated=False), database_of(settings, simulated=True)
    async with AsyncExitStack() as stack:
        sessions = []
        for database in dict.fromkeys((live, simulated)):
            kind = await database.kind()
            if make or kind is not Kind.ABSENT:
                new = kind is Kind.ABSENT and database != live
                opened = open_session(
                    settings, SystemClock(), simulated=new or kind is Kind.SIMULATED, database=database
                )
                sessions.append(await stack.enter_async_context(opened))
        if not sessions:
            mend = "Run a campaign first, or name one with --db sqlite:///FILE."
            raise InputError(f"There is no database {live} yet. {mend}")
        yield sessions


async def of_those_that_know(sessions: list["Session"], act: Callable[["Session"], Awaitable[T]]) -> list[T]:
    """What `act` came to in each database that knows what it is about. Raises Unknown where none does."""
    done, unknown = list[T](), list[Unknown]()
    for session in sessions:
        try:
            done.append(await act(session))
        except Unknown as error:
            unknown.append(error)
    if not done:
        raise unknown[0]
    return done


def has_database(settings: Settings) -> bool:
    """Whether there is a database yet that these settings mean."""

    from campaigns.app import database_of  # noqa: PLC0415 - as above

    async def main() -> bool:
        databases = dict.fromkeys(database_of(settings, simulated=simulated) for simulated in (False, True))
        return any([await database.kind() is not Kind.ABSENT for database in databases])

    return run_real(main)


def with_databases(context: typer.Context, work: Callable[[list["Session"]], Awaitable[T]], *, make: bool = False) -> T:
    """Run `work` on every database there is; `make`: on the live and the simulated one, which are made when absent."""
    settings = options(context).settings()

    async def main() -> T:
        async with open_databases(settings, make=make) as sessions:
            return await work(sessions)

    return run_real(main)


def with_campaign(context: typer.Context, name: str, work: Callable[["Session", "CampaignRecord"], Awaitable[T]]) -> T:
    """Run `work` on the database that has the campaign. Raises InputError naming those that exist."""
    from campaigns.desk.moment import as_of  # noqa: PLC0415 - as above

    async def chosen(sessions: list["Session"]) -> T:
        for session in sessions:
            record = await session.store.campaign(name)
            if record is not None and record.archived_at is not None:
                raise InputError(f"'{name}' is {record.reason}: its leads and calls are no longer in the database.")
            if record is not None:
                return await work(await as_of(session, name), record)
        known = {str(session.database): await _names(session) for session in sessions}
        has = "; ".join(f"{database} has {', '.join(names) or 'none'}" for database, names in known.items())
        near = get_close_matches(name, [one for names in known.values() for one in names], n=1)
        mend = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"There is no campaign '{name}': {has}.{mend}")

    return with_databases(context, chosen)


async def _names(session: "Session") -> list[str]:
    return [record.name for record in await session.store.campaigns()]
