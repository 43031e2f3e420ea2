"""Results as Parquet, a row for each lead with its attempts inside, typed; by the optional pyarrow."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from campaigns.domain.errors import InputError, Problem
from campaigns.ports.store import Store

from .rows import ATTEMPTS, LEADS, Column, Kind, Value, attempt_row, lead_row, pages

_GROUP = 20_000
"""Leads of a row group: what is held in memory at once."""


async def write_parquet(store: Store, name: str, to: Path, *, whole: bool = False) -> None:
    """Write the file; instants are UTC, to the microsecond. `whole`: with phone numbers, else they are masked.

    Raises InputError when pyarrow is not installed, and OSError.
    """
    if find_spec("pyarrow") is None:
        mend = "Install it with: pip install 'campaigns[parquet]', or write .xlsx or .csv."
        raise InputError([Problem(str(to), "Parquet needs pyarrow.", mend)])
    from pyarrow import parquet  # noqa: PLC0415  # optional

    schema = _schema()
    with parquet.ParquetWriter(to, schema, compression="zstd") as file:
        rows: list[dict[str, Any]] = []
        async for page in pages(store, name):
            for lead, attempts in page:
                tries = [_named(ATTEMPTS, attempt_row(lead, each, whole=whole)) for each in attempts]
                rows.append({**_named(LEADS, lead_row(lead, attempts, whole=whole)), "calls": tries})
            if len(rows) >= _GROUP:
                file.write_batch(_batch(rows, schema))
                rows = []
        file.write_batch(_batch(rows, schema))


def _named(columns: Sequence[Column], values: Sequence[Value]) -> dict[str, Value]:
    return {column.key: value for column, value in zip(columns, values, strict=True)}


def _schema() -> Any:
    import pyarrow as pa  # noqa: PLC0415  # optional

    types = {
        Kind.TEXT: pa.string(),
        Kind.COUNT: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.MOMENT: pa.timestamp("us", tz="UTC"),
    }
    attempt = pa.struct([(column.key, types[column.kind]) for column in ATTEMPTS if column.key != "lead"])
    return pa.schema([*((column.key, types[column.kind]) for column in LEADS), ("calls", pa.list_(attempt))])


def _batch(rows: list[dict[str, Any]], schema: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415  # optional

    return pa.RecordBatch.from_pylist(rows, schema=schema)
