"""Reading a whole account while its conversations move: everybody once, in constant memory."""

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from callbell_bench import Bench, person, read, simulated

from campaigns.domain.errors import VendorError
from campaigns.vendors.callbell.simulator import Rule

MANY = 10_000


def refs(rows: list[Any]) -> Counter[str]:
    return Counter(row.ref for row in rows)


async def met_by(bench: Bench, many: int, watch: Callable[[int], None]) -> list[int]:
    """How often each of so many was met; `watch` is called with the number of each batch."""
    times, number = [0] * many, 0
    listed = bench.contacts()
    async for batch in listed.read({}):
        number += 1
        watch(number)
        for row in batch.rows:
            times[int(row.ref, 16)] += 1  # type: ignore[union-attr]
    await listed.aclose()
    return times


async def test_thousands_of_contacts_are_met_once_each_in_constant_memory_while_conversations_move(long: bool) -> None:
    many = MANY if long else 4_000
    async with simulated(contacts=map(person, range(many)), stir=5) as bench:
        gc.collect()
        tracemalloc.start()
        try:
            times = await met_by(bench, many, lambda _: None)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert set(times) == {1}
    assert peak < 4_000_000, f"{peak / 1e6:.1f} MB"  # all rows at once are 2 kB and more each


async def test_without_cursors_thousands_are_met_once_each_too(long: bool) -> None:
    many = MANY if long else 4_000
    async with simulated(contacts=map(person, range(many)), meta="pages") as bench:
        blocks = []

        def watch(number: int) -> None:
            if number < many // 20 and number % (many // 200) == 0:  # people of two pages move, during the first walk
                bench.simulator.account.stir(40)
                blocks.append(sys.getallocatedblocks())

        assert set(await met_by(bench, many, watch)) == {1}
        assert bench.simulator.door.asked > many // 10, "nobody was missed by the first walk: the test moves too few"
        assert max(blocks) - blocks[0] < 30_000, "8,000 rows are 300,000 blocks"


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 40, 61])
@pytest.mark.parametrize("meta", ["cursor", "pages", "none"])
async def test_lists_of_any_length_end_where_they_end(count: int, meta: str) -> None:
    async with simulated(contacts=map(person, range(count)), meta=meta) as bench:
        assert refs(await read(bench)) == Counter(f"{n:032x}" for n in range(count))


async def test_by_page_number_whoever_moves_is_found_by_walking_again() -> None:
    async with simulated(contacts=map(person, range(200)), meta="none", stir=3, seed=7) as bench:
        assert refs(await read(bench)) == Counter(f"{n:032x}" for n in range(200))


async def test_an_expired_cursor_begins_anew_and_nobody_is_skipped_or_doubled() -> None:
    async with simulated(contacts=map(person, range(300)), cursor_lives=9, stir=2) as bench:
        met, error = await until_it_fails(bench)
        assert "the cursor expires before the list is read. Try again later" in error
        assert set(met.values()) == {1}
    async with simulated(contacts=map(person, range(300)), stir=2) as bench:
        listed, met = bench.contacts(), Counter[str]()
        async for number, batch in _numbered(listed.read({})):
            met.update(row.ref for row in batch.rows)
            if number in (4, 11):
                bench.simulator.account._walks.clear()
        assert met == Counter(f"{n:032x}" for n in range(300))
        await listed.aclose()


async def until_it_fails(bench: Bench) -> tuple[Counter[str], str]:
    """Who was met before the reading failed, and how it failed."""
    listed, met, error = bench.contacts(), Counter[str](), ""
    try:
        async for batch in listed.read({}):
            met.update(row.ref for row in batch.rows)  # type: ignore[union-attr]
    except VendorError as failed:
        error = str(failed)
    await listed.aclose()
    return met, error


async def _numbered(batches: Any) -> Any:
    number = 0
    async for batch in batches:
        yield number, batch
        number += 1


async def test_a_reading_that_broke_off_goes_on_at_its_bookmark() -> None:
    async with simulated(contacts=map(person, range(100))) as bench:
        listed = bench.contacts()
        first = [batch async for batch in listed.read({})]
        assert [bool(batch.after) for batch in first] == [True] * 4 + [False]
        rest = [batch async for batch in listed.read({}, after=first[1].after)]
        assert [batch.rows for batch in rest] == [batch.rows for batch in first[2:]]
        for unknown in ("0:40:bm90IGEgY3Vyc29y", "junk", "9:0:", "0:x:"):
            assert len(refs([row async for batch in listed.read({}, after=unknown) for row in batch.rows])) == 100
        await listed.aclose()


async def test_the_end_of_several_questions_leaves_no_bookmark() -> None:
    people = [person(n, tags=["to-call"] if n % 2 else ["vip"]) for n in range(100)]
    async with simulated(contacts=people) as bench:
        listed, where = bench.contacts(), {"tags": ["to-call", "vip"]}
        whole = [batch async for batch in listed.read(where)]
        assert whole[-1].after == ""
        rest = [row async for batch in listed.read(where, after=whole[3].after) for row in batch.rows]
        assert refs(rest) == refs([row for batch in whole[4:] for row in batch.rows])
        assert next(row.line for row in rest) == len([row for batch in whole[:4] for row in batch.rows]) + 1
        await listed.aclose()


async def test_filters_go_with_every_request_of_a_walk() -> None:
    """The cursor does not hold them: whoever forgets them gets everybody from the second page on."""
    people = [person(n, tags=["to-call"] if n % 2 else ["vip"]) for n in range(100)]
    async with simulated(contacts=people) as bench:
        wanted = Counter(one.uuid for one in people if "to-call" in one.tags)
        assert refs(await read(bench, {"tags": ["to-call"]})) == wanted
        asked = bench.simulator.door.asked
        assert asked == 3  # 50 contacts, 20 a page
        assert refs(await read(bench, {"tags": ["to-call", "vip"]})) == Counter(one.uuid for one in people)


async def test_an_account_too_large_for_page_numbers_is_told_plainly() -> None:
    async with simulated(contacts=map(person, range(MANY + 1)), meta="pages") as bench:
        met, error = await until_it_fails(bench)
        assert "no more than 500 pages. Whoever comes later was not read: narrow the list" in error
        assert len(met) == MANY


@pytest.mark.parametrize("kind", ["error", "drop", "half", "html"])
async def test_a_walk_that_fails_says_so_and_yields_nothing_false(kind: str) -> None:
    async with simulated(Rule(at="list", kind=kind, after=2), contacts=map(person, range(100))) as bench:
        met, error = await until_it_fails(bench)
        assert error.startswith("callbell: list_contacts: ")
        assert (len(met), set(met.values())) == (40, {1})
