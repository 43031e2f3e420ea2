"""Closed leads wait again: all that may, nobody who must not, and each with a call to make."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome, lead_id
from campaigns.domain.retention import Erased, without
from campaigns.ports.people import Suppression
from campaigns.ports.reopening import Which
from campaigns.ports.store import Move

from .conftest import NOW, World

LATER = NOW + timedelta(days=1)
EVERYBODY = Which()


async def settled(
    world: World, number: int = 0, *, outcome: Outcome = Outcome.EXHAUSTED, label: str = "", **lead: object
) -> None:
    """A call that took place, and closed its lead."""
    placed = await world.placed(number)
    before, rev = (await world.lead(number)), await world.rev(number)
    told = CallReport(f"call {number}", placed.id, ended=True, disposition=Disposition.NO_ANSWER, transcript="hello")
    after = replace(
        placed, state=AttemptState.ENDED, open=False, ended_at=NOW, disposition=Disposition.NO_ANSWER, report=told
    )
    closed = replace(before, state=LeadState.CLOSED, outcome=outcome, closed_at=NOW, label=label, **lead)
    assert await world.store.record([Move(placed, after, "test", closed, rev)], now=NOW) == [True]


async def reopen(world: World, which: Which = EVERYBODY, *, most: int = 1, left: int = 1) -> int:
    return await world.store.reopen("c", which, most=most, left=left, why="reopened by anna", now=LATER)


async def test_whoever_is_reopened_waits_to_be_planned_anew_with_a_call_left(world: World) -> None:
    await settled(world)
    assert await reopen(world) == 1
    lead = await world.lead()
    assert (lead.state, lead.outcome, lead.closed_at, lead.due_at) == (LeadState.WAITING, None, None, None)
    assert (lead.callbacks, lead.retry_at, lead.reason) == (1, LATER, "reopened by anna")
    (claimed,) = await world.claim(now=LATER)
    assert claimed.facts.lead.id == lead.id
    assert await reopen(world) == 0


@pytest.mark.parametrize(("most", "left", "callbacks"), [(1, 1, 1), (1, 3, 3), (3, 1, 0), (3, 2, 0), (3, 3, 1)])
async def test_each_gets_as_many_attempts_as_are_asked_for_and_keeps_what_it_has(
    world: World, most: int, left: int, callbacks: int
) -> None:
    await settled(world)
    await reopen(world, most=most, left=left)
    assert (await world.lead()).callbacks == callbacks


async def test_only_those_that_are_meant_are_reopened(world: World) -> None:
    for number, (outcome, label) in enumerate(
        [(Outcome.EXHAUSTED, ""), (Outcome.REACHED, "confirmed"), (Outcome.REACHED, "asked"), (Outcome.EXPIRED, "")]
    ):
        await settled(world, number, outcome=outcome, label=label)
    assert await reopen(world, Which(outcomes=frozenset({Outcome.REACHED}), labels=frozenset({"asked"}))) == 1
    assert (await world.lead(2)).state is LeadState.WAITING
    assert await reopen(world, Which(leads=frozenset({lead_id("c", "k3"), "nobody"}))) == 1
    assert (await world.lead(3)).state is LeadState.WAITING
    assert await reopen(world, Which(labels=frozenset({"none"}))) == 0
    assert await reopen(world) == 2


async def test_whoever_said_no_more_is_never_reopened(world: World) -> None:
    await settled(world, outcome=Outcome.DO_NOT_CALL)
    assert await reopen(world) == 0
    assert await reopen(world, Which(outcomes=frozenset({Outcome.DO_NOT_CALL}))) == 0
    assert await reopen(world, Which(leads=frozenset({lead_id("c", "k0")}))) == 0


@pytest.mark.parametrize(("scope", "count"), [("all", 0), ("informational", 0), ("telemarketing", 1)])
async def test_whoever_is_on_the_do_not_call_list_stays_closed(world: World, scope: str, count: int) -> None:
    await settled(world)
    key = world.key("+31200000000")
    await world.store.suppress([Suppression(key, scope, "", "ann", "why", "", NOW)])
    assert await reopen(world) == count


async def test_whoever_is_erased_stays_closed_and_of_wordless_leads_new_words_will_go_too(world: World) -> None:
    for number, what in ((0, Erased.NUMBERS), (1, Erased.WORDS)):
        await settled(world, number)
        page = await world.store.kept("c", after=0, words_before=LATER, numbers_before=LATER)
        kept = next(each for each in page.leads if each.lead.contact.key == f"k{number}")
        assert await world.store.erase([(kept, without(kept, what, frozenset()))]) == 1
    assert await reopen(world) == 1
    lead = await world.lead(1)
    again = replace(lead, state=LeadState.CLOSED, outcome=Outcome.REACHED, closed_at=LATER)
    assert await world.store.put_lead(again, await world.rev(1), opted_out=False, now=LATER, why="test")
    page = await world.store.kept("c", after=0, words_before=LATER, numbers_before=None)
    assert [(each.lead.contact.key, each.erased) for each in page.leads] == [("k1", Erased.NOTHING)]


async def test_nobody_is_reopened_whose_call_is_not_settled(world: World) -> None:
    placed = await world.placed(0)
    lead, rev = await world.lead(0), await world.rev(0)
    dropped = replace(lead, state=LeadState.CLOSED, outcome=Outcome.STOPPED, closed_at=NOW)
    assert await world.store.put_lead(dropped, rev, opted_out=False, now=NOW, why="test")
    assert placed.open
    assert await reopen(world) == 0


async def test_more_than_a_batch_is_reopened_each_once(world: World) -> None:
    await world.campaign()
    await world.load(1201)
    await world.store.steer("c", CampaignState.STOPPED, expect=[CampaignState.ACTIVE], reason="", now=NOW)
    await world.store.close_stopped("c", now=NOW)
    assert await reopen(world, Which(outcomes=frozenset({Outcome.STOPPED}))) == 1201
    assert (await world.store.counts("c")).states == {"waiting": 1201}
