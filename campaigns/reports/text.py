"""Results as CSV, one line for each lead, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime

from campaigns.lists.cells import harmless
from campaigns.ports.store import Store

from .rows import LEADS, Value, lead_row, pages


async def results_csv(store: Store, name: str, *, whole: bool = False) -> AsyncIterator[str]:
    """The header, then the lines of some leads at a time, in the order of their list; each ends in CR LF.

    Instants are UTC, ISO 8601. `whole`: with phone numbers, else they are masked.
    """
    yield _lines([[column.key for column in LEADS]])
    async for page in pages(store, name):
        yield _lines([map(_cell, lead_row(lead, attempts, whole=whole)) for lead, attempts in page])


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return harmless(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
