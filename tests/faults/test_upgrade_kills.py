"""A change of schema that is killed half-way, at any statement: the old or the new version is there, and runs."""

import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import postgres
import pytest
from proving import Figure

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.errors import StoreError
from campaigns.stores.postgres import open_postgres
from campaigns.stores.schema import migration_steps
from campaigns.stores.sqlite import APPLICATION, open_sqlite
from campaigns.testing import a_night, instant

START = instant("2026-11-23T09:00Z")
NEWEST = migration_steps()[-1][0]


async def a_campaign_runs(store: Any, clock: DiscreteClock) -> None:
    async with a_night(store, clock, contacts=2) as night:
        assert (await night.run()).state == "finished"
        await night.until(timedelta(minutes=5))
        assert {str(attempt.state) for attempt in await night.attempts()} == {"ended"}


# SQLite: the process is killed as it begins its n-th statement.


def taken_to(path: Path, version: int) -> Path:
    """A database as the release of that step left it; 0: none yet."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        for number, script in migration_steps()[:version]:
            raw.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")
        if version:
            raw.execute("INSERT INTO meta (key, value) VALUES ('kind', 'simulated')")
            raw.commit()
            raw.execute(f"PRAGMA application_id = {APPLICATION}")
    return path


def state_of(path: Path) -> tuple[int, list[Any]]:
    """At which step it is, and the schema that it has."""
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return raw.execute("PRAGMA user_version").fetchone()[0], found


def opened(path: Path, *, used: bool = False) -> None:
    """Open it as every process does, which brings it up to date."""
    clock = DiscreteClock(START)

    async def main() -> None:
        async with open_sqlite(path, clock=clock, simulated=True) as store:
            if used:
                await a_campaign_runs(store, clock)

    run_virtual(clock, main)


def die_opening(path: Path, nth: int) -> None:
    """In a process of its own: killed at the n-th statement that changes anything, if there are so many."""
    begun = 0

    def statement(sql: str) -> None:
        nonlocal begun
        begun += not sql.startswith(("SELECT", "--"))
        if begun == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    class Watched(sqlite3.Connection):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            self.set_trace_callback(statement)

    sqlite3.connect = partial(sqlite3.connect, factory=Watched)  # type: ignore[assignment]
    opened(path)


def killed_at(path: Path, nth: int) -> bool:
    process = get_context("fork").Process(target=die_opening, args=(path, nth))
    process.start()
    process.join(30)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.row("D8")
def test_killed_at_any_statement_of_its_upgrade_a_file_is_old_or_new_and_opens_again(
    tmp_path: Path, long: bool, dice: Random, figure: Figure
) -> None:
    whole = {version: state_of(taken_to(tmp_path / f"{version}.db", version)) for version in range(NEWEST + 1)}
    kills, left = 0, set[int]()
    for version in range(NEWEST):
        nth = 0
        while True:
            nth += dice.randint(1, 5 if long else 90)
            path = taken_to(tmp_path / f"{version}-{nth}.db", version)
            if not killed_at(path, nth):
                break
            kills += 1
            found = state_of(path)
            assert found == whole[found[0]]
            left.add(found[0])
            opened(path, used=kills % 7 == 1)
            assert state_of(path)[1] == whole[NEWEST][1]
    assert kills >= NEWEST
    figure("D8", "databases of no use after a kill in their upgrade", 0, kills=kills, versions_found=str(sorted(left)),
           database="sqlite")  # fmt: skip


# PostgreSQL: the connection is cut as the n-th statement of the upgrade has made its table or index.

DEATHS = """
CREATE SCHEMA trial;
CREATE SEQUENCE trial.made;
CREATE FUNCTION trial.die() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('trial.made') = {nth} THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); END IF;
END $$;
CREATE EVENT TRIGGER trial ON ddl_command_end EXECUTE FUNCTION trial.die();
"""
LIFE = "DROP EVENT TRIGGER trial; DROP SCHEMA trial CASCADE"
TABLES = """
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
"""


async def tables_at(url: str) -> list[tuple[Any, ...]]:
    raw = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await raw.fetch(TABLES)]
    finally:
        await raw.close()


async def told(url: str, sql: str) -> None:
    raw = await asyncpg.connect(url)
    await raw.execute(sql)
    await raw.close()


def first_steps(count: int) -> str:
    """What a release of before has left there."""
    steps = migration_steps("postgres")[:count]
    mark = f"INSERT INTO meta VALUES ('campaigns', '{steps[-1][0]}'), ('kind', 'simulated');" if steps else ""
    return ";".join(script for _, script in steps) + ";" + mark


def opened_on(url: str, *, used: bool = False) -> None:
    clock = DiscreteClock(START)

    async def main() -> None:
        async with open_postgres(url, clock=clock, simulated=True) as store:
            if used:
                await a_campaign_runs(store, clock)

    run_virtual(clock, main)


@pytest.mark.row("D8")
def test_cut_off_at_any_statement_of_its_upgrade_a_postgres_is_as_it_was_and_opens_again(
    long: bool, dice: Random, figure: Figure
) -> None:
    kills, releases = 0, len(migration_steps("postgres"))
    for count in range(releases):
        nth = 0
        while True:
            nth += dice.randint(*((1, 6) if long else (8, 50)))
            url = postgres.new_database()
            asyncio.run(told(url, first_steps(count) + DEATHS.format(nth=nth)))
            before = asyncio.run(tables_at(url))
            try:
                opened_on(url)
                break
            except (StoreError, OSError):
                kills += 1
            assert asyncio.run(tables_at(url)) == before
            asyncio.run(told(url, LIFE))
            opened_on(url, used=kills % 7 == 1)
    assert kills >= releases
    figure("D8", "databases of no use after a kill in their upgrade", 0, kills=kills, database="postgres")
