"""What runs for every step, every call or every second reads along an index, and never a whole table."""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest

from campaigns.domain.lead import AttemptState, CampaignState
from campaigns.stores.memory import MemoryStore

from .conftest import World

SCANS = re.compile(r"SCAN (lead|lead_phone|attempt|person|journal|inbox|a|p|their)\b(?! USING INDEX attempt_live)")
SORTS = "USE TEMP B-TREE FOR ORDER BY"


@pytest.fixture
def small() -> Iterator[World]:
    store = MemoryStore()
    yield World(store)
    store.close()


async def plans(world: World, work: Callable[[], Awaitable[object]]) -> dict[str, list[str]]:
    """Every statement that `work` runs, and how SQLite goes about it."""
    said: list[str] = []
    raw = world.store._memory._raw  # type: ignore[attr-defined]
    raw.set_trace_callback(said.append)
    await work()
    raw.set_trace_callback(None)
    texts = [text for text in said if text.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))]
    return {text: [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {text}")] for text in texts}


VERBS: dict[str, Callable[[World], Awaitable[object]]] = {
    "look": lambda world: world.store.look("c", now=world.now),
    "promote": lambda world: world.store.promote("c", limit=5, now=world.now),
    "claim": lambda world: world.store.claim("c", limit=5, owner="v", until=world.later(minutes=1), now=world.now),
    "stale": lambda world: world.store.stale("c", limit=5, now=world.now),
    "facts": lambda world: world.store.facts([world.row(3).lead.id], now=world.now),
    "attempts_in": lambda world: world.store.attempts_in("p", [AttemptState.PLACED]),
    "free_lines": lambda world: world.store.free_lines("p", timedelta(minutes=30), now=world.now),
    "undecided": lambda world: world.store.undecided("c", limit=5),
    "counts": lambda world: world.store.counts("c"),
    "brief": lambda world: world.store.brief("c", "p", since=world.now),
    "past_closed": lambda world: world.store.past_closed("c", since=world.now, limit=5),
    "past_called": lambda world: world.store.past_called("c", since=world.now, limit=5),
    "settled_before": lambda world: world.store.settled_before("c"),
    "live": lambda world: world.store.live("c", "p", limit=5),
    "doubts": lambda world: world.store.doubts("c", limit=5),
    "moved": lambda world: world.store.moved(after=1),
    "steer": lambda world: world.store.steer(
        "c", CampaignState.STOPPED, expect=[CampaignState.ACTIVE], reason="", now=world.now
    ),
}


async def filled(world: World) -> None:
    await world.placed(0)
    await world.load(20, load=2)
    await world.store.promote("c", limit=10, now=world.now)


def as_of_a_million(world: World) -> None:
    """What SQLite would know of such tables, had somebody run ANALYZE."""
    raw = world.store._memory._raw  # type: ignore[attr-defined]
    raw.execute("ANALYZE")
    for name, stat in raw.execute("SELECT idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL").fetchall():
        many = " ".join(number if number == "1" else str(int(number) * 50_000) for number in stat.split())
        raw.execute("UPDATE sqlite_stat1 SET stat = ? WHERE idx = ?", (many, name))
    raw.execute("ANALYZE sqlite_schema")


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("analysed", [False, True])
async def test_the_verbs_of_the_loop_read_no_whole_table(small: World, name: str, analysed: bool) -> None:
    await filled(small)
    if analysed:
        as_of_a_million(small)
    found = await plans(small, lambda: VERBS[name](small))
    assert found
    for text, steps in found.items():
        assert not [step for step in steps if SCANS.search(step)], text


@pytest.mark.parametrize(
    ("name", "index"), [("promote", "lead_waiting (campaign=? AND <expr><?)"), ("claim", "lead_ready (campaign=?)")]
)
@pytest.mark.parametrize("analysed", [False, True])
async def test_whoever_is_next_is_found_without_a_sort(small: World, name: str, index: str, analysed: bool) -> None:
    await filled(small)
    if analysed:
        as_of_a_million(small)
    text, steps = next(iter((await plans(small, lambda: VERBS[name](small))).items()))
    assert "ORDER BY" in text
    assert any(f"USING INDEX {index}" in step for step in steps), steps
    assert SORTS not in steps


async def test_the_moment_that_is_next_is_the_first_entry_of_an_index(small: World) -> None:
    await filled(small)
    found = await plans(small, lambda: VERBS["look"](small))
    (steps,) = [steps for text, steps in found.items() if "next_due_at" in text]
    assert "SEARCH lead USING INDEX lead_waiting (campaign=? AND <expr>>?)" in steps  # the next
    assert "SEARCH lead USING INDEX lead_waiting (campaign=? AND <expr><?)" in steps  # those who are due
    assert SORTS not in steps
