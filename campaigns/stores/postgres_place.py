"""Where a PostgreSQL database lives: in which cluster, on which timeline of it, as which database and table.

A promoted standby and a recovery to a point in time go on on another timeline; a restored dump makes its tables anew.
"""

from typing import Any

from asyncpg import exceptions as pg

from .location import Kind
from .postgres_address import PostgresAddress
from .postgres_link import kind_at, linked, told

UNTOLD = "?"
"""What a server does not tell its users; then that cannot be noticed."""
_CLUSTER = "SELECT system_identifier::text FROM pg_control_system()"
# The control file learns of a new timeline with the next checkpoint only; the name of the log's segment at once.
_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
_TABLE = """
SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text || '/' || 'meta'::regclass::oid::text
"""
_KNOWN = "SELECT value FROM meta WHERE key = 'place'"
_PUT = """
INSERT INTO meta (key, value) VALUES ('place', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
_PUT_FIRST = "INSERT INTO meta (key, value) VALUES ('place', $1) ON CONFLICT DO NOTHING"
OTHER_TIMELINE = (
    "is on another timeline of its server than before: a standby was promoted, or the server was set back in time"
)
COPIED = "is not in the place that it was made in: it is a copy, or was restored"


async def server_of(raw: Any) -> str:
    """Cluster and timeline, both open to every user of an ordinary server; not to be asked inside a transaction."""
    return f"{await _told(raw, _CLUSTER)}/{await _told(raw, _TIMELINE)}"


async def _told(raw: Any, sql: str) -> str:
    try:
        return str(await raw.fetchval(sql))
    except (pg.InsufficientPrivilegeError, pg.FeatureNotSupportedError, pg.UndefinedFunctionError):
        return UNTOLD


async def put_place(raw: Any, server: str, *, first: bool = False) -> None:
    """Write down that the database lives on this server, as it is; `first`: unless it is known to live elsewhere."""
    await raw.execute(_PUT_FIRST if first else _PUT, f"{server}/{await raw.fetchval(_TABLE)}")


async def moved_on(raw: Any) -> str:
    """See `Location.moved`; on a connection outside of a transaction."""
    known = str(await raw.fetchval(_KNOWN) or "").split("/")
    here = f"{await server_of(raw)}/{await raw.fetchval(_TABLE)}".split("/")
    if known == here:
        return ""
    only_time = [part for n, part in enumerate(known) if n != 1] == [part for n, part in enumerate(here) if n != 1]
    return OTHER_TIMELINE if only_time else COPIED


async def moved_at(address: PostgresAddress) -> str:
    """See `Location.moved`."""
    if await kind_at(address) is not Kind.LIVE:
        return ""
    async with linked(address) as link:
        return await moved_on(link)


async def settle_at(address: PostgresAddress) -> None:
    """See `Location.settle`."""
    async with linked(address) as link:
        with told(address):
            server = await server_of(link)
            async with link.transaction():
                await put_place(link, server)
                await link.execute("DELETE FROM meta WHERE key = 'missed_since'")
