"""What is not kept any more: found once it is due, taken away only where nothing changed, and nothing of it stays."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from campaigns.clock import SystemClock
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.lead import AttemptState, LeadState, Outcome, lead_id
from campaigns.domain.retention import Erased, Kept, without
from campaigns.ports.store import Move, NewLead
from campaigns.stores.sqlite import open_sqlite

from .conftest import NOW, World

LATER = NOW + timedelta(days=1)


async def settled(world: World, number: int = 0, *, outcome: Outcome = Outcome.REACHED, **report: Any) -> None:
    """A call that took place, and closed its lead."""
    placed = await world.placed(number)
    lead, rev = (await world.lead(number)), await world.rev(number)
    told = CallReport(
        f"call {number}", placed.id, phone=placed.phone, ended=True, disposition=Disposition.ANSWERED, **report
    )  # fmt: skip
    after = replace(
        placed, state=AttemptState.ENDED, open=False, ended_at=NOW, disposition=Disposition.ANSWERED, report=told
    )  # fmt: skip
    closed = replace(lead, state=LeadState.CLOSED, outcome=outcome, closed_at=NOW, reason="done")
    assert await world.store.record([Move(placed, after, "test", closed, rev)], now=NOW) == [True]


async def due(world: World, **moments: Any) -> list[Kept]:
    words, numbers = moments.get("words"), moments.get("numbers")
    page = await world.store.kept("c", after=0, words_before=words, numbers_before=numbers)
    assert page.next is None
    return list(page.leads)


async def erase(world: World, what: Erased, *leads: Kept) -> int:
    return await world.store.erase([(each, without(each, what, frozenset())) for each in leads])


async def test_only_what_was_closed_before_and_is_still_there_is_found(world: World) -> None:
    await settled(world, transcript="hello")
    await world.intended(1)
    assert await due(world) == []
    assert await due(world, words=NOW - timedelta(seconds=1)) == []
    (kept,) = await due(world, words=LATER)
    assert (kept.erased, kept.is_returned, len(kept.attempts)) == (Erased.NOTHING, False, 1)
    assert await erase(world, Erased.WORDS, kept) == 1
    assert await due(world, words=LATER) == []
    (kept,) = await due(world, numbers=LATER)
    assert kept.erased is Erased.WORDS
    assert kept.attempts[0].report is not None
    assert kept.attempts[0].report.transcript == ""
    assert await erase(world, Erased.NUMBERS, kept) == 1
    assert await due(world, words=LATER, numbers=LATER) == []


async def test_a_lead_that_changed_since_it_was_read_is_left_alone(world: World) -> None:
    await settled(world, transcript="hello")
    (kept,) = await due(world, words=LATER)
    lead = replace(kept.lead, label="changed meanwhile")
    assert await world.store.put_lead(lead, kept.rev, opted_out=False, now=NOW, why="a person")
    assert await erase(world, Erased.WORDS, kept) == 0
    (kept,) = await due(world, words=LATER)
    assert kept.attempts[0].report is not None
    assert kept.attempts[0].report.transcript == "hello"


async def test_an_outcome_that_landed_or_never_can_is_back(world: World) -> None:
    await settled(world, 0)
    await settled(world, 1)
    closed = await world.store.closed_page("c", 0, after=0, limit=9)
    await world.store.landed({closed[0].lead.id: closed[0].stamp})
    assert [each.is_returned for each in await due(world, words=LATER)] == [True, False]
    await world.store.give_up_return(closed[1], "nobody knows them there")
    assert [each.is_returned for each in await due(world, words=LATER)] == [True, True]


async def test_whoever_is_erased_is_still_known_by_hash_and_never_becomes_a_lead_again(world: World) -> None:
    await settled(world)
    (kept,) = await due(world, numbers=LATER)
    await erase(world, Erased.NUMBERS, kept)
    row: NewLead = world.row(0)
    assert (await world.load([row], load=2)).new == 0
    assert [lead.id for lead, _ in await world.store.leads_with_phone(world.key("+31200000000"))] == [
        lead_id("c", "k0")
    ]
    assert (await world.lead()).contact.phones == ()
    await world.campaign("d")
    await world.load([world.row(0, campaign="d")], campaign="d")
    (claimed,) = await world.store.facts([lead_id("d", "k0")], now=NOW)
    (past,) = claimed.facts.elsewhere
    assert (past.phone, past.disposition, past.same_person) == ("", Disposition.ANSWERED, True)


async def test_of_an_old_webhook_and_an_old_call_to_us_nothing_stays(world: World) -> None:
    await world.store.receive("p", dedupe_key="old", grade="token", report={"x": 1}, now=NOW)
    await world.store.receive("p", dedupe_key="new", grade="token", report={"x": 2}, now=LATER)
    await world.store.note_inbound("p", "call from +31200000001", "told", now=NOW)
    assert not await world.store.forget_news(before=NOW, numbers_before=None)
    assert [item.report for item in await world.store.inbox("p", limit=9)] == [{"x": 2}]
    assert not await world.store.note_inbound("p", "call from +31200000001", "told", now=LATER)
    assert not await world.store.forget_news(before=NOW, numbers_before=NOW)
    assert await world.store.note_inbound("p", "call from +31200000001", "told", now=LATER)


async def test_pages_go_through_a_whole_campaign_and_end(world: World) -> None:
    await world.campaign()
    await world.load(450)
    place: int | None = 0
    steps = 0
    while place is not None:
        page = await world.store.kept("c", after=place, words_before=LATER, numbers_before=None)
        place, steps = page.next, steps + 1
    assert steps == 3


async def test_what_was_erased_is_nowhere_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with open_sqlite(path, clock=SystemClock(), simulated=True) as store:
        world = World(store)
        await settled(world, transcript="canary " * 900)
        await erase(world, Erased.WORDS, *await due(world, words=LATER))
        assert b"canary" in path.with_name("c.db-wal").read_bytes()
        await store.tidy()
        for file in tmp_path.iterdir():
            assert b"canary" not in file.read_bytes()
