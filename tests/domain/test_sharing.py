"""Whose turn it is: tables for the queue of one account's campaigns."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.sharing import STRIDE, Bid, place_of, share
from campaigns.testing import instant

UNTIL = instant("2026-11-23T10:00Z")


def bid(name: str, priority: int = 3, *, served: int = 0, lines: int = 1000) -> Bid:
    return Bid(name, priority, served, lines, UNTIL)


@pytest.mark.parametrize(
    ("free", "mine", "rivals", "expected"),
    [
        (10, bid("a"), [], 10),
        (10, bid("a", lines=4), [], 4),
        (0, bid("a"), [], 0),
        (10, bid("a"), [bid("b")], 5),
        (1, bid("a"), [bid("b")], 1),  # equals: by name, and then by turns
        (1, bid("b"), [bid("a")], 0),
        (1, bid("b", 1), [bid("a", 2)], 1),
        (1, bid("a", 2), [bid("b", 1)], 0),
        (5, bid("a", 1), [bid("b", 3)], 4),
        (5, bid("b", 3), [bid("a", 1)], 1),
        (17, bid("a", 1), [bid("b", 5)], 16),
        (17, bid("b", 5), [bid("a", 1)], 1),
        (31, bid("c", 3), [bid("a", 1), bid("b", 2), bid("d", 4), bid("e", 5)], 4),
        (10, bid("a"), [bid("b", 1, lines=2)], 8),  # what the better one cannot use is not left idle
        (10, bid("a"), [bid("b", 1, lines=0)], 10),
        (1, bid("a", 1, served=40), [bid("b", 5, served=30)], 0),  # nobody starves
        (1, bid("a", 1, served=30), [bid("b", 5, served=31)], 1),
    ],
)
def test_a_line_goes_to_whoever_stands_first(free: int, mine: Bid, rivals: list[Bid], expected: int) -> None:
    assert share(free, mine, rivals, floor=0) == expected


def test_whoever_was_idle_catches_nothing_up() -> None:
    busy, idle = bid("a", served=1000), bid("b", served=0)
    assert share(9, idle, [busy], floor=996) == 5  # one dial ahead, and then by turns
    assert share(10, idle, [busy], floor=0) == 10


def served_in_turn(campaigns: list[Bid], lines: int) -> Counter[str]:
    """One line after the other becomes free, and every campaign asks for it."""
    standing, floor, got = {each.campaign: each for each in campaigns}, 0, Counter[str]()
    for _ in range(lines):
        for name, mine in standing.items():
            if share(1, mine, [other for other in standing.values() if other is not mine], floor=floor):
                place = place_of(mine.served, floor)
                standing[name], floor = replace(mine, served=place + STRIDE[mine.priority]), max(floor, place)
                got[name] += 1
                break
    return got


def test_over_time_each_step_of_priority_doubles_the_dials() -> None:
    got = served_in_turn([bid(f"p{priority}", priority) for priority in range(1, 6)], 31 * 20)
    assert got == {"p1": 320, "p2": 160, "p3": 80, "p4": 40, "p5": 20}


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 30), st.integers(0, 20)), min_size=1, max_size=5))
def test_together_they_get_every_line_that_somebody_wants_and_none_twice(facts: list[tuple[int, int, int]]) -> None:
    bids = [bid(f"c{n}", priority, served=served, lines=lines) for n, (priority, served, lines) in enumerate(facts)]
    for free in (0, 1, 7, 40):
        shares = [share(free, mine, [other for other in bids if other is not mine], floor=5) for mine in bids]
        assert sum(shares) == min(free, sum(each.lines for each in bids))
