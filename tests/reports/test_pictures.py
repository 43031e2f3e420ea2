from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from campaigns.domain.call import Disposition
from campaigns.domain.lead import FREE_STATES, Outcome
from campaigns.reports.pictures import HEIGHT, MOST_TIME_TICKS, bars, columns, count_ticks, name_of, time_ticks
from campaigns.reports.timeline import timeline
from campaigns.reports.words import DISPOSITIONS, OUTCOMES, UNDIALLED

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_every_outcome_disposition_and_free_end_has_a_word():
    assert {word.key for word in OUTCOMES} == {*Outcome, "held", "open"}
    assert {word.key for word in DISPOSITIONS} == {*Disposition, "uncertain", "in_progress"}
    assert set(UNDIALLED) == set(FREE_STATES)


@pytest.mark.parametrize("words", [OUTCOMES, DISPOSITIONS])
def test_no_two_words_of_a_picture_share_a_colour(words):
    for member in ("colour", "light", "dark"):
        assert len({getattr(word, member) for word in words}) == len(words)


def test_bars_stand_in_the_order_of_the_words_and_leave_out_what_did_not_happen():
    found = bars(OUTCOMES, {"exhausted": 1, "reached": 3, "refused": 0})
    assert [(bar.word.key, bar.count, bar.share) for bar in found] == [("reached", 3, 75.0), ("exhausted", 1, 25.0)]


def test_nothing_counted_makes_no_bars():
    assert bars(OUTCOMES, {}) == []
    assert bars(OUTCOMES, {"reached": 0}) == []


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (7, [0, 2, 4, 6, 8]), (14, [0, 5, 10, 15]), (100, [0, 50, 100])],
)
def test_counts_are_marked_in_round_steps(most, ticks):
    assert count_ticks(most) == ticks


def test_the_highest_mark_is_never_below_the_highest_count_and_marks_are_few():
    for most in [*range(1, 300), 9_999, 10_000, 123_456]:
        ticks = count_ticks(most)
        assert ticks[-1] >= most > ticks[-2]
        assert len(ticks) <= 5


@pytest.mark.parametrize("hours", [0.1, 1, 5, 12, 30, 72, 200, 700, 3_000, 20_000])
def test_time_is_marked_seldom_enough_to_read_and_at_least_once(hours):
    start = datetime.fromisoformat("2026-11-23T09:05")
    ticks = time_ticks(start, start + timedelta(hours=hours))
    assert 1 <= len(ticks) <= MOST_TIME_TICKS
    assert all(0 <= tick.at <= 100 for tick in ticks)
    assert all(one.at < other.at for one, other in pairwise(ticks))


def test_hours_name_their_day_once():
    ticks = time_ticks(datetime.fromisoformat("2026-11-23T18:00"), datetime.fromisoformat("2026-11-24T12:00"))
    assert ticks[0].larger == "23 Nov"
    assert [tick.label for tick in ticks if tick.larger == "24 Nov"] == ["00:00"]


def test_a_column_stacks_from_the_base_line_up_and_fits_the_plot():
    line = timeline(Counter([(NINE, "busy"), (NINE, "answered"), (NINE, "answered")]), zone_name="UTC")
    lower, upper = columns(DISPOSITIONS, line).blocks
    assert (lower.key, upper.key) == ("answered", "busy")
    assert lower.y + lower.height == HEIGHT
    assert upper.y + upper.height == pytest.approx(lower.y)
    assert upper.y >= 0


def test_one_column_alone_is_narrow_and_in_the_middle():
    (block,) = columns(DISPOSITIONS, timeline(Counter([(NINE, "busy")]), zone_name="UTC")).blocks
    assert (block.x, block.width) == (46.0, 8.0)


def test_ten_thousand_calls_over_weeks_stay_within_the_picture():
    events = [(NINE + timedelta(minutes=4 * number), "answered") for number in range(10_000)]
    picture = columns(DISPOSITIONS, timeline(Counter(events), zone_name="UTC"))
    assert len(picture.blocks) <= 120
    assert all(block.x >= 0 and block.x + block.width <= 100.001 for block in picture.blocks)
    assert sum(sum(numbers) for _, numbers in picture.rows) == 10_000


def test_the_table_leaves_out_columns_in_which_nothing_happened():
    line = timeline(Counter([(NINE, "reached"), (NINE + timedelta(minutes=11), "refused")]), zone_name="UTC")
    picture = columns(OUTCOMES, line, total=True)
    assert picture.rows == (("23 Nov, 09:00 to 09:05", (1, 0)), ("23 Nov, 09:10 to 09:15", (1, 1)))
    assert len({block.x for block in picture.blocks}) == 3


def test_no_events_make_an_empty_picture():
    picture = columns(DISPOSITIONS, timeline(Counter([]), zone_name="UTC"))
    assert (picture.blocks, picture.times, picture.legend, picture.rows) == ((), (), (), ())


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (timedelta(hours=1), "23 Nov, 00:00 to 01:00"),
        (timedelta(days=1), "Mon 23 Nov"),
        (timedelta(days=7), "23 Nov to 29 Nov 2026"),
    ],
)
def test_a_column_is_named_by_what_it_spans(size, name):
    assert name_of(datetime.fromisoformat("2026-11-23T00:00"), size) == name
