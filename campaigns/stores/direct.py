"""SQLite without waiting: a verb runs whole in whichever thread owns the connection, and a transaction is one trip."""

import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, TypeVar

from campaigns.domain.errors import StoreDoubtful, StoreUnavailable

from .database import Connection, NotBegun, Params
from .rows import dumps

T = TypeVar("T")
_LIST = re.compile(r"(= ANY|<> ALL)\(:(\w+)\)")
_LOCK = re.compile(r" FOR (?:UPDATE|SHARE)(?: OF \w+)?(?: SKIP LOCKED)?")


class Direct:
    """A sqlite3 connection as the verbs know it."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def rows(self, sql: str, params: Params | None = None) -> list[Any]:
        return self._raw.execute(*_spoken(sql, params or {})).fetchall()

    async def run(self, sql: str, params: Params | None = None) -> int:
        return self._raw.execute(*_spoken(sql, params or {})).rowcount

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        if params:
            self._raw.executemany(_in_sqlite(sql)[0], params)

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        self._raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    async def rows_many(self, sql: str, params: Sequence[Params]) -> list[list[Any]]:
        return [self._raw.execute(*_spoken(sql, each)).fetchall() for each in params]


def _spoken(sql: str, params: Params) -> tuple[str, Params]:
    text, lists = _in_sqlite(sql)
    return text, {**params, **{name: dumps(params[name]) for name in lists}} if lists else params


@lru_cache(maxsize=1024)
def _in_sqlite(sql: str) -> tuple[str, tuple[str, ...]]:
    """A verb's text, and which of its parameters are lists: those come as JSON.

    Rows are not locked: in a transaction nobody else writes.
    """
    text = _LIST.sub(
        lambda found: f"{'' if found[1] == '= ANY' else 'NOT '}IN (SELECT value FROM json_each(:{found[2]}))", sql
    )
    return _LOCK.sub("", text), tuple({found[2]: None for found in _LIST.finditer(sql)})


def carried_out(raw: sqlite3.Connection, verb: Callable[[Connection], Awaitable[T]]) -> T:
    """Run a verb to its end, here and now. Raises StoreUnavailable, StoreError, or what the verb raises."""
    steps = verb(Direct(raw)).__await__()
    with _translated():
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
    raise RuntimeError("a verb waits for nothing but its database")


def transacted(raw: sqlite3.Connection, verb: Callable[[Connection], Awaitable[T]], *, tries: int = 1) -> T:
    """The same in a transaction, which is durable when it returns. Raises NotBegun too.

    `tries`: how often it asks for the only right to write, each time for as long as the connection's `busy_timeout`.
    """
    begin(raw, tries=tries)
    with undone(raw):
        result = carried_out(raw, verb)
        commit(raw)
    return result


def begin(raw: sqlite3.Connection, *, tries: int = 1) -> None:
    """Take the only right to write. Raises NotBegun."""
    try:
        with _translated():
            _begin(raw, tries)
    except StoreUnavailable as error:
        raise NotBegun(str(error)) from error


def commit(raw: sqlite3.Connection) -> None:
    """Wait for the disk."""
    with _translated():
        raw.commit()


@contextmanager
def undone(raw: sqlite3.Connection) -> Iterator[None]:
    """Nothing is left of the transaction where the block fails."""
    try:
        yield
    except BaseException:
        # A full disk has rolled back already; a second ROLLBACK would raise and hide the cause.
        if raw.in_transaction:
            with suppress(sqlite3.Error):
                raw.rollback()
        raise


def _begin(raw: sqlite3.Connection, tries: int) -> None:
    for _ in range(tries - 1):
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
    raw.execute("BEGIN IMMEDIATE")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if of_the_disk(error.sqlite_errorcode):
            raise StoreDoubtful(
                f"The disk has failed under the database: {error} ({error.sqlite_errorname})."
            ) from error
        raise StoreUnavailable(f"The database cannot be used now: {error}.") from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise  # a broken law of the schema: a mistake of ours, not of the file
        raise StoreDoubtful(f"The database is damaged: {error}.") from error


def of_the_disk(code: int) -> bool:
    """Whether nobody knows any more what is on it: a flush that failed may have lost what the next one believes to be
    there.

    Not so with memory, with locks, with the index of the log, which is made anew by whoever opens it; and with a write
    that failed, as a quota makes it: none of it counts as written, and it is written again with what comes next.
    """
    return code & 0xFF == sqlite3.SQLITE_IOERR and code not in _PASSING


_PASSING = frozenset(
    {
        sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_NOMEM, sqlite3.SQLITE_IOERR_LOCK, sqlite3.SQLITE_IOERR_RDLOCK,
        sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK, sqlite3.SQLITE_IOERR_BLOCKED, sqlite3.SQLITE_IOERR_GETTEMPPATH,
        sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMLOCK,
        sqlite3.SQLITE_IOERR_SHMMAP,
    }
)  # fmt: skip
