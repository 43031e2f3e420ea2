"""What runs for every step, every call or every second reads along an index, and never a whole table."""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.ports.pages import AttemptFilter, AttemptPlace, LeadFilter, SuppressionPlace
from campaigns.stores.memory import MemoryStore
from campaigns.stores.page_verbs import STRETCH

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


async def leads(world: World, **which: Any) -> object:
    return await world.store.leads_after("c", LeadFilter(**which), after=5, limit=5)


async def attempts(world: World, **which: Any) -> object:
    place = AttemptPlace(world.now, world.now, "id")
    return await world.store.attempts_after("c", AttemptFilter(**which), after=place, limit=5)


PAGES: dict[str, tuple[Callable[[World], Awaitable[object]], str]] = {
    "leads": (leads, "lead USING INDEX lead_seq (campaign=? AND seq>?)"),
    "leads by outcome": (
        lambda world: leads(world, outcome=Outcome.REACHED),
        "lead USING INDEX lead_closed (campaign=? AND outcome=? AND seq>?)",
    ),
    "leads by label": (
        lambda world: leads(world, label="yes"),
        "lead USING INDEX lead_labelled (campaign=? AND label=? AND seq>?)",
    ),
    "leads by state": (
        lambda world: leads(world, state=LeadState.WAITING),
        "lead USING INDEX lead_seq (campaign=? AND seq>? AND seq<?)",
    ),
    "attempts": (attempts, "attempt USING INDEX attempt_campaign (campaign=? AND created_at>?)"),
    "attempts, newest first": (
        lambda world: attempts(world, newest_first=True),
        "attempt USING INDEX attempt_campaign (campaign=? AND created_at<?)",
    ),
    "attempts by disposition": (
        lambda world: attempts(world, disposition=Disposition.BUSY),
        "attempt USING INDEX attempt_settled (campaign=? AND disposition=? AND created_at>?)",
    ),
    "attempts that ended": (
        lambda world: attempts(world, state=AttemptState.ENDED),
        "attempt USING INDEX attempt_campaign (campaign=? AND created_at>?)",
    ),
    "attempts that were refused": (
        lambda world: attempts(world, state=AttemptState.REFUSED),
        "attempt USING INDEX attempt_free (campaign=? AND state=? AND created_at>?)",
    ),
    "do-not-call list": (
        lambda world: world.store.suppressions_after((), after=SuppressionPlace(world.now, "k", "all"), limit=5),
        "suppression USING INDEX suppression_age (",
    ),
    "leads of a number": (
        lambda world: world.store.leads_with_phones(["k"], limit=5),
        "lead_phone USING INDEX lead_phone_key (phone_key=?)",
    ),
    "leads of a name": (
        lambda world: world.store.leads_named("c", ["%a%"], after=5, width=5, limit=5),
        "lead USING INDEX lead_seq (campaign=? AND seq>? AND seq<?)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("analysed", [False, True])
async def test_a_page_is_the_next_entries_of_an_index(small: World, name: str, analysed: bool) -> None:
    for number in range(30, 36):
        busy = {"disposition": Disposition.BUSY, "ended_at": small.now}
        await small.move(await small.placed(number), AttemptState.ENDED, **busy)
        await small.move(await small.sending(number + 10), AttemptState.REFUSED)
    await filled(small)
    if analysed:
        as_of_a_million(small)
    work, index = PAGES[name]
    found = await plans(small, lambda: work(small))
    assert any(index in step for steps in found.values() for step in steps), found
    for text, steps in found.items():
        assert not [step for step in steps if SCANS.search(step)], text
        assert SORTS not in steps or "campaign, seq LIMIT" in text, text


@pytest.mark.parametrize("state", [LeadState.WAITING, LeadState.READY, LeadState.CALLING, LeadState.HELD])
@pytest.mark.parametrize("analysed", [False, True])
async def test_the_few_in_a_state_are_found_without_reading_those_in_others(
    small: World, state: LeadState, analysed: bool
) -> None:
    await filled(small)
    await small.load(STRETCH + 30, load=3)
    if analysed:
        as_of_a_million(small)
    found = await plans(
        small, lambda: small.store.leads_after("c", LeadFilter(state=state), after=20, limit=STRETCH + 5)
    )
    (far,) = [steps for text, steps in found.items() if "seq + 0" in text]
    assert any(f"USING INDEX lead_{state}" in step or f"USING COVERING INDEX lead_{state}" in step for step in far), far


async def test_calls_under_way_are_listed_without_reading_those_that_are_over(small: World) -> None:
    await filled(small)
    found = await plans(small, lambda: attempts(small, state=AttemptState.BOOKED))
    assert any("USING INDEX attempt_live" in step for steps in found.values() for step in steps), found
