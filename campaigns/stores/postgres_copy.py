"""What a plan needs of a PostgreSQL database, copied into a SQLite file: the tables have the same columns."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from .postgres_address import PostgresAddress
from .postgres_link import linked
from .schema import migration_steps
from .sqlite import APPLICATION

BATCH = 2_000
_NOT_PLANNED_WITH = ("inbox", "inbound", "bad_row", "write_back")
_LAST_OF_EACH = (
    " WHERE id IN (SELECT DISTINCT ON (a.campaign) j.id FROM journal j JOIN attempt a ON a.id = j.attempt_id"
    " ORDER BY a.campaign, j.at DESC)"
)
"""Of the journal a plan asks one thing: when the last thing took place."""
_COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1"
)


async def copy_rows(address: PostgresAddress, to: Path) -> None:
    """Make the file `to`, with everything as it stands at one moment, batch by batch. Raises StoreError."""
    with closing(sqlite3.connect(to, isolation_level=None)) as file:
        for _, script in migration_steps():
            file.executescript(script)
        file.executescript(f"PRAGMA user_version = {migration_steps()[-1][0]}; PRAGMA application_id = {APPLICATION}")
        file.executescript("DELETE FROM meta; PRAGMA synchronous = OFF; BEGIN")
        tables = [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        async with (
            linked(address, role="plan") as link,
            link.transaction(isolation="repeatable_read", readonly=True),
        ):
            for table in sorted(set(tables) - set(_NOT_PLANNED_WITH)):
                columns = await _columns(link, file, table)
                places = ", ".join("?" * len(columns))
                async for rows in _batches(link, table, columns):
                    file.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
        file.execute("COMMIT")


async def _columns(link: Any, file: sqlite3.Connection, table: str) -> list[str]:
    """Those that both have: a newer program may have added one on the server already."""
    there = {row["column_name"] for row in await link.fetch(_COLUMNS, table)}
    return [row[1] for row in file.execute(f"PRAGMA table_info({table})") if row[1] in there]


async def _batches(link: Any, table: str, columns: Sequence[str]) -> AsyncIterator[list[Any]]:
    wanted = _LAST_OF_EACH if table == "journal" else ""
    cursor = await link.cursor(f"SELECT {', '.join(columns)} FROM {table}{wanted}")
    while rows := await cursor.fetch(BATCH):
        yield rows
