"""Whole calls: processor time of the runner for each, beside an aiohttp, Starlette and group-commit floor.

The product dials a raw provider in another process that answers at once and reports each call 50 ms later, signed; 100
calls are open at a time. Both open a fresh connection for each dial; a floor with kept ones is told beside it.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import server
from product import Product, phones
from rig import Process, Row, Wish, provider

MOST = {"SQLite": 0.6, "PostgreSQL": 0.55}
"""Milliseconds of the runner's processor for a call."""
TAIL = 50
"""The last calls are left out: there the runner waits more than it works."""


def measure(wish: Wish) -> Iterator[Row]:
    for store, address in wish.stores.items():
        yield from on_store(wish, store, address)


def on_store(wish: Wish, store: str, address: str | None) -> list[Row]:
    calls, folder = 1_000 if wish.quick else 10_000, wish.folder
    with server.database(address) as database:
        ours = product_run(folder / f"calls-{store}", calls, database)
    with server.database(address) as database:
        floor = floor_run(folder / f"floor-{store}", calls, database)
    with server.database(address) as database:
        kept = floor_run(folder / f"kept-{store}", calls, database, kept=True)
    notes = {"calls": ours["calls"], "kept_floor_ms": each(kept), "rss_mb": ours["rss_mb"]}
    rows = [
        Row("calls", f"{store}: CPU for each call", each(ours), "ms", each(floor), most=MOST[store], times=2,
            notes=notes),
        Row("calls", f"{store}: one core carries, 1000 / CPU", 1000 / each(ours), "calls/s", 1000 / each(floor)),
        Row("calls", f"{store}: calls as it went", rate(ours), "calls/s", rate(floor), notes={"ideal": 1950}),
    ]  # fmt: skip
    if address:
        used, least = 1000 * ours["server"] / ours["calls"], 1000 * floor["server"] / calls
        rows.append(Row("calls", f"{store}: the server's CPU for each call", used, "ms", least))
    return rows


def each(run: dict[str, Any]) -> float:
    return 1000 * run["cpu"] / run["calls"]


def rate(run: dict[str, Any]) -> float:
    return run["calls"] / run["wall"]


def product_run(folder: Path, calls: int, address: str | None) -> dict[str, Any]:
    """`campaigns worker` through so many calls; its processor time from the first tenth on."""
    with provider(folder_of(folder)) as raw:
        product = Product(folder, raw, address)
        product.write_contacts(phones(calls))
        product.start()
        with product.worker() as worker:
            return watched(product, worker, calls)


def watched(product: Product, worker: Process, calls: int) -> dict[str, Any]:
    first = product.wait_closed(calls // 10, worker)
    wall, cpu, used = time.perf_counter(), worker.cpu(), server.cpu(product.address)
    last = product.wait_closed(calls - min(TAIL, calls // 20), worker)
    wall, cpu, used = time.perf_counter() - wall, worker.cpu() - cpu, server.cpu(product.address) - used
    product.wait_closed(calls, worker)
    dials = product.provider.ask("ledger")["dials"]
    if len({phone for _, phone, _ in dials}) != len(dials):
        raise RuntimeError("somebody was called twice")
    return {"calls": last - first, "wall": wall, "cpu": cpu, "server": used, "rss_mb": worker.most_rss_mb()}


def folder_of(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def floor_run(folder: Path, calls: int, address: str | None, *, kept: bool = False, **more: Any) -> dict[str, Any]:
    """The same by `floor_calls.py`."""
    with provider(folder_of(folder), **{"talk": more.pop("talk")} if "talk" in more else {}) as raw:
        script = str(Path(__file__).with_name("floor_calls.py"))
        words = [str(raw.port), address or str(folder / "floor.db"), str(calls), *(["--kept"] if kept else [])]
        for name, value in more.items():
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        used = server.cpu(address)
        done = subprocess.run(
            [sys.executable, script, *words], capture_output=True, text=True, check=False, timeout=600
        )
        if done.returncode:
            raise RuntimeError(f"the floor ended with {done.returncode}: {done.stderr[-2000:]}")
        return {
            **json.loads(done.stdout),
            "server": server.cpu(address) - used,
            "dials": raw.ask("ledger")["dials"] if more else [],
        }
