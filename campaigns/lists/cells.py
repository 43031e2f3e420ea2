"""Cells that people may open in a spreadsheet."""

import re

_BEGINS = "=+\\-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
_NUMBER = re.compile(r"\+[0-9]{7,15}", re.ASCII)
_FORMULA = re.compile(rf"[\t\r\n\0]|[\s\0\"]*[{_BEGINS}]")
_LATER = re.compile(rf"([;|\t\r\n][\s\0\"]*)(?=[{_BEGINS}])")
"""Where another spreadsheet, of a country that writes `;` between cells, would see a cell begin."""


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like one is marked as text with `'`.

    So is what would begin one where the file is cut at `;`, `|` or tabs. A number in E.164 stays what it is: it
    computes nothing, and whoever reads the file wants it.
    """
    if _NUMBER.fullmatch(cell):
        return cell
    later = _LATER.sub(r"\1'", cell)
    return f"'{later}" if _FORMULA.match(cell) else later
