"""Rows of contact lists, before anything is made of them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a contact list."""

    line: int
    """Where a person finds it: line of a text file, row of a sheet (the header is 1)."""
    cells: dict[str, str] = field(repr=False)
    ref: str = field(default="", repr=False)
    """What the system that it comes from calls this contact; empty: it is a row of a file."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read at all."""

    line: int
    reason: str
