"""A database knows where it lives: a copy of it does not believe to be at home, and a new process at home does."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from postgres import new_database, tell

from campaigns.clock import SystemClock, run_real
from campaigns.domain.errors import StoreError, ours_in
from campaigns.stores.location import Location
from campaigns.stores.postgres_address import PostgresAddress
from campaigns.stores.sqlite_file import SqliteFile
from campaigns.stores.sqlite_place import place_of


def made(where: Location, *, simulated: bool = False) -> Location:
    async def main() -> None:
        async with where.open(clock=SystemClock(), simulated=simulated, role="command"):
            pass

    run_real(main)
    return where


def dialed(where: Location, *, simulated: bool = False, lines: int = 0) -> None:
    """What every process does that dials: it asks for the right, and then writes lines of the journal."""

    async def main() -> None:
        async with (
            where.open(clock=SystemClock(), simulated=simulated, role="run") as store,
            where.dialing(clock=SystemClock(), simulated=simulated) as ours,
        ):
            assert ours
            await store.note({f"a{n}": ["why"] for n in range(lines)}, now=SystemClock().now())

    try:
        run_real(main)
    except BaseExceptionGroup as group:
        raise ours_in(group) or group from None


def moved(where: Location) -> str:
    return run_real(where.moved)


@pytest.fixture
def home(tmp_path: Path) -> SqliteFile:
    return SqliteFile(tmp_path / "c.db")


@pytest.mark.row("D7")
def test_whoever_comes_back_to_the_same_file_dials(home: SqliteFile) -> None:
    """As a container does that is made anew on the same volume: another process, the same file."""
    dialed(home, lines=2)
    before = place_of(home.path)
    with closing(sqlite3.connect(home.path)) as raw:
        raw.execute("VACUUM")
    renamed = SqliteFile(home.path.with_name("renamed.db"))
    for ending in ("", ".place"):
        Path(f"{home.path}{ending}").rename(f"{renamed.path}{ending}")
    dialed(renamed, lines=2)
    assert place_of(renamed.path) == before


def copies(home: Path, folder: Path) -> Iterator[Path]:
    yield Path(shutil.copy2(home, folder / "cp.db"))
    backup = folder / "backup.db"
    with closing(sqlite3.connect(home)) as raw, closing(sqlite3.connect(backup)) as copy:
        raw.backup(copy)
    yield backup
    into = folder / "into.db"
    with closing(sqlite3.connect(home)) as raw:
        raw.execute("VACUUM INTO ?", [str(into)])
    yield into


@pytest.mark.row("D7")
def test_no_copy_dials_until_it_is_settled(home: SqliteFile, tmp_path: Path) -> None:
    dialed(home)
    for path in copies(home.path, tmp_path):
        shutil.copy(f"{home.path}.place", f"{path}.place")
        path.chmod(0o600)
        copy = SqliteFile(path)
        with pytest.raises(StoreError, match="campaigns adopt"):
            dialed(copy)
        findings = run_real(lambda c=copy: c.findings(SystemClock()))
        assert [finding.ok for finding in findings if finding.subject == "place"] == [False]
        run_real(copy.settle)
        dialed(copy)
    dialed(home)


@pytest.mark.row("D7")
def test_old_content_written_into_the_file_itself_is_noticed(home: SqliteFile, tmp_path: Path) -> None:
    dialed(home, lines=3)
    shutil.copy(home.path, tmp_path / "backup.db")
    dialed(home, lines=1)
    shutil.copy(tmp_path / "backup.db", home.path)
    assert "older than what was dialled" in moved(home)
    with pytest.raises(StoreError, match="campaigns adopt"):
        dialed(home)
    run_real(home.settle)
    dialed(home, lines=1)


def test_a_new_database_in_the_place_of_an_old_one_dials(home: SqliteFile) -> None:
    dialed(home, lines=3)
    for ending in ("", "-wal", "-shm"):
        Path(f"{home.path}{ending}").unlink(missing_ok=True)
    dialed(home)


def test_a_copy_of_a_simulated_database_is_free(home: SqliteFile, tmp_path: Path) -> None:
    dialed(home, simulated=True)
    dialed(SqliteFile(Path(shutil.copy(home.path, tmp_path / "copy.db"))), simulated=True)


def test_without_births_a_file_is_known_by_inode_and_file_system(
    home: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.stores.sqlite_place._BIRTH", 0)
    dialed(home)
    assert "+" in place_of(home.path)
    dialed(home)


def address() -> PostgresAddress:
    return PostgresAddress(new_database())


async def _said(where: PostgresAddress, sql: str, *values: Any) -> Any:
    raw = await asyncpg.connect(where.url)
    try:
        return await raw.fetchval(sql, *values)
    finally:
        await raw.close()


@pytest.mark.row("D7")
def test_a_copy_on_the_same_server_does_not_dial() -> None:
    home = address()
    dialed(home)
    tell(f"CREATE DATABASE {home.name}_copy TEMPLATE {home.name}")
    copy = PostgresAddress(home.url.replace(home.name, f"{home.name}_copy"))
    with pytest.raises(StoreError, match="campaigns adopt"):
        dialed(copy)
    run_real(copy.settle)
    dialed(copy)
    dialed(home)


@pytest.mark.row("D7", "D5")
def test_a_server_that_went_on_as_another_is_noticed_at_the_start_and_at_a_reconnect() -> None:
    """A promoted standby: the same cluster and database, another timeline."""
    home = address()
    dialed(home)

    async def main() -> None:
        async with home.open(clock=SystemClock(), simulated=False, role="worker") as store:
            place = await _said(home, "SELECT value FROM meta WHERE key = 'place'")
            system, timeline, *rest = place.split("/")
            assert timeline == "00000001"
            before = "/".join([system, "00000009", *rest])
            await _said(home, "UPDATE meta SET value = $1 WHERE key = 'place'", before)
            await _said(
                home, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE $1",
                "campaigns worker%",
            )  # fmt: skip
            await asyncio.sleep(0)
            with pytest.raises(StoreError, match=r"timeline.*campaigns adopt"):
                await store.note({"a": ["b"]}, now=SystemClock().now())
            await home.settle()
            await store.note({"a": ["b"]}, now=SystemClock().now())

    run_real(main)
    assert moved(home) == ""


def test_an_ordinary_user_is_told_where_the_database_lives() -> None:
    where = address()
    tell(f"CREATE ROLE {where.name}_user LOGIN; ALTER DATABASE {where.name} OWNER TO {where.name}_user")
    ours = PostgresAddress(where.url.replace("postgres@", f"{where.name}_user@"))
    dialed(ours)
    assert "?" not in run_real(lambda: _said(ours, "SELECT value FROM meta WHERE key = 'place'"))
