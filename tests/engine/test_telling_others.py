"""What happened is told until it lands, once for each event, and whoever does not listen holds up nobody."""

from collections import Counter
from datetime import timedelta

import anyio

from campaigns.clock import DiscreteClock
from campaigns.engine.notifier import PAUSES, Notifier
from campaigns.ports.outbox import Event, OutboxState
from campaigns.stores.memory import MemoryStore
from campaigns.testing import a_night

from .conftest import play


class Receiver:
    """Listens to `good`, never to `bad`."""

    def __init__(self, clock: DiscreteClock) -> None:
        self._clock = clock
        self.got: list[tuple[str, str, dict]] = []
        self.turned_away = []

    async def deliver(self, parcel, name, now, told) -> str:
        assert now == self._clock.now()
        if parcel.subscriber == "bad":
            self.turned_away.append((name, now))
            return "HTTP 500"
        self.got.append((name, parcel.event, told))
        return ""


async def told(store: MemoryStore, clock: DiscreteClock, wishes, *, contacts=2, after=timedelta(hours=1)) -> Receiver:
    receiver = Receiver(clock)
    await store.subscribe(wishes)
    notifier = Notifier(store, clock, receiver.deliver)
    async with a_night(store, clock, contacts=contacts) as night, anyio.create_task_group() as tasks:
        tasks.start_soon(notifier.run)
        await night.run()
        notifier.wake.ring()
        await night.until(after)
        tasks.cancel_scope.cancel()
    return receiver


def test_every_event_of_a_campaign_is_told_once() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        receiver = await told(store, clock, {"good": list(Event)})
        assert Counter(event for _, event, _ in receiver.got) == {
            Event.ATTEMPT_ENDED: 2, Event.CONTACT_SETTLED: 2, Event.CAMPAIGN_FINISHED: 1,
        }  # fmt: skip
        assert len({name for name, *_ in receiver.got}) == 5
        assert await store.outbox_state() == OutboxState(0, None, 0)
        said = {event: told["data"] for _, event, told in receiver.got}
        attempt, contact = said[Event.ATTEMPT_ENDED], said[Event.CONTACT_SETTLED]
        assert (attempt["lead"], attempt["disposition"], attempt["ordinal"]) == (contact["lead"], "answered", 1)
        assert (contact["campaign"], contact["outcome"], contact["attempts"]) == ("test", "reached", 1)
        assert said[Event.CAMPAIGN_FINISHED] == {"campaign": "test", "state": "finished", "outcomes": {"reached": 2}}

    play(night)


def test_whoever_does_not_listen_is_asked_again_ever_more_rarely_and_then_given_up() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        wishes = {"bad": [Event.CAMPAIGN_FINISHED], "good": [Event.CAMPAIGN_FINISHED]}
        receiver = await told(store, clock, wishes, after=sum(PAUSES, timedelta(days=1)))
        assert len(receiver.got) == 1
        assert len({name for name, _ in receiver.turned_away}) == 1, "one event has one id at every trial"
        moments = [at for _, at in receiver.turned_away]
        assert len(moments) == len(PAUSES) + 1
        for pause, one, next_ in zip(PAUSES, moments, moments[1:], strict=False):
            assert pause <= next_ - one <= pause + timedelta(seconds=10)
        assert await store.outbox_state() == OutboxState(0, None, 1)

    play(night)


def test_one_that_cannot_be_told_holds_up_nobody() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        receiver = Receiver(clock)

        async def deliver(parcel, name, now, told) -> str:
            if parcel.event is Event.CONTACT_SETTLED:
                raise KeyError("nobody foresaw this")
            return await receiver.deliver(parcel, name, now, told)

        await store.subscribe({"good": list(Event)})
        async with a_night(store, clock) as one:
            await one.run()
            assert await Notifier(store, clock, deliver).round() == 3
        assert {event for _, event, _ in receiver.got} == {Event.ATTEMPT_ENDED, Event.CAMPAIGN_FINISHED}
        assert (await store.outbox_state()).waiting == 1
        assert await store.next_parcel_at() == clock.now() + PAUSES[0]

    play(night)


def test_a_worker_that_dies_while_it_tells_leaves_the_event_to_the_next() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        await store.subscribe({"good": [Event.CAMPAIGN_FINISHED]})
        async with a_night(store, clock) as one:
            await one.run()
            reached, begun = anyio.Event(), []

            async def dies(_parcel, name, _now, _told) -> str:
                begun.append(name)
                reached.set()
                await anyio.sleep_forever()
                return ""

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(Notifier(store, clock, dies).run)
                await reached.wait()
                tasks.cancel_scope.cancel()
            receiver = Receiver(clock)
            assert await Notifier(store, clock, receiver.deliver).round() == 0
            await one.until(timedelta(minutes=3))
            assert await Notifier(store, clock, receiver.deliver).round() == 1
            assert [name for name, *_ in receiver.got] == begun

    play(night)


def test_an_event_of_somebody_who_is_gone_is_told_by_its_id_alone() -> None:
    async def night(store: MemoryStore, clock: DiscreteClock) -> None:
        await store.subscribe({"good": [Event.CONTACT_SETTLED, Event.ATTEMPT_ENDED]})
        async with a_night(store, clock) as one:
            await one.run()
            for table in ("write_back", "journal", "attempt", "lead_phone", "lead"):
                store._memory._raw.execute(f"DELETE FROM {table}")
            receiver = Receiver(clock)
            assert await Notifier(store, clock, receiver.deliver).round() == 2
            data = {event: said["data"] for _, event, said in receiver.got}
            assert set(data[Event.CONTACT_SETTLED]) == {"lead_id", "outcome"}
            assert set(data[Event.ATTEMPT_ENDED]) == {"attempt", "disposition"}

    play(night)
