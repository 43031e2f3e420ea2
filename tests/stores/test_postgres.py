"""What the store promises on PostgreSQL beyond its contract: whose it is, what it demands, what a loss leaves."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from postgres import mortal_server, tell
from proving import Figure

from campaigns.clock import DiscreteClock, SystemClock
from campaigns.domain.errors import StoreError, StoreUnavailable
from campaigns.stores import dial_verbs
from campaigns.stores.database import Connection, InDoubt, NotBegun
from campaigns.stores.postgres import _check_server, open_postgres
from campaigns.stores.postgres_address import PostgresAddress
from campaigns.stores.schema import migration_steps
from campaigns.stores.session import Session, Transactions, _in_postgres
from campaigns.stores.sql import SqlStore

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@asynccontextmanager
async def opened(url: str, *, simulated: bool = True, **more: Any) -> AsyncIterator[SqlStore]:
    async with open_postgres(url, clock=SystemClock(), simulated=simulated, **more) as store:
        yield store


async def refusal(url: str, *, simulated: bool = True) -> str:
    with pytest.raises(StoreError) as caught:
        async with opened(url, simulated=simulated):
            raise AssertionError("it was opened")
    return str(caught.value)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    raw = await asyncpg.connect(url)
    try:
        yield raw
    finally:
        await raw.close()


@asynccontextmanager
async def transacting(url: str, **settings: str) -> AsyncIterator[Transactions]:
    transactions = Transactions(lambda: asyncpg.connect(url, server_settings=settings))
    try:
        yield transactions
    finally:
        await transactions.close()


def name_of(url: str) -> str:
    return PostgresAddress(url).name


# Both schemas are one.


def sqlite_schema() -> sqlite3.Connection:
    raw = sqlite3.connect(":memory:")
    for _, script in migration_steps():
        raw.executescript(script)
    return raw


def sqlite_columns() -> Iterator[tuple[str, str, str, bool, str | None]]:
    raw = sqlite_schema()
    for (table,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for _, name, kind, filled, default, key in raw.execute(f"PRAGMA table_info({table})"):
            counted = kind == "INTEGER" and key and name == "id"
            yield table, name, "BIGINT" if counted else kind, bool(filled or key), default


async def test_both_databases_have_the_same_columns(postgres_url: str) -> None:
    async with opened(postgres_url), connected(postgres_url) as raw:
        rows = await raw.fetch("SELECT * FROM information_schema.columns WHERE table_schema = 'public'")
    theirs = {
        (
            row["table_name"], row["column_name"], row["data_type"].upper().replace("BYTEA", "BLOB"),
            row["is_nullable"] == "NO", (row["column_default"] or "").removesuffix("::text") or None,
        )
        for row in rows
    }  # fmt: skip
    assert theirs == set(sqlite_columns())


async def test_every_text_is_ordered_by_its_bytes(postgres_url: str) -> None:
    async with opened(postgres_url), connected(postgres_url) as raw:
        rows = await raw.fetch(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
        )
    assert rows == []


def said_of(what: str, texts: list[str]) -> list[str]:
    """Every CHECK, or every INDEX, of some SQL, without what only one of both can say."""
    sql = re.sub(r"--[^\n]*| COLLATE \"C\"| NULLS FIRST| IF NOT EXISTS", "", ";\n".join(texts))
    for name in re.findall(r"DROP INDEX (\w+);", sql):
        sql = re.sub(rf"CREATE (?:UNIQUE )?INDEX {name} [^;]*;", "", sql, count=1)
    found = re.findall(r"CREATE (?:UNIQUE )?INDEX [^;]*", sql) if what == "INDEX" else list(checks_in(sql))
    return sorted(re.sub(r"\s+", " ", each).replace("( ", "(").replace(" )", ")").strip() for each in found)


def checks_in(sql: str) -> Iterator[str]:
    for start in re.finditer(r"\bCHECK \(", sql):
        depth, end = 1, start.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield sql[start.start() : end]


@pytest.mark.parametrize("what", ["CHECK", "INDEX"])
def test_both_databases_hold_the_same_laws_and_indexes(what: str) -> None:
    ours = [sql for (sql,) in sqlite_schema().execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    assert said_of(what, [script for _, script in migration_steps("postgres")]) == said_of(what, ours)


# The text of a verb.


@pytest.mark.parametrize(
    ("said", "text", "names"),
    [
        ("a = :a AND b = :b OR a > :a", "a = $1 AND b = $2 OR a > $1", ("a", "b")),
        ("'12:30' || :a || x::text", "'12:30' || $1 || x::text", ("a",)),
        ("a = :a -- it's :so\nAND b = :b", "a = $1 -- it's :so\nAND b = $2", ("a", "b")),
        ("id = ANY(:ids)", "id = ANY($1)", ("ids",)),
    ],
)
def test_names_become_numbers(said: str, text: str, names: tuple[str, ...]) -> None:
    assert _in_postgres(said) == (text, names)


async def test_many_runs_return_their_rows_apart(postgres_url: str) -> None:
    async with opened(postgres_url), connected(postgres_url) as raw:
        sql = "INSERT INTO inbound VALUES (:p, :c, 's') ON CONFLICT DO NOTHING RETURNING call_id"
        sets = [{"p": "p", "c": "1"}, {"p": "p", "c": "1"}, {"p": "p", "c": "2"}]
        found = await Session(raw).rows_many(sql, sets)
        read = await Session(raw).rows_many("SELECT stage FROM inbound WHERE call_id = :c", [{"c": "3"}, {"c": "2"}])
    assert [[row["call_id"] for row in rows] for rows in found] == [["1"], [], ["2"]]
    assert [len(rows) for rows in read] == [0, 1]


async def test_a_call_id_with_a_nul_is_kept_and_found_without_it(postgres_url: str) -> None:
    async with opened(postgres_url) as store:
        assert await store.note_inbound("p", "a\0b", "ended", now=NOW)
        assert not await store.note_inbound("p", "a\0b", "ended", now=NOW)


# Whose database it is, and what it must be.


async def test_a_database_is_made_once_and_then_found(postgres_url: str) -> None:
    for _ in range(2):
        async with opened(postgres_url) as store:
            assert await store.campaigns() == []


async def test_processes_that_open_a_new_database_at_once_make_it_once(postgres_url: str) -> None:
    async def use() -> None:
        async with opened(postgres_url) as store:
            await store.request_slot("p", timedelta(), now=SystemClock().now())

    await asyncio.gather(*(use() for _ in range(4)))
    assert tell("SELECT count(*) FROM account", name_of(postgres_url)) == "1"
    assert tell("SELECT count(*) FROM pg_tables WHERE tablename = 'lead'", name_of(postgres_url)) == "1"


async def test_the_tables_of_another_program_are_left_alone(postgres_url: str) -> None:
    tell("CREATE TABLE meta (key text, value text)", name_of(postgres_url))
    assert "belongs to another program" in await refusal(postgres_url)
    assert tell("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name_of(postgres_url)) == "1"


async def test_simulated_and_live_never_mix(postgres_url: str) -> None:
    async with opened(postgres_url, simulated=False):
        pass
    assert "is a live database, and this is a simulated run" in await refusal(postgres_url)


async def test_only_a_program_that_knows_the_schema_opens_it(postgres_url: str) -> None:
    async with opened(postgres_url):
        pass
    tell("UPDATE meta SET value = '99' WHERE key = 'campaigns'", name_of(postgres_url))
    async with opened(postgres_url):  # a later step that this program still works with
        pass
    tell("UPDATE meta SET value = '99' WHERE key = 'runs_from'", name_of(postgres_url))
    assert "newer version" in await refusal(postgres_url)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("postgresql://me:hush@127.0.0.1:1/x", "cannot be reached"),
        ("postgresql://me@127.0.0.1:1/x?password=hush", "cannot be reached"),
    ],
)
async def test_no_refusal_holds_the_password(url: str, word: str) -> None:
    told = await refusal(url)
    assert word in told
    assert "hush" not in told


async def test_a_missing_database_is_said_so(postgres_url: str) -> None:
    assert "createdb" in await refusal(postgres_url.replace("/test_", "/absent_"))


class Told:
    """A server with settings of its own."""

    def __init__(self, major: int = 16, **settings: str) -> None:
        self._major, self._settings = (
            major,
            {"fsync": "on", "full_page_writes": "on", "server_encoding": "UTF8"} | settings,
        )

    def get_server_version(self) -> Any:
        return type("Version", (), {"major": self._major})

    async def fetchval(self, sql: str, name: str = "server_encoding") -> Any:
        return 0 if "pg_stat_replication" in sql else self._settings[name]


@pytest.mark.parametrize(
    "changed", [{"major": 12}, {"fsync": "off"}, {"full_page_writes": "off"}, {"server_encoding": "X"}]
)
async def test_a_server_that_may_lose_what_it_has_confirmed_is_refused(changed: dict[str, Any]) -> None:
    await _check_server(Told(), "here")
    with pytest.raises(StoreError, match="here: "):
        await _check_server(Told(**changed), "here")


async def test_commits_are_durable_whatever_the_server_says(postgres_url: str) -> None:
    tell(f"ALTER DATABASE {name_of(postgres_url)} SET synchronous_commit = off")
    shown: list[str] = []

    async def verb(db: Connection) -> None:
        shown.append((await db.rows("SHOW synchronous_commit"))[0][0])

    async with opened(postgres_url) as store:
        await store._database.write(verb)
    assert shown == ["on"]


async def test_a_reading_verb_cannot_write(postgres_url: str) -> None:
    async def verb(db: Connection) -> None:
        await db.run("DELETE FROM campaign")

    async with opened(postgres_url) as store:
        with pytest.raises(StoreError):
            await store._database.read(verb)


class Moved(SystemClock):
    """A machine whose wall clock is an hour late: until it follows, that is all it knows."""

    def now(self) -> datetime:
        return super().now() if self._heard else super().now() - timedelta(hours=1)


async def test_real_time_is_the_databases_whatever_the_wall_clock_says(postgres_url: str) -> None:
    clock = Moved()
    async with open_postgres(postgres_url, clock=clock, simulated=True), connected(postgres_url) as raw:
        assert abs(await raw.fetchval("SELECT clock_timestamp()") - clock.now()) < timedelta(seconds=2)


async def test_virtual_time_stays_virtual(postgres_url: str) -> None:
    clock = DiscreteClock(NOW)
    async with open_postgres(postgres_url, clock=clock, simulated=True) as store:
        assert await store.campaigns() == []
    assert clock.now() == NOW


# What is asked again and again is asked of an index, whatever the server believes of the numbers.


async def test_no_hot_question_reads_or_sorts_a_whole_table(postgres_url: str, world_on: Any) -> None:
    who = {"name": "c", "provider": "p", "owner": "w", "id": "a"}
    params = {**who, "now": 0, "late": 0, "limit": 100, "ids": ["a"], "version": 1}
    plans: dict[str, str] = {}

    async def verb(db: Connection) -> None:
        for name in ("_LOOK", "_DUE", "_READY", "_FENCE"):
            rows = await db.rows(f"EXPLAIN {getattr(dial_verbs, name)}", params)
            plans[name] = "\n".join(row[0] for row in rows)

    async with opened(postgres_url) as store:
        world = world_on(store)
        await world.campaign()
        await world.load(12_000)
        tell("VACUUM ANALYZE", name_of(postgres_url))  # the server counts while nobody is ready, and believes it
        await world.begin(await world.claim())
        await store._database.write(verb)
    for name, plan in plans.items():
        assert not re.search(r"Seq Scan on (lead|attempt|person)", plan), (name, plan)
        assert "Sort" not in plan, (name, plan)
    assert "lead_ready" in plans["_READY"]
    assert "lead_waiting" in plans["_DUE"]
    assert "using attempt_pkey" in plans["_FENCE"]
    assert "using lead_pkey" in plans["_FENCE"]


# Transactions that undo each other, and servers that go away.


async def test_transactions_about_an_account_run_one_after_the_other(postgres_url: str) -> None:
    seen: list[str] = []

    async def nothing(_db: Connection) -> None: ...

    def about(name: str) -> Any:
        async def verb(db: Connection) -> None:
            seen.append(f"{name} begins")
            await db.rows("SELECT pg_sleep(0.05)")
            seen.append(f"{name} ends")

        return verb

    async with opened(postgres_url), transacting(postgres_url) as one, transacting(postgres_url) as two:
        for connection in (one, two):
            await connection.transact(nothing, accounts=["p", "q"])
        await asyncio.gather(
            one.transact(about("a"), accounts=["p", "q"]), two.transact(about("b"), accounts=["q", "p"])
        )
    assert seen in (["a begins", "a ends", "b begins", "b ends"], ["b begins", "b ends", "a begins", "a ends"])


async def test_a_deadlock_is_run_again_until_both_are_written(postgres_url: str) -> None:
    met = asyncio.Barrier(2)

    def both(*names: str) -> Any:
        first = True

        async def verb(db: Connection) -> None:
            nonlocal first
            for name in names:
                await db.run("UPDATE person SET version = version + 1 WHERE person_key = :name", {"name": name})
                if first:
                    first = False
                    await met.wait()

        return verb

    async with opened(postgres_url), connected(postgres_url) as raw:
        await raw.execute("INSERT INTO person VALUES ('a', 0), ('b', 0)")
        quick = {"deadlock_timeout": "50ms"}
        async with transacting(postgres_url, **quick) as one, transacting(postgres_url, **quick) as two:
            await asyncio.gather(one.transact(both("a", "b"), accounts=[]), two.transact(both("b", "a"), accounts=[]))
        assert [row["version"] for row in await raw.fetch("SELECT version FROM person")] == [2, 2]


async def test_an_account_that_another_process_keeps_is_waited_for_once(postgres_url: str) -> None:
    async def verb(_db: Connection) -> None:
        raise AssertionError("it has begun")

    async with opened(postgres_url), connected(postgres_url) as raw, raw.transaction():
        await raw.execute("INSERT INTO account (provider) VALUES ('p')")
        async with transacting(postgres_url, lock_timeout="50ms") as transactions:
            with pytest.raises(NotBegun):
                await transactions.transact(verb, accounts=["p"])


async def test_a_broken_law_of_the_schema_is_told_without_the_row(postgres_url: str) -> None:
    async def verb(db: Connection) -> None:
        await db.run("INSERT INTO lead_phone (lead_id, phone_key) VALUES ('hush', 'hush')")

    async with opened(postgres_url) as store:
        with pytest.raises(asyncpg.ForeignKeyViolationError) as caught:
            await store._database.write(verb)
    assert "hush" not in str(caught.value)


async def ended(raw: Any) -> None:
    """End every other connection to this database, as a server does that goes away."""
    await raw.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.mark.row("D5")
async def test_after_a_loss_the_store_comes_back_by_itself(postgres_url: str) -> None:
    async with opened(postgres_url) as store, connected(postgres_url) as raw:
        for n in range(3):
            assert await store.note_inbound("p", str(n), "ended", now=NOW)
            assert await store.campaigns() == []
            await ended(raw)
        assert not await store.note_inbound("p", "2", "ended", now=NOW)


@pytest.mark.row("D5")
async def test_a_transaction_whose_connection_is_cut_is_run_again_whole(postgres_url: str) -> None:
    runs: list[int] = []

    async with opened(postgres_url) as store, connected(postgres_url) as raw:

        async def verb(db: Connection) -> None:
            runs.append(await db.run("INSERT INTO withdrawal VALUES ('k', 0, '', '')"))
            if len(runs) == 1:
                await ended(raw)
                await db.rows("SELECT 1")

        await store._database.write(verb)
    assert runs == [1, 1]


class Wire:
    """Between a program and the server; it can swallow the answer to a commit."""

    def __init__(self, folder: Path, target: str) -> None:
        self.url = f"postgresql://postgres@/{name_of(target)}?host={folder}"
        self._path, self._target = folder / ".s.PGSQL.5432", target.rpartition("host=")[2] + "/.s.PGSQL.5432"
        self.swallows = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.swallows and data.startswith(b"C") and b"COMMIT\0Z" in data:
                    self.swallows = False
                    break
                writer.write(data)
                await writer.drain()
        writer.close()

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Wire"]:
        async with await asyncio.start_unix_server(self.serve, self._path):
            yield self


@pytest.mark.row("D5")
async def test_a_commit_whose_answer_is_lost_is_told_so_and_not_done_twice(postgres_url: str, tmp_path: Path) -> None:
    async def verb(db: Connection) -> None:
        await db.run("INSERT INTO bad_row VALUES ('c', 's', 1, 'r')")

    async with opened(postgres_url), Wire(tmp_path, postgres_url).up() as wire, opened(wire.url) as store:
        wire.swallows = True
        answers = await asyncio.gather(*(store._database.write(verb) for _ in range(3)), return_exceptions=True)
        assert {type(answer) for answer in answers} <= {InDoubt, StoreUnavailable}
        assert len(await store.bad_rows("c")) == 3


@pytest.mark.row("D5")
async def test_over_crashes_of_the_server_nothing_acknowledged_is_lost(long: bool, figure: Figure) -> None:
    acknowledged, refused = list[str](), list[str]()
    crashes = 25 if long else 2

    async def go_on(store: SqlStore, worker: int) -> None:
        for n in range(100_000):
            name = f"{worker} {n}"
            try:
                await store.note_inbound("p", name, "ended", now=NOW)
            except StoreUnavailable:
                refused.append(name)
                await asyncio.sleep(0.02)
            else:
                acknowledged.append(name)

    with mortal_server() as server:
        async with opened(server.url) as store:
            tasks = [asyncio.create_task(go_on(store, worker)) for worker in range(8)]
            for _ in range(crashes):
                before = len(acknowledged)
                while len(acknowledged) < before + 200:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(server.crash)
                await asyncio.to_thread(server.start)
            before = len(acknowledged)
            while len(acknowledged) < before + 50:  # it has come back by itself
                await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        async with connected(server.url) as raw:
            there = {row["call_id"] for row in await raw.fetch("SELECT call_id FROM inbound")}
    assert set(acknowledged) <= there
    assert refused
    figure(
        "D5", "acknowledged writes that were lost", 0, crashes_of_the_server=crashes, acknowledged=len(acknowledged),
        refused=len(refused), of_them_written_all_the_same=len(there.intersection(refused)),
    )  # fmt: skip
