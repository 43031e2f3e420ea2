"""SQLite: through aiosqlite with safe settings, one dialer per file; and in memory, for tests and dry runs."""

import fcntl
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import anyio

from campaigns.domain.errors import StoreError, StoreUnavailable
from campaigns.ports import Clock

from .database import Connection, Params
from .rows import maybe_at
from .sql import SqlStore
from .writer import Writer

T = TypeVar("T")
APPLICATION = 0x43414D50
"""`CAMP`: marks our files, so that another program's database is never touched."""

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA secure_delete = ON",
)
_NETWORK = ("nfs", "cifs", "smb", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs")


class _Aio:
    """An aiosqlite connection as the verbs know it."""

    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw

    async def rows(self, sql: str, params: Params | None = None) -> list[Any]:
        return list(await self._raw.execute_fetchall(sql, params or {}))

    async def run(self, sql: str, params: Params | None = None) -> int:
        async with self._raw.execute(sql, params or {}) as cursor:
            return cursor.rowcount

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        if params:
            async with self._raw.executemany(sql, params):
                pass


class _AioTransactions:
    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw
        self.connection: Connection = _Aio(raw)

    async def begin(self) -> None:
        with _translated():
            await self._raw.execute_fetchall("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        with _translated():
            await self._raw.commit()

    async def rollback(self) -> None:
        # A full disk has rolled back already; a second ROLLBACK would raise and hide the cause.
        if self._raw.in_transaction:
            await self._raw.rollback()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"The database cannot take a write now: {error}.") from error


class _AioDatabase:
    """A writer on one connection, readers on another; virtual time stands still while either works."""

    def __init__(self, writer: Writer, reader: aiosqlite.Connection, clock: Clock) -> None:
        self._writer, self._clock = writer, clock
        self._reader = _Aio(reader)

    async def write(self, verb: Callable[[Connection], Awaitable[T]]) -> T:
        with self._clock.work():
            return await self._writer.write(verb)

    async def read(self, verb: Callable[[Connection], Awaitable[T]]) -> T:
        with self._clock.work():
            try:
                return await verb(self._reader)
            except sqlite3.OperationalError as error:
                raise StoreUnavailable(f"The database cannot be read now: {error}.") from error


@asynccontextmanager
async def open_sqlite(path: Path, *, clock: Clock, simulated: bool) -> AsyncIterator[SqlStore]:
    """A store in the file `path`, made when absent. Raises StoreError where it would be unsafe to dial from it."""
    _check_file_system(path)
    first_time = not path.exists()
    if first_time:
        path.touch(mode=0o600)
    async with _connection(path) as raw, _connection(path) as reader:
        await _migrate(raw, simulated=simulated, path=path)
        await reader.execute_fetchall("PRAGMA query_only = ON")
        writer = Writer(_AioTransactions(raw))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_shielded, writer)
            try:
                yield SqlStore(_AioDatabase(writer, reader, clock))
            finally:
                writer.close()


async def _shielded(writer: Writer) -> None:
    # A cancelled program still gets its last writes, then the closed stream ends the writer.
    with anyio.CancelScope(shield=True):
        await writer.run()


@asynccontextmanager
async def _connection(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    try:
        raw = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the database cannot be opened: {error}.") from error
    try:
        raw.row_factory = sqlite3.Row
        await _apply_settings(raw, path)
        yield raw
    finally:
        with anyio.CancelScope(shield=True):
            await raw.close()


async def _apply_settings(raw: aiosqlite.Connection, path: Path) -> None:
    try:
        for setting in _SETTINGS:
            await raw.execute_fetchall(setting)
        mode = list(await raw.execute_fetchall("PRAGMA journal_mode"))[0][0]
        level = list(await raw.execute_fetchall("PRAGMA synchronous"))[0][0]
    except sqlite3.Error as error:
        raise StoreError(f"{path}: this is not a usable SQLite database: {error}.") from error
    if (mode, level) != ("wal", 2):
        raise StoreError(f"{path}: needs WAL and synchronous=FULL, has {mode} and {level}: a lost intent is a second call.")


def _check_file_system(path: Path) -> None:
    """SQLite's locks do not hold on network file systems."""
    if not path.parent.is_dir():
        raise StoreError(f"{path}: the folder does not exist. Make it, or name another database.")
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return
    best = max(
        (line.split()[1:3] for line in mounts.read_text().splitlines()),
        key=lambda mount: len(mount[0]) if path.resolve().is_relative_to(mount[0]) else -1,
    )
    if best[1] in _NETWORK:
        raise StoreError(f"{path}: lies on a network file system ({best[1]}), where SQLite is not safe. Use a local disk.")


def migration_steps() -> list[tuple[int, str]]:
    """The numbered steps of the schema, in order."""
    folder = files("campaigns.stores") / "migrations"
    steps = [(int(file.name[:4]), file.read_text()) for file in folder.iterdir() if file.name.endswith(".sql")]
    return sorted(steps)


async def _migrate(raw: aiosqlite.Connection, *, simulated: bool, path: Path) -> None:
    version = list(await raw.execute_fetchall("PRAGMA user_version"))[0][0]
    mark = list(await raw.execute_fetchall("PRAGMA application_id"))[0][0]
    tables = list(await raw.execute_fetchall("SELECT COUNT(*) FROM sqlite_master"))[0][0]
    if tables and mark != APPLICATION:
        raise StoreError(f"{path}: belongs to another program. Name another database.")
    steps = migration_steps()
    if version > steps[-1][0]:
        raise StoreError(f"{path}: was written by a newer version of campaigns. Upgrade this one.")
    for number, script in steps:
        if number > version:
            await raw.executescript(
                f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; PRAGMA application_id = {APPLICATION}; COMMIT"
            )
    await _check_kind(raw, "simulated" if simulated else "live", path)


async def _check_kind(raw: aiosqlite.Connection, kind: str, path: Path) -> None:
    await raw.execute_fetchall(
        "INSERT INTO meta (key, value) VALUES ('kind', :kind) ON CONFLICT DO NOTHING", {"kind": kind}
    )
    found = list(await raw.execute_fetchall("SELECT value FROM meta WHERE key = 'kind'"))[0][0]
    if found != kind:
        raise StoreError(
            f"{path}: is a {found} database, and this is a {kind} run: the two never mix. Name another with --db."
        )


async def kind_of(path: Path) -> str | None:
    """`simulated` or `live`; None where there is no database of ours."""
    if not path.exists():
        return None
    try:
        async with aiosqlite.connect(f"file:{path}?mode=ro", uri=True) as raw:
            rows = list(await raw.execute_fetchall("SELECT value FROM meta WHERE key = 'kind'"))
    except sqlite3.Error:
        return None
    return str(rows[0][0]) if rows else None


def last_moment_in(path: Path, campaign: str) -> datetime | None:
    """The latest instant that a database knows of for a campaign: where its virtual time goes on."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
            rows = raw.execute(
                "SELECT MAX(j.at) FROM journal j JOIN attempt a ON a.id = j.attempt_id WHERE a.campaign = ?", (campaign,)
            ).fetchall()
    except sqlite3.Error:
        return None
    return maybe_at(rows[0][0])


@contextmanager
def dialer_lock(path: Path) -> Iterator[bool]:
    """The right to dial from a SQLite database; yields False when another process has it. A crash frees it."""
    with Path(f"{path}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
