"""What became of a call is decided only by asking for it, however slow, sick or forgetful the provider is."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import Disposition, Unclear
from campaigns.domain.errors import VendorError
from campaigns.stores.memory import MemoryStore
from campaigns.testing import ScriptedProvider, a_night, instant


class Forgetful(ScriptedProvider):
    """Its list is slow or shows nothing; each call can still be asked for by its id."""

    asleep = timedelta()
    shows = True

    async def page(self, **window: Any) -> Any:
        page = await super().page(**window)
        slept, self.asleep = self.asleep, timedelta()
        await self.clock.sleep_until(self.clock.now() + slept)
        return page if self.shows else type(page)((), 0, False)


def played(night: Callable[[MemoryStore, DiscreteClock], Awaitable[Any]]) -> Any:
    clock, store = DiscreteClock(instant("2026-11-23T09:00Z")), MemoryStore()
    try:
        return run_virtual(clock, lambda: night(store, clock))
    finally:
        store.close()


def test_after_a_long_silence_every_call_is_asked_for_before_any_is_given_up() -> None:
    async def main(store: MemoryStore, clock: DiscreteClock) -> Counter[Disposition | None]:
        provider = Forgetful(clock)
        provider.shows, provider.trouble = False, VendorError("scripted", "calls", 503, "busy")
        async with a_night(store, clock, contacts=12, provider=provider) as night:
            night.tasks.start_soon(night.run)
            await night.until(timedelta(minutes=40))
            provider.trouble = None
            await night.until(timedelta(minutes=5))
            return Counter(attempt.disposition for attempt in await night.attempts())

    assert played(main) == {Disposition.ANSWERED: 12}


def test_a_call_placed_while_the_list_was_being_read_is_not_given_up_for_its_absence_there() -> None:
    async def main(store: MemoryStore, clock: DiscreteClock) -> Counter[Disposition | None]:
        provider = Forgetful(clock)
        provider.asleep = timedelta(minutes=35)
        async with a_night(store, clock, contacts=40, provider=provider) as night:
            await night.run()
            return Counter(attempt.disposition for attempt in await night.attempts())

    assert played(main) == {Disposition.ANSWERED: 40}


def test_while_a_sick_provider_is_spared_dials_its_calls_are_still_asked_for() -> None:
    async def main(store: MemoryStore, clock: DiscreteClock) -> float:
        def script(_phone: str, _nth: int) -> Disposition | Unclear:
            return Disposition.ANSWERED if len(provider.asked) < 4 else Unclear("created, then silence")

        provider = ScriptedProvider(clock, script)
        async with a_night(store, clock, contacts=12, provider=provider) as night:
            night.tasks.start_soon(night.run)
            await night.until(timedelta(seconds=12))
            assert night.dialer._breaker.is_shut(now=clock.now())
            slot = await store.request_slot(night.account.name, timedelta(), now=clock.now())
            return (slot - clock.now()).total_seconds()

    assert played(main) == 0
