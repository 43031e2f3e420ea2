"""SQLite: through aiosqlite with safe settings, one dialer per file; and in memory, for tests and dry runs."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiosqlite
import anyio
import anyio.lowlevel

from campaigns.domain.errors import StoreDoubtful, StoreError, StoreUnavailable
from campaigns.ports import Clock

from .database import Connection, I, NotBegun
from .direct import begin, carried_out, commit, of_the_disk, transacted, undone
from .file_system import check_file_system
from .rows import maybe_at
from .schema import KNOWS_ITS_PLACE, migration_steps
from .slots import KNOW_ACCOUNT
from .sql import SqlStore
from .sqlite_place import place_of
from .writer import Each, Verb, Writer

T = TypeVar("T")
APPLICATION = 0x43414D50
"""`CAMP`: marks our files, so that another program's database is never touched."""

_AGAIN = timedelta(milliseconds=20)
_LOOK = timedelta(milliseconds=1)
"""How often a transaction that cannot begin looks whether it can."""
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)
PATIENCE = timedelta(seconds=5)
SMALL = 12_500
"""Pages (50 MB) that are written anew in about a second: so long a dial can wait."""


class _Thread(aiosqlite.Connection):
    """A connection whose thread runs whole verbs: one trip each, however many statements they need."""

    here = False
    """In virtual time nothing is gained by a thread, and when it is done would depend on the machine."""

    @property
    def raw(self) -> sqlite3.Connection:
        """For verbs that are run here and now: nothing may be on its way in the thread."""
        return self._conn

    async def carry_out(self, run: Callable[[sqlite3.Connection], T]) -> T:
        if self.here:
            await anyio.lowlevel.checkpoint()
            return run(self._conn)
        queued: Awaitable[T] = self._execute(lambda: run(self._conn))  # type: ignore[no-untyped-call]
        return await queued


class _Transactions:
    """Brief ones are carried out in the event loop, and only the disk is waited for in the thread.

    Where two threads are busy, each statement in the other one waits for the interpreter's lock: 5 ms and a quarter of
    a millisecond of CPU, for what takes 5 µs.
    """

    def __init__(self, thread: _Thread, patience: timedelta) -> None:
        self._thread, self._tries = thread, max(patience // _LOOK, 1)

    async def transact(self, verb: Verb[T], *, accounts: Collection[str], brief: bool) -> T:
        async def whole(db: Connection) -> T:
            # SQLite has one writer at a time, whatever it writes about; the rows must be there.
            await db.run_many(KNOW_ACCOUNT, [{"provider": name} for name in sorted(accounts)])
            return await verb(db)

        if not brief:
            return await self._thread.carry_out(lambda raw: transacted(raw, whole, tries=self._tries))
        try:
            begin(self._thread.raw)
        except NotBegun:
            await self._thread.carry_out(lambda raw: begin(raw, tries=self._tries))
        with undone(self._thread.raw):
            result = carried_out(self._thread.raw, whole)
            await self._thread.carry_out(commit)
        return result


class _ThreadDatabase:
    """A writer, a reader for what dials wait for, and two for the rest; virtual time stands still while any works.

    What dials wait for is little, and read here and now. Of the two the idler one is asked: behind a count that takes
    a second nobody waits for a page.
    """

    def __init__(
        self, writer: Writer, readers: Sequence[_Thread], clock: Clock, tidy: Callable[[bool], Awaitable[bool]]
    ) -> None:
        self._writer, (self._reader, *aside), self._clock, self._tidy = writer, readers, clock, tidy
        self._aside = dict.fromkeys(aside, 0)

    @property
    def doubt(self) -> str:
        return self._writer.doubt

    async def write(self, verb: Verb[T], *, account: str | None = None, brief: bool = False) -> T:
        with self._clock.work():
            return await self._writer.write(verb, account=account, brief=brief)

    async def write_each(self, verb: Each[I, T], item: I, *, account: str | None = None) -> T:
        with self._clock.work():
            return await self._writer.write_each(verb, item, account=account)

    async def read(self, verb: Verb[T], *, aside: bool = False) -> T:
        if not aside:
            await anyio.lowlevel.checkpoint()
            with self._writer.trusted():
                return carried_out(self._reader.raw, verb)
        idler = min(self._aside, key=self._aside.__getitem__)
        self._aside[idler] += 1
        try:
            with self._clock.work(), self._writer.trusted():
                return await idler.carry_out(lambda raw: carried_out(raw, verb))
        finally:
            self._aside[idler] -= 1

    async def tidy(self, *, shrink: bool) -> bool:
        with self._clock.work(), self._writer.trusted():
            return await self._tidy(shrink)


@asynccontextmanager
async def open_sqlite(
    path: Path, *, clock: Clock, simulated: bool, patience: timedelta = PATIENCE
) -> AsyncIterator[SqlStore]:
    """A store in the file `path`, made when absent. Raises StoreError where it would be unsafe to dial from it.

    A write waits for other processes as long as `patience`, then raises StoreUnavailable.
    """
    _make(path)
    check_file_system(path)
    async with (
        _connection(path, patience) as raw,
        _connection(path, patience) as reader,
        _connection(path, patience) as aside,
        _connection(path, patience) as another,
    ):
        readers = (reader, aside, another)
        await _migrate(raw, simulated=simulated, path=path)
        for each in (raw, *readers):
            each.here = clock.watch_every is None
        for each in readers:
            await each.execute_fetchall("PRAGMA query_only = ON")
        # SQLite by itself looks ever more rarely, so that whoever writes much, as an import does, would starve a dial.
        await raw.execute_fetchall(f"PRAGMA busy_timeout = {_LOOK // timedelta(milliseconds=1)}")
        writer = Writer(_Transactions(raw, patience))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_shielded, writer)
            try:
                tidy = partial(_tidy, path, patience)
                yield SqlStore(_ThreadDatabase(writer, readers, clock, tidy))
            finally:
                writer.close()


async def _tidy(path: Path, patience: timedelta, shrink: bool) -> bool:
    """On a connection of its own: neither goes on inside a transaction.

    What `secure_delete` overwrites is where a row stands when it is deleted. Where it stood before its page was split
    a copy may be left (of 600 rows 10 were), so a file that is written anew in a second is.
    """
    async with _connection(path, patience) as raw:
        try:
            whole = shrink or await _value(raw, "PRAGMA page_count") <= SMALL
            if whole:
                await raw.execute_fetchall("VACUUM")
            # It raises nothing where a reader is in the way, but says so.
            in_the_way = await _value(raw, "PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            if of_the_disk(error.sqlite_errorcode):
                raise StoreDoubtful(f"{path}: the disk has failed: {error}.") from error
            raise StoreUnavailable(f"{path}: others use the database: {error}. Try again later.") from error
    if in_the_way:
        raise StoreUnavailable(f"{path}: others read the database: its log cannot be emptied. Try again later.")
    return whole


async def _shielded(writer: Writer) -> None:
    # A cancelled program still gets its last writes, then the closed stream ends the writer.
    with anyio.CancelScope(shield=True):
        await writer.run()


@asynccontextmanager
async def _connection(path: Path, patience: timedelta) -> AsyncIterator[_Thread]:
    raw = _Thread(lambda: sqlite3.connect(path, isolation_level=None, check_same_thread=False), iter_chunk_size=64)
    await raw
    try:
        raw.row_factory = sqlite3.Row
        await _apply_settings(raw, path, patience)
        yield raw
    finally:
        with anyio.CancelScope(shield=True):
            await raw.close()


async def _apply_settings(raw: aiosqlite.Connection, path: Path, patience: timedelta) -> None:
    try:
        await raw.execute_fetchall(f"PRAGMA busy_timeout = {patience // timedelta(milliseconds=1)}")
        await _check_ours(raw, path)
        for setting in _SETTINGS:
            await _patiently(raw, setting, patience)
        mode, level = await _value(raw, "PRAGMA journal_mode"), await _value(raw, "PRAGMA synchronous")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: this is not a usable SQLite database: {error}.") from error
    if (mode, level) != ("wal", 2):
        raise StoreError(
            f"{path}: needs WAL and synchronous=FULL, has {mode} and {level}: a lost intent is a second call."
        )


async def _patiently(raw: aiosqlite.Connection, setting: str, patience: timedelta) -> None:
    """SQLite does not wait by itself where several connections change the journal mode of a new file at once."""
    for _ in range(patience // _AGAIN):
        try:
            await raw.execute_fetchall(setting)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            await _pause()
        else:
            return
    await raw.execute_fetchall(setting)


async def _pause() -> None:
    with anyio.move_on_after(_AGAIN.total_seconds()):
        await anyio.sleep_forever()


async def _check_ours(raw: aiosqlite.Connection, path: Path) -> None:
    """Before anything is set: even the journal mode is written into the file."""
    # In this order: whoever makes the file just now writes tables and mark in one transaction.
    tables = await _value(raw, "SELECT COUNT(*) FROM sqlite_master")
    mark = await _value(raw, "PRAGMA application_id")
    if mark != APPLICATION and (mark or tables):
        raise StoreError(f"{path}: belongs to another program. Name another database.")


async def _value(raw: aiosqlite.Connection, sql: str) -> Any:
    return next(iter(await raw.execute_fetchall(sql)))[0]


def _make(path: Path) -> None:
    """An empty file that only its owner reads, where there is none."""
    try:
        if not path.parent.is_dir():
            raise StoreError(f"{path}: the folder does not exist. Make it, or name another database.")
        if not path.exists():
            path.touch(mode=0o600)
        # Tried here, because a failed connect of aiosqlite leaves a thread that complains after the program's end.
        sqlite3.connect(path).close()
    except OSError as error:
        raise StoreError(f"{path}: the database cannot be made: {error.strerror}. Name another place.") from error
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the database cannot be opened: {error}. Name another place.") from error


async def _migrate(raw: aiosqlite.Connection, *, simulated: bool, path: Path) -> None:
    version = await _value(raw, "PRAGMA user_version")
    steps = migration_steps()
    if version > steps[-1][0] and await _runs_from(raw, version) > steps[-1][0]:
        raise StoreError(f"{path}: was written by a newer version of campaigns. Upgrade this one.")
    try:
        for number, script in steps:
            if number > version:
                await _take_step(raw, number, script, place_of(path))
        await _check_kind(raw, "simulated" if simulated else "live", path)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the schema cannot be brought up to date: {error}.") from error


async def _runs_from(raw: aiosqlite.Connection, version: int) -> int:
    """The oldest step whose program still works with the schema; where nobody says, its own."""
    found = await raw.execute_fetchall("SELECT value FROM meta WHERE key = 'runs_from'")
    return int(next(iter(found), (version,))[0])


async def _take_step(raw: aiosqlite.Connection, number: int, script: str, place: str) -> None:
    """One step of the schema, whole or not at all; where another process took it just now, that is as good."""
    lives = (
        f"INSERT INTO meta (key, value) VALUES ('place', '{place}') ON CONFLICT DO NOTHING"
        if number == KNOWS_ITS_PLACE
        else ""
    )
    done = f"{lives}; PRAGMA user_version = {number}; PRAGMA application_id = {APPLICATION}"
    try:
        await raw.executescript(f"BEGIN IMMEDIATE; {script}; {done}; COMMIT")
    except sqlite3.OperationalError:
        if raw.in_transaction:
            await raw.rollback()
        if await _value(raw, "PRAGMA user_version") < number:
            raise


_KIND = "SELECT value FROM meta WHERE key = 'kind'"


async def _check_kind(raw: aiosqlite.Connection, kind: str, path: Path) -> None:
    # Asked first: whoever only reads must not wait for the right to write, which another process may have.
    if not await raw.execute_fetchall(_KIND):
        await raw.execute_fetchall(
            "INSERT INTO meta (key, value) VALUES ('kind', :kind) ON CONFLICT DO NOTHING", {"kind": kind}
        )
    found = await _value(raw, _KIND)
    if found != kind:
        raise StoreError(
            f"{path}: is a {found} database, and this is a {kind} run: the two never mix. Name another with --db."
        )


async def kind_of(path: Path) -> str | None:
    """`simulated` or `live`; None where there is no database of ours."""
    kind = _peek(path, _KIND)
    return None if kind is None else str(kind)


def last_moment_in(path: Path, campaign: str) -> datetime | None:
    """The latest instant that a database knows of for a campaign: where its virtual time goes on."""
    return maybe_at(
        _peek(
            path,
            "SELECT at FROM journal WHERE EXISTS (SELECT 1 FROM attempt WHERE campaign = ?)"
            " AND EXISTS (SELECT 1 FROM attempt a WHERE a.id = attempt_id AND a.campaign = ?) ORDER BY id DESC LIMIT 1",
            campaign,
            campaign,
        )
    )


def copy_database(path: Path, to: Path) -> bool:
    """Copy a database of ours with its hash key, as it stands at this moment; the original is only read.

    False: there is none of ours. Raises StoreError where it cannot be read.
    """
    if not path.exists():
        return False
    try:
        # While nobody has it open there is no log beside it; then nothing is made beside it either.
        alone = not _log_of(path).exists()
        to.touch(mode=0o600)
        _copy(path, to, "mode=ro&immutable=1" if alone else "mode=ro")
        if alone and _log_of(path).exists():
            _copy(path, to, "mode=ro")  # somebody has begun to write meanwhile
        key = Path(f"{path}.key")
        if key.exists():
            beside = Path(f"{to}.key")
            beside.touch(mode=0o600)
            beside.write_bytes(key.read_bytes())
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: cannot be read: {error}. Check the path and its rights.") from error
    return _peek(to, "SELECT value FROM meta WHERE key = 'kind'") is not None


def _log_of(path: Path) -> Path:
    return Path(f"{path}-wal")


def _copy(path: Path, to: Path, how: str) -> None:
    with (
        closing(sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True)) as raw,
        closing(sqlite3.connect(to)) as copy,
    ):
        raw.backup(copy)


def _peek(path: Path, sql: str, *params: str) -> Any:
    """One value of a database that may be anything, or missing; None: nobody knows."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as raw:
            row = raw.execute(sql, params).fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row else None
