"""One process asks for all; nobody waits for a dead one longer than its round lasts."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from conftest import World

ROUND = timedelta(seconds=5)


async def take(
    world: "World", seconds: float, *, mine: "datetime | None" = None, urgent: bool = False
) -> "datetime | None":
    now = world.later(seconds=seconds)
    return await world.store.take_round("p", until=now + ROUND, mine=mine, urgent=urgent, now=now)


async def test_a_round_is_taken_once_until_it_is_over(world: "World") -> None:
    assert await take(world, 0) is None
    assert await take(world, 1) == world.later(seconds=5)
    assert await take(world, 4.9) == world.later(seconds=5)
    assert await take(world, 5) is None
    assert await take(world, 6) == world.later(seconds=10)


async def test_whoever_has_it_may_ask_again_and_fresh_news_may_not_wait(world: "World") -> None:
    assert await take(world, 0) is None
    assert await take(world, 1, mine=world.later(seconds=5)) is None
    assert await take(world, 2, mine=world.later(seconds=5)) == world.later(seconds=6)
    assert await take(world, 3, urgent=True) is None
    assert await take(world, 4, mine=world.later(seconds=6)) == world.later(seconds=8)


async def test_of_many_at_the_same_moment_one_takes_it(world: "World") -> None:
    taken = await asyncio.gather(*(take(world, 0) for _ in range(20)))
    assert sorted(each is None for each in taken) == [False] * 19 + [True]
