"""Contact lists in Excel workbooks, every cell as the text that a person sees."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, time
from pathlib import Path
from xml.etree.ElementTree import Element
from zipfile import BadZipFile, ZipFile

from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import from_excel

from campaigns.domain.errors import InputError, Problem

from .table import Record, Records, Table, plain_number, plain_time
from .workbook import Book, local, rich_text

# What zipfile and the XML parser raise for files that are cut, changed or locked; OSError for a place before the start.
_DAMAGED = (
    BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, LookupError, ValueError, SyntaxError,
)  # fmt: skip
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"


def open_xlsx(path: Path, *, sheet: str | None) -> Table:
    """A list on a sheet of a workbook; None: the first."""
    return Table(path.name, str(path), lambda: _records(path, sheet))


def _records(path: Path, sheet: str | None) -> Records:
    with path.open("rb") as file:
        if file.read(4) == _OLD_OR_LOCKED:
            mend = "Save it as .xlsx, without a password."
            raise InputError([Problem(str(path), "is an old .xls workbook, or has a password.", mend)])
    try:
        with ZipFile(path) as archive:
            book = Book(archive)
            with closing(book.strings):
                yield from _sheet(book, _chosen(book, sheet, path))
    except _DAMAGED:
        mend = "Open it in a spreadsheet program and save it as .xlsx again."
        raise InputError([Problem(str(path), "is not a workbook that can be read.", mend)]) from None


def _chosen(book: Book, sheet: str | None, path: Path) -> str:
    if sheet is None and book.sheets:
        return next(iter(book.sheets))
    if sheet in book.sheets:
        return sheet
    mend = f"Its sheets are: {', '.join(book.sheets)}."
    raise InputError([Problem(str(path), f"has no sheet '{sheet}'.", mend)])


def _sheet(book: Book, sheet: str) -> Iterator[Record]:
    line = 0
    with closing(book.rows(sheet)) as rows:
        for row in rows:
            line = int(row.get("r") or line + 1)
            try:
                yield line, _cells(book, row)
            except (ValueError, IndexError, OverflowError):
                yield line, "a cell that cannot be read"


def _cells(book: Book, row: Element) -> list[str]:
    texts: list[str] = []
    for cell in row:
        where = cell.get("r")
        column = column_index_from_string(where.rstrip("0123456789")) if where else len(texts) + 1
        texts += [""] * (column - len(texts))
        texts[column - 1] = _text(book, cell)
    return texts


def _text(book: Book, cell: Element) -> str:
    parts = {local(part): part for part in cell}
    if "is" in parts:
        return rich_text(parts["is"])
    value = (parts["v"].text or "") if "v" in parts else ""
    kind = cell.get("t", "n")
    if not value or kind == "e":
        return ""
    if kind == "s":
        return book.strings.text(int(value))
    if kind == "b":
        return "true" if value == "1" else "false"
    if kind != "n":
        return _iso(value) if kind == "d" else value
    return _moment(book, value) if cell.get("s", "0") in book.dates else plain_number(value)


def _moment(book: Book, value: str) -> str:
    found = from_excel(float(value), book.epoch)
    return plain_time(found) if isinstance(found, datetime | time) else str(found)


def _iso(value: str) -> str:
    return plain_time(datetime.fromisoformat(value))
