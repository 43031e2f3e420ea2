"""PostgreSQL: one connection that writes, a few that read, and what must hold before anybody dials from it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import anyio
import asyncpg
import structlog
from asyncpg import exceptions as pg

from campaigns.domain.errors import StoreError
from campaigns.ports import Clock, Follower

from .database import Connection, I
from .location import check_home
from .postgres_address import PostgresAddress
from .postgres_link import TABLES, told
from .postgres_place import moved_on, put_place, server_of
from .schema import KNOWS_ITS_PLACE, migration_steps
from .session import Transactions, hung_up, read_by, said, translated
from .sql import SqlStore
from .writer import Each, Verb, Writer

T = TypeVar("T")
log = structlog.get_logger()
PATIENCE = timedelta(seconds=5)
OLDEST = 13
MARK = "campaigns"
"""The key in `meta` that says the tables are ours, and at which step of the schema they are."""
_READERS = 4
_NO_ANSWER = timedelta(minutes=2)
"""A statement that takes longer has lost its server, whatever the network says."""
_SETTINGS = {
    "application_name": "campaigns",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "timezone": "UTC",
    "jit": "off",
    # Whatever a verb looks for has an index. Where most rows seem to match, reading the table until one does looks
    # cheaper; once none is left that does, all are read: a look at a million leads took seconds.
    "enable_seqscan": "off",
    # Whoever is stopped inside a transaction must not hold up the others' calls for long.
    "idle_in_transaction_session_timeout": "15s",
}
_TURN = 0x43414D50
"""`CAMP`: the lock under which the schema is made."""


class _PostgresDatabase:
    """A writer on one connection, readers on others; virtual time stands still while any works."""

    def __init__(self, writer: Writer, readers: Any, clock: Clock) -> None:
        self._writer, self._readers, self._clock = writer, readers, clock

    @property
    def doubt(self) -> str:
        return self._writer.doubt

    async def write(self, verb: Verb[T], *, account: str | None = None, brief: bool = False) -> T:
        with self._clock.work():
            return await self._writer.write(verb, account=account, brief=brief)

    async def write_each(self, verb: Each[I, T], item: I, *, account: str | None = None) -> T:
        with self._clock.work():
            return await self._writer.write_each(verb, item, account=account)

    async def read(self, verb: Verb[T], *, aside: bool = False) -> T:  # noqa: ARG002 - each reads on one of its own
        with self._clock.work(), self._writer.trusted():
            return await read_by(self._readers, verb)

    async def tidy(self, *, shrink: bool) -> bool:  # noqa: ARG002 - the protocol's
        """The server's own autovacuum does it, in its time."""
        return False


@asynccontextmanager
async def open_postgres(
    url: str, *, clock: Clock, simulated: bool, dials: bool = False, patience: timedelta = PATIENCE
) -> AsyncIterator[SqlStore]:
    """A store in the database at `url` (`postgresql://user@host/name`), its tables made when absent.

    Raises StoreError where it would be unsafe to dial from it; no message holds the password. A write waits for other
    processes as long as `patience`, then raises StoreUnavailable. A clock of real time follows the server's.

    `dials`: where the server was lost and another one answers, nothing is written there until a person adopts it.
    """
    raw = await _connect(url, patience)
    transactions = Transactions(partial(_connect, url, patience, at_home=dials), raw)
    try:
        with clock.work():
            await _check_server(raw, PostgresAddress(url))
            await _migrate(raw, PostgresAddress(url), "simulated" if simulated else "live")
        async with _readers(url, patience) as readers, anyio.create_task_group() as tasks:
            writer = Writer(transactions)
            tasks.start_soon(_shielded, writer)
            try:
                if isinstance(clock, Follower):
                    await tasks.start(partial(clock.follow, partial(_time, readers)))
                yield SqlStore(_PostgresDatabase(writer, readers, clock))
            finally:
                writer.close()
                tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await transactions.close()


async def _time(readers: Any) -> datetime | None:
    """The server's clock, not the start of a transaction."""

    async def verb(db: Connection) -> datetime:
        moment: datetime = (await db.rows("SELECT clock_timestamp() AS now"))[0]["now"]
        return moment

    try:
        return await read_by(readers, verb)
    except StoreError:
        return None


async def _shielded(writer: Writer) -> None:
    # A cancelled program still gets its last writes, then the closed stream ends the writer.
    with anyio.CancelScope(shield=True):
        await writer.run()


@asynccontextmanager
async def _readers(url: str, patience: timedelta) -> AsyncIterator[Any]:
    """Connections that only read, and have nothing to be reset between two uses."""
    settings = _settings(url, patience) | {"default_transaction_read_only": "on"}
    with told(PostgresAddress(url)):
        pool = await asyncpg.create_pool(
            url, min_size=1, max_size=_READERS, max_inactive_connection_lifetime=0, reset=_leave, max_queries=10**9,
            **_options(settings, patience),
        )  # fmt: skip
    try:
        yield pool
    finally:
        with anyio.CancelScope(shield=True):
            await hung_up(pool)


async def _leave(_raw: Any) -> None:
    pass


async def _connect(url: str, patience: timedelta, *, at_home: bool = False) -> Any:
    where = PostgresAddress(url)
    with told(where):
        raw = await asyncpg.connect(url, **_options(_settings(url, patience), patience))
    if at_home:
        try:
            with told(where):
                check_home(where, await moved_on(raw))
        except BaseException:
            raw.terminate()
            raise
    return raw


def _settings(url: str, patience: timedelta) -> dict[str, str]:
    settings = {**_SETTINGS, "lock_timeout": f"{patience // timedelta(milliseconds=1)}ms"}
    if "application_name=" in url:
        del settings["application_name"]
    return settings


def _options(settings: Mapping[str, str], patience: timedelta) -> dict[str, Any]:
    return {
        "server_settings": settings, "target_session_attrs": "primary",
        "timeout": max(patience, PATIENCE).total_seconds(),
        "command_timeout": _NO_ANSWER.total_seconds(), "statement_cache_size": 500, "max_cached_statement_lifetime": 0,
    }  # fmt: skip


async def _check_server(raw: Any, where: object) -> None:
    """What must hold, because a lost intent is a second call."""
    with translated():
        if raw.get_server_version().major < OLDEST:
            raise StoreError(f"{where}: PostgreSQL is too old. It must be {OLDEST} or newer.")
        for setting in ("fsync", "full_page_writes"):
            if await raw.fetchval("SELECT current_setting($1)", setting) != "on":
                raise StoreError(
                    f"{where}: needs {setting} = on: a lost intent is a second call. Mend it on the server."
                )
        if await raw.fetchval("SELECT current_setting('server_encoding')") != "UTF8":
            raise StoreError(f"{where}: is not in UTF8. Make the database with createdb --encoding UTF8.")
        # Without the right to see the standbys, there seem to be none.
        if await raw.fetchval("SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'async'"):
            log.warning("asynchronous_standby", database=str(where), after_a_failover="the last calls may be unknown")


async def _migrate(raw: Any, where: object, kind: str) -> None:
    """The schema, made or brought up to date, whole or not at all; one process at a time."""
    steps = migration_steps("postgres")
    try:
        with translated():
            server = await server_of(raw)
            async with raw.transaction():
                await raw.execute("SELECT pg_advisory_xact_lock($1)", _TURN)
                version = await _version(raw, where)
                for number, script in steps:
                    if number > version:
                        await raw.execute(script)
                await _put(raw, MARK, str(max(version, steps[-1][0])))
                if version < KNOWS_ITS_PLACE:
                    await put_place(raw, server, first=True)
                await _check_kind(raw, kind, where)
    except pg.PostgresError as error:
        raise StoreError(f"{where}: the schema cannot be brought up to date: {said(error)}.") from None


async def _version(raw: Any, where: object) -> int:
    """At which step of the schema the database is; 0: it is empty."""
    if not await raw.fetchval(TABLES):
        return 0
    ours = await raw.fetchval(_COLUMNS) == 2
    found = dict(await raw.fetch("SELECT key, value FROM meta")) if ours else {}
    if MARK not in found:
        raise StoreError(f"{where}: belongs to another program. Name another database.")
    if int(found["runs_from"]) > migration_steps("postgres")[-1][0]:
        raise StoreError(f"{where}: was written by a newer version of campaigns. Upgrade this one.")
    return int(found[MARK])


_COLUMNS = """
SELECT COUNT(*) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = 'meta' AND column_name IN ('key', 'value')
"""


async def _put(raw: Any, key: str, value: str) -> None:
    await raw.execute(
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        value,
    )


async def _check_kind(raw: Any, kind: str, where: object) -> None:
    await raw.execute("INSERT INTO meta (key, value) VALUES ('kind', $1) ON CONFLICT DO NOTHING", kind)
    found = await raw.fetchval("SELECT value FROM meta WHERE key = 'kind'")
    if found != kind:
        raise StoreError(
            f"{where}: is a {found} database, and this is a {kind} run: the two never mix. Name another with --db."
        )
