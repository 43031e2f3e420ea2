from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.reports.timeline import MOST_COLUMNS, column_size, shared_zone, timeline

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_no_events_make_no_columns():
    assert timeline(Counter([]), zone_name="UTC").columns == ()


def test_one_event_makes_one_column():
    line = timeline(Counter([(NINE, "answered")]), zone_name="UTC")
    assert line.columns == ({"answered": 1},)
    assert (line.start, line.size) == (datetime.fromisoformat("2026-11-23T09:00"), timedelta(minutes=5))


def test_columns_without_events_are_there_so_that_time_keeps_its_scale():
    line = timeline(Counter([(NINE, "busy"), (NINE + timedelta(minutes=11), "busy")]), zone_name="UTC")
    assert line.columns == ({"busy": 1}, {}, {"busy": 1})


@pytest.mark.parametrize("days", [0, 0.3, 1, 4, 5, 9, 30, 119, 121, 400, 4000])
def test_no_span_needs_more_columns_than_can_be_drawn_and_every_event_is_counted(days):
    events = [(NINE + timedelta(days=days * number / 9_999), "answered") for number in range(10_000)]
    line = timeline(Counter(events), zone_name="Europe/Amsterdam")
    assert 1 <= len(line.columns) <= MOST_COLUMNS
    assert sum(column.get("answered", 0) for column in line.columns) == 10_000


def test_a_span_one_column_too_long_takes_the_next_size():
    start = datetime.fromisoformat("2026-11-23T00:00")
    assert column_size(start, start + timedelta(hours=9, minutes=59)) == timedelta(minutes=5)
    assert column_size(start, start + timedelta(hours=10)) == timedelta(minutes=15)


def test_days_are_days_of_the_zone_also_when_the_clocks_change():
    # In Amsterdam 25 October 2026 has 25 hours; each of these is noon of a day there.
    noons = [datetime(2026, 10, day, 10 if day < 25 else 11, tzinfo=UTC) for day in range(1, 32)]
    line = timeline(Counter([(noon, "answered") for noon in noons] * 2), zone_name="Europe/Amsterdam")
    assert [start.hour for start, column in zip(line.starts(), line.columns, strict=True) if column] == [12] * 31


def test_a_running_total_keeps_what_came_before():
    events = [(NINE, "reached"), (NINE, "refused"), (NINE + timedelta(minutes=11), "reached")]
    total = timeline(Counter(events), zone_name="UTC").running_total()
    assert [column["reached"] for column in total.columns] == [1, 1, 2]
    assert [column["refused"] for column in total.columns] == [1, 1, 1]


@pytest.mark.parametrize(
    ("campaign", "contacts", "axis"),
    [
        ("Europe/Paris", [("Asia/Tokyo",)], "Europe/Paris"),
        (None, [("Asia/Tokyo",), (), ("Asia/Tokyo",)], "Asia/Tokyo"),
        (None, [("Asia/Tokyo",), ("Europe/Paris",)], "UTC"),
        (None, [("America/Anchorage", "America/Adak")], "UTC"),
        (None, [], "UTC"),
    ],
)
def test_the_time_axis_is_in_the_zone_that_everybody_shares(campaign, contacts, axis):
    assert shared_zone(campaign, contacts) == axis
