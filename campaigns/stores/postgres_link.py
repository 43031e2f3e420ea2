"""One connection to a PostgreSQL server, for what is asked before and beside a store; errors a person can act on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import anyio
import asyncpg
from asyncpg import exceptions as pg

from campaigns.domain.errors import StoreError, StoreUnavailable
from campaigns.ports import Clock

from .location import Kind
from .postgres_address import PostgresAddress
from .rows import maybe_at
from .session import said

PATIENCE = 10.0
"""Seconds until a server that does not answer counts as out of reach."""
ALONE = 0x504C4159
"""The advisory lock of whoever plays in virtual time: `PLAY`."""

_KIND = "SELECT value FROM meta WHERE key = 'kind' AND value IN ('simulated', 'live')"
TABLES = """
SELECT COUNT(*) FROM pg_class AS c WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
"""
"""But those of extensions."""
_LAST = (
    "SELECT at FROM journal WHERE EXISTS (SELECT 1 FROM attempt WHERE campaign = $1)"
    " AND EXISTS (SELECT 1 FROM attempt a WHERE a.id = attempt_id AND a.campaign = $1) ORDER BY id DESC LIMIT 1"
)
"""Whoever dials nobody has no last line to look for."""


@asynccontextmanager
async def linked(address: PostgresAddress, *, role: str = "command") -> AsyncIterator[Any]:
    """A connection of its own. Raises StoreError, StoreUnavailable."""
    with told(address):
        link = await asyncpg.connect(address.as_role(role), timeout=PATIENCE, command_timeout=None)
    try:
        with told(address):
            yield link
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(PATIENCE):
            await link.close()


@contextmanager
def told(address: PostgresAddress) -> Iterator[None]:
    """What goes wrong on the way to a server, in one line that says what to do and holds no secret."""
    try:
        yield
    except pg.InvalidCatalogNameError:
        raise StoreError(f"{address}: there is no such database. Make it with `{address.createdb}`.") from None
    except pg.InvalidAuthorizationSpecificationError:
        mend = "Put the right one into the address, PGPASSWORD or ~/.pgpass."
        raise StoreError(f"{address}: the server refuses this user or password. {mend}") from None
    except pg.InsufficientPrivilegeError as error:
        raise StoreError(f"{address}: {said(error)}. Let this user own the database.") from None
    except _OUT_OF_REACH as error:
        mend = "Does it run, and are host and port right?"
        raise StoreUnavailable(f"{address}: the server cannot be reached: {said(error)}. {mend}") from None
    except pg.PostgresError as error:
        raise StoreError(f"{address}: the server says {error.sqlstate}: {said(error)}.") from None
    except ValueError as error:
        raise StoreError(f"{address}: this address cannot be used ({type(error).__name__}). Check it.") from None


_OUT_OF_REACH = (
    OSError, pg.PostgresConnectionError, pg.OperatorInterventionError, pg.InsufficientResourcesError, pg.InterfaceError,
    pg.InternalClientError,
)  # fmt: skip


async def kind_at(address: PostgresAddress) -> Kind:
    """What stands in the database."""
    async with linked(address) as link:
        kind = await _asked(link, _KIND)
        if kind is None:
            return Kind.FOREIGN if await link.fetchval(TABLES) else Kind.ABSENT
        return Kind(kind)


async def last_moment_at(address: PostgresAddress, campaign: str) -> datetime | None:
    """The latest instant of a campaign that the database knows of."""
    async with linked(address) as link:
        return maybe_at(await _asked(link, _LAST, campaign))


async def _asked(link: Any, sql: str, *params: str) -> Any:
    """One value of a database that may be anybody's; None: nobody knows."""
    try:
        return await link.fetchval(sql, *params)
    except (pg.UndefinedTableError, pg.UndefinedColumnError):
        return None


@asynccontextmanager
async def alone_at(address: PostgresAddress, clock: Clock) -> AsyncIterator[bool]:
    """Whether nobody else is in the same block on the same database; a crash frees it."""
    async with AsyncExitStack() as stack:
        with clock.work():
            link = await stack.enter_async_context(linked(address, role="player"))
            alone = await link.fetchval("SELECT pg_try_advisory_lock($1)", ALONE)
        try:
            yield bool(alone)
        finally:
            with clock.work():
                await stack.aclose()
