"""Where dials are permitted, paces hold on every store: ramp, queue, numbers shown, budget."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import pytest

from campaigns.domain.budget import Purse, Spent
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.lead import AttemptState, CampaignState
from campaigns.domain.transitions import advance, ended
from campaigns.ports.store import Move

if TYPE_CHECKING:
    from .conftest import World

S = AttemptState
CAPS = {"caller_caps": (("one", 3),), "zone": "Etc/UTC"}


async def begin(world: "World", number: str = "one", *, campaign: str = "c", now: datetime | None = None, **limits):
    """Claim whoever is ready and begin as many as may be, showing this number."""
    now = now or world.now
    claimed = await world.claim(campaign, now=now)
    intents = [world.intent(each, caller_id=number, closes_at=now + timedelta(hours=8)) for each in claimed]
    record = await world.store.campaign(campaign)
    return await world.store.begin(record, intents, world.limits(**limits), most=1000, owner="w", now=now)


async def standing(world: "World", campaign: str = "c"):
    look = await world.store.look(campaign, now=world.now)
    assert look is not None
    return look.standing


# Ramp


async def test_the_first_dial_begins_the_ramp_and_a_resume_ends_it(world: "World") -> None:
    await world.campaign()
    await world.load(20)
    ramp = {"ramp_up": timedelta(minutes=5), "campaign_at_once": 20}

    async def lines(at: datetime) -> int:
        """How many are open once as many were begun as may be."""
        for n in range(20):
            await begin(world, now=at + timedelta(seconds=n / 2), **ramp)
        return (await standing(world)).open_campaign

    assert (await standing(world)).ramp_from is None
    assert await lines(world.now) == 2
    assert (await standing(world)).ramp_from == world.now
    assert await lines(world.later(seconds=150)) == 11
    assert (await standing(world)).ramp_from == world.now
    for to in (CampaignState.PAUSED, CampaignState.ACTIVE):
        await world.store.steer("c", to, expect=list(CampaignState), reason="", now=world.now)
    assert (await standing(world)).ramp_from is None


# The queue of the account


async def test_a_line_is_left_to_the_campaign_whose_turn_it_is(world: "World") -> None:
    for name, first in (("a", 0), ("b", 10)):
        await world.campaign(name)
        await world.load([world.row(n, campaign=name) for n in range(first, first + 9)], campaign=name)
    await world.store.bid("b", priority=3, lines=9, until=world.later(seconds=10))
    assert len(await begin(world, campaign="a", at_once=1)) == 1  # equals: by name
    assert await begin(world, campaign="a", at_once=2) == []
    assert len(await begin(world, campaign="b", at_once=2)) == 1
    assert (await standing(world, "a")).rivals[0].lines == 8
    assert len(await begin(world, campaign="a", at_once=7)) == 3


async def test_a_bid_that_is_old_or_of_a_paused_or_strange_campaign_is_no_rival(world: "World") -> None:
    for name, provider in (("a", "p"), ("b", "p"), ("c", "p"), ("d", "another")):
        await world.campaign(name, provider=provider)
    await world.store.bid("b", priority=1, lines=5, until=world.now)
    for name in ("c", "d"):
        await world.store.bid(name, priority=1, lines=5, until=world.later(seconds=9))
    await world.store.steer("c", CampaignState.PAUSED, expect=list(CampaignState), reason="", now=world.now)
    found = await standing(world, "a")
    assert (found.rivals, found.others) == ((), 1)
    assert (await standing(world, "b")).bid.until == world.now


async def test_promised_callbacks_are_claimed_first(world: "World") -> None:
    await world.campaign()
    await world.load([world.row(n, rank=float(n)) for n in range(4)])
    lead, rev = await world.store.lead((await world.lead(3)).id)
    promised = replace(lead, callback_at=world.now)
    assert await world.store.put_lead(promised, rev, opted_out=False, now=world.now, why="asked")
    order = [each.facts.lead.contact.key for each in await world.claim()]
    assert order == ["k3", "k0", "k1", "k2"]


# Numbers shown


async def test_a_number_is_never_given_out_beyond_its_cap(world: "World") -> None:
    await world.campaign()
    await world.load(5)
    assert len(await begin(world, **CAPS)) == 3
    assert await begin(world, **CAPS) == []
    assert await world.store.caller_uses("p", ["one", "two"], "Etc/UTC", now=world.now) == {"one": 3}
    assert await world.store.caller_uses("another", ["one"], "Etc/UTC", now=world.now) == {}
    tomorrow = world.later(hours=15)
    assert await world.store.caller_uses("p", ["one"], "Etc/UTC", now=tomorrow) == {}
    assert len(await begin(world, now=tomorrow, **CAPS)) == 2


async def test_two_runners_that_both_saw_room_never_pass_the_cap_together(world: "World") -> None:
    for name, first in (("a", 0), ("b", 100)):
        await world.campaign(name)
        await world.load([world.row(n, campaign=name) for n in range(first, first + 30)], campaign=name)
    caps, begun = {"caller_caps": (("one", 25), ("two", 10)), "zone": "Etc/UTC"}, []

    async def run(name: str) -> None:
        claimed = await world.claim(name)  # both judge before either begins
        record = await world.store.campaign(name)
        for n in range(0, 30, 3):
            intents = [
                world.intent(each, caller_id=("one", "one", "two")[k]) for k, each in enumerate(claimed[n : n + 3])
            ]
            begun.extend(
                await world.store.begin(record, intents, world.limits(**caps), most=9, owner=name, now=world.now)
            )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, "a")
        tasks.start_soon(run, "b")
    assert Counter(attempt.caller_id for attempt in begun) == {"one": 25, "two": 10}
    assert await world.store.caller_uses("p", ["one", "two"], None, now=world.now) == {"one": 25, "two": 10}


@pytest.mark.parametrize(("state", "counted"), [(S.NOT_SENT, 0), (S.INTENT, 1)])
async def test_only_what_may_have_been_dialled_counts(world: "World", state: AttemptState, counted: int) -> None:
    await world.campaign()
    await world.load(1)
    (attempt,) = await begin(world, **CAPS)
    if state is not attempt.state:
        await world.move(attempt, state, ended_at=world.now)
    assert (await world.store.caller_uses("p", ["one"], None, now=world.now)).get("one", 0) == counted


async def test_a_dial_that_may_leave_after_midnight_counts_for_both_days(world: "World") -> None:
    await world.campaign()
    await world.load(4)
    before = world.now.replace(hour=23, minute=59, second=45)
    assert len(await begin(world, now=before, **CAPS)) == 3
    assert await begin(world, now=before + timedelta(seconds=20), **CAPS) == []


# Budget


async def spent(world: "World", name: str = "c") -> Spent:
    return (await world.store.counts(name)).spent


PURSE = Purse(attempts=3, talk_ms=10_000_000, longest_ms=1_800_000, price_micros=100_000)


async def test_a_dial_holds_its_worst_and_its_report_settles_it(world: "World") -> None:
    await world.campaign()
    await world.load(5)
    first, *_ = await begin(world, purse=PURSE)
    assert await spent(world) == Spent(3, 5_400_000, 9_000_000)
    assert await begin(world, purse=PURSE) == []
    permitted = await world.store.fence(first, now=world.now)
    placed = await world.move(permitted, S.PLACED, call_id="x", placed_at=world.now)
    assert await spent(world) == Spent(3, 5_400_000, 9_000_000)
    report = CallReport("x", ended=True, disposition=Disposition.ANSWERED, talk_seconds=60.0)
    done = ended(placed, report, by="report", now=world.now)
    done = await world.move(placed, S.ENDED, **{k: getattr(done, k) for k in ("disposition", "report", "ended_at")})
    assert await spent(world) == Spent(3, 3_660_000, 6_100_000)
    assert (await standing(world)).spent == await spent(world)


async def test_what_was_proved_not_dialled_is_given_back(world: "World") -> None:
    await world.campaign()
    await world.load(5)
    first, *_ = await begin(world, purse=PURSE)
    await world.move(first, S.NOT_SENT, ended_at=world.now)
    assert (await spent(world)).attempts == 2
    assert len(await begin(world, purse=PURSE)) == 1


async def test_a_move_that_was_not_applied_moves_no_budget(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    (attempt,) = await begin(world, purse=PURSE)
    dropped = Move(attempt, advance(attempt, S.NOT_SENT, ended_at=world.now), "twice")
    assert await world.store.record([dropped, dropped], now=world.now) == [True, False]
    assert await spent(world) == Spent()


async def test_a_test_call_uses_the_purse_that_it_names_and_forgetting_empties_it(world: "World") -> None:
    await world.campaign()
    await world.campaign("c.test", purse="c")
    await world.load([world.row(7, campaign="c.test")], campaign="c.test")
    assert len(await begin(world, campaign="c.test", purse=PURSE)) == 1
    assert (await spent(world)).attempts == 1
    assert (await spent(world, "c.test")).attempts == 0
    assert (await standing(world, "c.test")).spent.attempts == 1
    await world.store.forget("c")
    assert await spent(world) == Spent()
