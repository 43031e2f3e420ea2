"""The drawings, as parts of a page."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.reports.charts import draw_heat, draw_over_time
from campaigns.reports.heat import Cell, Heat
from campaigns.reports.pictures import over_time
from campaigns.reports.timeline import timeline
from campaigns.reports.words import DISPOSITIONS, OUTCOMES

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def drawn(events, words=DISPOSITIONS, **how):
    return draw_over_time(over_time(words, timeline(Counter(events), zone_name="UTC"), **how), "calls")


def test_a_picture_is_drawn_for_a_screen_and_for_a_phone():
    assert set(drawn([(NINE, "busy")])) == {"wide", "narrow"}


def test_nothing_counted_is_not_drawn():
    assert drawn([]) == {}


@pytest.mark.parametrize("minutes", [0, 7, 60, 600, 6_000, 60_000, 600_000])
def test_time_has_marks_whatever_its_length(minutes):
    for text in drawn([(NINE, "reached"), (NINE + timedelta(minutes=minutes), "reached")], OUTCOMES).values():
        assert re.search(r">\s*(\d\d:\d\d|\d\d \w{3}|\w{3}|20\d\d)\s*</text>", text)


def test_every_colour_is_one_of_the_pages_own_so_that_it_follows_light_and_dark():
    everything = [(NINE + timedelta(hours=n), word.key) for n, word in enumerate(DISPOSITIONS)]
    shades = Heat(tuple(Cell(0, 9 + n, 100, 20 * n + 10) for n in range(5)))
    for text in (*drawn(everything).values(), draw_heat(shades)):
        assert not re.search(r"#[0-9a-f]{6}", text)
    assert {f"var(--heat-{n})" for n in range(5)} <= set(re.findall(r"var\([\w-]+\)", draw_heat(shades)))


def test_a_drawing_names_no_font_no_size_of_its_own_and_no_other_place():
    text = drawn([(NINE, "busy")])["wide"]
    assert "DejaVu" not in text
    assert "http" not in text
    assert text.startswith("<svg")
    assert "viewBox" in text


def test_few_calls_have_a_fraction_and_no_shade():
    text = draw_heat(Heat((Cell(5, 9, 3, 1),)))
    assert ">1/3<" in text
    assert "var(--heat-" not in text
    assert ">Sat<" in text
