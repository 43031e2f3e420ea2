"""Which number is shown: sticky, then the least used, never a full one."""

from datetime import datetime

import pytest

from campaigns.domain.callers import choose_caller, day_of
from campaigns.domain.campaign import CallerId
from campaigns.testing import instant

A, B, C = (CallerId(number=name, per_day=cap) for name, cap in (("a", 4), ("b", 10), ("c", None)))


@pytest.mark.parametrize(
    ("callers", "used", "earlier", "expected"),
    [
        ([A], {}, "", "a"),
        ([A], {"a": 3}, "", "a"),
        ([A], {"a": 4}, "", None),
        ([A, B], {"a": 2, "b": 2}, "", "b"),  # a half used, a fifth used
        ([A, B], {"a": 1, "b": 9}, "b", "b"),  # the one that was shown before, while it has room
        ([A, B], {"a": 1, "b": 10}, "b", "a"),
        ([A, B], {"a": 4, "b": 10}, "a", None),
        ([A, C], {"a": 1}, "", "c"),
        ([A, C], {"a": 4}, "a", "c"),
        ([A, B], {}, "no longer listed", {"a", "b"}),
    ],
)
def test_a_number_is_chosen(callers: list[CallerId], used: dict[str, int], earlier: str, expected: object) -> None:
    chosen = choose_caller("lead", callers, used, earlier=earlier)
    number = chosen.number if chosen else None
    assert number in expected if isinstance(expected, set) else number == expected


def test_numbers_without_a_cap_share_the_leads_and_each_lead_keeps_its_own() -> None:
    callers = [CallerId(number=str(n)) for n in range(4)]
    chosen = [choose_caller(f"lead {n}", callers, {}).number for n in range(4000)]
    assert all(900 < chosen.count(str(n)) < 1100 for n in range(4))
    assert chosen == [choose_caller(f"lead {n}", callers, {}).number for n in range(4000)]


@pytest.mark.parametrize(
    ("now", "zone", "begins", "ends"),
    [
        ("2026-11-23T12:00Z", None, "2026-11-23T00:00Z", "2026-11-24T00:00Z"),
        ("2026-11-23T23:30Z", "Europe/Amsterdam", "2026-11-23T23:00Z", "2026-11-24T23:00Z"),
        ("2026-10-25T12:00Z", "Europe/Amsterdam", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),  # 25 hours long
        ("2026-11-23T04:59Z", "America/New_York", "2026-11-22T05:00Z", "2026-11-23T05:00Z"),
    ],
)
def test_a_day_is_the_campaigns_calendar_day(now: str, zone: str | None, begins: str, ends: str) -> None:
    def at(text: str) -> datetime:
        return instant(text)

    assert day_of(at(now), zone) == (at(begins), at(ends))
