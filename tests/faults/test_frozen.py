"""A permit to dial is soon stale: who slept on one asks for another, which a pause in between refuses."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import anyio
import pytest

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.lead import Attempt, AttemptState, CampaignState
from campaigns.stores.memory import MemoryStore
from campaigns.testing import Night, a_night, an_account, instant

Deed = Callable[[Night], Awaitable[None]]


async def nothing(_night: Night) -> None:
    """Meanwhile, nothing happens."""


async def pause(night: Night) -> None:
    """Meanwhile, a person pauses the campaign."""
    await night.steer(CampaignState.PAUSED)


async def fail(night: Night) -> None:
    """Meanwhile, the disk fails under the database; and somebody pauses the campaign, or it would be tried for ever."""
    assert isinstance(night.store, MemoryStore)
    night.store._memory.doubt = "The disk has failed."
    await night.steer(CampaignState.PAUSED)


def frozen_after_the_fence(seconds: float, meanwhile: Deed) -> tuple[int, list[AttemptState]]:
    """How often the provider was asked, and the attempts' states, where the first dial sleeps on its permit."""
    clock, store = DiscreteClock(instant("2026-11-23T09:00Z")), MemoryStore()

    async def main() -> tuple[int, list[AttemptState]]:
        async with a_night(store, clock) as night:
            fence, slept = store.fence, list[Attempt]()

            async def sleepy(attempt: Attempt, *, now: object) -> Attempt | None:
                permitted = await fence(attempt, now=now)
                if not slept:
                    slept.append(attempt)
                    await clock.sleep_until(clock.now() + timedelta(seconds=seconds))
                    await meanwhile(night)
                return permitted

            store.fence = sleepy
            await night.run()
            return len(night.provider.asked), [attempt.state for attempt in await night.attempts()]

    try:
        return run_virtual(clock, main)
    finally:
        store.close()


@pytest.mark.parametrize("seconds", [1.5, 20, 3600])
@pytest.mark.row("T3")
def test_a_pause_while_the_dialer_was_frozen_holds(seconds: float) -> None:
    assert frozen_after_the_fence(seconds, pause) == (0, [AttemptState.NOT_SENT])


def test_without_one_the_person_is_called_on_a_fresh_permit() -> None:
    assert frozen_after_the_fence(20, nothing) == (1, [AttemptState.NOT_SENT, AttemptState.ENDED])


def test_a_moment_late_is_still_in_time() -> None:
    assert frozen_after_the_fence(0.3, nothing) == (1, [AttemptState.ENDED])


@pytest.mark.row("D4")
@pytest.mark.parametrize(("meanwhile", "asked"), [(fail, 0), (pause, 1)])
def test_nobody_is_asked_for_on_a_good_permit_once_the_database_is_in_doubt(meanwhile: Deed, asked: int) -> None:
    assert frozen_after_the_fence(0.3, meanwhile)[0] == asked


class SetClock(DiscreteClock):
    """One that was set a moment ago, as far as it knows."""

    def steady_for(self, span: timedelta) -> bool:
        return False


@pytest.mark.row("T1")
@pytest.mark.parametrize(("kind", "state"), [(SetClock, AttemptState.PLACED), (DiscreteClock, AttemptState.ENDED)])
def test_by_a_clock_that_was_set_no_call_has_lasted_too_long(kind: type[DiscreteClock], state: AttemptState) -> None:
    clock, store = kind(instant("2026-11-23T09:00Z")), MemoryStore()

    async def main() -> AttemptState:
        async with a_night(store, clock, account=an_account(poll_every=timedelta(minutes=5))) as night:
            night.provider.lasts = timedelta(days=9)
            with anyio.move_on_after(10):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(night.run)
                    await clock.sleep_until(clock.now() + timedelta(hours=3))
                    tasks.cancel_scope.cancel()
            return (await night.attempts())[0].state

    try:
        assert run_virtual(clock, main) is state
    finally:
        store.close()
