"""A sleeper wakes at its moment or at a ring, whichever is first; no ring is lost."""

from datetime import timedelta

import anyio
import pytest

from campaigns.engine.wake import Wake

from .conftest import START, play

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("rings_after", "wakes_after"), [(None, 60), (10, 10), (90, 60)])
def test_it_sleeps_until_its_moment_or_the_ring(rings_after: int | None, wakes_after: int) -> None:
    async def main(_store, clock):
        wake = Wake()

        async def ring() -> None:
            if rings_after is not None:
                await clock.sleep_until(START + timedelta(seconds=rings_after))
                wake.ring()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ring)
            await wake.sleep(clock, START + MINUTE)
            assert clock.now() == START + timedelta(seconds=wakes_after)

    play(main)


@pytest.mark.parametrize("until", [None, START + MINUTE])
def test_a_ring_before_the_sleep_is_not_lost_and_rings_once(until) -> None:
    async def main(_store, clock):
        wake = Wake()
        wake.ring()
        wake.ring()
        await wake.sleep(clock, until)
        assert clock.now() == START
        await wake.sleep(clock, START + MINUTE)
        assert clock.now() == START + MINUTE

    play(main)


def test_every_linked_sleeper_is_woken_until_it_is_unlinked() -> None:
    async def main(_store, clock):
        bell, sleepers = Wake(), [Wake(), Wake()]
        for sleeper in sleepers:
            bell.link(sleeper)
        bell.ring()
        for sleeper in sleepers:
            await sleeper.sleep(clock, None)
        bell.unlink(sleepers[0])
        bell.ring()
        await sleepers[1].sleep(clock, None)
        await sleepers[0].sleep(clock, START + MINUTE)
        assert clock.now() == START + MINUTE

    play(main)
