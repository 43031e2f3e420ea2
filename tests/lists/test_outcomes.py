"""A file of outcomes is the old one or the new one, never something between."""

import csv
import os
import stat
from pathlib import Path

import anyio
import pytest

from campaigns.lists.outcomes import write_outcomes

ROWS = [("id", "key", "phone"), ("1", "1", "fine"), ("2", "2", "=1+1")]
OLD = "id,key,phone\nold"


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
    path.write_text(OLD * 1000)
    await write_outcomes(path, pages())
    assert read(path) == [("id", "key", "phone"), ("1", "1", "fine"), ("2", "2", "'=1+1")]
    assert names(tmp_path) == ["people.outcomes.csv"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), ZeroDivisionError()])
async def test_a_rewrite_that_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, fault):
    path = tmp_path / "people.outcomes.csv"
    path.write_text(OLD)
    with pytest.raises(type(fault)):
        await write_outcomes(path, pages(then=fault))
    assert path.read_text() == OLD
    assert names(tmp_path) == ["people.outcomes.csv"]


async def test_a_reader_sees_the_old_file_while_the_new_one_is_written(tmp_path):
    path, seen = tmp_path / "people.outcomes.csv", []
    path.write_text(OLD)

    async def looked_at():
        async for page in pages():
            yield page
            seen.append(path.read_text())

    await write_outcomes(path, looked_at())
    assert set(seen) == {OLD}


async def test_what_a_killed_process_left_is_no_hindrance(tmp_path):
    path = tmp_path / "people.outcomes.csv"
    (tmp_path / ".people.outcomes.csv.part").write_text("half a li")
    await write_outcomes(path, pages())
    assert read(path)[0] == ROWS[0]
    assert names(tmp_path) == ["people.outcomes.csv"]


async def test_a_cancelled_rewrite_leaves_the_old_file(tmp_path):
    path = tmp_path / "people.outcomes.csv"
    path.write_text(OLD)

    async def never_ends():
        yield [ROWS[0]]
        await anyio.sleep_forever()

    with anyio.move_on_after(0.05):
        await write_outcomes(path, never_ends())
    assert path.read_text() == OLD
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


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o644, 0o444])
async def test_a_new_file_has_the_readers_of_its_list(tmp_path, mode):
    (tmp_path / "people.csv").touch()
    (tmp_path / "people.csv").chmod(mode)
    (tmp_path / "people2.csv").touch(0o600)
    for name in ("people.outcomes.csv", "people.csv.outcomes.csv"):
        await write_outcomes(tmp_path / name, pages())
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode | 0o600


async def test_of_several_lists_that_it_may_belong_to_the_strictest_says_who_reads_it(tmp_path):
    for name, mode in (("people.csv", 0o644), ("people.xlsx", 0o640)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    await write_outcomes(tmp_path / "people.outcomes.csv", pages())
    assert stat.S_IMODE((tmp_path / "people.outcomes.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize("begin", ["id,key,phone,name\r\n", '\ufeff"id";"key";"phone";"name"\n', "", "\n"])
async def test_a_file_of_outcomes_is_written_anew_also_when_a_spreadsheet_has_saved_it(tmp_path, begin):
    path = tmp_path / "people.outcomes.csv"
    path.write_text(begin, encoding="utf-8")
    await write_outcomes(path, pages())
    assert read(path)[0] == ROWS[0]


@pytest.mark.parametrize("own", ["my own notes\n", "id,name,result\n1,Ann,fine\n"])
async def test_somebody_else_s_file_of_that_name_is_left_alone(tmp_path, own):
    path = tmp_path / "people.outcomes.csv"
    path.write_text(own)
    with pytest.raises(FileExistsError, match="it is another file"):
        await write_outcomes(path, pages())
    assert path.read_text() == own
    assert names(tmp_path) == ["people.outcomes.csv"]
