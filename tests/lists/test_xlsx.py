"""Workbooks: every kind of cell, both kinds of strings, and files that are none."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.errors import InputError
from campaigns.lists import open_list
from campaigns.ports import BadRow, Row

Save = Callable[..., Path]


def inline(*texts: str) -> str:
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts) + "</row>"


def read(path: Path, **choices: str) -> list[tuple[int, object]]:
    rows = open_list(path, **choices).rows()
    return [(row.line, list(row.cells.values()) if isinstance(row, Row) else row.reason) for row in rows]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c><v>31201234567.0</v></c>", "31201234567"),
        ("<c><v>3.1201234567E10</v></c>", "31201234567"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>1E-7</v></c>", "0.0000001"),
        ("<c><v>-0.0</v></c>", "0"),
        ("<c><v>1E400000000</v></c>", "1E400000000"),
        ('<c s="1"><v>46349</v></c>', "2026-11-23"),
        ('<c s="2"><v>46349.416666666664</v></c>', "2026-11-23T10:00:00"),
        ('<c s="2"><v>0.5</v></c>', "12:00:00"),
        ('<c t="d"><v>2026-11-23T10:00:00</v></c>', "2026-11-23T10:00:00"),
        ('<c t="b"><v>1</v></c>', "true"),
        ('<c t="b"><v>0</v></c>', "false"),
        ('<c t="e"><v>#REF!</v></c>', ""),
        ('<c t="str"><f>A1</f><v>cached</v></c>', "cached"),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
        ("<c><f>1+1</f></c>", ""),
        ('<c t="s"><v>1</v></c>', "shared\u00e9"),
        ('<c t="inlineStr"><is><r><t>bold</t></r><r><t> plain</t></r><rPh><t>aid</t></rPh></is></c>', "bold plain"),
        ('<c t="inlineStr"><is><t>a_x000D_b</t></is></c>', "a\rb"),
    ],
)
def test_cells_are_the_text_that_a_person_sees(workbook: Save, cell: str, text: str) -> None:
    path = workbook([inline("x", "y"), f'<row>{cell}<c t="str"><v>end</v></c></row>'], ["zero", "shared\u00e9"])
    assert read(path) == [(2, [text, "end"])]


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    "cell",
    [
        '<c t="s"><v>99</v></c>',
        '<c t="s"><v>-1</v></c>',
        '<c t="s"><v>x</v></c>',
        '<c s="1"><v>9e99</v></c>',
        '<c r="12"><v>1</v></c>',
        '<c r="ZZZZ1"><v>1</v></c>',
        '<c t="d"><v>soon</v></c>',
        f'<c t="str"><v>{"x" * 100_001}</v></c>',
        '<c t="inlineStr"><is><t>_xD800_</t></is></c>',
    ],
)
def test_a_cell_that_cannot_be_read_spoils_its_own_row_only(workbook: Save, cell: str) -> None:
    rows = read(workbook([inline("x"), inline("1"), f"<row>{cell}</row>", inline("2")]))
    assert [line for line, cells in rows if isinstance(cells, str)] == [3]
    assert [cells for _, cells in rows if isinstance(cells, list)] == [["1"], ["2"]]


def test_rows_and_cells_that_were_left_out_keep_their_place(workbook: Save) -> None:
    header = '<row r="3"><c r="A3" t="str"><v>name</v></c><c r="C3" t="str"><v>phone</v></c></row>'
    row = '<row r="7"><c r="C7" t="str"><v>1</v></c></row>'
    far = '<row r="99999999999"><c r="XFD9" t="str"><v>1</v></c></row>'
    assert read(workbook([header, row, far])) == [(7, ["", "1"]), (99999999999, "more cells than the header")]


def test_dates_of_the_calendar_of_1904(workbook: Save) -> None:
    rows = [inline("x"), '<row><c s="1"><v>44887</v></c></row>']
    assert read(workbook(rows, settings='<workbookPr date1904="1"/>')) == [(2, ["2026-11-23"])]


def test_a_sheet_is_chosen_by_name(workbook: Save) -> None:
    path = workbook([inline("first")])
    assert open_list(path, sheet="Other").header() == ["only"]
    with pytest.raises(InputError, match="Its sheets are: First, Other"):
        open_list(path, sheet="other").header()


def test_a_workbook_of_openpyxl_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active
    for row in (["name", "phone"], ["Ann", 31200000001], [None, None], ["Bob", "+31 20 000 0002"]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    assert read(tmp_path / "list.xlsx") == [(2, ["Ann", "31200000001"]), (4, ["Bob", "+31 20 000 0002"])]


@pytest.mark.row("I1")
@pytest.mark.parametrize("content", [b"", b"name,phone\n", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_no_workbook_is_told_with_the_mend(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"[Ss]ave it as \.xlsx"):
        open_list(path).header()


def test_a_zip_that_is_no_workbook_and_a_sheet_cut_off(tmp_path: Path, workbook: Save) -> None:
    with ZipFile(tmp_path / "zip.xlsx", "w") as archive:
        archive.writestr("a", "b")
    broken = workbook([inline("x"), "<row><c>"])
    for path in (tmp_path / "zip.xlsx", broken):
        with pytest.raises(InputError, match="not a workbook"):
            list(open_list(path).rows())


@cache
def a_workbook() -> bytes:
    """Made once: it carries the time of its making, and a repetition must see the same bytes."""
    book, content = openpyxl.Workbook(), BytesIO()
    assert book.active
    book.active.append(["name"])
    book.active.append(["Ann"])
    book.save(content)
    return content.getvalue()


@pytest.mark.row("I1")
@given(st.data())
def test_damaged_workbooks_give_rows_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(a_workbook())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=5)):
        raw[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    path.write_bytes(raw)
    with suppress(InputError):
        assert all(isinstance(row, Row | BadRow) for row in open_list(path).rows())
