"""Lists of numbers that nobody may call."""

from dataclasses import dataclass, field
from pathlib import Path

from campaigns.domain.contact import parse_phone
from campaigns.domain.errors import InputError, Problem
from campaigns.lists import open_list
from campaigns.ports import Row

SHOWN = 20
"""Rows that are named, of those that cannot be read."""
_LIKELY = ("phone", "number", "mobile", "telefoon", "nummer", "mobiel", "msisdn", "tel")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a list says."""

    found: tuple[str, ...] = field(repr=False)
    """E.164, each once, in the order of the list."""
    repeated: int
    """Rows that say a number again."""
    bad: tuple[tuple[int, str], ...]
    """Lines that cannot be read, and why; the numbers themselves are not told."""


def columns(file: Path) -> tuple[tuple[str, ...], str]:
    """The columns of a list, and the one that looks most like numbers. Raises InputError."""
    names = tuple(open_list(file).header())
    likely = next((name for word in _LIKELY for name in names if word in name.lower()), names[0] if names else "")
    return names, likely


def look_at(file: Path, column: str, region: str | None) -> Numbers:
    """Every number of a list, and every row that cannot be read.

    Raises InputError where the list has no such column, told by the file's name alone.
    """
    if not file.is_file():
        raise InputError([Problem(file.name, "there is no such list.", "Check the path.")])
    opened, found, repeated, bad = open_list(file), dict[str, None](), 0, list[tuple[int, str]]()
    if column not in opened.header():
        has = ", ".join(opened.header())
        raise InputError(
            [Problem(file.name, f"There is no column '{column[:60]}'. It has: {has}.", "Name one of them.")]
        )
    for row in opened.rows():
        try:
            if not isinstance(row, Row):
                raise ValueError(row.reason)
            number = parse_phone(row.cells.get(column, ""), region)
        except ValueError as error:
            bad.append((row.line, str(error)))
        else:
            repeated += number in found
            found[number] = None
    return Numbers(tuple(found), repeated, tuple(bad))


def read_numbers(file: Path, column: str, region: str | None) -> list[str]:
    """Every number of a list, in E.164, told by the file's name alone.

    Raises InputError with every row that cannot be read: left out, that person would be called.
    """
    seen = look_at(file, column, region)
    if seen.bad:
        problems = [Problem(f"{file.name}:{line}", f"{column}: {why}.") for line, why in seen.bad[:SHOWN]]
        end = f"{len(seen.bad):,} of the rows cannot be read, so nothing was added."
        raise InputError([*problems, Problem(file.name, end, "Mend or remove them, or name a region.")])
    return list(seen.found)
