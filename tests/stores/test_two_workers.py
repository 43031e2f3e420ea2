"""Two workers on one PostgreSQL: what they claim, begin, permit and record at the same moment stays within the law."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import chain, pairwise
from typing import Any

import asyncpg

from campaigns.clock import SystemClock
from campaigns.domain.call import Disposition
from campaigns.domain.lead import Attempt, AttemptState, LeadState
from campaigns.domain.transitions import advance
from campaigns.ports.store import Move
from campaigns.stores.postgres import open_postgres

LINES = 10


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Any, Any]]:
    """Each with connections of its own, as two processes have them."""
    clock = SystemClock()
    async with (
        open_postgres(url, clock=clock, simulated=True) as one,
        open_postgres(url, clock=clock, simulated=True) as other,
    ):
        yield one, other


async def filled(worlds: list[Any], leads: int) -> None:
    await worlds[0].campaign()
    await worlds[0].load(leads)
    await worlds[0].store.promote("c", limit=leads, now=worlds[0].now)


async def claimed(world: Any, limit: int, owner: str) -> list[Any]:
    until = world.now + timedelta(minutes=1)
    found: list[Any] = await world.store.claim("c", limit=limit, owner=owner, until=until, now=world.now)
    return found


async def test_no_lead_is_claimed_by_both(postgres_url: str, world_on: Any) -> None:
    async with two(postgres_url) as stores:
        worlds = [world_on(store) for store in stores]
        await filled(worlds, 120)
        batches = await asyncio.gather(*(claimed(worlds[n % 2], 10, f"w{n % 2}") for n in range(12)))
    ids = [each.facts.lead.id for each in chain(*batches)]
    assert len(ids) == len(set(ids)) == 120


async def test_each_batch_is_in_the_order_of_claims(postgres_url: str, world_on: Any) -> None:
    async with two(postgres_url) as stores:
        worlds = [world_on(store) for store in stores]
        await worlds[0].campaign()
        await worlds[0].load([worlds[0].row(n, rank=float(-n)) for n in range(40)])
        await worlds[0].store.promote("c", limit=40, now=worlds[0].now)
        batches = await asyncio.gather(*(claimed(world, 20, "w") for world in worlds))
    for batch in batches:
        ranks = [each.facts.lead.contact.rank for each in batch]
        assert ranks == sorted(ranks)


async def test_both_together_never_hold_more_lines_than_the_account_has(postgres_url: str, world_on: Any) -> None:
    """Round after round both begin at the same moment, and half of what is open ends."""
    async with two(postgres_url) as stores:
        worlds = [world_on(store) for store in stores]
        await filled(worlds, 120)
        begun: list[Attempt] = []
        for _ in range(6):
            batches = [await claimed(world, 10, "w") for world in worlds]
            written = await asyncio.gather(
                *(world.begin(batch, at_once=LINES) for world, batch in zip(worlds, batches, strict=True))
            )
            begun += chain(*written)
            (row,) = await stores[0]._database.read(
                lambda db: db.rows("SELECT COUNT(*) AS n FROM attempt WHERE open = 1")
            )
            assert row["n"] == LINES
            over = (await stores[0].attempts_in("p", [AttemptState.INTENT]))[: LINES // 2]
            moves = [Move(a, advance(a, AttemptState.NOT_SENT), "test") for a in over]
            done = await asyncio.gather(
                *(stores[n % 2].record([move], now=worlds[0].now) for n, move in enumerate(moves))
            )
            assert done == [[True]] * len(moves)
    assert len({attempt.lead_id for attempt in begun}) == len(begun)
    instants = sorted(attempt.send_at for attempt in begun)
    assert all(later - sooner >= timedelta(milliseconds=10) for sooner, later in pairwise(instants))


async def test_request_slots_are_never_shared(postgres_url: str) -> None:
    now = SystemClock().now()
    async with two(postgres_url) as stores:
        asked = (stores[n % 2].request_slot("p", timedelta(seconds=1), now=now) for n in range(40))
        slots = await asyncio.gather(*asked)
    assert sorted(slots) == [now + timedelta(seconds=n) for n in range(40)]


async def test_of_two_that_record_one_attempt_one_has_written_it(postgres_url: str, world_on: Any) -> None:
    async with two(postgres_url) as stores:
        attempt = await world_on(stores[0]).sending()
        moves = [Move(attempt, advance(attempt, AttemptState.UNCLEAR, reason=str(n)), "test") for n in range(2)]
        now = world_on(stores[0]).now
        done = await asyncio.gather(*(store.record([move], now=now) for store, move in zip(stores, moves, strict=True)))
    assert sorted(done) == [[False], [True]]


async def test_one_webhook_that_comes_to_both_is_kept_once(postgres_url: str) -> None:
    now = SystemClock().now()
    async with two(postgres_url) as stores:
        asked = (
            stores[n % 2].receive("p", dedupe_key=f"k{n // 2}", grade="signed", report={}, now=now) for n in range(40)
        )
        kept = await asyncio.gather(*asked)
    assert len([one for one in kept if one is not None]) == 20


async def test_a_move_and_its_lead_are_written_both_or_neither_whoever_else_writes_the_lead(
    postgres_url: str, world_on: Any
) -> None:
    """A list that is read again has written to the lead, and commits while the move is on its way."""
    async with two(postgres_url) as stores:
        world = world_on(stores[0])
        placed = await world.placed()
        lead, rev = await stores[0].lead(placed.lead_id)
        after = advance(placed, AttemptState.ENDED, disposition=Disposition.NO_ANSWER)
        other = await asyncpg.connect(postgres_url)
        begun = other.transaction()
        await begun.start()
        await other.execute("UPDATE lead SET rev = rev + 1 WHERE id = $1", placed.lead_id)
        move = Move(placed, after, "test", replace(lead, state=LeadState.WAITING), rev)
        recording = asyncio.create_task(stores[0].record([move], now=world.now))
        await asyncio.wait({recording}, timeout=0.3)
        await begun.commit()
        await other.close()
        assert await recording == [False]
        assert (await world.attempt(placed.id)).state is AttemptState.PLACED
        assert (await world.lead()).state is LeadState.CALLING
