"""A person's word about leads: who is called back, who is called once more, and what is never done for anybody."""

from datetime import datetime, timedelta

import pytest

from campaigns.desk.effects import Verb
from campaigns.domain.call import Disposition, Unclear
from campaigns.domain.errors import Forbidden, InputError, Unknown
from campaigns.domain.lead import LeadState, Outcome, lead_id
from campaigns.ports.people import Suppression
from campaigns.ports.reopening import Which
from campaigns.resolving import Word
from campaigns.testing import a_campaign

from .conftest import OPERATOR, READER, START, a_desk

K0 = lead_id("test", "k0")
ONCE = {"attempts": {"max": 1, "retry": {"no_answer": "1h"}}}


def nobody_answers(_phone, _nth):
    return Disposition.NO_ANSWER


def test_a_promise_is_kept_at_its_time_though_all_attempts_are_made(play):
    async def night(store, clock):
        campaign = a_campaign(**ONCE)
        async with a_desk(store, clock, campaign=campaign, script=nobody_answers) as (desk, one):
            await one.run()
            assert (await one.lead()).outcome is Outcome.EXHAUSTED
            at = clock.now() + timedelta(hours=5)
            promise = await desk.acts.call_back(K0, at, by=OPERATOR)
            assert promise.next_at == at
            assert promise.lines[1] == "The campaign is finished: nobody is called until it goes on."
            await desk.acts.steer(Verb.START, "test", by=OPERATOR)
            await one.run()
            _, second = await one.attempts()
            assert second.callback
            assert timedelta() <= second.first_sent_at - at < timedelta(minutes=1)
            assert (await one.lead()).outcome is Outcome.EXHAUSTED, "the promise gave one attempt, not two"

    play(night)


def test_a_second_promise_takes_the_place_of_the_first(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            for hours in (1, 2):
                await desk.acts.call_back(K0, clock.now() + timedelta(hours=hours), by=OPERATOR)
            lead = await one.lead()
            assert (lead.callbacks, lead.callback_at) == (1, clock.now() + timedelta(hours=2))
            lines = store._memory._raw.execute("SELECT why FROM journal WHERE attempt_id LIKE 'lead:%'").fetchall()
            assert [line["why"] for line in lines] == ["a call promised by anna"] * 2

    play(night)


def test_a_promise_never_goes_beyond_the_calling_hours(play):
    async def night(store, clock):
        campaign = a_campaign(calling_hours="Mo-Fr 09:00-17:00", ends="2026-11-25")
        async with a_desk(store, clock, campaign=campaign) as (desk, one):
            late = datetime.fromisoformat("2026-11-23T20:00+01:00")
            promise = await desk.acts.call_back(K0, late, by=OPERATOR)
            assert promise.next_at == datetime.fromisoformat("2026-11-24T09:00+01:00")
            with pytest.raises(InputError, match=r"cannot be called then: .*deadline"):
                await desk.acts.call_back(K0, late + timedelta(days=3), by=OPERATOR)
            assert (await one.lead()).callback_at == late, "what cannot be is not written down"

    play(night)


@pytest.mark.parametrize("at", [START, START - timedelta(days=1), datetime(2027, 1, 1)])  # noqa: DTZ001 - without a zone
def test_only_a_time_to_come_with_its_offset_is_promised(play, at):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            with pytest.raises(InputError, match="time to come"):
                await desk.acts.call_back(K0, at, by=OPERATOR)

    play(night)


def test_nobody_is_promised_a_call_who_must_not_be_called(play):
    async def night(store, clock):
        async with a_desk(store, clock, contacts=2) as (desk, one):
            tomorrow = clock.now() + timedelta(days=1)
            with pytest.raises(Unknown):
                await desk.acts.call_back("nobody", tomorrow, by=OPERATOR)
            with pytest.raises(Forbidden):
                await desk.acts.call_back(K0, tomorrow, by=READER)
            key = one.book.phone_key("+31200000000")
            await store.suppress([Suppression(key, "all", "", "ann", "", "", clock.now())])
            with pytest.raises(InputError, match="do-not-call list"):
                await desk.acts.call_back(K0, tomorrow, by=OPERATOR)
            await desk.acts.steer(Verb.STOP, "test", by=OPERATOR)
            with pytest.raises(InputError, match="is stopped"):
                await desk.acts.call_back(lead_id("test", "k1"), tomorrow, by=OPERATOR)

    play(night)


def test_whoever_is_being_called_is_promised_nothing_yet(play):
    async def night(store, clock):
        script = lambda _phone, _nth: Unclear("cut off")  # noqa: E731
        async with a_desk(store, clock, script=script) as (desk, one):
            await one.run()
            assert (await one.lead()).state is LeadState.HELD
            with pytest.raises(InputError, match="waits for your word"):
                await desk.acts.call_back(K0, clock.now() + timedelta(days=1), by=OPERATOR)

    play(night)


def test_whoever_was_not_reached_is_called_once_more_after_reopening(play):
    async def night(store, clock):
        campaign = a_campaign(**ONCE)
        async with a_desk(store, clock, campaign=campaign, contacts=3, script=nobody_answers) as (desk, one):
            await one.run()
            which = Which(outcomes=frozenset({Outcome.EXHAUSTED}))
            assert await desk.acts.reopen("test", which, by=OPERATOR) == 3
            await desk.acts.steer(Verb.START, "test", by=OPERATOR)
            await one.run()
            assert len(await one.attempts()) == 6
            assert (await store.counts("test")).outcomes == {"exhausted": 3}

    play(night)


def test_whoever_was_reached_is_called_again_too_where_that_is_asked_for(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            await one.run()
            assert await desk.acts.reopen("test", Which(), by=OPERATOR) == 1
            await desk.acts.steer(Verb.START, "test", by=OPERATOR)
            await one.run()
            assert [attempt.disposition for attempt in await one.attempts()] == ["answered", "answered"]

    play(night)


def test_reopening_is_refused_where_it_makes_no_sense(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            await one.run()
            with pytest.raises(Forbidden):
                await desk.acts.reopen("test", Which(), by=READER)
            with pytest.raises(InputError, match="never called again"):
                await desk.acts.reopen("test", Which(outcomes=frozenset({Outcome.DO_NOT_CALL})), by=OPERATOR)
            for attempts in (0, 21):
                with pytest.raises(InputError, match="1 to 20"):
                    await desk.acts.reopen("test", Which(), attempts=attempts, by=OPERATOR)
            with pytest.raises(Unknown):
                await desk.acts.reopen("tset", Which(), by=OPERATOR)
            assert (await one.lead()).outcome is Outcome.REACHED

    play(night)


def test_a_word_on_a_doubt_is_written_down_with_whose_it_is(play):
    async def night(store, clock):
        script = lambda _phone, _nth: Unclear("cut off")  # noqa: E731
        async with a_desk(store, clock, script=script) as (desk, one):
            await one.run()
            (doubt,) = await store.uncertain()
            with pytest.raises(Forbidden):
                await desk.acts.resolve(doubt.id, Word.DROP, by=READER)
            with pytest.raises(InputError, match="only of one that took place"):
                await desk.acts.resolve(doubt.id, Word.DROP, Disposition.ANSWERED, by=OPERATOR)
            with pytest.raises(Unknown):
                await desk.acts.resolve("", Word.DROP, by=OPERATOR)
            assert await desk.acts.resolve(doubt.id[:8], Word.CALLED, Disposition.ANSWERED, by=OPERATOR) == doubt.id
            assert (await one.lead()).outcome is Outcome.REACHED
            last = store._memory._raw.execute("SELECT why FROM journal ORDER BY id DESC LIMIT 1").fetchone()
            assert last["why"] == "resolve --called, by anna"

    play(night)
