"""A corpus of poison in every kind of list: each bad row is told, each good one is loaded, no number is another one."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from campaigns.domain.contact import parse_phone
from campaigns.domain.errors import InputError
from campaigns.lists import open_list
from campaigns.ports import BadRow, Row

GOOD = {
    "+442079460001": "+442079460001", "+44 (0)20 7946 0002": "+442079460002", "020 7946 0003": "+442079460003",
    "0044 20 7946-0004": "+442079460004", "(020) 7946/0005": "+442079460005", "tel:+44-20-7946-0006": "+442079460006",
    "'+442079460007": "+442079460007", "\u202a+44\xa020\u20117946\u20110008\u202c": "+442079460008",
}  # fmt: skip
"""As it is written, and whose number it is."""
BAD = (
    "4.42079E+11", "3,16E+10", "4.42E11", "442079460001.0", "442079460001,5", "0207946000\u0661", "\uff0b442079460001",
    "+\u0664\u0664\u0662\u0660", "020 7946 0001 ext 5", "020 7946 0001x5", "+442079460001;ext=5", "020 7946 0001#5",
    "+44 909 879 0001", "+44 909 879 0002", "999", "112", "911", "2026-11-23", "23-11-2026", "23/11/2026", "23.11.2026",
    "46349", "=1+1", "=HYPERLINK(1)", "@SUM(1)", "+cmd|' /C calc'!A0", "020 7946 0001/2", "020 7946 0001 / 3",
    "020 7946 000?", "020 7946 0001 * 5", "020 7946 0001 (12)", "020 7946 0001, 020 7946 0002", "020 7946",
    "+44 20 7946 0001 or 2", "ask Ann", "n/a", "#REF!", "#N/A", "true", "NULL", "-", "+", "0", "00", "+0", "1" * 60,
    "{{ name }}", "{% for i in range(9) %}", "<script>1</script>", "\u202e1000 6497 020", "\x1b[31m1", "a@b.example",
    "+999 1234567", "02O 7946 0001", "020 7946 OOO1", "\u2460\u2461", "0x4A", "1e5", "inf", "NaN", "-442079460001.25",
    "2079460001E2", "٠٢٠٧٩٤٦", "²079460001",
)  # fmt: skip
"""Cells that are nobody's number."""


def _numbers() -> list[str]:
    return [cell for pair in zip(BAD, [*GOOD] * len(BAD), strict=False) for cell in pair]


def _csv(path: Path, cells: list[str]) -> None:
    rows = "".join('"' + cell.replace('"', '""') + '",x\n' for cell in cells)
    path.write_text(f"phone,name\n{rows}")


def _jsonl(path: Path, cells: list[str]) -> None:
    path.write_text("\n".join(["", *(json.dumps({"phone": cell, "name": "x"}) for cell in cells)]))


def _xlsx(path: Path, cells: list[str]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["phone", "name"])
    for cell in cells:
        shown = openpyxl.cell.WriteOnlyCell(sheet, "".join(c for c in cell if c.isprintable() or c == "\u202e"))
        shown.data_type = "s"
        sheet.append([shown, "x"])
    book.save(path)


def _parquet(path: Path, cells: list[str]) -> None:
    pq.write_table(pa.table({"phone": cells, "name": ["x"] * len(cells)}), path)


@pytest.mark.row("I1")
@pytest.mark.parametrize("write", [_csv, _jsonl, _xlsx, _parquet])
@pytest.mark.parametrize("region", ["GB", "DE"])
def test_no_cell_is_taken_for_another_number(
    tmp_path: Path, write: Callable[[Path, list[str]], None], region: str, figure: Callable[..., None]
) -> None:
    path, cells = tmp_path / f"list.{write.__name__[1:]}", _numbers()
    write(path, cells)
    rows = list(open_list(path).rows())
    assert [row.line for row in rows] == list(range(2, len(cells) + 2))
    changed = told = 0
    for row, cell in zip(rows, cells, strict=True):
        assert isinstance(row, Row)
        national = not cell.startswith(("+", "0044", "tel", "'", "\u202a"))
        try:
            found = parse_phone(row.cells["phone"], region)
        except ValueError as reason:
            told += bool(str(reason))
            assert cell in BAD or (national and region != "GB"), cell
        else:
            changed += found != GOOD.get(cell) and not (national and region != "GB" and cell in GOOD)
    assert (changed, told >= len(BAD)) == (0, True)
    figure("I1", "numbers silently changed", changed, rows=len(cells), format=write.__name__[1:], region=region)


MESS: dict[str, bytes] = {
    "NUL": b"+44\x0020,1", "bad UTF-8": b"\xff\xfe\xfa,1", "half a character": b"\xed\xa0\x80,1",
    "lone quote": b'"+44,1',
    "after a quote": b'"+44"20,1', "a cell of 1 MB": b"x" * 1_000_000 + b",1", "10,000 columns": b"1," * 10_000,
    "one cell more": b"+44,1,2", "endless": b"y" * 2_100_000, "BOM inside": b"\xef\xbb\xbf\x00,1", "cut off": b"\xc3,1",
    "overlong": b"\xc0\xaf,1", "wrong delimiter": b"+44;1,2,3,4", "quotes": b'"""",""x', "latin-1": b"Jos\xe9,1",
}  # fmt: skip


@pytest.mark.row("I1")
@pytest.mark.parametrize("case", MESS)
def test_a_row_of_rubbish_is_told_by_its_line_and_costs_no_other(tmp_path: Path, case: str) -> None:
    path = tmp_path / "list.csv"
    good = ["Zo\u00eb,1", "Anna,2", "\u00c5sa,3", "\u00c9mile,4"]
    path.write_bytes("\n".join(["phone,name", *good, ""]).encode() + MESS[case] + "\n".join(["", *good]).encode())
    rows = list(open_list(path).rows())
    assert [(row.line, bool(row.reason)) for row in rows if isinstance(row, BadRow)] == [(6, True)]
    assert [",".join(row.cells.values()) for row in rows if isinstance(row, Row)] == good * 2


HEADERS = [
    b"a,a\n",
    b"\0,b\n",
    b'"a\n',
    b"",
    b"\xff\xff\xff\xff",
    b"+442079460001,x\n",
    b"\n\n\n",
    b"PK\x03\x04",
    b"a\n" * 0,
]


@pytest.mark.row("I1")
@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".jsonl", ".parquet", ".tsv", ".xlsm"])
def test_what_is_no_list_is_refused_in_words_whatever_its_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"list{ending}"
    for raw in (*HEADERS, gzip.compress(b"phone\n1\n"), gzip.compress(b"x" * 999)[:-9], b"PAR1" + bytes(50) + b"PAR1"):
        path.write_bytes(raw)
        with suppress(InputError):
            assert all(isinstance(row, Row | BadRow) for row in open_list(path).rows())


def _bomb(*parts: tuple[str, int]) -> Iterator[str]:
    for text, times in parts:
        yield from [text * min(times, 20_000)] * max(times // 20_000, 1)


BOMBS = {
    "one text without end": (('<row><c t="str"><v>', 1), ("x" * 50, 200_000), ("</v></c></row>", 1)),
    "one row without end": (("<row>", 1), ("<c><v>1</v></c>", 140_000), ("</row>", 1)),
    "rubbish between rows": (("<junk/>", 260_000),),
    "depth without end": (("<row>", 1), ("<c>", 260_000)),
}


@pytest.mark.row("I1")
@pytest.mark.parametrize("case", BOMBS)
def test_a_workbook_that_unpacks_without_end_is_left_while_it_is_small(
    workbook: Callable[..., Path], case: str
) -> None:
    header = '<row><c t="str"><v>phone</v></c></row>'
    path = workbook([header, *_bomb(*BOMBS[case])])
    assert path.stat().st_size < 200_000
    with pytest.raises(InputError, match="not a workbook that can be read"):
        list(open_list(path).rows())


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    "odd",
    [pa.array([2**62], pa.timestamp("us")), pa.array([1], pa.timestamp("ns"))],
)
def test_a_moment_that_no_calendar_has_spoils_its_own_row_only(tmp_path: Path, odd: Any) -> None:
    good = pa.array([date(2026, 11, 23)], pa.date32()).cast(odd.type)
    path = tmp_path / "list.parquet"
    pq.write_table(pa.table({"at": pa.concat_arrays([good, odd, good])}), path)
    first, bad, last = open_list(path).rows()
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert bad == BadRow(3, "a cell that cannot be read")


@pytest.mark.row("I1")
def test_a_cell_that_was_merged_with_others_is_empty_in_theirs(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active
    for line in (["phone", "name"], ["020 7946 0001", "Ann"], ["020 7946 0002", "Bob"]):
        book.active.append(line)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "list.xlsx")
    rows = [row.cells for row in open_list(tmp_path / "list.xlsx").rows() if isinstance(row, Row)]
    assert rows == [{"phone": "020 7946 0001", "name": "Ann"}, {"phone": "", "name": "Bob"}]
