"""Cells that people may open in a spreadsheet."""

_FORMULA = frozenset("=+-@\t\r\n\0\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
                     "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like one is marked as text with `'`."""
    begins = cell[:1], cell.lstrip()[:1]
    return f"'{cell}" if _FORMULA.intersection(begins) else cell
