import csv

import pytest

from campaigns.lists.cells import harmless
from campaigns.reports.rows import LEADS


def test_there_is_a_header_and_a_line_for_each_lead_in_the_order_of_the_list(csv_lines):
    rows = list(csv.DictReader(csv_lines))
    assert list(rows[0]) == [column.key for column in LEADS]
    assert [row["lead"] for row in rows] == ["'=HYPERLINK(1)", "k1", "k2", "k3", "k4", "k5"]


def test_a_line_says_how_it_ended(csv_lines):
    rows = list(csv.DictReader(csv_lines))
    assert rows[2]["outcome"] == "exhausted"
    assert (rows[2]["attempts"], rows[2]["last_disposition"]) == ("3", "no_answer")
    assert rows[2]["closed_at"].endswith("+00:00")


def test_a_lead_without_an_outcome_shows_its_state(csv_lines):
    assert list(csv.DictReader(csv_lines))[4]["outcome"] == "held"


def test_a_person_without_an_id_is_left_out_for_that_would_be_the_number(csv_lines):
    assert {row["person"] for row in csv.DictReader(csv_lines)} == {""}
    assert "+31200" not in "".join(csv_lines)
    assert "0000005" not in "".join(csv_lines)


WIDE = ["\uff1d", "\uff0b", "\uff0d", "\uff20"]
"""What East Asian keyboards write for = + - @."""


@pytest.mark.row("X1")
@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", *WIDE, " =", "\xa0@"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_marked_as_text(first):
    assert harmless(f"{first}1+1") == f"'{first}1+1"


@pytest.mark.parametrize("cell", ["", "A26400", "a=b", "5 - 3", "'=1", 'né, "so"'])
def test_other_cells_stay_as_they_are(cell):
    assert harmless(cell) == cell
