"""Parquet: a row for each lead, typed, with its attempts inside."""

import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

sys.path.insert(0, str(Path(__file__).parent))
from shelf import CLOSED, HOSTILE, Shelf, a_lead, hostile

from campaigns.reports import columns
from campaigns.reports.columns import write_parquet

MOMENT = pa.timestamp("us", tz="UTC")


@pytest.fixture
async def table(tmp_path):
    await write_parquet(hostile(), "c", tmp_path / "r.parquet")
    return parquet.read_table(tmp_path / "r.parquet")


def test_columns_have_types_and_instants_their_zone(table):
    types = {name: table.schema.field(name).type for name in ("lead", "attempts", "closed_at", "cost", "phone")}
    assert types == {
        "lead": pa.string(), "attempts": pa.int64(), "closed_at": MOMENT, "cost": pa.float64(), "phone": pa.string(),
    }  # fmt: skip


def test_values_are_as_they_were_with_the_attempts_of_each_lead(table):
    first, *_, last = table.to_pylist()
    assert [row["lead"] for row in table.to_pylist()] == [*HOSTILE, "later"]
    assert (first["closed_at"], first["phone"], first["cost"]) == (CLOSED, "+442*******00", 0.25)
    (call,) = first["calls"]
    assert (call["result"], call["ended_at"], call["talk_seconds"]) == ("answered", CLOSED, 61.5)
    assert (last["outcome"], last["calls"], last["closed_at"]) == ("waiting", [], None)


async def test_rows_are_written_in_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "_GROUP", 500)
    await write_parquet(Shelf([a_lead(f"k{n}", n % 90) for n in range(1_200)]), "c", tmp_path / "r.parquet")
    file = parquet.ParquetFile(tmp_path / "r.parquet")
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (1_200, 3)
