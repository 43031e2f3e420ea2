"""What the board says of campaigns, while they run and to whoever asks once."""

from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import anyio
import anyio.lowlevel
import pytest

from campaigns.domain.call import CallReport, Disposition, Unclear
from campaigns.domain.errors import StoreUnavailable, Unknown
from campaigns.domain.lead import CampaignState
from campaigns.testing import a_campaign, a_contact, an_account, instant

from .conftest import OPERATOR, READER, START, a_desk

SIMULATOR = an_account(name="simulator")
MINUTE = timedelta(minutes=1)
ANSWERED = CallReport("", ended=True, disposition=Disposition.ANSWERED, talk_seconds=30.0, summary="call +31200000001")


def script(phone, _nth):
    """Even numbers answer, the third is cut off, the others are busy."""
    if phone.endswith("3"):
        return Unclear("cut off")
    return ANSWERED if int(phone[-1]) % 2 == 0 else Disposition.BUSY


@asynccontextmanager
async def board_over(store, clock, *, runs=False, **night):
    """The board of a night with ten people; `runs`: in the background too."""
    night = {"account": SIMULATOR, "contacts": 10, "script": script, **night}
    async with a_desk(store, clock, **night) as (desk, one), anyio.create_task_group() as tasks:
        record = await store.campaign("test")
        text = one.campaign.model_dump_json(exclude_none=True, exclude_defaults=True)
        await store.put_campaign(replace(record, document=text), now=clock.now())
        if runs:
            tasks.start_soon(desk.run)
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
        yield desk.board, one
        tasks.cancel_scope.cancel()


# ── one campaign ──


def test_whoever_asks_once_is_told_where_a_campaign_stands(play):
    async def night(store, clock):
        campaign = a_campaign(budget={"attempts": 20}, attempts={"max": 1})
        async with board_over(store, clock, campaign=campaign) as (board, one):
            before = await board.campaign("test")
            await one.run()
            return before, await board.campaign("test")

    before, after = play(night)
    assert (before.leads, before.states, before.counted) == (10, {"waiting": 10}, True)
    assert (before.state, before.at_once, before.calls_a_minute, before.open_calls) == ("active", 100, 0.0, 0)
    assert (after.state, after.dispositions) == ("finished", {"answered": 5, "busy": 4})
    assert after.outcomes == {"reached": 5, "exhausted": 4}
    assert after.states == {"closed": 9, "held": 1}
    assert [(line.what, line.used, line.held, line.limit) for line in after.budget] == [("attempts", 9, 1, 20)]
    assert any("1 lead waits for a person's word" in error for error in after.errors)


def test_calls_under_way_are_counted_with_their_pace_and_shown_newest_first(play):
    async def night(store, clock):
        async with board_over(store, clock, contacts=4, script=lambda *_: Disposition.ANSWERED) as (board, one):
            one.tasks.start_soon(one.run)
            await one.until(timedelta(seconds=10))
            return await board.campaign("test"), await board.live("test", by=OPERATOR)

    view, live = play(night)
    assert (view.open_calls, view.calls_a_minute) == (4, 0.8)
    assert [attempt.intent_at for attempt in live] == sorted((a.intent_at for a in live), reverse=True)
    assert {attempt.phone for attempt in live} == {f"+3120000000{n}" for n in range(4)}


def test_a_reader_sees_calls_without_whole_numbers(play):
    async def night(store, clock):
        async with board_over(store, clock, contacts=1) as (board, one):
            one.tasks.start_soon(one.run)
            await one.until(timedelta(seconds=10))
            return await board.live("test", by=READER)

    (attempt,) = play(night)
    assert (attempt.phone, attempt.call_id) == ("+312******00", None)


def test_doubts_are_listed_for_one_campaign_and_for_all(play):
    async def night(store, clock):
        async with board_over(store, clock, campaign=a_campaign(attempts={"max": 1})) as (board, one):
            await one.run()
            return await board.doubts("test", by=OPERATOR), await board.doubts(by=READER)

    of_one, of_all = play(night)
    assert [attempt.phone for attempt in of_one] == ["+31200000003"]
    assert [attempt.phone for attempt in of_all] == ["+312******03"]


def test_an_unknown_name_is_answered_with_the_known_ones(play):
    async def night(store, clock):
        async with board_over(store, clock) as (board, _):
            for ask in (board.campaign("tset"), board.history("tset"), board.live("tset", by=READER)):
                with pytest.raises(Unknown, match=r"There is no campaign 'tset'. There are: test\."):
                    await ask

    play(night)


def test_when_somebody_waits_until_tomorrow_the_board_says_until_when(play):
    async def night(store, clock):
        campaign = a_campaign(calling_hours="Mo-Fr 12:00-17:00")
        async with board_over(store, clock, campaign=campaign) as (board, one):
            one.tasks.start_soon(one.run)
            await one.until(MINUTE)
            return await board.campaign("test")

    view = play(night)
    assert view.next_at == instant("2026-11-23T11:00Z")
    assert [waiting.leads for waiting in view.waiting] == [10]


def test_a_file_of_another_version_is_told_and_hides_nothing_else(play):
    async def night(store, clock):
        async with board_over(store, clock) as (board, _):
            record = await store.campaign("test")
            await store.put_campaign(replace(record, document="campaign: 3\ncolour: red"), now=clock.now())
            return await board.campaign("test")

    view = play(night)
    assert view.states == {"waiting": 10}
    assert view.errors[0].startswith("Its file is not understood: ")


def test_the_pace_says_when_it_is_over(play):
    async def night(store, clock):
        people = [a_contact(n) for n in range(60)]
        campaign = a_campaign(pacing={"at_once": 1, "per_second": 1}, attempts={"max": 1})
        script = lambda *_: Disposition.ANSWERED  # noqa: E731
        async with board_over(store, clock, campaign=campaign, contacts=people, script=script) as (board, one):
            one.tasks.start_soon(one.run)
            await one.until(12 * MINUTE)
            early = await board.campaign("test")
            while (await store.campaign("test")).state == "active":
                await one.until(MINUTE)
            return early.finish_at, clock.now()

    said, over = play(night)
    assert abs(said - over) < (over - START) * 0.1


# ── while it runs ──


class Slow:
    """A store of which a count takes as long as a test says, and fails when it says so."""

    def __init__(self, store, clock):
        self._store, self._clock = store, clock
        self.takes, self.fails, self.counted = timedelta(), False, []

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def counts(self, name):
        self.counted.append(self._clock.now())
        await self._clock.sleep_until(self._clock.now() + self.takes)
        if self.fails:
            raise StoreUnavailable("out of reach")
        return await self._store.counts(name)


async def looked_at(board, clock, span):
    """Ask every second for so long; what was said."""
    said, end = [], clock.now() + span
    while clock.now() < end:
        said.append(await board.campaign("test"))
        await clock.sleep_until(clock.now() + timedelta(seconds=1))
    return said


def test_the_first_question_is_answered_before_the_first_count_is_there(play):
    async def night(store, clock):
        slow = Slow(store, clock)
        slow.takes = timedelta(days=1)
        async with board_over(slow, clock, runs=True) as (board, _):
            with clock.work():  # time stands still: however long it takes, nobody waits for it
                return await board.campaign("test")

    first = play(night)
    assert (first.leads, first.states, first.counted) == (10, {}, False)


def test_a_small_campaign_is_counted_right_after_the_first_question(play):
    async def night(store, clock):
        async with board_over(store, clock, runs=True) as (board, _):
            while not (await board.campaigns())[0].counted:
                pass
            assert clock.now() == START
            return await board.campaigns()

    (view,) = play(night)
    assert (view.counted, view.states, view.simulated) == (True, {"waiting": 10}, True)


def test_counts_that_take_long_take_a_twentieth_of_the_time_at_most(play):
    async def night(store, clock):
        slow = Slow(store, clock)
        slow.takes = timedelta(seconds=3)
        async with board_over(slow, clock, runs=True) as (board, _):
            said = await looked_at(board, clock, 10 * MINUTE)
            return slow.counted, said

    counted, said = play(night)
    apart = [later - earlier for earlier, later in pairwise(counted)]
    assert 8 <= len(counted) <= 10
    assert min(apart) >= timedelta(seconds=60)
    assert all(view.counted for view in said[5:])
    assert said[-1].as_of <= START + 10 * MINUTE


def test_counts_that_are_quick_are_a_second_old_at_most_and_idle_when_nobody_looks(play):
    async def night(store, clock):
        slow = Slow(store, clock)
        async with board_over(slow, clock, runs=True) as (board, _):
            await looked_at(board, clock, MINUTE)
            many = len(slow.counted)
            await clock.sleep_until(clock.now() + timedelta(hours=5))
            return many, len(slow.counted) - many

    many, idle = play(night)
    assert 50 <= many <= 62
    assert idle <= 61


def test_whoever_comes_back_is_told_new_figures_soon(play):
    async def night(store, clock):
        async with board_over(store, clock, runs=True, contacts=2) as (board, one):
            await looked_at(board, clock, timedelta(seconds=3))
            await clock.sleep_until(clock.now() + timedelta(hours=5))
            await one.run()
            return (await looked_at(board, clock, timedelta(seconds=4)))[-1]

    assert play(night).states == {"closed": 2}


def test_a_database_out_of_reach_leaves_the_last_figures_and_is_asked_again(play):
    async def night(store, clock):
        slow = Slow(store, clock)
        async with board_over(slow, clock, runs=True) as (board, _):
            known = (await looked_at(board, clock, timedelta(seconds=3)))[-1]
            slow.fails = True
            old = (await looked_at(board, clock, MINUTE))[-1]
            slow.fails = False
            new = (await looked_at(board, clock, timedelta(seconds=10)))[-1]
            return known, old, new

    known, old, new = play(night)
    assert known.states == old.states == new.states == {"waiting": 10}
    assert old.as_of < START + timedelta(seconds=10) < new.as_of


def test_what_moves_is_told_to_everybody_who_listens(play):
    async def night(store, clock):
        told = {"anna": set(), "ben": set()}

        async def listen(board, who):
            async with aclosing(board.changes()) as changes:
                async for change in changes:
                    told[who].add((change.campaign, change.kind))

        async with board_over(store, clock, runs=True, contacts=2) as (board, one), anyio.create_task_group() as tasks:
            for who in told:
                tasks.start_soon(listen, board, who)
            await one.until(timedelta(seconds=3))
            quiet = {who: set(heard) for who, heard in told.items()}
            one.tasks.start_soon(one.run)
            await one.until(timedelta(seconds=30))
            await one.steer(CampaignState.STOPPED)
            await one.until(timedelta(seconds=3))
            tasks.cancel_scope.cancel()
        return quiet, told

    quiet, told = play(night)
    assert quiet == {"anna": set(), "ben": set()}
    assert told["anna"] == told["ben"] >= {("test", "calls"), ("test", "state")}


def test_counts_that_changed_are_news_too(play):
    async def night(store, clock):
        told = set()

        async def listen(board):
            async with aclosing(board.changes()) as changes:
                async for change in changes:
                    told.add(change.kind)

        async with board_over(store, clock, runs=True, contacts=2) as (board, one), anyio.create_task_group() as tasks:
            tasks.start_soon(listen, board)
            await looked_at(board, clock, timedelta(seconds=3))
            one.tasks.start_soon(one.run)
            await looked_at(board, clock, timedelta(seconds=10))
            tasks.cancel_scope.cancel()
        return told

    assert "counts" in play(night)
