"""Where a long reading goes on that broke off."""

from dataclasses import replace

from campaigns.ports.bookmarks import Bookmark


async def test_a_bookmark_is_kept_until_the_reading_is_through(world):
    place = Bookmark("tags: hot", "page 7", world.now)
    await world.campaign()
    assert await world.store.bookmark("c", 1) is None
    await world.store.put_bookmark("c", 1, place)
    further = replace(place, after="page 8", at=world.later(minutes=1))
    await world.store.put_bookmark("c", 1, further)
    assert (await world.store.bookmark("c", 1), await world.store.bookmark("c", 0)) == (further, None)
    await world.store.put_bookmark("c", 1, None)
    assert await world.store.bookmark("c", 1) is None


async def test_a_campaign_that_is_forgotten_leaves_no_bookmark(world):
    await world.campaign()
    await world.store.put_bookmark("c", 0, Bookmark("", "page 2", world.now))
    await world.store.forget("c")
    assert await world.store.bookmark("c", 0) is None
