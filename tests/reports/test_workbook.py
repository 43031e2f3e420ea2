"""The workbook: real types, nothing that a spreadsheet would run, rows without end."""

import sys
import tracemalloc
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

sys.path.insert(0, str(Path(__file__).parent))
from shelf import HOSTILE, Shelf, a_lead, hostile

from campaigns.reports import workbook
from campaigns.reports.law import AppliedRow
from campaigns.reports.workbook import LONGEST, write_workbook


@pytest.fixture
async def book(figures, tmp_path):
    row = AppliedRow("x", "=The rule", "Mon-Fri 09-20", "", 3, "Act", ("https://law.example/1",), "high")
    law = replace(figures.compliance, rows=(row,))
    await write_workbook(hostile(), replace(figures, compliance=law), tmp_path / "r.xlsx")
    return openpyxl.load_workbook(tmp_path / "r.xlsx")


def rows(sheet):
    head, *body = sheet.iter_rows()
    return [dict(zip([cell.value for cell in head], line, strict=True)) for line in body]


def test_the_sheets_stand_in_the_order_in_which_they_are_read(book):
    assert book.sheetnames == ["Summary", "Leads", "Attempts", "Compliance"]


@pytest.mark.row("X1")
def test_every_text_is_text_as_it_was_and_nothing_is_a_formula(book):
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)
    leads = [line["Lead"] for line in rows(book["Leads"])]
    assert [unescape(cell.value) for cell in leads] == [*(text[:LONGEST] for text in HOSTILE), "later"]
    assert all(cell.number_format == "@" and cell.quotePrefix for cell in leads)


def test_no_part_of_the_file_holds_a_formula_a_link_or_a_shared_text(figures, book, tmp_path):
    with zipfile.ZipFile(tmp_path / "r.xlsx") as file:
        sheets = [name for name in file.namelist() if name.startswith("xl/worksheets/")]
        assert [name for name in sheets if "rels" in name] == []
        for name in sheets:
            text = file.read(name).decode()
            assert "<f>" not in text
            assert "<f " not in text
            assert "hyperlink" not in text


def test_dates_are_dates_on_the_clock_that_the_header_names_and_numbers_are_numbers(book):
    line = rows(book["Leads"])[0]
    closed = line["Closed (Europe/Amsterdam)"]
    assert (closed.value, closed.is_date) == (datetime.fromisoformat("2026-11-23T10:30:15"), True)
    assert (line["Talk, seconds"].value, line["Cost (EUR)"].value, line["Attempts"].value) == (61.5, 0.25, 1)
    called = rows(book["Attempts"])[0]["Called (Europe/Amsterdam)"]
    assert called.value == datetime.fromisoformat("2026-11-23T10:28:15")


def test_phones_are_text_and_masked_unless_they_are_asked_for(book):
    phone = rows(book["Leads"])[0]["Phone"]
    assert (phone.value, phone.data_type) == ("+442*******00", "s")


@pytest.mark.row("X1")
async def test_whole_phones_keep_their_plus(figures, tmp_path):
    await write_workbook(hostile(), figures, tmp_path / "w.xlsx", whole=True)
    sheets = openpyxl.load_workbook(tmp_path / "w.xlsx")
    assert rows(sheets["Leads"])[1]["Phone"].value == "+442079460001"
    assert rows(sheets["Attempts"])[1]["Phone"].value == "+442079460001"


def test_headers_stay_in_sight_and_can_be_filtered(book):
    for name, columns in (("Leads", "N"), ("Attempts", "K")):
        sheet = book[name]
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == f"A1:{columns}{sheet.max_row}"
        assert all(sheet.column_dimensions[letter].width > 8 for letter in ("A", columns))


def test_what_was_kept_is_told_with_its_rules_and_sources(book):
    told = {line[0].value: line[1].value for line in book["Compliance"].iter_rows(min_col=1, max_col=2)}
    assert told["Calls outside the permitted hours"] == 0
    assert told["Calls that began while their permit held"] == 7
    assert told["Calls to people after they were put on that list"] == 0
    assert told["x: =The rule"] == 3
    assert "https://law.example/1" in [cell.value for line in book["Compliance"].iter_rows() for cell in line]


async def test_a_full_sheet_goes_on_to_another(figures, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 11)
    await write_workbook(Shelf([a_lead(f"k{n}", n) for n in range(25)]), figures, tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    leads = [name for name in book.sheetnames if name.startswith("Leads")]
    assert leads == ["Leads", "Leads 2", "Leads 3"]
    assert [line["Lead"].value for name in leads for line in rows(book[name])] == [f"k{n}" for n in range(25)]
    assert [book[name].auto_filter.ref for name in leads] == ["A1:N11", "A1:N11", "A1:N6"]


async def test_more_leads_take_no_more_memory(figures, tmp_path, monkeypatch):
    monkeypatch.setattr("campaigns.reports.rows.PAGE", 50)

    class Endless(Shelf):
        async def lead_page(self, name, *, after, limit):
            return [(n, *a_lead(f"k{n}", n % 90)) for n in range(after + 1, min(after + limit, self._leads) + 1)]

    async def peak(leads):
        tracemalloc.start()
        await write_workbook(Endless(leads), figures, tmp_path / "r.xlsx")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    await peak(10)
    few, many = await peak(200), await peak(1_000)
    assert many < few * 1.3
