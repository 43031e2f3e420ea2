"""What is exported computes nothing in any spreadsheet, and a number stays a number."""

import csv
import io
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.lists.cells import harmless
from campaigns.lists.outcomes import write_outcomes

LEADING = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
_ALIVE = re.compile(r"[\s\0\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet computes, or might, whatever blanks it takes away."""
TEXTS = st.lists(
    st.sampled_from([*LEADING, '"', "'", ";", ",", "|", " ", "1+1", "cmd|' /C calc'!A0", "+442079460001"]),
    max_size=8,
).map("".join)  # fmt: skip


def seen(line: str, delimiter: str) -> list[str]:
    """The cells of a file, cut as a spreadsheet of another country would."""
    return [cell for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter) for cell in row]


def alive(cell: str) -> bool:
    return bool(_ALIVE.match(cell)) and not re.match(r"\+\d{7,15}(?!\d)", cell)


@pytest.mark.row("X1")
@given(TEXTS)
def test_no_cell_begins_like_a_formula_wherever_the_file_is_cut(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["1", harmless(text), "end"])
    for delimiter in ",;\t|":
        assert not [cell for cell in seen(out.getvalue(), delimiter) if alive(cell)]


@pytest.mark.row("X1")
@given(st.from_regex(r"\+[0-9]{7,15}", fullmatch=True))
def test_a_number_stays_the_number(number: str) -> None:
    assert harmless(number) == number


@pytest.mark.row("X1")
@pytest.mark.parametrize(
    "text", ["+442079460001+1", "+44207946000\u0661", "+1", "+4420794600011234", "+442079460001\n"]
)
def test_what_is_almost_a_number_is_marked(text: str) -> None:
    assert harmless(text).startswith("'")


@pytest.mark.row("X1")
@pytest.mark.parametrize("text", ["", "Ann", "a-b", "a;b", "x, -y", "5 + 5", "'=1", "Mon-Fri; 9-17", "020 7946 0001"])
def test_what_computes_nothing_is_left_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.row("X1")
async def test_what_a_callee_said_computes_nothing_in_a_file_of_outcomes(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    said = [f"{before}{mark}1+1" for before in ("", " ", '"', "x;", 'x;"', "x\t", "x\n", "x|") for mark in LEADING]

    async def pages() -> AsyncIterator[list[tuple[str, ...]]]:
        yield [("id", "key", "phone"), *(("1", text, "+442079460001") for text in said)]

    await write_outcomes(tmp_path / "o.csv", pages())
    raw = (tmp_path / "o.csv").read_bytes().decode()
    found = [cell for delimiter in ",;\t|" for cell in seen(raw, delimiter) if alive(cell)]
    assert found == []
    assert [row[2] for row in csv.reader(io.StringIO(raw, newline=""))][1:] == ["+442079460001"] * len(said)
    figure("X1", "cells that begin like a formula", len(found), texts=len(said), readings=4)
    figure("X1", "phone numbers changed", 0, numbers=len(said))
