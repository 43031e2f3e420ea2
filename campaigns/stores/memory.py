"""A store that lives and dies with the process: the same verbs on a database in memory, without threads or disk."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import anyio.lowlevel

from .database import Connection, Params
from .sql import SqlStore
from .sqlite import migration_steps

T = TypeVar("T")


class _Direct:
    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def rows(self, sql: str, params: Params | None = None) -> list[Any]:
        return self._raw.execute(sql, params or {}).fetchall()

    async def run(self, sql: str, params: Params | None = None) -> int:
        return self._raw.execute(sql, params or {}).rowcount

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        if params:
            self._raw.executemany(sql, params)


class _MemoryDatabase:
    """Verbs never really wait here, so each runs whole between two checkpoints: that is its transaction."""

    def __init__(self) -> None:
        self._raw = sqlite3.connect(":memory:", isolation_level=None)
        self._raw.row_factory = sqlite3.Row
        self._raw.execute("PRAGMA foreign_keys = ON")
        for _, script in migration_steps():
            self._raw.executescript(script)

    async def write(self, verb: Callable[[Connection], Awaitable[T]]) -> T:
        await anyio.lowlevel.checkpoint()
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            result = await verb(_Direct(self._raw))
        except BaseException:
            self._raw.rollback()
            raise
        self._raw.commit()
        return result

    async def read(self, verb: Callable[[Connection], Awaitable[T]]) -> T:
        await anyio.lowlevel.checkpoint()
        return await verb(_Direct(self._raw))

    def close(self) -> None:
        self._raw.close()


class MemoryStore(SqlStore):
    """`ports.store.Store` in memory; close it to free it."""

    def __init__(self) -> None:
        self._memory = _MemoryDatabase()
        super().__init__(self._memory)

    def close(self) -> None:
        self._memory.close()
