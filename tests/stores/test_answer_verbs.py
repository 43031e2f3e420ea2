"""Requests that may come twice: the first is carried out, and the others hear what it was told."""

from dataclasses import replace

import anyio
import pytest

from campaigns.ports.answers import Answer, Asked, Before

ASKED = Asked("ann", "key-1", "hash-1")
SAID = Answer(201, "application/json", '{"é": 1}')


async def test_the_first_with_a_key_is_carried_out_and_the_second_hears_its_answer(world):
    assert await world.store.ask(ASKED, now=world.now) is None
    assert await world.store.ask(ASKED, now=world.now) == Before("hash-1", None)
    await world.store.answer(ASKED, SAID)
    assert await world.store.ask(ASKED, now=world.later(hours=23)) == Before("hash-1", SAID)


async def test_another_request_with_the_key_is_told_which_was_the_first(world):
    await world.store.ask(ASKED, now=world.now)
    await world.store.answer(ASKED, SAID)
    other = replace(ASKED, request="hash-2")
    assert await world.store.ask(other, now=world.now) == Before("hash-1", SAID)
    await world.store.answer(other, replace(SAID, status=200))
    assert await world.store.ask(ASKED, now=world.now) == Before("hash-1", SAID)


async def test_keys_are_their_owners(world):
    await world.store.ask(ASKED, now=world.now)
    assert await world.store.ask(replace(ASKED, who="bob"), now=world.now) is None


async def test_a_key_that_came_to_nothing_is_free_again(world):
    await world.store.ask(ASKED, now=world.now)
    await world.store.answer(ASKED, None)
    assert await world.store.ask(replace(ASKED, request="hash-2"), now=world.now) is None


async def test_an_answer_that_was_given_stays_though_somebody_frees_its_key(world):
    await world.store.ask(ASKED, now=world.now)
    await world.store.answer(ASKED, SAID)
    await world.store.answer(ASKED, None)
    assert await world.store.ask(ASKED, now=world.now) == Before("hash-1", SAID)


@pytest.mark.parametrize(
    ("said", "hours", "known"), [(SAID, 23.9, True), (SAID, 24, False), (None, 0.2, True), (None, 0.25, False)]
)
async def test_an_answer_is_kept_a_day_and_a_request_that_was_cut_off_a_quarter_of_an_hour(world, said, hours, known):
    await world.store.ask(ASKED, now=world.now)
    if said:
        await world.store.answer(ASKED, said)
    assert (await world.store.ask(ASKED, now=world.later(hours=hours)) is not None) is known


async def test_of_many_at_once_one_is_the_first(world):
    found = []

    async def ask():
        found.append(await world.store.ask(ASKED, now=world.now))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(ask)
    assert found.count(None) == 1
