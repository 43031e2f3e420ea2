"""Numbers from a list that somebody uploads: which can be read, which cannot, and why."""

from dataclasses import dataclass, field
from pathlib import Path

from campaigns.domain.contact import parse_phone
from campaigns.domain.errors import InputError
from campaigns.lists import open_list
from campaigns.ports import Row

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl")
_LIKELY = ("phone", "number", "mobile", "telefoon", "nummer", "mobiel", "msisdn", "tel")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a list says."""

    found: tuple[str, ...] = field(repr=False)
    """E.164, each once."""
    repeated: int
    bad: tuple[tuple[int, str], ...]
    """Line and what is wrong with it; the number itself is not told."""


def columns(path: Path) -> tuple[str, ...]:
    """The header. Raises InputError."""
    return tuple(open_list(path).header())


def likely(names: tuple[str, ...]) -> str:
    """The column that looks most like numbers; the first, where none does."""
    return next((name for word in _LIKELY for name in names if word in name.lower()), names[0] if names else "")


def read_numbers(path: Path, column: str, region: str) -> Numbers:
    """Every number of a column. `region`: of numbers without +; empty: each must have one. Raises InputError."""
    opened = open_list(path)
    if column not in opened.header():
        raise InputError(f"The list has no column '{column}'. It has: {', '.join(opened.header())}.")
    found: dict[str, None] = {}
    repeated, bad = 0, []
    for row in opened.rows():
        if not isinstance(row, Row):
            bad.append((row.line, row.reason))
            continue
        try:
            number = parse_phone(row.cells.get(column, ""), region or None)
        except ValueError as error:
            bad.append((row.line, str(error)))
        else:
            repeated += number in found
            found[number] = None
    return Numbers(tuple(found), repeated, tuple(bad))
