"""The parts of an .xlsx file, each read as a stream: openpyxl keeps every shared string and row attribute in memory."""

import tempfile
from array import array
from collections.abc import Generator, Iterator
from datetime import datetime
from functools import lru_cache
from posixpath import join, normpath
from typing import IO
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZipFile

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900
from openpyxl.utils.escape import unescape

from .table import CELL_LIMIT

_IN_MEMORY = 1 << 20
_HELD = 250_000
"""Elements in memory at once: Excel's widest row has 16,384 cells, its largest table of styles 65,490."""
_SILENT = 8 << 20
"""Bytes without an end or a beginning of an element: Excel's longest text has 32,767 characters."""


def local(element: Element) -> str:
    """The tag without its namespace, which differs between the two kinds of .xlsx."""
    return element.tag.rpartition("}")[2]


class _Part:
    """A part of the file as it is read, in bounded memory: what is small when packed may have no end."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._held = self._silent = 0

    def read(self, size: int = -1) -> bytes:
        """For the parser. Raises ValueError."""
        found = self._source.read(size)
        self._silent += len(found)
        if self._silent > _SILENT:
            raise ValueError("a text that is too long")
        return found

    def __iter__(self) -> Iterator[tuple[str, Element]]:
        # Safe: it fetches nothing from outside, and expat itself stops entities that explode.
        for event, element in iterparse(self, ("start", "end")):  # noqa: S314
            self._silent = 0
            self._held += event == "start"
            if self._held > _HELD:
                raise ValueError("too many parts")
            yield event, element

    def forget(self, element: Element) -> None:
        """What was in it is not needed any more."""
        element.clear()
        self._held = 0


class Book:
    """Where the sheets are, and what their cells need: the formats that are dates, the calendar, the strings."""

    def __init__(self, archive: ZipFile) -> None:
        """Raises KeyError, ValueError, SyntaxError or a zip error when it is no workbook."""
        self._archive = archive
        self._path = self._targets("")["officeDocument"]
        targets = self._targets(self._path)
        self.sheets: dict[str, str] = {}
        self.epoch: datetime = CALENDAR_WINDOWS_1900
        for element in self._elements(self._path):
            if local(element) == "sheet":
                link = next(value for name, value in element.items() if name.endswith("}id"))
                self.sheets[element.attrib["name"]] = targets[link]
            elif local(element) == "workbookPr" and element.get("date1904") in ("1", "true"):
                self.epoch = CALENDAR_MAC_1904
        self.dates = self._date_styles(targets.get("styles"))
        self.strings = SharedStrings(self._strings(targets.get("sharedStrings")))

    def rows(self, sheet: str) -> Generator[Element, None, None]:
        """The rows of a sheet, one by one; each is gone when the next is asked for."""
        with self._archive.open(self.sheets[sheet]) as source:
            data: Element | None = None
            reading = _Part(source)
            for event, element in reading:
                tag = local(element)
                if tag == "sheetData" and event == "start":
                    data = element
                elif tag == "row" and event == "end" and data is not None:
                    yield element
                    reading.forget(data)
                elif tag == "sheetData":
                    return

    def _targets(self, part: str) -> dict[str, str]:
        """Of a part's relationships: the parts they lead to, by id and by kind."""
        folder, _, name = part.rpartition("/")
        found: dict[str, str] = {}
        for element in self._elements(join(folder, "_rels", f"{name}.rels")):
            if local(element) == "Relationship":
                target = element.attrib["Target"]
                path = target[1:] if target.startswith("/") else normpath(join(folder, target))
                found[element.attrib["Id"]] = found[element.attrib["Type"].rpartition("/")[2]] = path
        return found

    def _elements(self, part: str) -> Iterator[Element]:
        with self._archive.open(part) as source:
            for event, element in _Part(source):
                if event == "end":
                    yield element

    def _date_styles(self, part: str | None) -> frozenset[str]:
        """The indexes of cell styles that show a number as a date or time."""
        formats = {str(number): code for number, code in BUILTIN_FORMATS.items()}
        styles: list[str] = []
        for element in self._elements(part) if part else ():
            if local(element) == "numFmt":
                formats[element.attrib["numFmtId"]] = element.attrib["formatCode"]
            elif local(element) == "cellXfs":
                styles = [style.get("numFmtId", "0") for style in element]
        return frozenset(str(n) for n, number in enumerate(styles) if is_date_format(formats.get(number, "General")))

    def _strings(self, part: str | None) -> Iterator[str]:
        if not part:
            return
        with self._archive.open(part) as source:
            root: Element | None = None
            reading = _Part(source)
            for event, element in reading:
                root = element if root is None else root
                if event == "end" and local(element) == "si":
                    yield rich_text(element)
                    reading.forget(root)


class SharedStrings:
    """The texts of a workbook in a nameless temporary file, since all of them together have no limit."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # close() does
        self._starts = array("Q", [0])
        for text in texts:
            end = self._starts[-1] + self._file.write(text[: CELL_LIMIT + 1].encode("utf-8", "replace"))
            self._starts.append(end)
        self.text = lru_cache(4096)(self._read)

    def _read(self, number: int) -> str:
        """Raises IndexError for a text that is not there."""
        if not 0 <= number < len(self._starts) - 1:
            raise IndexError(number)
        self._file.seek(self._starts[number])
        return self._file.read(self._starts[number + 1] - self._starts[number]).decode()

    def close(self) -> None:
        """Throw the texts away."""
        self._file.close()


def rich_text(element: Element) -> str:
    """The text of a string in one or more runs, without the reading aids of Japanese."""
    runs = [part for part in element if local(part) in ("t", "r")]
    return str(unescape("".join(_plain_text(run) for run in runs)))


def _plain_text(run: Element) -> str:
    return run.text or "" if local(run) == "t" else "".join(part.text or "" for part in run if local(part) == "t")
