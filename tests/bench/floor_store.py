"""Raw stores for the floors: one table of leads and one of reports, written in groups.

SQLite by one thread that takes whatever waits into one transaction (WAL, FULL); PostgreSQL by asyncpg, one statement
for whatever waits.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

MOST = 256
"""Writes in one transaction."""
COLUMNS = (
    "id INTEGER PRIMARY KEY, phone TEXT NOT NULL, due BIGINT NOT NULL, state TEXT NOT NULL, call_id TEXT, outcome TEXT"
)
DUE = "CREATE INDEX {0}_due ON {0} (due, id) WHERE state = 'waiting'"
CLAIM = (
    "UPDATE lead SET state = 'dialing' WHERE id IN (SELECT id FROM lead WHERE state = 'waiting' AND due <= {0}"
    " ORDER BY due, id LIMIT {1} {2}) RETURNING id, phone"
)
Write = tuple[str, Sequence[Any]]


class SqliteFloor:
    """Everything waits for a thread with one connection."""

    def __init__(self, file: Path, leads: Sequence[str]) -> None:
        self._file, self._queue, self._loop = file, queue.SimpleQueue[Any](), asyncio.get_running_loop()
        db = self._connect()
        db.executescript(f"CREATE TABLE lead ({COLUMNS}); CREATE TABLE report (call_id TEXT PRIMARY KEY, body BLOB);")
        db.execute(DUE.format("lead"))
        db.execute("BEGIN")
        db.executemany("INSERT INTO lead (phone, due, state) VALUES (?, 0, 'waiting')", [(phone,) for phone in leads])
        db.execute("COMMIT")
        db.close()
        threading.Thread(target=self._run, daemon=True).start()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        return db

    def _run(self) -> None:
        db = self._connect()
        while True:
            group = [self._queue.get()]
            while len(group) < MOST and not self._queue.empty():
                group.append(self._queue.get_nowait())
            db.execute("BEGIN IMMEDIATE")
            answers = [(future, [db.execute(*write).fetchall() for write in writes]) for future, writes in group]
            db.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, answers)

    def _write(self, *writes: Write) -> asyncio.Future[Any]:
        future = self._loop.create_future()
        self._queue.put((future, writes))
        return future

    async def claim(self, limit: int) -> list[Any]:
        return (await self._write((CLAIM.format("?", "?", ""), (1, limit))))[0]

    async def placed(self, lead: int, call_id: str) -> None:
        sql = "UPDATE lead SET state = 'placed', call_id = ? WHERE id = ? AND state = 'dialing'"
        await self._write((sql, (call_id, lead)))

    async def ended(self, lead: int, call_id: str, body: bytes) -> None:
        await self._write(
            ("INSERT INTO report VALUES (?, ?) ON CONFLICT DO NOTHING", (call_id, body)),
            ("UPDATE lead SET state = 'closed', outcome = 'reached', call_id = ? WHERE id = ?", (call_id, lead)),
        )

    async def closed(self) -> int:
        return (await self._write(("SELECT COUNT(*) FROM lead WHERE state = 'closed'", ())))[0][0][0]


def _answer(answers: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, found in answers:
        future.set_result(found)


class PostgresFloor:
    """Claims on a connection of their own; moves and reports in groups, each on its own connection."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._placed, self._ended = asyncio.Queue[Any](), asyncio.Queue[Any]()
        self._tasks = [
            asyncio.create_task(self._group(self._placed, _PLACED)),
            asyncio.create_task(self._group(self._ended, _ENDED)),
        ]

    @classmethod
    async def opened(cls, address: str, leads: Sequence[str]) -> "PostgresFloor":
        import asyncpg  # noqa: PLC0415 - only where there is a server

        pool = await asyncpg.create_pool(address, min_size=3, max_size=3)
        columns = COLUMNS.replace("INTEGER PRIMARY KEY", "BIGSERIAL PRIMARY KEY")
        await pool.execute(
            f"CREATE TABLE floor_lead ({columns}) WITH (fillfactor = 80); {DUE.format('floor_lead')};"
            "CREATE TABLE floor_report (call_id TEXT PRIMARY KEY, body BYTEA)"
        )
        await pool.execute(
            "INSERT INTO floor_lead (phone, due, state) SELECT phone, 0, 'waiting' FROM unnest($1::text[]) phone", leads
        )
        await pool.execute("ANALYZE floor_lead")
        return cls(pool)

    async def _group(self, waiting: asyncio.Queue[Any], sql: str) -> None:
        async with self._pool.acquire() as db:
            while True:
                group = [await waiting.get()]
                while len(group) < MOST and not waiting.empty():
                    group.append(waiting.get_nowait())
                await db.execute(sql, *map(list, zip(*(values for _, values in group), strict=True)))
                _answer([(future, None) for future, _ in group])

    def _put(self, waiting: asyncio.Queue[Any], *values: Any) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        waiting.put_nowait((future, values))
        return future

    async def claim(self, limit: int) -> list[Any]:
        sql = CLAIM.format("$1", "$2", "FOR UPDATE SKIP LOCKED").replace("lead", "floor_lead")
        return list(await self._pool.fetch(sql, 1, limit))

    async def placed(self, lead: int, call_id: str) -> None:
        await self._put(self._placed, call_id, lead)

    async def ended(self, lead: int, call_id: str, body: bytes) -> None:
        await self._put(self._ended, call_id, body, lead)

    async def closed(self) -> int:
        return await self._pool.fetchval("SELECT COUNT(*) FROM floor_lead WHERE state = 'closed'")


_PLACED = """
UPDATE floor_lead l SET state = 'placed', call_id = u.call FROM unnest($1::text[], $2::bigint[]) u (call, lead)
WHERE l.id = u.lead AND l.state = 'dialing'
"""
_ENDED = """
WITH kept AS (INSERT INTO floor_report SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING)
UPDATE floor_lead l SET state = 'closed', outcome = 'reached', call_id = u.call
FROM unnest($1::text[], $3::bigint[]) u (call, lead) WHERE l.id = u.lead
"""
Store = SqliteFloor | PostgresFloor
Opener = Callable[[Sequence[str]], Any]
