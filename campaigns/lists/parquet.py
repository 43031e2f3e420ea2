"""Contact lists in Parquet files, by the optional pyarrow."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from campaigns.domain.errors import InputError, Problem

from .table import Record, Records, Table, plain_number, plain_time

_BATCH = 1000
_NONE = object()
"""Stands for a value that Python cannot hold."""


def open_parquet(path: Path) -> Table:
    """A list in a Parquet file. Raises InputError when pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        mend = "Install it with: pip install 'campaigns[parquet]'"
        raise InputError([Problem(str(path), "Parquet needs pyarrow.", mend)])
    return Table(path.name, str(path), lambda: _records(path))


def _records(path: Path) -> Records:
    from pyarrow import ArrowException, parquet  # noqa: PLC0415  # optional

    try:
        with parquet.ParquetFile(path) as file:
            yield 1, list(file.schema_arrow.names)
            yield from _batches(file)
    except (ArrowException, OSError, ValueError, OverflowError):
        mend = "Write it again, or as .csv."
        raise InputError([Problem(str(path), "is not a Parquet file that can be read.", mend)]) from None


def _batches(file: Any) -> Iterator[Record]:
    line = 1
    for batch in file.iter_batches(batch_size=_BATCH):
        columns = [_values(column) for column in batch.columns]
        for values in zip(*columns, strict=True):
            line += 1
            bad = any(value is _NONE for value in values)
            yield line, "a cell that cannot be read" if bad else [_text(value) for value in values]


def _values(column: Any) -> list[Any]:
    """Python's own; one that it has no word for, such as a moment of the year 148,000, spoils its own row only."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_value(one) for one in column]


def _value(one: Any) -> Any:
    try:
        return one.as_py()
    except (ValueError, OverflowError):
        return _NONE


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return plain_number(str(value))
    if isinstance(value, datetime | date | time):
        return plain_time(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return json.dumps(value, ensure_ascii=False, default=_text) if isinstance(value, list | dict) else str(value)
