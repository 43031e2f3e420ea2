"""Lists of numbers that nobody may call."""

from pathlib import Path

from campaigns.domain.contact import parse_phone
from campaigns.domain.errors import InputError, Problem
from campaigns.lists import open_list
from campaigns.ports import Row

SHOWN = 20
"""Rows that are named, of those that cannot be read."""


def read_numbers(file: Path, column: str, region: str | None) -> list[str]:
    """Every number of a list, in E.164, told by the file's name alone.

    Raises InputError with every row that cannot be read: left out, that person would be called.
    """
    opened, numbers, problems = open_list(file), list[str](), list[Problem]()
    if column not in opened.header():
        has = ", ".join(opened.header())
        raise InputError(
            [Problem(file.name, f"There is no column '{column[:60]}'. It has: {has}.", "Name one of them.")]
        )
    for row in opened.rows():
        try:
            if not isinstance(row, Row):
                raise ValueError(row.reason)
            numbers.append(parse_phone(row.cells.get(column, ""), region))
        except ValueError as error:
            problems.append(Problem(f"{file.name}:{row.line}", f"{column}: {error}."))
    if problems:
        end = f"{len(problems):,} of the rows cannot be read, so nothing was added."
        raise InputError([*problems[:SHOWN], Problem(file.name, end, "Mend or remove them, or name a region.")])
    return numbers
