"""Parquet: typed columns as text, and the message when pyarrow is missing."""

import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from campaigns.domain.errors import InputError
from campaigns.lists import open_list
from campaigns.ports import Row


def test_typed_values_are_text(tmp_path: Path) -> None:
    values = {
        "phone": 31200000001, "rank": 2.0, "share": 0.3, "at": datetime.fromisoformat("2026-11-23T10:00"),
        "day": date(2026, 11, 23), "flag": True, "none": None, "sum": Decimal("1.50"), "raw": b"x", "more": [{"a": 1}],
    }  # fmt: skip
    pq.write_table(pa.table({name: [value] for name, value in values.items()}), tmp_path / "list.parquet")
    found = open_list(tmp_path / "list.parquet")
    assert found.header() == list(values)
    (row,) = found.rows()
    assert isinstance(row, Row)
    assert list(row.cells.values()) == [
        "31200000001", "2", "0.3", "2026-11-23T10:00:00", "2026-11-23", "true", "", "1.5", "x", '[{"a": 1}]',
    ]  # fmt: skip


def test_what_is_no_parquet_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.parquet").write_bytes(b"PAR1 rubbish PAR1")
    with pytest.raises(InputError, match="not a Parquet file"):
        open_list(tmp_path / "list.parquet").header()


def test_without_pyarrow_the_message_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "list.parquet").write_bytes(b"")
    script = (
        "import sys, pathlib; sys.modules['pyarrow'] = None\n"
        "from campaigns.lists import open_list\n"
        "try: open_list(pathlib.Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    run = [sys.executable, "-c", script, str(tmp_path / "list.parquet")]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert said.startswith("InputError")
    assert "pip install 'campaigns[parquet]'" in said
