"""A million contacts read in by `campaigns start`: rows a second, memory, and what dialling feels of it meanwhile.

Every number is another text, every person gets zones and jurisdictions from it, and all legal rules hold. The floor
reads the same file, parses each number and inserts bare rows, 10,000 in a transaction.
"""

import csv
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import phonenumbers
import psutil
import server
from bench_calls import folder_of
from product import Product, phones
from rig import Process, Provider, Row, Wish, percentile, provider, query, until

LEAST, HELD = 20_000, 150.0
BESIDE = 20
"""Dials a second of the campaign that runs meanwhile."""
SAMPLE = 100_000
"""Rows that the floor reads at most."""


def measure(wish: Wish) -> Iterator[Row]:
    for store, address in wish.stores.items():
        yield from on_store(wish, store, address)


def on_store(wish: Wish, store: str, address: str | None) -> list[Row]:
    count, quiet = (20_000, 5.0) if wish.quick else (1_000_000, 20.0)
    folder = folder_of(wish.folder / store)
    with provider(folder, talk=0.5) as raw, server.database(address) as database:
        product = Product(folder, raw, database, name="dialled", per_second=BESIDE)
        product.write_contacts(phones(45_000))
        product.start()
        few = alone(product, "few", 10)
        with product.worker() as worker:
            until(lambda: raw.ask("counts")["dials"] > BESIDE, "the worker dials", patience=60)
            time.sleep(quiet)
            begun = time.time()
            many = alone(product, "many", count)
            ended = time.time()
            worker.check()
        before, meanwhile = felt(product, raw, begun, ended)
    floor = floor_rate(folder / "many.csv", folder / "floor.db")
    notes = {"rows": count, "cpu_us_a_row": 1e6 * (many["cpu"] - few["cpu"]) / count, "rss_mb": many["rss"]}
    notes |= {"seconds": many["wall"], "dials_meanwhile": len(meanwhile)}
    ours, held = count / (many["wall"] - few["wall"]), many["rss"] - few["rss"]
    return [
        Row("import", f"{store}: rows a second, with zones and rules, beside dialling", ours, "rows/s", floor,
            least=LEAST, notes=notes),
        Row("import", f"{store}: memory more than for ten rows", held, "MB", most=HELD, notes=notes),
        Row("import", f"{store}: dial latency p99 meanwhile, beside before it", percentile(meanwhile, 0.99), "ms",
            percentile(before, 0.99), times=2, notes=notes),
    ]  # fmt: skip


def alone(product: Product, name: str, count: int) -> dict[str, float]:
    """Seconds, processor seconds and MB of `campaigns start` with its children, of a list of so many."""
    product.write_campaign(name, legal="auto")
    product.write_contacts(phones(count), name=name)
    begun = time.perf_counter()
    started = Process(product.command("start", f"{name}.yaml", "--yes"), product.folder, name)
    rss = cpu = 0.0
    while started.raw.poll() is None:
        held, used = family(started.raw.pid)
        rss, cpu = max(rss, held), max(cpu, used)
        time.sleep(0.05)
    wall = time.perf_counter() - begun
    if started.stop():
        raise RuntimeError(f"start ended with {started.raw.returncode}: {started.said()}")
    return {"wall": wall, "cpu": cpu, "rss": rss}


def family(pid: int) -> tuple[float, float]:
    """(MB, processor seconds) of a process and its children."""
    rss = cpu = 0.0
    try:
        for member in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            times = member.cpu_times()
            rss, cpu = rss + member.memory_info().rss / 2**20, cpu + times.user + times.system
    except psutil.Error:
        pass
    return rss, cpu


def felt(product: Product, raw: Provider, begun: float, ended: float) -> tuple[list[float], list[float]]:
    """Milliseconds from slot to POST: before the reading, and during it."""
    due = {name: at / 1e6 for name, at in query(product.database, "SELECT id, send_at FROM attempt")}
    late = [(at, 1000 * (at - due[name])) for at, _, name in raw.ask("ledger")["dials"] if name in due]
    return [ms for at, ms in late[BESIDE:] if at < begun], [ms for at, ms in late if begun <= at <= ended]


def floor_rate(contacts: Path, database: Path) -> float:
    """Rows a second of a few raw lines on one core, with the product's own phone library."""
    db = sqlite3.connect(database, isolation_level=None)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    db.execute("CREATE TABLE lead (id TEXT PRIMARY KEY, phone TEXT, name TEXT, due BIGINT)")
    begun, batch, count = time.perf_counter(), [], 0
    with contacts.open(newline="") as file:
        for row in csv.DictReader(file):
            number = phonenumbers.parse(row["phone"], "US")
            assert phonenumbers.is_valid_number(number)
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            batch.append((row["id"], e164, row["name"], 0))
            count += 1
            if len(batch) == 10_000:
                _insert(db, batch)
                batch = []
            if count == SAMPLE:
                break
    _insert(db, batch)
    db.close()
    return count / (time.perf_counter() - begun)


def _insert(db: sqlite3.Connection, batch: list[Any]) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO lead VALUES (?, ?, ?, ?)", batch)
    db.execute("COMMIT")
