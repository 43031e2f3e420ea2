"""What every table has in common: a header that can be trusted, and rows that fit it or say why not."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from campaigns.domain.errors import InputError, Problem
from campaigns.ports import BadRow, Row

CELL_LIMIT = 100_000
"""Characters; a longer cell makes the row bad."""
UNREADABLE = "\udcff"
"""Stands in decoded text where bytes were no text: half a character, so nothing that is written can hold it."""
TOO_LONG = "\udcfe"
"""Stands for a line that is too long to be looked at."""

Record = tuple[int, list[str] | str]
"""Where it stands, and its cells, or the reason why it has none."""
Records = Generator[Record, None, None]

_INVISIBLE = " \t\r\n\v\f\xa0\u200b\u200e\u200f\u2060\u202a\u202c\u2066\u2069\ufeff"
_LIKE_A_NUMBER = re.compile(r"[+(]?\d[\d ()./-]*")
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")


class Table:
    """A contact list whose first record names the columns."""

    def __init__(self, name: str, where: str, records: Callable[[], Records]) -> None:
        """`records` reads the file from its start each time; closing what it returns closes the file."""
        self.name = name
        self._where = where
        self._records = records

    def header(self) -> list[str]:
        """The named columns. Raises InputError when there is no header, or a bad one."""
        with closing(self._records()) as records:
            return [name for name in read_header(records, self._where) if name]

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row once, in order; blank ones are passed over."""
        with closing(self._records()) as records:
            header = read_header(records, self._where)
            for line, cells in records:
                row = BadRow(line, cells) if isinstance(cells, str) else fit(header, line, cells)
                if row is not None:
                    yield row


def read_header(records: Iterable[Record], where: str) -> list[str]:
    """The first record that is not blank, cleaned. Raises InputError."""
    for line, cells in records:
        if isinstance(cells, str):
            raise InputError([Problem(f"{where}:{line}", f"the header cannot be read: {cells}.", "Mend this line.")])
        if names := [clean(cell) for cell in cells]:
            reason = flaw(names)
            if reason:
                raise InputError([Problem(f"{where}:{line}", f"the header cannot be read: {reason}.")])
            if any(names):
                _check(names, f"{where}:{line}")
                return names
    raise InputError([Problem(where, "has no header.", "The first line must name the columns, such as name,phone.")])


def _check(names: Sequence[str], where: str) -> None:
    if any(_LIKE_A_NUMBER.fullmatch(name) and sum(map(str.isdigit, name)) > 8 for name in names):
        mend = "Put a line with the names of the columns above it."
        raise InputError([Problem(where, "looks like a contact, not like the names of columns.", mend)])
    first: dict[str, int] = {}
    problems = [
        Problem(where, f"columns {first[name]} and {number} are both called '{name[:100]}'.", "Rename one of them.")
        for number, name in enumerate(names, 1)
        if name and first.setdefault(name, number) != number
    ]
    if problems:
        raise InputError(problems)


def fit(header: Sequence[str], line: int, cells: Sequence[str]) -> Row | BadRow | None:
    """Cells under their columns; None for a blank row. Cells that are missing at the end are empty."""
    if reason := flaw(cells):
        return BadRow(line, reason)
    texts = [clean(cell) for cell in cells]
    if not any(texts):
        return None
    if any(texts[len(header) :]):
        return BadRow(line, "more cells than the header")
    texts += [""] * (len(header) - len(texts))
    return Row(line, {name: text for name, text in zip(header, texts, strict=False) if name})


def flaw(cells: Iterable[str]) -> str:
    """Why these cells must not be used; empty when they may."""
    cells = tuple(cells)
    together = "".join(cells)
    if len(together) > CELL_LIMIT and max(map(len, cells)) > CELL_LIMIT:
        return f"a cell longer than {CELL_LIMIT:,} characters"
    return damage(together)


def damage(text: str) -> str:
    """What makes this no text; empty when nothing does."""
    if "\0" in text:
        return "a NUL byte"
    if text.isascii() or not _HALF_CHARACTER.search(text):
        return ""
    return "a line that is too long" if TOO_LONG in text else "bytes that are no text in the file's encoding"


def clean(text: str) -> str:
    """Without the blanks and invisible marks around it, non-breaking ones too."""
    return text.strip().strip(_INVISIBLE)


def plain_number(text: str) -> str:
    """A number as a person writes it: no exponent, no `.0`. Anything else stays as it is."""
    try:
        value = Decimal(text)
        if not value.is_finite() or abs(value.adjusted()) > 30:
            return text
        if value == value.to_integral_value():
            return f"{value:.0f}" if value else "0"
        # Spreadsheets hold binary fractions and show 15 digits: 0.30000000000000004 was 0.3.
        return f"{Decimal(f'{float(value):.15g}'):f}"
    except (InvalidOperation, ValueError):
        return text


def plain_time(value: datetime | date | time) -> str:
    """ISO 8601 to the second; a midnight is a date."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.time() == time() and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat(timespec="seconds")
