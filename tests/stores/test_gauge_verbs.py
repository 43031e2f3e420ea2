"""What is measured of the database."""

from dataclasses import replace
from datetime import timedelta

from campaigns.domain.lead import AttemptState, LeadState
from campaigns.ports.gauges import Gauges

S = AttemptState


async def test_an_empty_database_has_nothing_to_measure(world):
    assert await world.store.gauges(now=world.now) == Gauges()


async def test_what_waits_is_counted_by_provider_and_by_state(world):
    await world.placed(0)
    await world.sending(1)
    first = world.later(minutes=-2)
    for name, now in (("a", first), ("b", world.now)):
        await world.store.receive("p", dedupe_key=name, grade="body", report={}, now=now)
    found = await world.store.gauges(now=world.now)
    assert found.attempts == {("p", S.PLACED): 1, ("p", S.SENDING): 1}
    assert found.inbox == {"p": (2, first)}


async def test_the_lead_that_has_waited_longest_tells_how_late_a_campaign_is(world):
    await world.campaign()
    await world.load(3)
    assert (await world.store.gauges(now=world.now)).due_since == {}, "who was never planned is not late"
    claimed = await world.claim()
    due = [world.later(minutes=minutes) for minutes in (-5, -30, 10)]
    leads = [one.facts.lead for one in claimed]
    await world.store.plan([_due(lead, at) for lead, at in zip(leads, due, strict=True)], now=world.now)
    assert (await world.store.gauges(now=world.now)).due_since == {"c": world.later(minutes=-30)}
    await world.store.promote("c", limit=9, now=world.now)
    assert (await world.store.gauges(now=world.now)).due_since == {"c": world.later(minutes=-30)}
    assert (await world.store.gauges(now=world.now - timedelta(hours=1))).due_since == {}


def _due(lead, at):
    return replace(lead, state=LeadState.WAITING, due_at=at, closes_at=at + timedelta(hours=8), reason="test")
