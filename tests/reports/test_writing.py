"""Reports as files: their kind by their name, there whole or not at all."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from campaigns.domain.errors import InputError
from campaigns.reports import write_report, writing
from campaigns.stores.memory import MemoryStore


@dataclass
class _Unwritable:
    """A format that fails midway."""

    async def __call__(self, session, name, to, whole):
        to.write_text("half")
        raise OSError(28, "No space left on device")


async def test_another_ending_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.html, \.csv, \.xlsx or \.parquet"):
        await write_report(None, "c", tmp_path / "r.pdf")


async def test_a_report_that_cannot_be_written_leaves_the_one_before_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "r.csv"
    path.write_text("old")
    monkeypatch.setitem(writing.FORMATS, ".csv", _Unwritable())
    with pytest.raises(OSError, match="No space"):
        await write_report(None, "c", path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


async def test_a_report_replaces_the_one_before(tmp_path):
    path = tmp_path / "r.CSV"
    path.write_text("old")
    store = MemoryStore()
    await write_report(SimpleNamespace(store=store), "none", path)
    store.close()
    assert path.read_text().startswith("lead,person,outcome")
    assert list(tmp_path.iterdir()) == [path]


async def test_a_format_whose_library_is_missing_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("campaigns.reports.columns.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'campaigns\[parquet\]'"):
        await write_report(SimpleNamespace(store=None), "c", Path(tmp_path / "r.parquet"))
    assert list(tmp_path.iterdir()) == []
