"""Contact lists in delimited text: CSV and TSV as spreadsheets and databases write them, damaged ones too."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Self

from .lines import read_lines
from .table import Record, Records, Table, flaw

_DELIMITERS = ",;\t|"
_LOOKED_AT = 50
_RECORD_LINES = 1000


def open_text(path: Path, *, encoding: str | None, delimiter: str | None) -> Table:
    """A list in a `.csv`, `.tsv` or `.txt` file; what is None is recognised."""
    chosen = delimiter or ("\t" if path.suffix.lower() == ".tsv" else None)
    return Table(path.name, str(path), lambda: _records(path, encoding, chosen))


def _records(path: Path, encoding: str | None, delimiter: str | None) -> Records:
    with closing(read_lines(path, encoding)) as lines:
        head = list(islice(lines, _LOOKED_AT))
        said = re.fullmatch(r'"?sep=(.)"?', head[0].rstrip("\r\n")) if head else None
        if said:
            head[0] = "\n"
        feed = _Feed(head, lines)
        yield from _parse(feed, delimiter or (said and said[1]) or recognise_delimiter(head))


def _parse(feed: "_Feed", delimiter: str) -> Iterator[Record]:
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    width = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield feed.refuse(str(error))
            continue
        if cells is None:
            return
        if width and feed.several and (len(cells) != width or flaw(cells)):
            # Two lone quotes far apart look like one long cell; but then the row does not come out right.
            yield feed.refuse()
            continue
        width = width or (len(cells) if any(map(str.strip, cells)) else 0)
        yield feed.accept(), cells


class _Feed:
    """Lines for the csv parser, remembered until their record is whole, so that a lone quote costs one line only."""

    def __init__(self, head: list[str], lines: Iterator[str]) -> None:
        self._waiting = deque(head)
        self._lines = lines
        self._taken: list[str] = []
        self._line = 1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= _RECORD_LINES:
            raise StopIteration
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        return line

    def accept(self) -> int:
        """The record is whole: the line where it started."""
        start = self._line
        self._line += len(self._taken)
        self._taken.clear()
        return start

    @property
    def several(self) -> bool:
        """Whether the record has more than one line."""
        return len(self._taken) > 1

    def refuse(self, error: str = "") -> Record:
        """The first line is no record; the others are looked at again by themselves."""
        several = self.several
        self._waiting.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        if several or "unexpected end" in error:
            return self.accept(), "a quote that is opened and never closed"
        if "field limit" in error:
            return self.accept(), "a cell that is too long"
        return self.accept(), "text after a closing quote"


def recognise_delimiter(head: list[str]) -> str:
    """The one of `, ; TAB |` that cuts the first lines most evenly; a comma when there is one column only."""
    best, best_score = ",", (0.0, 1)
    for delimiter in _DELIMITERS:
        records = (cells for _, cells in _parse(_Feed(head, iter(())), delimiter) if isinstance(cells, list))
        counts = [len(cells) for cells in records if any(map(str.strip, cells))]
        # The header is the measure: text with commas in the rows below does not make it a comma file.
        even = counts.count(counts[0]) / len(counts) if counts else 0.0
        if counts and counts[0] > 1 and (even, counts[0]) > best_score:
            best, best_score = delimiter, (even, counts[0])
    return best
