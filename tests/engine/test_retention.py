"""What is not kept any more goes by itself, once a day, and only of those who are done."""

from datetime import datetime, timedelta

import anyio

from campaigns.clock import DiscreteClock
from campaigns.domain.contact import ERASED
from campaigns.domain.errors import StoreUnavailable
from campaigns.domain.retention import Keeping
from campaigns.engine.retention import retain, retaining
from campaigns.ports.pages import LeadFilter
from campaigns.ports.store import CampaignRecord
from campaigns.stores.memory import MemoryStore
from campaigns.testing import a_campaign, a_night

from .conftest import play

DAY = timedelta(days=1)
KEEPING = Keeping(words=90 * DAY, numbers=400 * DAY)


def test_words_go_first_and_numbers_later_while_figures_stay() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        async with a_night(store, clock, contacts=3) as one:
            await one.run()
            before = await store.counts("test")
            for day, gone in ((89, 0), (90, 3), (90, 0), (399, 0), (400, 3), (999, 0)):
                now = clock.now() + day * DAY
                assert await retain(store, KEEPING, lambda _: one.campaign, now=now) == gone, day
            assert await store.counts("test") == before
            found = [each.lead.contact for each in await store.leads_after("test", LeadFilter(), after=0, limit=1000)]
            assert {(contact.name, contact.number) for contact in found} == {(ERASED, "")}
            assert {attempt.phone for attempt in await store.attempts("test")} == {""}

    play(night)


def test_outcomes_that_have_still_to_go_back_keep_their_people() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        async with a_night(store, clock, campaign=a_campaign(write_back=True), contacts=2) as one:
            await one.run()
            now = clock.now() + 999 * DAY
            assert await retain(store, KEEPING, lambda _: one.campaign, now=now) == 0
            assert await retain(store, KEEPING, lambda _: None, now=now) == 0, "whether they go back nobody knows"
            closed = await store.closed_page("test", 0, after=0, limit=9)
            await store.landed({closed[0].lead.id: closed[0].stamp})
            assert await retain(store, KEEPING, lambda _: one.campaign, now=now) == 1

    play(night)


def test_it_is_looked_at_daily_and_a_fault_only_puts_it_off() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        looks: list[datetime] = []

        class Failing(MemoryStore):
            async def campaigns(self) -> list[CampaignRecord]:
                looks.append(clock.now())
                if len(looks) == 1:
                    raise StoreUnavailable("locked")
                if len(looks) == 2:
                    raise ZeroDivisionError
                return []

        begin, failing = clock.now(), Failing()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(retaining, failing, clock, KEEPING, lambda _: None)
            await clock.sleep_until(begin + 3 * DAY)
            tasks.cancel_scope.cancel()
        failing.close()
        hours = [(at - begin) / timedelta(hours=1) for at in looks]
        assert hours == [0, 1, 2, 26, 50]

    play(night)
