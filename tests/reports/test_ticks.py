from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from campaigns.reports.ticks import time_ticks


@pytest.mark.parametrize("most", [4, 7])
@pytest.mark.parametrize("hours", [0.1, 1, 5, 12, 30, 72, 200, 700, 3_000, 20_000])
def test_time_is_marked_seldom_enough_to_read_and_at_least_once(hours, most):
    start = datetime.fromisoformat("2026-11-23T09:05")
    end = start + timedelta(hours=hours)
    ticks = time_ticks(start, end, most=most)
    assert 1 <= len(ticks) <= most
    assert all(start <= tick.at <= end for tick in ticks)
    assert all(one.at < other.at for one, other in pairwise(ticks))


def test_hours_name_their_day_once():
    ticks = time_ticks(datetime.fromisoformat("2026-11-23T18:00"), datetime.fromisoformat("2026-11-24T12:00"), most=7)
    assert ticks[0].larger == "23 Nov"
    assert [tick.label for tick in ticks if tick.larger == "24 Nov"] == ["00:00"]


def test_days_name_their_year():
    ticks = time_ticks(datetime.fromisoformat("2026-12-28T00:00"), datetime.fromisoformat("2027-01-03T00:00"), most=7)
    assert [tick.larger for tick in ticks if tick.larger] == ["2026", "2027"]
