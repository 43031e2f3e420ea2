"""A server inside a running event loop."""

from starlette.applications import Starlette

from campaigns.serving import bind, serving


async def test_a_block_that_asks_nothing_ends_in_peace() -> None:
    async with serving(Starlette(), bind("127.0.0.1", 0)) as address:
        assert address.startswith("http://127.0.0.1:")
