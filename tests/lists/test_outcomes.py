"""A file of outcomes is the old one or the new one, never something between."""

import csv
import os
import stat
from pathlib import Path

import anyio
import pytest

from campaigns.lists.outcomes import write_outcomes

ROWS = [("id", "note"), ("1", "fine"), ("2", "=1+1")]


async def pages(rows=ROWS, *, then=None):
    for row in rows:
        yield [row]
    if then is not None:
        raise then


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [tuple(row) for row in csv.reader(file)]


def names(folder):
    return [path.name for path in folder.iterdir()]


async def test_a_file_has_exactly_the_rows_and_no_formula(tmp_path):
    path = tmp_path / "people.outcomes.csv"
    path.write_text("old\n" * 1000)
    await write_outcomes(path, pages())
    assert read(path) == [("id", "note"), ("1", "fine"), ("2", "'=1+1")]
    assert names(tmp_path) == ["people.outcomes.csv"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), ZeroDivisionError()])
async def test_a_rewrite_that_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, fault):
    path = tmp_path / "people.outcomes.csv"
    path.write_text("old")
    with pytest.raises(type(fault)):
        await write_outcomes(path, pages(then=fault))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["people.outcomes.csv"]


async def test_a_reader_sees_the_old_file_while_the_new_one_is_written(tmp_path):
    path, seen = tmp_path / "people.outcomes.csv", []
    path.write_text("old")

    async def looked_at():
        async for page in pages():
            yield page
            seen.append(path.read_text())

    await write_outcomes(path, looked_at())
    assert set(seen) == {"old"}


async def test_what_a_killed_process_left_is_no_hindrance(tmp_path):
    path = tmp_path / "people.outcomes.csv"
    (tmp_path / ".people.outcomes.csv.part").write_text("half a li")
    await write_outcomes(path, pages())
    assert read(path)[0] == ("id", "note")
    assert names(tmp_path) == ["people.outcomes.csv"]


async def test_a_cancelled_rewrite_leaves_the_old_file(tmp_path):
    path = tmp_path / "people.outcomes.csv"
    path.write_text("old")

    async def never_ends():
        yield [ROWS[0]]
        await anyio.sleep_forever()

    with anyio.move_on_after(0.05):
        await write_outcomes(path, never_ends())
    assert path.read_text() == "old"
    assert names(tmp_path) == ["people.outcomes.csv"]


async def test_a_new_file_is_its_owner_s_and_an_old_one_keeps_its_readers(tmp_path):
    path = tmp_path / "people.outcomes.csv"
    await write_outcomes(path, pages())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    await write_outcomes(path, pages())
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


async def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        await write_outcomes(tmp_path / "gone" / "people.outcomes.csv", pages())


async def test_a_file_is_on_the_disk_before_it_is_in_its_place(tmp_path, monkeypatch):
    path, done = tmp_path / "people.outcomes.csv", []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), fsync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda one, other: (done.append("replace"), replace(one, other))[1])
    await write_outcomes(path, pages())
    assert done == ["fsync", "replace", "fsync"]
