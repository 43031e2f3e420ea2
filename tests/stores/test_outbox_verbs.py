"""What is told to others: the database itself writes it down, in the transaction in which it happens."""

from dataclasses import replace
from datetime import timedelta

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.domain.transitions import close
from campaigns.ports.outbox import Event, OutboxState
from campaigns.ports.store import Move, NewLead

S = AttemptState
ALL = {"crm": list(Event)}


async def taken(world, *, now=None, limit=10, lease=timedelta(minutes=1)):
    at = now or world.now
    return await world.store.take_parcels(limit=limit, until=at + lease, now=at)


async def told(world, **where):
    return [(parcel.subscriber, parcel.event, parcel.subject, parcel.word) for parcel in await taken(world, **where)]


async def ended(world, attempt, disposition=Disposition.ANSWERED, *, lead=False):
    report = CallReport(attempt.call_id, disposition=disposition, ended=True)
    after = replace(
        attempt, state=S.ENDED, open=False, disposition=disposition, report=report, ended_at=world.now, rev=attempt.rev
    )
    found, rev = await world.store.lead(attempt.lead_id)
    closed = close(found, Outcome.REACHED, reason="answered", now=world.now) if lead else None
    assert await world.store.record([Move(attempt, after, "test", closed, rev)], now=world.now) == [True]
    return await world.attempt(attempt.id)


async def test_where_nobody_subscribes_nothing_is_written(world):
    await ended(world, await world.placed(), lead=True)
    assert await world.store.outbox_state() == OutboxState(0, None, 0)


async def test_an_attempt_that_ends_is_told_and_better_news_again(world):
    await world.store.subscribe(ALL)
    attempt = await ended(world, await world.placed(), Disposition.UNKNOWN)
    assert await told(world) == [("crm", Event.ATTEMPT_ENDED, attempt.id, "unknown")]
    better = replace(attempt, disposition=Disposition.BUSY)
    assert await world.store.record([Move(attempt, better, "late")], now=world.now) == [True]
    assert await told(world) == [("crm", Event.ATTEMPT_ENDED, attempt.id, "busy")]
    again = await world.attempt(attempt.id)
    assert await world.store.record([Move(again, replace(again, reason="said"), "more")], now=world.now) == [True]
    assert await told(world) == []


async def test_a_contact_is_settled_together_with_its_attempt(world):
    await world.store.subscribe({"crm": [Event.CONTACT_SETTLED], "other": [Event.CONTACT_SETTLED]})
    attempt = await ended(world, await world.placed(), lead=True)
    expected = [(name, Event.CONTACT_SETTLED, attempt.lead_id, "reached") for name in ("crm", "other")]
    assert sorted(await told(world)) == sorted(expected)


async def test_whoever_is_closed_when_the_list_is_read_or_the_campaign_is_stopped_is_told_too(world):
    await world.campaign()
    await world.store.subscribe(ALL)
    row = world.row(7)
    blocked = replace(row.lead, state=LeadState.CLOSED, outcome=Outcome.BLOCKED, closed_at=world.now, reason="no zone")
    await world.load([NewLead(blocked, row.phone_keys, 0), world.row(8)])
    assert await told(world) == [("crm", Event.CONTACT_SETTLED, blocked.id, "blocked")]
    await world.store.steer("c", CampaignState.STOPPED, expect=[CampaignState.ACTIVE], reason="", now=world.now)
    await world.store.close_stopped("c", now=world.now)
    assert await told(world) == [("crm", Event.CONTACT_SETTLED, world.row(8).lead.id, "stopped")]


async def test_a_campaign_that_finishes_is_told_once(world):
    await world.campaign()
    await world.store.subscribe(ALL)
    for _ in range(2):
        await world.store.steer("c", CampaignState.FINISHED, expect=[CampaignState.ACTIVE], reason="", now=world.now)
    assert await told(world) == [("crm", Event.CAMPAIGN_FINISHED, "c", "finished")]


async def test_a_parcel_is_taken_by_one_at_a_time_until_it_is_delivered_or_given_up(world):
    await world.store.subscribe(ALL)
    await ended(world, await world.placed(), lead=True)
    attempt, contact = await taken(world, lease=timedelta(seconds=30))
    assert await taken(world, now=world.later(seconds=29)) == []
    await world.store.delivered([attempt.id])
    (again,) = await taken(world, now=world.later(seconds=30))
    assert again == contact
    await world.store.put_off(again, until=world.later(hours=1))
    await world.store.put_off(again, until=world.later(hours=2))  # somebody else's word on the same trial
    assert await world.store.next_parcel_at() == world.later(hours=1)
    (late,) = await taken(world, now=world.later(hours=1))
    assert late.tries == 1
    await world.store.put_off(late, until=None)
    assert await world.store.next_parcel_at() is None
    assert await world.store.outbox_state() == OutboxState(0, None, 1)
    await world.store.subscribe(ALL)
    (anew,) = await taken(world)
    assert (anew.id, anew.tries) == (late.id, 0)


async def test_what_waits_for_somebody_who_left_is_dropped(world):
    await world.store.subscribe({"crm": list(Event), "left": list(Event)})
    await ended(world, await world.placed())
    await world.store.subscribe(ALL)
    assert [name for name, *_ in await told(world)] == ["crm"]
