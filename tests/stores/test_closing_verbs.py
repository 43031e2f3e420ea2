"""Stops of long campaigns: they hold at once, and whoever waits is closed a batch at a time."""

from dataclasses import replace
from typing import TYPE_CHECKING

from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.domain.transitions import advance
from campaigns.ports.store import Move
from campaigns.stores.closing_verbs import BATCH

if TYPE_CHECKING:
    from .conftest import World

S = CampaignState
MANY = 2 * BATCH + 50


async def stopped(world: "World", leads: int = MANY) -> None:
    """A campaign that is stopped by a process that ends right after."""
    await world.campaign()
    await world.load(leads)
    assert await world.store.steer("c", S.STOPPED, expect=[S.ACTIVE], reason="enough", now=world.now)


async def states(world: "World") -> dict[str, int]:
    return (await world.store.counts("c")).states


async def closing(world: "World") -> bool:
    record = await world.store.campaign("c")
    assert record is not None
    return record.closing


async def test_a_stop_of_a_short_campaign_closes_everybody_at_once(world: "World") -> None:
    await stopped(world, leads=5)
    assert await states(world) == {"closed": 5}
    assert not await closing(world)


async def test_a_stop_closes_a_batch_at_a_time_and_is_finished_after_a_crash(world: "World") -> None:
    await stopped(world)
    assert await states(world) == {"waiting": MANY - BATCH, "closed": BATCH}
    assert await closing(world)
    assert await world.store.close_stopped("c", now=world.now) == MANY - BATCH
    assert await states(world) == {"closed": MANY}
    assert (await world.lead(MANY - 1)).outcome is Outcome.STOPPED
    assert not await closing(world)
    assert await world.store.close_stopped("c", now=world.now) == 0


async def test_nobody_who_was_claimed_before_a_stop_is_dialled_after_it_though_not_closed_yet(world: "World") -> None:
    await world.campaign()
    await world.load(MANY)
    claimed, record = await world.claim(limit=3), await world.store.campaign("c")
    assert await world.store.steer("c", S.STOPPED, expect=[S.ACTIVE], reason="enough", now=world.now)
    assert await world.begin(claimed, record) == []
    await world.store.close_stopped("c", now=world.now)
    assert await states(world) == {"closed": MANY}


async def test_whoever_a_stop_has_left_is_closed_before_the_campaign_dials_again(world: "World") -> None:
    await stopped(world)
    await world.load([world.row(MANY)], load=2)
    assert await world.store.steer("c", S.ACTIVE, expect=[S.STOPPED], reason="", now=world.now)
    assert await states(world) == {"waiting": 1, "closed": MANY}
    assert [one.facts.lead.contact.key for one in await world.claim()] == [f"k{MANY}"]


async def test_whoever_comes_after_a_stop_is_not_closed_by_it(world: "World") -> None:
    await stopped(world)
    await world.load([world.row(MANY)], load=2)
    await world.store.close_stopped("c", now=world.now)
    assert (await world.lead(MANY)).state is LeadState.WAITING


async def test_whoever_left_their_list_is_closed_however_many(world: "World") -> None:
    await world.campaign()
    await world.load(MANY)
    await world.load([world.row(7)], load=2)
    assert await world.store.stop_removed("c", 0, load=2, now=world.now) == MANY - 1
    assert (await world.lead(7)).state is LeadState.WAITING
    assert (await world.lead(8)).rule == "contacts.removed"


async def test_a_call_that_ends_after_the_stop_and_was_judged_before_it_leaves_nobody_waiting(world: "World") -> None:
    placed = await world.placed()
    lead, rev = await world.lead(), await world.rev()
    after = advance(placed, AttemptState.ENDED, disposition=Disposition.NO_ANSWER)
    await world.store.steer("c", S.STOPPED, expect=[S.ACTIVE], reason="", now=world.now)
    await world.store.close_stopped("c", now=world.now)
    late = Move(placed, after, "test", replace(lead, state=LeadState.WAITING), rev)
    assert await world.store.record([late], now=world.now) == [True]
    closed = await world.lead()
    assert (closed.state, closed.outcome) == (LeadState.CLOSED, Outcome.STOPPED)
