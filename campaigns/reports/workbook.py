"""Results as an Excel workbook: a summary, every lead, every attempt, what was kept; and never a formula."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from campaigns.ports.store import Store

from .figures import Figures
from .rows import ATTEMPTS, LEADS, Column, Kind, Value, attempt_row, lead_row, pages
from .story import headline, moment, remarks, story
from .timeline import wall
from .words import DISPOSITIONS, OUTCOMES

MOST_ROWS = 1_048_576
"""Of one sheet, with its header; Excel opens no more. What is left goes on to another sheet."""
LONGEST = 32_767
"""Characters of a cell."""
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
_FORMATS: dict[str, dict[str, Any]] = {
    # As if typed with an apostrophe before it: text stays text, also when somebody edits the cell.
    Kind.TEXT: {"num_format": "@", "quote_prefix": True},
    Kind.COUNT: {"num_format": "#,##0"},
    Kind.NUMBER: {"num_format": "#,##0.00"},
    Kind.MOMENT: {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
    "head": {"num_format": "@", "quote_prefix": True, "bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "title": {"num_format": "@", "quote_prefix": True, "bold": True, "font_size": 16},
    "prose": {"num_format": "@", "quote_prefix": True, "text_wrap": True, "valign": "top"},
}


async def write_workbook(store: Store, figures: Figures, to: Path, *, whole: bool = False) -> None:
    """Write the workbook; rows go to the disk as they come. Raises OSError.

    Args:
        store: Where the leads are.
        figures: Of the campaign; times are on their clock, which the headers name.
        to: The file.
        whole: With phone numbers, else they are masked.
    """
    with xlsxwriter.Workbook(str(to), dict(_OPTIONS)) as book:
        book.set_properties({"title": figures.record.name, "created": figures.made_at.replace(tzinfo=None)})
        formats = {name: book.add_format(dict(given)) for name, given in _FORMATS.items()}
        _prose(book, "Summary", _summary(figures), formats)
        leads = _Table(book, "Leads", LEADS, figures, formats)
        attempts = _Table(book, "Attempts", ATTEMPTS, figures, formats)
        _prose(book, "Compliance", _compliance(figures), formats)
        async for page in pages(store, figures.record.name):
            for lead, tries in page:
                leads.add(lead_row(lead, tries, whole=whole))
                for attempt in tries:
                    attempts.add(attempt_row(lead, attempt, whole=whole))
        leads.close()
        attempts.close()


class _Table:
    """Rows under a header that stays in sight and can be filtered; a full sheet is followed by another."""

    def __init__(
        self, book: Any, name: str, columns: Sequence[Column], figures: Figures, formats: dict[str, Any]
    ) -> None:
        self._book, self._name, self._columns, self._formats = book, name, columns, formats
        self._zone, self._currency = figures.zone, figures.currency
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(f"{self._name} {self._sheets}" if self._sheets > 1 else self._name)
        self._sheet.freeze_panes(1, 1)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, self._title(column), self._formats["head"])
        self._row = 0

    def _title(self, column: Column) -> str:
        if column.kind is Kind.MOMENT:
            return f"{column.title} ({self._zone})"
        return f"{column.title} ({self._currency})" if column.key == "cost" and self._currency else column.title

    def add(self, values: Sequence[Value]) -> None:
        """Write one row."""
        if self._row + 1 >= MOST_ROWS:
            self.close()
            self._begin()
        self._row += 1
        for place, (column, value) in enumerate(zip(self._columns, values, strict=True)):
            _write(self._sheet, (self._row, place), value, self._formats[column.kind], self._zone)

    def close(self) -> None:
        """Filters reach as far as the rows do."""
        self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)


def _write(sheet: Any, place: tuple[int, int], value: Value, shape: Any, zone: str) -> None:
    """By its type, never by its look."""
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        sheet.write_datetime(*place, wall(value, zone), shape)
    elif isinstance(value, str):
        sheet.write_string(*place, value[:LONGEST], shape)
    else:
        sheet.write_number(*place, value, shape)


Line = tuple[str, Sequence[Value]]
"""How it is shown, and its cells."""


def _prose(book: Any, name: str, lines: Iterable[Line], formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(name)
    for place, width in enumerate((46, 16, 12, 60, 60)):
        sheet.set_column(place, place, width)
    for row, (shown, cells) in enumerate(lines):
        for place, value in enumerate(cells):
            number = Kind.NUMBER if isinstance(value, float) else Kind.COUNT
            shape = shown if isinstance(value, str) else number
            _write(sheet, (row, place), value, formats[shape], "UTC")


def _summary(figures: Figures) -> Iterator[Line]:
    yield "title", [figures.record.name]
    yield "head", [headline(figures)]
    for sentence in remarks(figures) + story(figures):
        yield Kind.TEXT, [sentence]
    if figures.simulated:
        yield Kind.TEXT, ["A simulation: nobody real was called."]
    yield Kind.TEXT, [f"Made {moment(figures.made_at, figures.zone)}, {figures.zone}."]
    yield Kind.TEXT, []
    funnel = figures.funnel
    yield "head", ["From the list to a conversation", "Leads"]
    for title, count in (
        ("Leads", funnel.leads), ("Called", funnel.called), ("Answered", funnel.answered), ("Reached", funnel.reached)
    ):  # fmt: skip
        yield Kind.TEXT, [title, count]
    for title, words, counts in (
        ("Outcome", OUTCOMES, figures.outcomes),
        ("Calls by how they ended", DISPOSITIONS, figures.dispositions),
    ):
        yield Kind.TEXT, []
        yield "head", [title, "Number", "", "Meaning"]
        for word in words:
            yield Kind.TEXT, [word.title, counts.get(word.key, 0), "", word.meaning]
    yield from _money(figures)


def _money(figures: Figures) -> Iterator[Line]:
    yield Kind.TEXT, []
    yield "head", ["Cost and budget", "Used", "Of"]
    yield Kind.TEXT, ["Talk minutes", float(figures.calls.talk_minutes)]
    if figures.calls.cost is not None:
        yield Kind.TEXT, [f"Cost {figures.currency}".rstrip(), float(figures.calls.cost)]
    for line in figures.budget:
        yield Kind.TEXT, [f"Budget: {line.what}", float(line.used), float(line.limit)]


def _compliance(figures: Figures) -> Iterator[Line]:
    kept = figures.compliance
    yield "title", ["Compliance"]
    yield Kind.TEXT, ["Counted call by call from what took place. Data with sources; this is not legal advice."]
    yield Kind.TEXT, [figures.law]
    yield Kind.TEXT, []
    yield "head", ["What", "Number"]
    for title, count in (
        ("Calls outside the permitted hours", kept.outside),
        ("Calls that began while their permit held", kept.held),
        ("Calls with which no permit is kept", kept.without),
        ("People who asked not to be called again, in a call", kept.opt_outs.asked),
        ("People on the do-not-call list in all", kept.opt_outs.listed),
        ("Calls to people after they were put on that list", kept.opt_outs.called_after),
    ):
        yield Kind.TEXT, [title, count]
    yield Kind.TEXT, []
    yield "head", ["Rule in force", "Calls", "Confidence", "Hours and limits; times are local", "Source"]
    for row in kept.rows:
        told = "; ".join(filter(None, [row.hours, row.limits]))
        sources = ", ".join(row.sources) or row.instrument
        yield "prose", [f"{row.id}: {row.name}", row.calls, row.confidence, told, sources]
