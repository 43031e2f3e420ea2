"""When people answer: counted on their own clocks, and never judged by a handful of calls."""

from campaigns.reports.heat import Cell, Heat, heat_of, slot_of
from campaigns.testing import instant

TUESDAY = 1


def test_an_hour_of_the_week_is_that_of_the_persons_own_clock_on_both_sides_of_a_change():
    assert slot_of(instant("2026-10-24T22:30Z"), "Europe/Amsterdam") == (6, 0)
    assert slot_of(instant("2026-10-25T08:00Z"), "Europe/Amsterdam") == (6, 9)
    assert slot_of(instant("2026-11-23T03:20Z"), "Asia/Kathmandu") == (0, 9)


def test_calls_are_counted_with_those_that_were_answered_in_the_order_of_the_week():
    heat = heat_of({((TUESDAY, 17), True): 3, ((TUESDAY, 17), False): 1, ((0, 9), False): 2})
    assert heat.cells == (Cell(0, 9, calls=2, answered=0), Cell(TUESDAY, 17, calls=4, answered=3))
    assert heat.hours == range(9, 18)
    assert heat.cells[1].rate == 75.0
    assert heat.cells[1].name == "Tue 17:00 to 18:00"


def test_shades_span_no_more_than_the_highest_rate_needs():
    heat = Heat((Cell(0, 9, 100, 8), Cell(0, 10, 100, 19), Cell(0, 11, 3, 3)))
    assert heat.shades() == ["0 to 4 %", "4 to 8 %", "8 to 12 %", "12 to 16 %", "16 to 20 %"]
    assert [heat.shade(cell) for cell in heat.cells] == [2, 4, 4]


def test_a_rate_of_all_is_the_strongest_shade():
    heat = Heat((Cell(0, 9, 10, 10),))
    assert heat.shade(heat.cells[0]) == 4


def test_the_best_and_the_worst_hour_need_calls_enough():
    few, poor, good = Cell(0, 9, 3, 3), Cell(0, 10, 40, 4), Cell(0, 11, 40, 20)
    assert Heat((few, poor, good)).extremes() == (good, poor)
    assert Heat((few,)).extremes() is None
    assert Heat((poor,)).extremes() is None


def test_where_no_hour_has_a_rate_no_shade_is_explained():
    assert Heat((Cell(0, 9, 3, 3),)).shades() == []
    assert Heat().hours == range(0)
