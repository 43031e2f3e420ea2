"""With a million leads in the database (`--huge`: ten million too): claims, a look, `status`, and what a worker holds.

The leads are multiplied by SQL. A claim of 100 is measured with the promotion before it, in the product's own store in
this process; its floor is one UPDATE … RETURNING on a bare table of as many rows.
"""

import asyncio
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import server
from bench_calls import folder_of
from floor_store import CLAIM, COLUMNS, DUE
from grown import change, grow, set_due, settle
from product import Product
from rig import Provider, Row, Wish, percentile, process, provider, query, until

CLAIMED, REPEATS, WARM = 100, 60, 10
MOST = 3.0
"""Milliseconds of a claim, in the middle, at a million leads; at ten million twice that."""
HELD = 300.0
"""MB of a worker that dials, with a million leads."""


def measure(wish: Wish) -> Iterator[Row]:
    for store, address in wish.stores.items():
        for count in [100_000] if wish.quick else [1_000_000, *([10_000_000] if wish.huge else [])]:
            yield from on_store(wish, store, address, count)


def on_store(wish: Wish, store: str, address: str | None, count: int) -> list[Row]:
    folder = folder_of(wish.folder / f"{store}-{count}")
    with provider(folder, talk=5.0) as raw, server.database(address) as database:
        product = Product(folder, raw, database, at_once=1_000, per_second=50)
        begun = time.perf_counter()
        grow(product, count)
        settle(product.database)
        title = f"{store}, {count:,} leads"
        notes = {"built_s": time.perf_counter() - begun, "size_mb": size_mb(product.database)}
        held = [*status(product, title), *memory(product, title, raw, running=False)] if count <= 1_000_000 else []
        rows = claims(product, title, count, notes)
        if count <= 1_000_000:
            held += memory(product, title, raw, running=True)
    for file in folder.glob("*.db*"):
        file.unlink()
    return rows + held


def size_mb(database: str) -> float:
    if database.startswith("postgres"):
        return query(database, "SELECT pg_database_size(current_database())")[0][0] / 2**20
    return Path(database.removeprefix("sqlite:///")).stat().st_size / 2**20


def claims(product: Product, title: str, count: int, notes: dict[str, Any]) -> list[Row]:
    """None due, then a few, then everybody."""
    floors = floor_claims(product, count)
    most = MOST if count <= 1_000_000 else 2 * MOST
    rows = []
    cases: dict[str, Callable[[], int]] = {
        "none due": lambda: 0,
        "few due": lambda: set_due(product, most=CLAIMED),
        "many due": lambda: 0,
    }
    for case, prepare in cases.items():
        if case == "many due":
            set_due(product)
            settle(product.database)
        taken, looks, cpu = asyncio.run(claimed(product, prepare, None if case == "none due" else CLAIMED))
        told = {"p99_ms": percentile(taken, 0.99), "look_p50_ms": statistics.median(looks), "cpu_ms": cpu, **notes}
        middle = statistics.median(taken)
        rows.append(
            Row("leads", f"{title}: claim of {CLAIMED}, {case}, p50", middle, "ms", floors[case], most=most, notes=told)
        )
    rows.append(Row("leads", f"{title}: one look at the campaign, p50", rows[-1].notes["look_p50_ms"], "ms"))
    return rows


async def claimed(
    product: Product, prepare: Callable[[], int], expect: int | None
) -> tuple[list[float], list[float], float]:
    """Milliseconds of each claim with its promotion, and of each look at the campaign; processor for a claim."""
    from campaigns.app import open_session  # noqa: PLC0415 - the benches that need no product in this process have none
    from campaigns.clock import SystemClock  # noqa: PLC0415
    from campaigns.settings import read_settings  # noqa: PLC0415

    clock = SystemClock()
    async with open_session(read_settings(product.settings(), environ={}), clock, simulated=False) as session:
        store, name = session.store, product.name

        async def claim() -> int:
            now = clock.now()
            await store.promote(name, limit=CLAIMED, now=now)
            return len(await store.claim(name, limit=CLAIMED, owner="bench", until=now + timedelta(minutes=5), now=now))

        taken, looks, cpu = [], [], []
        for n in range(REPEATS):
            await asyncio.to_thread(prepare)
            used = time.process_time()
            found, spent = await timed(claim)
            cpu.append(1000 * (time.process_time() - used))
            if expect and found != expect:
                raise RuntimeError(f"{found} of {expect} leads were claimed")
            if n >= WARM:
                taken.append(spent)
                looks.append((await timed(lambda: store.look(name, now=clock.now())))[1])
        return taken, looks, statistics.median(cpu[WARM:])


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[Any, float]:
    begun = time.perf_counter()
    found = await work()
    return found, 1000 * (time.perf_counter() - begun)


def floor_claims(product: Product, count: int) -> dict[str, float]:
    """Milliseconds in the middle of the same on a bare table, in each case."""
    if product.database.startswith("postgres"):
        return asyncio.run(_floor_postgres(product.database, count))
    file = product.folder / "floor-leads.db"
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE lead ({COLUMNS});")
    db.execute(
        f"INSERT INTO lead (phone, due, state) WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE"
        f" n < {count}) SELECT '+9990' || n, n, 'waiting' FROM s"
    )
    db.execute(DUE.format("lead"))
    sql, found = CLAIM.format("?", "?", ""), {}
    for case, due in {"none due": lambda _: 0, "few due": lambda n: 100 * n + 100, "many due": lambda _: count}.items():
        spent = []
        for n in range(REPEATS):
            begun = time.perf_counter()
            db.execute(sql, (due(n), CLAIMED)).fetchall()
            spent.append(1000 * (time.perf_counter() - begun))
        found[case] = statistics.median(spent[WARM:])
    db.close()
    file.unlink()
    return found


async def _floor_postgres(database: str, count: int) -> dict[str, float]:
    import asyncpg  # noqa: PLC0415 - only where there is a server

    db = await asyncpg.connect(database)
    table = COLUMNS.replace("INTEGER PRIMARY KEY", "BIGSERIAL PRIMARY KEY")
    await db.execute(
        f"DROP TABLE IF EXISTS floor_lead; CREATE TABLE floor_lead ({table}) WITH (fillfactor = 80); INSERT INTO"
        f" floor_lead (phone, due, state) SELECT '+9990' || n, n, 'waiting' FROM generate_series(1, {count}) n;"
        f" {DUE.format('floor_lead')}"
    )
    await db.execute("VACUUM ANALYZE floor_lead")
    sql, found = CLAIM.format("$1", "$2", "FOR UPDATE SKIP LOCKED").replace("lead", "floor_lead"), {}
    for case, due in {"none due": lambda _: 0, "few due": lambda n: 100 * n + 100, "many due": lambda _: count}.items():
        spent = [(await timed(partial(db.fetch, sql, due(n), CLAIMED)))[1] for n in range(REPEATS)]
        found[case] = statistics.median(spent[WARM:])
    await db.execute("DROP TABLE floor_lead")
    await db.close()
    return found


def status(product: Product, title: str) -> list[Row]:
    sql = "SELECT state, COUNT(*) FROM lead GROUP BY state"
    begun = time.perf_counter()
    product.run("status")
    ours = time.perf_counter() - begun
    if product.database.startswith("postgres"):
        script = f"import asyncio, asyncpg\nasync def main():\n db = await asyncpg.connect({product.database!r})\n"
        script += f" print(await db.fetch({sql!r}))\n await db.close()\nasyncio.run(main())"
    else:
        script = f"import sqlite3; print(sqlite3.connect({product.database[10:]!r}).execute({sql!r}).fetchall())"
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return [Row("leads", f"{title}: `status`", ours, "s", time.perf_counter() - begun)]


def memory(product: Product, title: str, raw: Provider, *, running: bool) -> list[Row]:
    """MB of a worker: nobody due, or 50 calls a second."""
    if running:
        product.run("pause", product.name)  # what the claims left goes back once their leases are over
        change(product.database, "UPDATE lead SET lease_owner = NULL, lease_until = NULL WHERE lease_owner IS NOT NULL")
        product.run("resume", product.name)
    before = raw.ask("counts")["dials"]
    with product.worker() as worker, process([sys.executable, "-c", _ASLEEP], product.folder, "asleep") as floor:
        wait = 500 if running else 0
        until(lambda: worker.check() is None and "listening" in worker.said(), "the worker listens", patience=60)
        until(lambda: worker.check() is None and raw.ask("counts")["dials"] >= before + wait, "dials", patience=120)
        time.sleep(5)
        used = 1000 * worker.cpu()
        time.sleep(2)
        notes = {"now_mb": worker.rss_mb(), "cpu_ms_a_second": (1000 * worker.cpu() - used) / 2}
        what = "running" if running else "idle"
        return [
            Row("leads", f"{title}: most a worker holds, {what}", worker.most_rss_mb(), "MB", floor.rss_mb(), most=HELD,
                notes=notes)
        ]  # fmt: skip


_ASLEEP = "import aiosqlite, httpx, pydantic, starlette, uvicorn, time; time.sleep(600)"
