from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.call import Disposition
from campaigns.domain.lead import FREE_STATES, Outcome
from campaigns.reports.pictures import bars, name_of, over_time
from campaigns.reports.timeline import timeline
from campaigns.reports.words import COLOURS, DISPOSITIONS, OUTCOMES, UNDIALLED

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_every_outcome_disposition_and_free_end_has_a_word():
    assert {word.key for word in OUTCOMES} == {*Outcome, "held", "open"}
    assert {word.key for word in DISPOSITIONS} == {*Disposition, "uncertain", "in_progress"}
    assert set(UNDIALLED) == set(FREE_STATES)


@pytest.mark.parametrize("words", [OUTCOMES, DISPOSITIONS])
def test_no_two_words_of_a_picture_share_a_colour(words):
    assert len({word.shown for word in words}) == len(words)


def test_every_colour_is_told_from_every_other_by_name_and_on_either_page():
    for member in ("name", "css", "light", "dark"):
        assert len({getattr(colour, member) for colour in COLOURS}) == len(COLOURS)
    assert {word.shown for word in OUTCOMES + DISPOSITIONS} <= set(COLOURS)


def test_bars_stand_in_the_order_of_the_words_and_leave_out_what_did_not_happen():
    found = bars(OUTCOMES, {"exhausted": 1, "reached": 3, "refused": 0})
    assert [(bar.word.key, bar.count, bar.share) for bar in found] == [("reached", 3, 75.0), ("exhausted", 1, 25.0)]


def test_nothing_counted_makes_no_bars():
    assert bars(OUTCOMES, {}) == []
    assert bars(OUTCOMES, {"reached": 0}) == []


def test_ten_thousand_calls_over_weeks_are_all_in_the_table():
    events = [(NINE + timedelta(minutes=4 * number), "answered") for number in range(10_000)]
    picture = over_time(DISPOSITIONS, timeline(Counter(events), zone_name="UTC"))
    assert len(picture.rows) <= 120
    assert sum(sum(numbers) for _, numbers in picture.rows) == 10_000


def test_the_table_leaves_out_columns_in_which_nothing_happened():
    line = timeline(Counter([(NINE, "reached"), (NINE + timedelta(minutes=11), "refused")]), zone_name="UTC")
    picture = over_time(OUTCOMES, line, total=True)
    assert picture.rows == (("23 Nov, 09:00 to 09:05", (1, 0)), ("23 Nov, 09:10 to 09:15", (1, 1)))
    assert picture.most == 2


def test_no_events_make_an_empty_picture():
    picture = over_time(DISPOSITIONS, timeline(Counter([]), zone_name="UTC"))
    assert (picture.most, picture.legend, picture.rows) == (0, (), ())


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
