"""Reports that all come at once, as after a vendor's outage: how fast they are taken in, and what each costs.

So many calls are open; then all end together, and 16 kept connections bring their signed reports. Ours until every call
is settled; the floor until its table says so.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import server
from bench_calls import each, floor_run, folder_of, rate
from product import Product, phones
from rig import Process, Provider, Row, Wish, percentile, provider, query, until

LONG = 600.0


def measure(wish: Wish) -> Iterator[Row]:
    for store, address in wish.stores.items():
        yield from on_store(wish, store, address)


def on_store(wish: Wish, store: str, address: str | None) -> list[Row]:
    count = 500 if wish.quick else 5_000
    folder = wish.folder / store
    with server.database(address) as database:
        ours, waits = taken(folder, count, database)
    with server.database(address) as database:
        floor = floor_run(folder_of(folder / "floor"), count, database, talk=LONG, live=count, reports=True)
    notes = {
        "reports": count,
        "answer_p50_ms": 1000 * percentile(waits, 0.5),
        "answer_p99_ms": 1000 * percentile(waits, 0.99),
    }
    return [
        Row("reports", f"{store}: taken in a second", ours["told"], "reports/s", rate(floor), notes=notes),
        Row("reports", f"{store}: settled a second", rate(ours), "reports/s", rate(floor), notes=notes),
        Row("reports", f"{store}: CPU for each, until settled", each(ours), "ms", each(floor), notes=notes),
    ]


def taken(folder: Path, count: int, address: str | None) -> tuple[dict[str, float], list[float]]:
    with provider(folder_of(folder), talk=LONG) as raw:
        product = Product(folder, raw, address, at_once=count)
        product.write_contacts(phones(count))
        product.start()
        with product.worker() as worker:
            until(lambda: placed(product, worker) >= count, f"{count} calls are placed", every=0.5)
            return burst(product, raw, worker, count)


def placed(product: Product, worker: Process) -> int:
    worker.check()
    return int(query(product.database, "SELECT COUNT(*) FROM attempt WHERE state = 'placed'")[0][0])


def burst(product: Product, raw: Provider, worker: Process, count: int) -> tuple[dict[str, float], list[float]]:
    wall, cpu = time.perf_counter(), worker.cpu()
    raw.ask("end", post=True)
    until(lambda: raw.ask("counts")["told"] >= count, f"{count} reports are taken", every=0.02)
    told = count / (time.perf_counter() - wall)
    product.wait_closed(count, worker, every=0.1)
    ours = {"calls": count, "wall": time.perf_counter() - wall, "cpu": worker.cpu() - cpu, "told": told}
    return ours, raw.ask("ledger")["waits"]
