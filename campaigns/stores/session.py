"""PostgreSQL as the verbs know it: their text in its dialect, transactions that hold accounts, errors in our words."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import anyio
from asyncpg import exceptions as pg

from campaigns.domain.errors import StoreDoubtful, StoreError, StoreUnavailable

from .database import InDoubt, NotBegun, Params
from .writer import Verb

T = TypeVar("T")
_PARAMETER = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|::\w+|:([a-z_]\w*)""")
_TRIES = 5
"""How often a transaction is run that others undo, or that the server loses."""


class Session:
    """An asyncpg connection as the verbs know it."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    async def rows(self, sql: str, params: Params | None = None) -> list[Any]:
        text, names = _in_postgres(sql)
        found: list[Any] = await self._raw.fetch(text, *_values(names, params or {}))
        return found

    async def run(self, sql: str, params: Params | None = None) -> int:
        text, names = _in_postgres(sql)
        done: str = await self._raw.execute(text, *_values(names, params or {}))
        return int(done.rpartition(" ")[2])

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        if params:
            text, names = _in_postgres(sql)
            await self._raw.executemany(text, [_values(names, each) for each in params])

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            records = ([_storable(value) for value in row] for row in rows)
            await self._raw.copy_records_to_table(table, columns=columns, records=records)

    async def rows_many(self, sql: str, params: Sequence[Params]) -> list[list[Any]]:
        found: list[list[Any]] = [[] for _ in params]
        if params:
            text, names = _in_postgres(_told_apart(sql.strip()))
            sets = [_values(names, {**each, "nth_of_many": n}) for n, each in enumerate(params)]
            for row in await self._raw.fetchmany(text, sets):
                found[row["nth_of_many"]].append(row)
        return found


def _told_apart(sql: str) -> str:
    """What many runs return comes as one list: each row says of which it is."""
    nth = "CAST(:nth_of_many AS BIGINT) AS nth_of_many"
    return f"SELECT found.*, {nth} FROM ({sql}) AS found" if sql.startswith("SELECT") else f"{sql}, {nth}"


@lru_cache(maxsize=1024)
def _in_postgres(sql: str) -> tuple[str, tuple[str, ...]]:
    """A verb's text with `$1` for the first name in it, and the names in that order."""
    places: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[1]
        return found[0] if name is None else f"${places.setdefault(name, len(places) + 1)}"

    return _PARAMETER.sub(numbered, sql), tuple(places)


def _values(names: Sequence[str], params: Params) -> list[Any]:
    return [_storable(params[name]) for name in names]


def _storable(value: Any) -> Any:
    """A text here holds no NUL, not even a vendor's call id: it is left out wherever it is asked for, too."""
    return value.replace("\0", "") if isinstance(value, str) and "\0" in value else value


class Transactions:
    """The writer's connection, made when it is needed and made anew where it was lost."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], raw: Any = None) -> None:
        self._connect, self._raw = connect, raw

    async def transact(self, verb: Verb[T], *, accounts: Collection[str], brief: bool = False) -> T:  # noqa: ARG002
        """See `writer.Transactions`. Whatever another transaction has undone is run again."""
        for left in range(_TRIES, 0, -1):
            try:
                return await self._once(verb, sorted(accounts))
            except _Undone:
                if left == 1:
                    raise
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """End the connection."""
        raw, self._raw = self._raw, None
        if raw is not None:
            await hung_up(raw)

    async def _once(self, verb: Verb[T], accounts: Sequence[str]) -> T:
        raw = await self._begun(accounts)
        try:
            with translated():
                result = await verb(Session(raw))
        except BaseException as error:
            await self._undo(raw, error)
            raise
        await self._commit(raw)
        return result

    async def _begun(self, accounts: Sequence[str]) -> Any:
        """A connection inside a transaction that has these accounts to itself."""
        while True:
            fresh = self._raw is None or self._raw.is_closed()
            self._raw = raw = await self._reached() if fresh else self._raw
            try:
                with translated():
                    await _begin(raw, accounts)
            except BaseException as error:
                await self._undo(raw, error)
                if not isinstance(error, StoreError):
                    raise
                if fresh or not isinstance(error, _Lost):
                    raise NotBegun(str(error)) from error
            else:
                return raw

    async def _reached(self) -> Any:
        try:
            return await self._connect()
        except StoreError as error:
            raise NotBegun(str(error)) from error

    async def _undo(self, raw: Any, error: BaseException) -> None:
        """Whatever was written is gone; only a connection that is surely clean is kept."""
        if isinstance(error, Exception) and not isinstance(error, _Lost):
            try:
                await raw.execute("ROLLBACK")
            except (pg.PostgresError, pg.InterfaceError, OSError):
                pass
            else:
                return
        raw.terminate()
        self._raw = None

    async def _commit(self, raw: Any) -> None:
        try:
            with translated():
                done = await raw.execute("COMMIT")
        except BaseException as error:
            await self._undo(raw, error)
            if isinstance(error, _Lost):
                raise InDoubt("The database was lost at a commit: it may hold what was written, or not.") from error
            raise
        if done != "COMMIT":
            raise StoreUnavailable("The database has undone what was written.")


async def _begin(raw: Any, accounts: Sequence[str]) -> None:
    """Begin, and lock the rows of these accounts in their order, before any statement that counts what is theirs."""
    if not accounts:
        await raw.execute("BEGIN")
        return
    hold = _HOLD.format(", ".join("'" + name.replace("'", "''") + "'" for name in accounts))
    if await raw.execute(f"BEGIN; {hold}") != f"SELECT {len(accounts)}":  # in one trip, which takes no parameters
        await raw.execute("INSERT INTO account (provider) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", accounts)
        await raw.execute(hold)


_HOLD = "SELECT 1 FROM account WHERE provider IN ({}) ORDER BY provider FOR UPDATE"


async def read_by(pool: Any, verb: Verb[T]) -> T:
    """Run a verb that only reads, once more where its connection turns out to be dead."""
    for left in (True, False):
        try:
            with translated():
                async with pool.acquire() as raw:
                    return await verb(Session(raw))
        except _Undone:
            if not left:
                raise
            await pool.expire_connections()
    raise AssertionError("the second try returns or raises")


class _Undone(StoreUnavailable):
    """Nothing is left of a transaction, and running it again may well succeed."""


class _Lost(_Undone):
    """The connection is gone; of a commit nobody knows."""


_LOST = (
    pg.PostgresConnectionError, pg.OperatorInterventionError, pg.IdleInTransactionSessionTimeoutError,
    pg.ReadOnlySQLTransactionError, pg.InterfaceError, pg.InternalClientError, OSError,
)  # fmt: skip
"""A server that has become a standby counts as lost: the next connection finds the one that took over."""
_AGAIN = (pg.TransactionRollbackError, pg.InvalidCachedStatementError, pg.UniqueViolationError)
"""Of two that make the same row at the same time, the second finds it when it comes again."""
_BUSY = (pg.LockNotAvailableError, pg.QueryCanceledError, pg.InsufficientResourcesError)
_DAMAGED = (pg.DataCorruptedError, pg.IndexCorruptedError, pg.PostgresIOError)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver in our words, without what a row holds: the server tells it beside the error."""
    try:
        yield
    except _DAMAGED as error:
        raise StoreDoubtful(f"The database is damaged: {said(error)}.") from None
    except _AGAIN as error:
        raise _Undone(f"The database has undone what was written: {said(error)}.") from None
    except _BUSY as error:
        raise StoreUnavailable(f"The database cannot be used now: {said(error)}.") from None
    except ValueError as error:
        if isinstance(error, pg.InterfaceError):  # a parameter of the wrong type, a mistake of ours
            raise TypeError(re.sub(r":.*(?= \()", "", str(error), flags=re.DOTALL)) from None
        raise
    except _LOST as error:
        raise _Lost(f"The database cannot be reached: {said(error)}.") from None
    except pg.PostgresError as error:
        error.detail = None  # a broken law of the schema, a mistake of ours
        raise


def said(error: BaseException) -> str:
    """An error's own words in one line."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):  # which says it otherwise in every event loop
        return "connection refused"
    words = (
        error.strerror if isinstance(error, OSError) and error.strerror else str(error.args[0] if error.args else error)
    )
    return (words.strip().splitlines() or [type(error).__name__])[0].rstrip(".")


async def hung_up(raw: Any) -> None:
    """Close a connection or a pool, in whatever state it is."""
    try:
        with anyio.fail_after(1):
            await raw.close()
    except (pg.PostgresError, pg.InterfaceError, pg.InternalClientError, OSError):
        raw.terminate()
