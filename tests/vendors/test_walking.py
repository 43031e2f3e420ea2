"""Long lists that shift while they are walked: everybody once, in constant memory."""

import tracemalloc
from collections.abc import Sequence

import pytest

from campaigns.domain.errors import VendorError
from campaigns.vendors.walking import Page, Seen, pages_by_cursor, pages_by_number

SIZE = 20


class Shifting:
    """Conversations: the one with the latest message comes first, and messages come in between two pages."""

    def __init__(self, count: int, *, stirs: int, tells_total: bool = False) -> None:
        self.people = [f"p{n}" for n in range(count)]
        self._stirs, self._left, self._tells = stirs, count, tells_total
        self.asked = 0

    async def page(self, number: int) -> Page[str]:
        self.asked += 1
        found = self.people[number * SIZE : (number + 1) * SIZE]
        total = len(self.people) if self._tells else None
        page = Page(found, last=len(found) < SIZE, total=total)
        for step in range(self._stirs):
            if self.asked < 3 * len(self.people) / SIZE:  # an account is quiet at some time
                mover = (self.asked * 7919 + step * 104729) % len(self.people)
                self.people.insert(0, self.people.pop(mover))
        return page


async def walked(list_: Shifting) -> list[str]:
    return [name async for page in pages_by_number(list_.page, lambda name: name) for name in page]


@pytest.mark.parametrize("stirs", [0, 1, 3])
async def test_nobody_is_skipped_or_doubled_while_pages_shift(stirs: int) -> None:
    list_ = Shifting(400, stirs=stirs)
    found = await walked(list_)
    assert sorted(found) == sorted(list_.people)


async def test_a_list_that_proves_its_total_is_walked_once() -> None:
    list_ = Shifting(100, stirs=0, tells_total=True)
    assert len(await walked(list_)) == 100
    assert list_.asked == 6


async def test_a_list_on_one_page_is_walked_once() -> None:
    list_ = Shifting(7, stirs=0)
    assert len(await walked(list_)) == 7
    assert list_.asked == 1


async def test_a_list_that_grows_for_ever_ends() -> None:
    asked = 0

    async def page(number: int) -> Page[str]:
        nonlocal asked
        asked += 1
        return Page([f"{asked}-{n}" for n in range(2)], last=number == 3)

    assert len([name async for names in pages_by_number(page, lambda name: name) for name in names]) == 2 * asked
    assert asked == 4 * 5


async def test_a_server_that_answers_one_page_for_all_is_an_error_and_no_endless_walk() -> None:
    async def page(_number: int) -> Page[str]:
        return Page(["a", "b"], last=False)

    with pytest.raises(VendorError, match="the same page again"):
        _ = [names async for names in pages_by_number(page, lambda name: name)]


async def test_a_cursor_that_comes_back_ends_the_walk() -> None:
    async def page(after: str) -> Page[str]:
        return Page([f"after {after}"], last=False, cursor={"": "a", "a": "b", "b": "a"}[after])

    seen: list[tuple[Sequence[str], str]] = [each async for each in pages_by_cursor(page, lambda name: name)]
    assert [after for _, after in seen] == ["a", "b", ""]


async def test_a_walk_by_cursor_goes_on_where_it_broke_off() -> None:
    async def page(after: str) -> Page[str]:
        number = int(after or 0)
        return Page([f"p{number}"], last=number == 3, cursor=str(number + 1))

    rest = [name async for names, _ in pages_by_cursor(page, lambda name: name, after="2") for name in names]
    assert rest == ["p2", "p3"]


def test_who_was_seen_is_remembered_in_constant_memory() -> None:
    with Seen() as seen:
        tracemalloc.start()
        assert all(seen.is_new(f"contact-{n}") for n in range(200_000))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert not any(seen.is_new(f"contact-{n}") for n in range(0, 200_000, 997))
        assert seen.count == 200_000
    assert most < 1_000_000
