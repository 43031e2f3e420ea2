"""Outcomes on their way back: what has not landed shows by itself, and nothing is tried by two at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.lead import AttemptState, CampaignState, Outcome
from campaigns.domain.transitions import close

VENDOR = ("crm", "contact 7")


async def closed(world, number=0, outcome=Outcome.REACHED, *, at=None, origin=VENDOR, source=0, label="", opted=False):
    """A lead with an outcome."""
    if await world.store.campaign("c") is None:
        await world.campaign()
    if await world.store.lead(world.row(number).lead.id) is None:
        await world.load([world.row(number, source=source, origin=origin)])
    lead, rev = await world.store.lead(world.row(number).lead.id)
    done = close(lead, outcome, reason="done", now=at or world.now, label=label)
    assert await world.store.put_lead(done, rev, opted_out=opted, now=world.now, why="test")
    return done


async def due(world, *, now=None, limit=10, name="crm"):
    return (await world.store.due_returns("c", name, limit=limit, now=now or world.now)).closed


async def start(world, each, *, now=None):
    at = now or world.now
    return await world.store.start_return(each, until=at + timedelta(minutes=1), now=at)


async def test_what_is_closed_waits_and_what_is_open_does_not(world):
    await closed(world)
    await world.load([world.row(1, origin=VENDOR)])
    assert await world.store.return_lists("c") == ["crm"]
    (one,) = await due(world)
    assert (one.lead.contact.origin, one.outcome, one.written) == (VENDOR, Outcome.REACHED, False)
    assert (one.tries, one.first_tried_at) == (0, None)
    assert (await world.store.returns("c")).waiting == 1


async def test_what_has_landed_waits_no_more(world):
    await closed(world)
    (one,) = await due(world)
    assert await start(world, one)
    await world.store.landed({one.lead.id: one.stamp})
    assert await due(world, now=world.later(hours=1)) == ()
    assert await world.store.return_lists("c") == []
    counts = await world.store.returns("c")
    assert (counts.landed, counts.waiting, counts.unwritable) == (1, 0, 0)


async def test_a_trial_keeps_others_away_until_its_time_and_remembers_the_first(world):
    await closed(world)
    (one,) = await due(world)
    assert await start(world, one)
    assert not await start(world, one)
    assert await due(world) == ()
    late = world.later(minutes=1)
    assert (await world.store.due_returns("c", "crm", limit=1, now=world.now)).next_at == late
    (again,) = await due(world, now=late)
    assert (again.tries, again.first_tried_at) == (1, world.now)
    assert await start(world, again, now=late)
    (third,) = await due(world, now=world.later(minutes=2))
    assert (third.tries, third.first_tried_at) == (2, world.now)


async def test_what_is_put_off_comes_again_at_its_time_with_its_history(world):
    await closed(world)
    (one,) = await due(world)
    await start(world, one)
    await world.store.put_off_return(one, until=world.later(seconds=4), reason="crm: no answer")
    assert await due(world, now=world.later(seconds=3)) == ()
    (again,) = await due(world, now=world.later(seconds=4))
    assert (again.tries, again.first_tried_at) == (1, world.now)
    counts = await world.store.returns("c")
    assert (counts.waiting, counts.reasons) == (1, (("crm: no answer", 1),))


async def test_what_can_never_be_written_is_counted_and_left(world):
    await closed(world)
    (one,) = await due(world)
    await start(world, one)
    await world.store.give_up_return(one, "the contact is gone")
    assert await due(world, now=world.later(days=1)) == ()
    counts = await world.store.returns("c")
    assert (counts.landed, counts.waiting, counts.unwritable) == (0, 0, 1)
    assert counts.reasons == (("the contact is gone", 1),)


@pytest.mark.parametrize("ending", ["landed", "given up", "put off"])
async def test_another_outcome_goes_back_anew(world, ending):
    await closed(world)
    (one,) = await due(world)
    await start(world, one)
    match ending:
        case "landed":
            await world.store.landed({one.lead.id: one.stamp})
        case "given up":
            await world.store.give_up_return(one, "gone")
        case "put off":
            await world.store.put_off_return(one, until=world.later(hours=1), reason="crm: no answer")
    await closed(world, outcome=Outcome.REFUSED, at=world.later(seconds=5))
    (other,) = await due(world)
    assert (other.outcome, other.tries, other.first_tried_at) == (Outcome.REFUSED, 0, None)
    assert other.stamp != one.stamp
    assert await start(world, other)
    (other,) = await due(world, now=world.later(minutes=1))
    assert (other.tries, other.first_tried_at) == (1, world.now)
    assert (await world.store.returns("c")).reasons == ()


async def test_what_changes_while_it_is_tried_goes_back_again(world):
    await closed(world)
    (one,) = await due(world)
    await start(world, one)
    await closed(world, outcome=Outcome.REFUSED)
    await world.store.landed({one.lead.id: one.stamp})
    assert [each.outcome for each in await due(world)] == [Outcome.REFUSED]
    assert not await start(world, one)


@pytest.mark.parametrize("how", ["the list of a person", "another campaign's call"])
async def test_an_opt_out_after_the_end_goes_back_too(world, how):
    await closed(world)
    (one,) = await due(world)
    await world.store.landed({one.lead.id: one.stamp})
    if how == "the list of a person":
        await world.store.suppress([world.suppression(0, "telemarketing")])
        assert await due(world) == ()
        await world.store.suppress([world.suppression(0)])
    else:
        await world.campaign("other")
        await world.load([world.row(0, campaign="other")], campaign="other")
        lead, rev = await world.store.lead(world.row(0, campaign="other").lead.id)
        said = close(lead, Outcome.DO_NOT_CALL, reason="said so", now=world.now)
        await world.store.put_lead(said, rev, opted_out=True, now=world.now, why="test")
    (again,) = await due(world)
    assert (again.outcome, again.lead.outcome) == (Outcome.DO_NOT_CALL, Outcome.REACHED)


async def test_opt_outs_go_first_then_what_waits_longest(world):
    await closed(world, 0, at=world.later(seconds=2))
    await closed(world, 1, at=world.later(seconds=1))
    await closed(world, 2, Outcome.DO_NOT_CALL, at=world.later(seconds=3))
    await closed(world, 3, at=world.later(seconds=4))
    await world.store.suppress([world.suppression(3)])
    assert [each.lead.contact.key for each in await due(world)] == ["k2", "k3", "k1", "k0"]
    assert len(await due(world, limit=3)) == 3


async def test_each_list_has_its_own(world):
    await closed(world, 0)
    await closed(world, 1, origin=("desk", "9"), source=1)
    await closed(world, 2, origin=None, source=2)
    assert await world.store.return_lists("c") == ["crm", "desk"]
    assert [each.lead.contact.key for each in await due(world, name="desk")] == ["k1"]
    assert (await world.store.unwritten("c", [0, 2])).lead.contact.key == "k2"
    assert await world.store.unwritten("c", [0, 1]) is None
    assert (await world.store.unwritten("c", [0, 1], others=True)).source == 2
    assert await world.store.unwritten("c", [2], others=True) is None


async def test_a_file_s_page_has_every_closed_row_in_order_and_its_calls(world):
    attempt = await world.placed(3)
    report = CallReport("call 3", attempt.id, ended=True, disposition=Disposition.ANSWERED, summary="Said yes.")
    await world.move(attempt, AttemptState.ENDED, disposition=Disposition.ANSWERED, report=report, ended_at=world.now)
    for number in (5, 4, 3):
        await closed(world, number, origin=None)
    await world.load([world.row(8)])
    await closed(world, 9, origin=None, source=1)
    first = await world.store.closed_page("c", 0, after=0, limit=2)
    rest = await world.store.closed_page("c", 0, after=first[-1].seq, limit=2)
    assert [each.lead.contact.key for each in (*first, *rest)] == ["k3", "k5", "k4"]
    assert first[0].attempts[0].report.summary == "Said yes."
    assert await world.store.closed_page("c", 0, after=rest[-1].seq, limit=2) == []
    await world.store.landed({first[0].lead.id: first[0].stamp})
    assert [each.written for each in await world.store.closed_page("c", 0, after=0, limit=2)] == [True, False]


async def test_stopping_a_campaign_leaves_outcomes_to_go_back(world):
    await world.campaign()
    await world.load([world.row(n, origin=VENDOR) for n in range(3)])
    await world.store.steer("c", CampaignState.STOPPED, expect=[CampaignState.ACTIVE], reason="", now=world.now)
    assert {each.outcome for each in await due(world)} == {Outcome.STOPPED}
    assert (await world.store.returns("c")).waiting == 3


async def test_a_lead_that_is_open_again_waits_for_its_next_outcome(world):
    done = await closed(world)
    (one,) = await due(world)
    await world.store.landed({one.lead.id: one.stamp})
    lead, rev = await world.store.lead(done.id)
    opened = replace(lead, state="waiting", outcome=None, closed_at=None)
    await world.store.put_lead(opened, rev, opted_out=False, now=world.now, why="test")
    counts = await world.store.returns("c")
    assert (counts.landed, counts.waiting) == (0, 0)
    await closed(world, at=world.later(hours=1))
    assert len(await due(world)) == 1
