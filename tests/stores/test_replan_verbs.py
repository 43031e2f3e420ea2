"""What every store promises about plans that no longer hold: found by revision, never rewritten all at once."""

from dataclasses import replace
from typing import TYPE_CHECKING

from campaigns.domain.contact import PhoneNumber
from campaigns.domain.lead import LeadState
from campaigns.ports.store import Claimed

if TYPE_CHECKING:
    from conftest import World


async def planned(world: "World", count: int = 3) -> None:
    """Leads that wait until tomorrow, by the first revision."""
    await world.campaign()
    rows = [world.row(n) for n in range(count)]
    await world.load([replace(row, lead=replace(row.lead, due_at=world.later(days=1), revision=1)) for row in rows])


async def stale(world: "World", limit: int = 10) -> list[Claimed]:
    return await world.store.stale("c", limit=limit, now=world.now)


async def look(world: "World") -> bool:
    found = await world.store.look("c", now=world.now)
    assert found is not None
    return found.stale


async def test_an_edit_leaves_every_lead_as_it_is_and_marks_their_plans_as_old(world: "World") -> None:
    await planned(world)
    before = [await world.store.lead(world.row(n).lead.id) for n in range(3)]
    assert (await look(world), await stale(world)) == (False, [])
    edited = await world.campaign(document="new text")
    assert (edited.revision, edited.plans_from) == (2, 2)
    assert [await world.store.lead(world.row(n).lead.id) for n in range(3)] == before
    assert await look(world)
    assert len(await stale(world)) == 3
    assert len(await stale(world, limit=2)) == 2


async def test_an_edit_that_keeps_plans_marks_none_unless_the_file_was_edited_meanwhile(world: "World") -> None:
    await planned(world)
    record = await world.store.campaign("c")
    assert record is not None
    quiet = await world.store.put_campaign(replace(record, document="b"), keeps_plans_of=1, now=world.now)
    assert (quiet.revision, quiet.plans_from) == (2, 0)
    assert not await look(world)
    late = await world.store.put_campaign(replace(record, document="c"), keeps_plans_of=1, now=world.now)
    assert (late.revision, late.plans_from) == (3, 3)
    assert await look(world)


async def test_other_rules_mark_every_plan_as_old_once(world: "World") -> None:
    await planned(world)
    record = await world.store.plan_under("c", "rules 2")
    assert record is not None
    assert (record.revision, record.plans_from, record.version, record.planned_under) == (2, 2, 2, "rules 2")
    assert await world.store.plan_under("c", "rules 2") == record
    assert await world.store.plan_under("nobody", "rules 2") is None
    assert await look(world)


async def test_a_new_plan_is_written_and_stamped(world: "World") -> None:
    await planned(world, 1)
    await world.campaign(document="new text")
    (claimed,) = await stale(world)
    fresh = replace(claimed.facts.lead, due_at=world.later(hours=1), reason="earlier", revision=2)
    await world.store.replan([(fresh, claimed.rev)])
    assert await world.lead(0) == fresh
    assert (await look(world), await stale(world)) == (False, [])


async def test_a_lead_that_changed_since_keeps_what_it_became(world: "World") -> None:
    await planned(world, 2)
    await world.campaign(document="new text")
    old = [(replace(one.facts.lead, due_at=world.later(days=9)), one.rev) for one in await stale(world)]
    await world.load([world.row(0, phones=(PhoneNumber("+31200000009"),))], load=2)
    await world.store.replan([one for one in old if one[0].contact.key == "k0"])
    assert (await world.lead(0)).due_at is None
    await world.store.promote("c", limit=10, now=world.later(days=2))
    await world.store.replan(old)
    assert [(await world.lead(number)).state for number in (0, 1)] == [LeadState.READY] * 2


async def test_a_sample_is_even_and_always_the_same(world: "World") -> None:
    await planned(world, 9)
    whole, total = await world.store.sample("c", limit=100)
    assert (sorted(whole), total) == (sorted(world.row(n).lead.id for n in range(9)), 9)
    some, total = await world.store.sample("c", limit=4)
    assert (some, total) == (whole[:4], 9)


# --- who must go today ------------------------------------------------------------------------------------------------


async def claimed(world: "World", *, minutes: int = 0) -> list[str]:
    return [claim.facts.lead.contact.key for claim in await world.claim(now=world.later(minutes=minutes))]


async def test_the_marked_are_claimed_first_and_a_new_marking_forgets_the_old_one(world: "World") -> None:
    await world.campaign()
    await world.load(4)
    ids = [world.row(n).lead.id for n in range(4)]
    await world.store.mark_urgent("c", {ids[3], ids[2]})
    assert await claimed(world) == ["k2", "k3", "k0", "k1"]
    await world.store.mark_urgent("c", {ids[3], ids[1]})
    assert await claimed(world, minutes=2) == ["k1", "k3", "k0", "k2"]
    await world.store.mark_urgent("c", set())
    assert await claimed(world, minutes=4) == ["k0", "k1", "k2", "k3"]


async def test_a_mark_is_as_good_as_a_last_chance_and_less_than_a_better_rank(world: "World") -> None:
    await world.campaign()
    rows = [world.row(0), world.row(1), world.row(2), world.row(3, rank=-1.0)]
    own = replace(rows[2], lead=replace(rows[2].lead, last_chance=True, closes_at=world.later(hours=2)))
    sooner = replace(rows[1], lead=replace(rows[1].lead, closes_at=world.later(hours=1)))
    await world.load([rows[0], sooner, own, rows[3]])
    await world.store.mark_urgent("c", {sooner.lead.id})
    assert await claimed(world) == ["k3", "k1", "k2", "k0"]


async def test_a_marking_leaves_claims_and_own_plans_and_other_campaigns_alone(world: "World") -> None:
    await world.campaign()
    await world.campaign("d")
    await world.load(2)
    await world.load([world.row(n, campaign="d") for n in range(2)], campaign="d")
    await world.store.mark_urgent("d", {world.row(1, campaign="d").lead.id})
    held = await world.claim()
    await world.store.mark_urgent("c", {world.row(1).lead.id})
    assert [(await world.rev(n), (await world.lead(n)).last_chance) for n in range(2)] == [
        (claim.rev, False) for claim in held
    ]
    assert len(await world.begin(held)) == 2
    assert [claim.facts.lead.contact.key for claim in await world.claim("d")] == ["k1", "k0"]
