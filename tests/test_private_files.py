"""Whatever is written about people can be opened by its owner alone, whatever the shell says of new files."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaigns.cli.main import run
from campaigns.stores.sqlite import copy_database
from campaigns.stores.sqlite_file import open_to_others

CAMPAIGN = """\
campaign: small
purpose: informational
contacts: [{file: people.csv, region: GB, columns: {phone: Mobile, name: Name, id: Id}}]
calling_hours: "24/7"
legal_hours: {off: "made-up people, at any hour"}
timezone: Europe/London
starts: 2026-11-23
attempts: {max: 1}
write_back: true
"""


@pytest.fixture(params=[0o022, 0o000], ids=["umask 022", "umask 000"])
def usual(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def others(folder: Path) -> list[str]:
    """Files that somebody else may open."""
    return [path.name for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]


@pytest.mark.usefixtures("usual")
def test_database_lock_key_reports_and_outcomes_are_their_owners_alone(tmp_path: Path) -> None:
    for name, text in {"small.yaml": CAMPAIGN, "people.csv": "Id,Name,Mobile\n1,Ann,020 7946 0001\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    assert run(["run", "small.yaml", "--json"]) == 0
    for ending in ("csv", "xlsx", "html", "parquet"):
        assert run(["report", "small", "--out", f"out.{ending}", "--numbers"]) == 0
    database = tmp_path / "campaigns-simulated.db"
    with closing(sqlite3.connect(database)) as raw:
        raw.execute("BEGIN IMMEDIATE")  # so that the log and its index are there
        assert {f"{database.name}-wal", f"{database.name}-shm"} <= {path.name for path in tmp_path.iterdir()}
        assert copy_database(database, tmp_path / "copy.db")
        assert others(tmp_path) == []
    names = {path.name for path in tmp_path.iterdir()}
    assert {"campaigns-simulated.db.key", "campaigns-simulated.db.lock", "people.outcomes.csv", "copy.db.key"} <= names
    assert open_to_others(database) == []


def test_a_report_takes_the_rights_of_the_one_that_it_replaces(tmp_path: Path) -> None:
    from campaigns.reports.writing import _draft  # noqa: PLC0415 - of this test alone

    shared = tmp_path / "shared.html"
    shared.touch()
    shared.chmod(0o644)
    with _draft(shared) as draft:
        draft.write_text("new")
    assert (shared.read_text(), shared.stat().st_mode & 0o777) == ("new", 0o644)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", ".key"])
@pytest.mark.parametrize("mode", [0o604, 0o606, 0o666, 0o602])
def test_the_doctor_tells_of_files_that_everybody_may_open(tmp_path: Path, ending: str, mode: int) -> None:
    database = tmp_path / "campaigns.db"
    for each in ("", "-wal", "-shm", ".key"):
        (tmp_path / f"campaigns.db{each}").touch(mode=0o640)
    assert open_to_others(database) == []
    (tmp_path / f"campaigns.db{ending}").chmod(mode)
    [finding] = open_to_others(database)
    assert finding.ok is False
    assert f"chmod o-rwx campaigns.db{ending}" in finding.told


def test_the_doctor_s_command_fails_on_such_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suppress", "add", "+442079460123", "--why", "asked", "--db", "sqlite:///campaigns.db"]) == 0
    (tmp_path / "campaigns.db").chmod(0o644)
    assert run(["doctor", "--db", "sqlite:///campaigns.db"]) != 0
    assert "chmod o-rwx campaigns.db" in " ".join(capsys.readouterr().out.split())
