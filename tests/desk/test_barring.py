"""Whom nobody may call: all that are named or none, by whom, and off the list again by what a page shows."""

from datetime import timedelta

import pytest

from campaigns.desk.acts import Bar
from campaigns.desk.barring import entry_id
from campaigns.domain.errors import Forbidden, InputError, Unknown

from .conftest import ADMIN, OPERATOR, READER, a_desk

ONE, TWO = "+442079460001", "+442079460002"


def test_who_put_a_number_on_the_list_stands_there_unless_somebody_else_said_so(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            bars = [Bar(ONE), Bar(TWO, who="the lawyer", why="by letter", scope="research"), Bar(" +44 20 7946 0001 ")]
            assert await desk.acts.suppress(bars, by=OPERATOR) == 2
            assert {(e.shown, e.scope, e.who, e.why) for e in await store.suppressions()} == {
                ("+442*******01", "all", "anna", "asked not to be called"),
                ("+442*******02", "research", "the lawyer", "by letter"),
            }
            assert await desk.acts.suppress(bars, by=OPERATOR) == 0

    play(night)


def test_of_many_numbers_all_are_added_or_none(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            with pytest.raises(InputError) as caught:
                await desk.acts.suppress([Bar(ONE), Bar("020 7946 0002"), Bar(TWO, scope="some")], by=OPERATOR)
            assert [problem.what[:20] for problem in caught.value.problems][-1].startswith("2 of 3 cannot")
            assert "7946" not in str(caught.value).replace("+442079460123", "")
            assert await store.suppressions() == []

    play(night)


def test_an_entry_goes_by_its_id_or_its_number(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            await desk.acts.suppress([Bar(ONE), Bar(ONE, scope="research"), Bar(TWO)], by=OPERATOR)
            key = one.book.phone_key(ONE)
            assert await desk.acts.unsuppress(entry_id(key, "research"), by=OPERATOR) == 1
            assert {entry.scope for entry in await store.suppressions()} == {"all"}
            with pytest.raises(Unknown):
                await desk.acts.unsuppress(entry_id(key, "research"), by=OPERATOR)
            assert await desk.acts.unsuppress(TWO, by=OPERATOR) == 1
            with pytest.raises(Unknown, match=r"\+442\*+02 is not on the do-not-call list"):
                await desk.acts.unsuppress(TWO, by=OPERATOR)
            for rubbish in ("", "x", "7946", key):
                with pytest.raises(InputError):
                    await desk.acts.unsuppress(rubbish, by=OPERATOR)
            assert len(await store.suppressions()) == 1

    play(night)


def test_whoever_may_only_read_bars_nobody_and_lets_nobody_go(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            await desk.acts.suppress([Bar(ONE)], by=OPERATOR)
            for act in (
                desk.acts.suppress([Bar(TWO)], by=READER), desk.acts.unsuppress(ONE, by=READER),
                desk.acts.withdraw(ONE, by=READER),
                desk.acts.suspend_rules("DE", by=OPERATOR), desk.acts.resume_rules("DE", by=OPERATOR),
            ):  # fmt: skip
                with pytest.raises(Forbidden):
                    await act
            assert len(await store.suppressions()) == 1

    play(night)


def test_a_jurisdiction_is_closed_until_it_is_opened_by_name(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            assert await desk.acts.suspend_rules("us-la", "a storm", by=ADMIN) == "US-LA"
            (closed,) = await store.suspensions(now=clock.now())
            assert (closed.code, closed.who, closed.why, closed.until) == ("US-LA", "ada", "a storm", None)
            assert await desk.acts.resume_rules("US-LA", by=ADMIN) == "US-LA"
            with pytest.raises(Unknown, match="not closed"):
                await desk.acts.resume_rules("US-LA", by=ADMIN)
            with pytest.raises(InputError, match="is over"):
                await desk.acts.suspend_rules("DE", until=clock.now() - timedelta(seconds=1), by=ADMIN)
            with pytest.raises(InputError, match="no place"):
                await desk.acts.suspend_rules("ZZ", by=ADMIN)

    play(night)


@pytest.mark.parametrize("words", [{"why": "x" * 501}, {"proof": "x" * 501}])
def test_an_entry_is_no_place_for_a_whole_letter(play, words):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            with pytest.raises(InputError, match="longer than 500"):
                await desk.acts.suppress([Bar(ONE, **words)], by=OPERATOR)

    play(night)
