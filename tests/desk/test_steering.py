"""Campaigns told what to do: what it will do is said before, who said it is written down, and nothing else is done."""

import pytest

from campaigns.desk.effects import FROM, TO, Standing, Verb, effect_of
from campaigns.domain.errors import Forbidden, InputError, Unknown
from campaigns.domain.lead import CampaignState

from .conftest import OPERATOR, READER, a_desk

S = CampaignState


def journal(store):
    rows = store._memory._raw.execute(
        "SELECT * FROM journal WHERE attempt_id LIKE 'campaign:%' AND why <> '' ORDER BY id"
    )
    return [(row["to_state"], row["why"]) for row in rows]


def test_who_paused_and_who_went_on_is_written_down(play):
    async def night(store, clock):
        async with a_desk(store, clock, contacts=2) as (desk, _):
            assert await desk.acts.steer(Verb.PAUSE, "test", by=OPERATOR) == "paused"
            record = await store.campaign("test")
            assert (record.state, record.reason) == ("paused", "paused by anna")
            assert await desk.acts.steer(Verb.RESUME, "test", by=OPERATOR) == "active"
            assert (await store.campaign("test")).reason == ""
            assert journal(store) == [("paused", "by anna"), ("active", "by anna")]

    play(night)


def test_a_stop_closes_everybody_who_waits(play):
    async def night(store, clock):
        async with a_desk(store, clock, contacts=1200) as (desk, _):
            await desk.acts.steer(Verb.STOP, "test", by=OPERATOR)
            assert (await store.counts("test")).outcomes == {"stopped": 1200}
            assert (await store.campaign("test")).reason == "stopped by anna"

    play(night)


def test_what_is_so_already_is_left_so_and_what_cannot_be_is_refused(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            assert await desk.acts.steer(Verb.START, "test", by=OPERATOR) == "active"
            assert journal(store) == []
            await desk.acts.steer(Verb.STOP, "test", by=OPERATOR)
            with pytest.raises(InputError, match="'test' is stopped, so it cannot become paused"):
                await desk.acts.steer(Verb.PAUSE, "test", by=OPERATOR)
            with pytest.raises(InputError, match="Start it instead"):
                await desk.acts.steer(Verb.RESUME, "test", by=OPERATOR)

    play(night)


def test_whoever_may_only_read_steers_nothing(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            for verb in Verb:
                with pytest.raises(Forbidden, match=f"to {verb} a campaign needs one that may operate"):
                    await desk.acts.steer(verb, "test", by=READER)
            assert (await store.campaign("test")).state == "active"

    play(night)


def test_a_campaign_that_there_is_not_is_named_with_those_that_there_are(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            with pytest.raises(Unknown, match=r"no campaign 'tset'.* has test"):
                await desk.acts.steer(Verb.PAUSE, "tset", by=OPERATOR)
            with pytest.raises(Unknown):
                await desk.acts.effect(Verb.PAUSE, "tset")

    play(night)


def test_the_effect_counts_who_waits_and_which_calls_are_open(play):
    async def night(store, clock):
        async with a_desk(store, clock, contacts=3) as (desk, _):
            found = await desk.acts.effect(Verb.STOP, "test")
            assert found.allowed
            assert found.lines[0] == "3 leads are closed as stopped and not called by this campaign."
            assert found.lines[1] == "No call is open."
            assert (await store.counts("test")).outcomes == {}

    play(night)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("verb", list(Verb))
def test_an_effect_is_allowed_exactly_where_the_act_is(verb, state):
    found = effect_of(verb, Standing("c", state, {}, 0, dialling=None))
    assert found.allowed == (state in FROM[verb])
    assert found.title == f"{str(verb).capitalize()} c"
    assert found.lines
    assert all(line.endswith(".") for line in found.lines)
    assert TO[verb] not in FROM[verb]


def test_an_effect_says_who_will_do_it():
    def lines(verb, **changes):
        plain = {"leads": {"waiting": 2, "ready": 1, "held": 1}, "open_calls": 1, "dialling": False}
        return " ".join(effect_of(verb, Standing("c", S.PAUSED, **(plain | changes))).lines)

    assert "3 leads wait to be called" in lines(Verb.START)
    assert "No worker is running" in lines(Verb.START)
    assert "A worker is running" in lines(Verb.START, dialling=True)
    assert "1 waits for your word on a call in doubt" in lines(Verb.STOP)
    assert "1 call is open" in lines(Verb.STOP)
    assert "Nobody waits" in lines(Verb.RESUME, leads={})
