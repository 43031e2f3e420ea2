"""Hints between the processes on one PostgreSQL: whoever hears one looks at once, and nobody relies on them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import anyio

from campaigns.domain.errors import StoreError

from .postgres_address import PostgresAddress
from .postgres_link import linked

CHANNEL = "campaigns"
"""As the schema's triggers name it."""
AGAIN = 5.0
"""Seconds until a server that is out of reach is asked again."""


@asynccontextmanager
async def hinted(address: PostgresAddress, ring: Callable[[], None]) -> AsyncIterator[None]:
    """Listen until the block ends; while the server is out of reach nothing is heard, and nothing fails."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_listen, address, ring)
        yield
        tasks.cancel_scope.cancel()


async def _until_lost(address: PostgresAddress, ring: Callable[[], None]) -> None:
    lost = anyio.Event()
    async with linked(address, role="listener") as link:
        link.add_termination_listener(lambda *_: lost.set())
        await link.add_listener(CHANNEL, lambda *_: ring())
        ring()  # whatever was said meanwhile
        await lost.wait()


async def _listen(address: PostgresAddress, ring: Callable[[], None]) -> None:
    while True:
        with suppress(StoreError):
            await _until_lost(address, ring)
        with anyio.move_on_after(AGAIN):
            await anyio.sleep_forever()
