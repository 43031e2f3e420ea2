"""A store that lives and dies with the process: the same verbs on a database in memory, without threads or disk."""

import sqlite3
from typing import TypeVar

import anyio.lowlevel

from .database import Connection, I
from .direct import carried_out, transacted
from .schema import migration_steps
from .slots import KNOW_ACCOUNT
from .sql import SqlStore
from .writer import Each, Verb

T = TypeVar("T")


class _MemoryDatabase:
    """Each verb runs whole between two checkpoints."""

    doubt = ""

    def __init__(self) -> None:
        self._raw = sqlite3.connect(":memory:", isolation_level=None)
        self._raw.row_factory = sqlite3.Row
        self._raw.execute("PRAGMA foreign_keys = ON")
        for _, script in migration_steps():
            self._raw.executescript(script)

    async def write(self, verb: Verb[T], *, account: str | None = None, brief: bool = False) -> T:  # noqa: ARG002 - the protocol's
        await anyio.lowlevel.checkpoint()

        async def whole(db: Connection) -> T:
            if account is not None:
                await db.run(KNOW_ACCOUNT, {"provider": account})
            return await verb(db)

        return transacted(self._raw, whole)

    async def write_each(self, verb: Each[I, T], item: I, *, account: str | None = None) -> T:
        async def alone(db: Connection) -> T:
            return (await verb(db, [item]))[0]

        return await self.write(alone, account=account)

    async def read(self, verb: Verb[T], *, aside: bool = False) -> T:  # noqa: ARG002 - the protocol's
        await anyio.lowlevel.checkpoint()
        return carried_out(self._raw, verb)

    async def tidy(self, *, shrink: bool) -> bool:  # noqa: ARG002 - the protocol's
        return True

    def close(self) -> None:
        self._raw.close()


class MemoryStore(SqlStore):
    """`ports.store.Store` in memory; close it to free it."""

    def __init__(self) -> None:
        self._memory = _MemoryDatabase()
        super().__init__(self._memory)

    def close(self) -> None:
        self._memory.close()
