"""SQLite as a place to dial from: safe settings, files that must not be touched, locks, full disks and kill -9."""

import asyncio
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import aiosqlite
import anyio
import pytest

from campaigns.clock import DiscreteClock, SystemClock, run_virtual
from campaigns.domain.errors import StoreError, StoreUnavailable
from campaigns.stores.database import Connection
from campaigns.stores.file_system import file_system_of
from campaigns.stores.gathering import CLAIM_ORDER
from campaigns.stores.schema import migration_steps
from campaigns.stores.sql import SqlStore
from campaigns.stores.sqlite import (
    APPLICATION,
    PATIENCE,
    _apply_settings,
    kind_of,
    last_moment_in,
    open_sqlite,
)
from campaigns.stores.sqlite_lock import dialer_lock, is_locked

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@asynccontextmanager
async def opened(path: Path, *, simulated: bool = True, **more: Any) -> AsyncIterator[SqlStore]:
    async with open_sqlite(path, clock=SystemClock(), simulated=simulated, **more) as store:
        yield store


async def refused(path: Path, *, simulated: bool = True) -> str:
    """Why this file cannot be opened; its text names the file."""
    with pytest.raises(StoreError) as caught:
        async with open_sqlite(path, clock=SystemClock(), simulated=simulated):
            pass
    assert path.name in str(caught.value)
    return str(caught.value)


async def put(store: SqlStore, key: str, size: int = 10) -> bool:
    return await store.receive("p", dedupe_key=key, grade="token", report={"text": "x" * size}, now=NOW) is not None


def rows(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(sql).fetchall()


# --- settings ---------------------------------------------------------------------------------------------------------


async def test_a_database_that_does_not_flush_each_commit_is_not_dialled_from(tmp_path: Path) -> None:
    class Hasty(aiosqlite.Connection):
        """As a library that was built to be quick: it knows better."""

        async def execute_fetchall(self, sql: str, *args: Any) -> Any:
            return await super().execute_fetchall(sql.replace("FULL", "NORMAL"), *args)

    async with Hasty(lambda: sqlite3.connect(tmp_path / "c.db", isolation_level=None), 64) as raw:
        with pytest.raises(StoreError, match="synchronous=FULL, has wal and 1"):
            await _apply_settings(raw, tmp_path / "c.db", PATIENCE)


async def test_both_connections_have_the_safe_settings(tmp_path: Path) -> None:
    settings = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "secure_delete": 1}

    async def verb(db: Connection) -> dict[str, Any]:
        return {name: (await db.rows(f"PRAGMA {name}"))[0][0] for name in settings}

    async with opened(tmp_path / "c.db") as store:
        assert await store._database.read(verb) == settings
        # The writer asks every millisecond by itself, as long as its patience lasts.
        assert await store._database.write(verb) == settings | {"busy_timeout": 1}
        with pytest.raises(StoreUnavailable):
            await store._database.read(lambda db: db.run("DELETE FROM campaign"))


async def test_a_write_gets_its_turn_soon_beside_another_process_that_writes_all_the_time(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path) as store:
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            busy, done = anyio.Event(), anyio.Event()

            def hold() -> None:
                other.execute("BEGIN IMMEDIATE")
                sleep(0.03)
                other.execute("COMMIT")
                sleep(0.005)

            async def hog() -> None:
                while not done.is_set():
                    await anyio.to_thread.run_sync(hold)
                    busy.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(hog)
                await busy.wait()
                began = monotonic()
                for number in range(10):
                    await put(store, f"k{number}")
                done.set()
            assert monotonic() - began < 3  # SQLite's own patience looks up to 0.1 s apart, mostly when it is taken


@pytest.mark.row("D2")
async def test_a_file_that_somebody_is_writing_to_is_opened_and_read_all_the_same(tmp_path: Path) -> None:
    async with opened(tmp_path / "c.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "c.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with opened(tmp_path / "c.db", patience=timedelta(seconds=0.2)) as store:
            assert await store.campaigns() == []


async def test_the_file_is_ours_and_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path) as store:
        await put(store, "a")
        for name in ("c.db", "c.db-wal", "c.db-shm"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert rows(path, "PRAGMA application_id") == [(APPLICATION,)]
    assert rows(path, "PRAGMA user_version") == [(migration_steps()[-1][0],)]


async def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    for number in range(3):
        async with opened(tmp_path / "c.db") as store:
            assert len(await store.inbox("p", limit=10)) == number
            assert await put(store, f"k{number}")


async def test_a_deleted_report_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path) as store:
        await store.receive("p", dedupe_key="k", grade="token", report={"text": "canary" * 500}, now=NOW)
        (item,) = await store.inbox("p", limit=1)
        await store.inbox_done([item.id], "applied")
    assert b"canary" not in path.read_bytes()


@pytest.mark.parametrize("name", ["with blank.db", "50%20off.db", "what?.db", "a#b.db", "zoë.db"])
async def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert await kind_of(path) is None
    assert last_moment_in(path, "c") is None
    async with opened(path, simulated=False):
        pass
    assert await kind_of(path) == "live"
    assert {each.name.removesuffix("-wal").removesuffix("-shm") for each in tmp_path.iterdir()} == {name}


def test_virtual_time_stands_still_while_the_database_works(tmp_path: Path) -> None:
    clock = DiscreteClock(NOW)

    async def main() -> None:
        async with (
            open_sqlite(tmp_path / "c.db", clock=clock, simulated=True) as store,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(clock.sleep_until, NOW + timedelta(hours=1))
            for number in range(20):
                await put(store, str(number))
                await store.inbox("p", limit=1)
            assert clock.now() == NOW

    run_virtual(clock, main)


# --- files that must not be touched -----------------------------------------------------------------------------------


def a_foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("CREATE TABLE campaign (name TEXT); INSERT INTO campaign VALUES ('theirs')")


def a_marked_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("PRAGMA application_id = 77; VACUUM")


def rubbish(path: Path) -> None:
    path.write_bytes(b"These are notes, not a database.\n" * 200)


def half_a_database(path: Path) -> None:
    a_foreign_database(path)
    path.write_bytes(path.read_bytes()[:3000])


@pytest.mark.parametrize("make", [a_foreign_database, a_marked_database, rubbish, half_a_database])
async def test_another_programs_file_is_refused_and_not_changed_by_a_byte(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "theirs.db"
    make(path)
    before = path.read_bytes()
    await refused(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["theirs.db"]
    assert await kind_of(path) is None


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("PRAGMA user_version = 9999; UPDATE meta SET value = '9999' WHERE key = 'runs_from'")
    assert "newer version" in await refused(path)
    assert rows(path, "PRAGMA user_version") == [(9999,)]


@pytest.mark.parametrize("simulated", [True, False])
async def test_simulated_and_live_never_mix(tmp_path: Path, simulated: bool) -> None:
    path = tmp_path / "c.db"
    async with opened(path, simulated=simulated):
        pass
    assert "never mix" in await refused(path, simulated=not simulated)
    async with opened(path, simulated=simulated):
        assert await kind_of(path) == ("simulated" if simulated else "live")


async def test_a_missing_folder_and_a_folder_instead_of_a_file_are_refused(tmp_path: Path) -> None:
    assert "folder" in await refused(tmp_path / "nowhere" / "c.db")
    (tmp_path / "c.db").mkdir()
    await refused(tmp_path / "c.db")
    (tmp_path / "file").touch()
    await refused(tmp_path / "file" / "c.db")


@contextmanager
def a_folder_of_somebody_else() -> Iterator[Path]:
    """A folder that this process may read but not write, also when it runs as root."""
    folder, me = Path(tempfile.mkdtemp()), os.geteuid()
    folder.chmod(0o555)
    try:
        if not me:
            os.seteuid(65534)
        yield folder
    finally:
        os.seteuid(me)
        folder.chmod(0o755)
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()


async def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with a_folder_of_somebody_else() as folder:
        assert "cannot be made" in await refused(folder / "c.db")
        with pytest.raises(StoreError, match="cannot be opened"), dialer_lock(folder / "c.db"):
            pass


async def test_a_damaged_database_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path) as store:
        for number in range(1000):
            await put(store, str(number), 500)
    data = bytearray(path.read_bytes())
    behind = len(data) // 8192 * 4096  # after every page of the schema
    data[behind:] = b"\xa5" * (len(data) - behind)
    path.write_bytes(data)
    async with opened(path) as store:
        with pytest.raises(StoreError, match="damaged"):
            await store.inbox("p", limit=1000)


MOUNTS = """\
overlay / overlay rw 0 0
tmpfs /run tmpfs rw 0 0
server:/home /home nfs4 rw 0 0
//server/share /mnt/share cifs rw 0 0
/dev/sdb1 /home/me/disk ext4 rw 0 0
server:/x /mnt/with\\040blank nfs rw 0 0
automount /auto autofs rw 0 0
server:/auto /auto nfs4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/c.db", "overlay"), ("/run/c.db", "tmpfs"), ("/runner/c.db", "overlay"), ("/home/me/c.db", "nfs4"),
        ("/home/me/disk/c.db", "ext4"), ("/mnt/share/a/c.db", "cifs"), ("/mnt/with blank/c.db", "nfs"),
        ("/auto/c.db", "nfs4"),
    ],
)  # fmt: skip
def test_the_file_system_is_that_of_the_innermost_and_latest_mount(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind


# --- several processes ------------------------------------------------------------------------------------------------


async def test_whoever_opens_a_new_file_at_the_same_time_finds_it_whole(tmp_path: Path) -> None:
    for attempt in range(3):
        path = tmp_path / f"{attempt}.db"

        async def use(name: str, path: Path = path) -> None:
            async with opened(path) as store:
                assert await put(store, name)

        await asyncio.gather(*(use(f"k{number}") for number in range(6)))
        assert rows(path, "SELECT COUNT(*) FROM inbox") == [(6,)]


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that runs `script`."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=environment
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


LOCKS = """
import sys, time
from pathlib import Path
from campaigns.stores.sqlite_lock import dialer_lock
with dialer_lock(Path(sys.argv[1])) as ours:
    print(ours)
    time.sleep(60)
"""


def test_one_process_dials_and_a_crash_frees_the_right(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with child(LOCKS, path) as holder:
        assert line_of(holder) == "True"
        with dialer_lock(path) as ours:
            assert not ours
        with child(LOCKS, path) as second:
            assert line_of(second) == "False"
            second.kill()
        holder.kill()
        holder.wait()
        with dialer_lock(path) as ours:
            assert ours
            with dialer_lock(path) as twice:
                assert not twice
        with dialer_lock(path) as ours:
            assert ours


@pytest.mark.row("D4")
async def test_a_file_is_looked_through_where_the_last_dialer_did_not_end_in_order(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path) as store:
        for number in range(1000):
            await put(store, str(number), 500)
    data = bytearray(path.read_bytes())
    data[-8192:] = bytes(8192)
    path.write_bytes(data)
    with dialer_lock(path) as ours:
        assert ours
    with suppress(RuntimeError), dialer_lock(path):
        raise RuntimeError("an end out of order")
    with pytest.raises(StoreError, match="cannot be trusted"), dialer_lock(path):
        pass


@pytest.mark.row("D4")
async def test_what_a_log_holds_is_written_into_the_file_before_anybody_dials_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path) as store:
        await put(store, "k")
        assert (tmp_path / "c.db-wal").stat().st_size
        with suppress(RuntimeError), dialer_lock(path):
            raise RuntimeError("an end out of order")
        with dialer_lock(path) as ours:
            assert ours
            assert not (tmp_path / "c.db-wal").stat().st_size


@pytest.mark.row("D2")
async def test_while_another_process_holds_the_write_lock_writes_fail_together_and_reads_go_on(tmp_path: Path) -> None:
    path, patience = tmp_path / "c.db", timedelta(milliseconds=200)
    async with opened(path, patience=patience) as store:
        await put(store, "before")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with anyio.fail_after(3):
                results = await asyncio.gather(*(put(store, f"k{n}") for n in range(50)), return_exceptions=True)
            assert {type(result) for result in results} == {StoreUnavailable}
            assert len(await store.inbox("p", limit=10)) == 1
            other.execute("ROLLBACK")
        assert await put(store, "k0")


async def test_a_short_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with opened(path) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(put(store, "k"))
            await asyncio.sleep(0.1)
            assert not writing.done()
            other.execute("COMMIT")
            assert await writing


async def test_a_program_that_is_cancelled_still_gets_its_last_writes(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with anyio.CancelScope() as scope:
        async with opened(path) as store:
            writing = [asyncio.create_task(put(store, f"k{n}")) for n in range(20)]
            await asyncio.sleep(0)
            scope.cancel()
            await anyio.sleep(5)
    assert await asyncio.wait_for(asyncio.gather(*writing), 5) == [True] * 20
    assert rows(path, "SELECT COUNT(*) FROM inbox") == [(20,)]


async def test_a_verb_that_breaks_a_law_does_not_fail_its_neighbours(tmp_path: Path) -> None:
    async with opened(tmp_path / "c.db") as store:
        lawless = "UPDATE inbox SET state = 'odd' WHERE dedupe_key = 'first'"
        await put(store, "first")
        neighbours = [put(store, f"k{n}") for n in range(10)]
        wrong = store._database.write(lambda db: db.run(lawless))
        results = await asyncio.gather(*neighbours[:5], wrong, *neighbours[5:], return_exceptions=True)
        assert [type(result) for result in results] == [bool] * 5 + [sqlite3.IntegrityError] + [bool] * 5
        assert len(await store.inbox("p", limit=99)) == 11


# --- disks and crashes ------------------------------------------------------------------------------------------------

Full = Callable[[], None]


@contextmanager
def a_small_disk(folder: Path) -> Iterator[tuple[Full, Full]]:
    """(fill, free) of a file system of 2 MB; files may not grow where nobody may mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        with a_short_limit(folder) as pair:
            yield pair
        return
    ballast = folder / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    try:
        yield fill, ballast.unlink
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def a_short_limit(_folder: Path) -> Iterator[tuple[Full, Full]]:
    """(fill, free) of a disk on which no file may grow beyond 300 KB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard)), free
    finally:
        free()


@pytest.mark.parametrize("disk", [a_small_disk, a_short_limit])
@pytest.mark.row("D3")
async def test_a_full_disk_stops_writes_and_nothing_else_and_all_goes_on_after(tmp_path: Path, disk: Any) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with disk(folder) as (fill, free):
        path = folder / "c.db"
        async with opened(path) as store:
            kept = [f"a{n}" for n in range(20) if await put(store, f"a{n}")]
            fill()
            number, failed = 0, 0
            while failed < 3:
                number += 1
                assert number < 1000
                try:
                    assert await put(store, f"b{number}", 20_000)
                    kept.append(f"b{number}")
                except StoreUnavailable:
                    failed += 1
            together = await asyncio.gather(*(put(store, f"c{n}", 20_000) for n in range(5)), return_exceptions=True)
            assert {type(result) for result in together} == {StoreUnavailable}
            assert len(await store.inbox("p", limit=9999)) == len(kept)
            free()
            assert await put(store, "after", 20_000)
            assert len(await store.inbox("p", limit=9999)) == len(kept) + 1
        found = {key for (key,) in rows(path, "SELECT dedupe_key FROM inbox")}
        assert found == {*kept, "after"}
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]


WRITES = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import anyio
from campaigns.clock import SystemClock
from campaigns.stores.sqlite import open_sqlite

async def main():
    async with open_sqlite(Path(sys.argv[1]), clock=SystemClock(), simulated=True) as store:
        async def write(worker):
            number = 0
            while True:
                key = f"{sys.argv[2]}-{worker}-{number}"
                await store.receive("p", dedupe_key=key, grade="t", report={"x": "x" * 3000}, now=datetime.now(UTC))
                print(key)
                number += 1
        async with anyio.create_task_group() as tasks:
            for worker in range(8):
                tasks.start_soon(write, worker)

anyio.run(main)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    acknowledged: set[str] = set()
    for life in range(4):
        with child(WRITES, path, life) as process:
            acknowledged |= {line_of(process) for _ in range(40 + 37 * life)}
            process.kill()
            assert process.stdout is not None
            rest = process.stdout.read().splitlines(keepends=True)
            acknowledged |= {line.strip() for line in rest if line.endswith("\n")}
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        found = {key for (key,) in rows(path, "SELECT dedupe_key FROM inbox")}
        assert acknowledged <= found
    assert len(acknowledged) > 300


async def test_a_schema_step_that_was_cut_short_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with closing(sqlite3.connect(path)) as raw:  # a crash in the middle of the first step: nothing was committed
        raw.executescript(
            f"PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {migration_steps()[0][1][:2000].rpartition(';')[0]};"
        )
    async with opened(path) as store:
        assert await put(store, "k")


async def test_a_claim_reads_ready_leads_in_their_order_and_sorts_none(tmp_path: Path) -> None:
    async with opened(tmp_path / "campaigns.db"):
        claim = f"SELECT id FROM lead WHERE campaign = 'c' AND state = 'ready' ORDER BY {CLAIM_ORDER} LIMIT 5"
        (step,) = rows(tmp_path / "campaigns.db", f"EXPLAIN QUERY PLAN {claim}")
        assert "lead_ready" in step[3]


def test_whoever_looks_sees_whether_somebody_dials_and_takes_nobodys_chance(tmp_path):
    path = tmp_path / "c.db"
    assert not is_locked(path)
    with dialer_lock(path) as ours:
        assert ours
        assert is_locked(path)
    assert not is_locked(path)
    with dialer_lock(path) as ours:
        assert ours
