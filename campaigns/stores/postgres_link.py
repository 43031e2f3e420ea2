"""One connection to a PostgreSQL server, for what is asked before and beside a store; errors a person can act on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import anyio
import asyncpg

from campaigns.domain.errors import StoreError, StoreUnavailable
from campaigns.ports import Clock

from .location import Kind
from .postgres_address import PostgresAddress
from .rows import maybe_at

PATIENCE = 10.0
"""Seconds until a server that does not answer counts as out of reach."""
ALONE = 0x43414D50
"""The advisory lock of whoever plays in virtual time: `CAMP`."""

_TABLES = "SELECT to_regclass('meta') IS NOT NULL AND to_regclass('campaign') IS NOT NULL"
_OURS = "SELECT value FROM meta WHERE key = 'kind'"
_OTHERS = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
_LAST = "SELECT max(j.at) FROM journal j JOIN attempt a ON a.id = j.attempt_id WHERE a.campaign = $1"


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
    except asyncpg.InvalidCatalogNameError:
        raise StoreError(f"{address}: there is no such database. Make it with `{address.createdb}`.") from None
    except asyncpg.InvalidAuthorizationSpecificationError:
        mend = "Put the right one into the address, PGPASSWORD or ~/.pgpass."
        raise StoreError(f"{address}: the server refuses this user or password. {mend}") from None
    except asyncpg.InsufficientPrivilegeError as error:
        raise StoreError(f"{address}: {_words(error)}. Let the user own the database.") from None
    except (asyncpg.TooManyConnectionsError, asyncpg.CannotConnectNowError) as error:
        raise StoreUnavailable(f"{address}: {_words(error)}. Try again in a moment.") from None
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError) as error:
        raise StoreUnavailable(f"{address}: the connection broke ({type(error).__name__}). Try again.") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StoreUnavailable(f"{address}: the server cannot be reached ({why}). {_REACH}") from None
    except asyncpg.PostgresError as error:
        raise StoreError(f"{address}: the server says {error.sqlstate}: {_words(error)}.") from None


_REACH = "Does it run, and are host and port right?"


def _words(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


async def kind_at(address: PostgresAddress) -> Kind:
    """What stands in the database."""
    async with linked(address) as link:
        if not await link.fetchval(_TABLES):
            return Kind.FOREIGN if await link.fetchval(_OTHERS) else Kind.ABSENT
        try:
            return Kind(await link.fetchval(_OURS) or Kind.FOREIGN)
        except (asyncpg.UndefinedColumnError, ValueError):
            return Kind.FOREIGN


async def last_moment_at(address: PostgresAddress, campaign: str) -> datetime | None:
    """The latest instant of a campaign that the database knows of."""
    async with linked(address) as link:
        known = await link.fetchval(_TABLES)
        return maybe_at(await link.fetchval(_LAST, campaign)) if known else None


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
