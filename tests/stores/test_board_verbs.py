"""What the board reads: few and small answers, whatever the database is."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from campaigns.domain.budget import Spent
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.lead import AttemptState, LeadState, Outcome
from campaigns.domain.transitions import advance
from campaigns.ports.store import Move

from .conftest import World

SECOND = timedelta(seconds=1)


async def ended(world: World, number: int, disposition: Disposition, *, outcome: Outcome | None = None, **more):
    """A call of person `number` that is over, at `world.now`."""
    sending = await world.sending(number)
    attempt = await world.move(sending, AttemptState.PLACED, call_id=sending.id, placed_at=world.now)
    lead = await world.lead(number)
    after = advance(
        attempt, AttemptState.ENDED, disposition=disposition, ended_at=world.now,
        report=CallReport("", ended=True, disposition=disposition, **more),
    )  # fmt: skip
    state = LeadState.CLOSED if outcome else LeadState.WAITING
    closed = world.now if outcome else None
    changed = replace(lead, state=state, outcome=outcome, closed_at=closed, due_at=world.now)
    move = Move(attempt, after, "test", lead=changed, lead_rev=await world.rev(number))
    assert await world.store.record([move], now=world.now) == [True]


async def test_a_brief_tells_open_calls_and_what_they_hold(world: World) -> None:
    await world.placed(0)
    await ended(world, 1, Disposition.BUSY)
    await world.load(5, load=2)
    brief = await world.store.brief("c", "p", since=world.later(minutes=-5))
    assert (brief.leads, brief.open_calls, brief.begun) == (5, 1, 2)
    assert brief.held == Spent(1, 0, 0)
    assert (await world.store.brief("c", "p", since=world.later(minutes=5))).begun == 0
    assert (await world.store.brief("another", "p", since=world.now)).leads == 0


async def test_pages_of_what_was_closed_add_up_to_all_of_it(world: World) -> None:
    for number in range(7):
        world.now += timedelta(minutes=2)
        await ended(world, number, Disposition.ANSWERED, outcome=Outcome.REACHED if number % 3 else Outcome.REFUSED)
    since, pages, found = world.later(hours=-9), 0, Counter[str]()
    while since is not None:
        page = await world.store.past_closed("c", since=since, limit=3)
        for each in page.closed:
            found[each.outcome] += each.leads
        assert page.next is None or page.next > since
        since, pages = page.next, pages + 1
    assert found == {"reached": 4, "refused": 3}
    assert pages == 3


async def test_many_leads_closed_at_one_moment_are_one_page(world: World) -> None:
    for number in range(4):
        await ended(world, number, Disposition.ANSWERED, outcome=Outcome.REACHED)
    page = await world.store.past_closed("c", since=world.now, limit=2)
    assert [each.leads for each in page.closed] == [4]
    assert page.next == world.now + timedelta(microseconds=1)
    assert (await world.store.past_closed("c", since=page.next, limit=2)).closed == ()


async def test_a_page_of_calls_tells_how_they_went_and_whose_first_they_were(world: World) -> None:
    await ended(world, 0, Disposition.NO_ANSWER)
    await ended(world, 0, Disposition.ANSWERED, outcome=Outcome.REACHED)
    await world.placed(1)
    page = await world.store.past_called("c", since=world.now, limit=100)
    told = {each.disposition: (each.attempts, each.first, each.first_answered) for each in page.called}
    assert told == {"no_answer": (1, 1, 0), "answered": (1, 0, 1), "": (1, 1, 0)}
    assert {each.zone for each in page.called} == {""}
    assert {each.ended for each in page.called if each.disposition} == {world.now}
    assert page.next is None


async def test_a_dial_that_was_refused_is_no_call(world: World) -> None:
    await world.move(await world.sending(0), AttemptState.REFUSED)
    assert (await world.store.past_called("c", since=world.now, limit=100)).called == ()


async def test_what_is_under_way_is_told_newest_first_and_doubts_apart(world: World) -> None:
    first = await world.placed(0)
    world.now += SECOND
    second = await world.placed(1)
    doubt = await world.move(await world.sending(2), AttemptState.UNCLEAR, unclear_since=world.now)
    doubt = await world.move(doubt, AttemptState.UNCERTAIN)
    live = await world.store.live("c", "p", limit=10)
    assert [attempt.id for attempt in live] == [second.id, first.id]
    assert [attempt.id for attempt in await world.store.live("c", "p", limit=1)] == [second.id]
    assert [attempt.id for attempt in await world.store.doubts("c", limit=10)] == [doubt.id]
    assert [attempt.id for attempt in await world.store.doubts(None, limit=10)] == [doubt.id]
    assert await world.store.doubts("another", limit=10) == []
    assert await world.store.settled_before("c") == first.created_at


async def test_nothing_under_way_holds_the_past_up(world: World) -> None:
    await ended(world, 0, Disposition.BUSY)
    assert await world.store.settled_before("c") is None


async def test_the_journal_says_whose_attempts_moved(world: World) -> None:
    before, names = await world.store.moved(after=0)
    assert (before, names) == (0, frozenset())
    await world.placed(0)
    await world.placed(1, campaign="d")
    last, names = await world.store.moved(after=before)
    assert names == {"c", "d"}
    assert await world.store.moved(after=last) == (last, frozenset())


async def test_the_rounds_of_asking_are_told_by_account(world: World) -> None:
    assert await world.store.asked_until() == {}
    await world.placed(0)
    until = world.later(seconds=5)
    await world.store.take_round("p", until=until, mine=None, urgent=False, now=world.now)
    assert await world.store.asked_until() == {"p": until}
