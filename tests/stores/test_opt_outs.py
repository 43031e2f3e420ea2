"""Who asked not to be called, and whether somebody was called after that: counted from what took place."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from campaigns.ports.people import OptOuts

if TYPE_CHECKING:
    from conftest import World

EARLIER = timedelta(minutes=1)


async def test_people_on_the_list_are_counted_once_and_those_who_said_so_apart(world: "World") -> None:
    await world.campaign()
    await world.load(4)
    own, letter = world.suppression(1), replace(world.suppression(2), who="the office")
    await world.store.suppress([own, replace(own, scope="informational"), letter, world.suppression(77)])
    assert await world.store.opt_outs("c") == OptOuts(asked=1, listed=2, called_after=0)


async def test_an_entry_for_another_purpose_binds_nobody_here(world: "World") -> None:
    await world.campaign()
    await world.load(2)
    await world.store.suppress([world.suppression(0, "telemarketing"), world.suppression(1, "informational")])
    assert (await world.store.opt_outs("c")).listed == 1


async def test_a_call_that_began_before_the_word_was_given_is_no_fault(world: "World") -> None:
    await world.sending(0)
    await world.store.suppress([replace(world.suppression(0), created_at=world.later(minutes=1))])
    assert await world.store.opt_outs("c") == OptOuts(asked=1, listed=1, called_after=0)


async def test_a_call_that_began_after_it_is_counted(world: "World") -> None:
    await world.sending(0)
    await world.store.suppress([replace(world.suppression(0), created_at=world.now - EARLIER)])
    assert (await world.store.opt_outs("c")).called_after == 1


async def test_a_dial_that_was_only_written_down_rang_nobody(world: "World") -> None:
    await world.intended(0)
    await world.store.suppress([replace(world.suppression(0), created_at=world.now - EARLIER)])
    assert (await world.store.opt_outs("c")).called_after == 0
