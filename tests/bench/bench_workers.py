"""Several workers on one PostgreSQL: calls a second with 1, 2 and 4 of them, and what becomes of calls when some die.

The machine's cores are shared by workers, server and the raw provider, so more workers cannot be faster than those.
While one is killed every few seconds and another takes its place, nobody may be called twice by the provider's own
notes, every lead must be settled, and calls must go on within one lease.
"""

import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import server
from bench_calls import folder_of
from product import Product, phones
from rig import Process, Provider, Row, Wish, busiest, free_port, provider, until

LEASE = 30.0
"""Seconds that a worker's claims outlive it."""
KILL_EVERY = 5.0
PACE = 100
"""Dials a second while workers die."""
DOUBTS = 'lookups = ["1s", "3s", "6s", "12s"]\nabsence_after = "5s"\n'
"""Who dies while asking leaves a doubt: this provider lists what it has at once, so two empty look-ups prove it."""


def measure(wish: Wish) -> Iterator[Row]:
    if address := wish.stores.get("PostgreSQL"):
        yield from throughput(wish, address)
        yield from killed(wish, address)


def throughput(wish: Wish, address: str) -> list[Row]:
    calls = 1_000 if wish.quick else 10_000
    rates = {count: carried(wish.folder / f"{count}", calls, count, address) for count in (1, 2, 4)}
    return [
        Row("workers", f"{count} worker{'s' * (count > 1)} on PostgreSQL", run["rate"], "calls/s", rates[1]["rate"],
            notes=run | {"floor": "one worker"})
        for count, run in rates.items()
    ]  # fmt: skip


def carried(folder: Path, calls: int, workers: int, address: str) -> dict[str, Any]:
    with provider(folder_of(folder)) as raw, server.database(address) as database:
        product = crew(folder, raw, str(database), workers, calls=calls)
        running = [product.begin_worker(number) for number in range(workers)]
        try:
            first = product.wait_closed(calls // 10, *running)
            begun, used = time.perf_counter(), sum(worker.cpu() for worker in running)
            last = product.wait_closed(calls * 19 // 20, *running)
            spent = time.perf_counter() - begun
            cpu = sum(worker.cpu() for worker in running) - used
            product.wait_closed(calls, *running)
        finally:
            for worker in running:
                worker.stop()
        once(raw.ask("ledger")["dials"])
        return {"rate": (last - first) / spent, "cpu_ms": 1000 * cpu / (last - first)}


def crew(folder: Path, raw: Provider, database: str, workers: int, *, calls: int, **how: Any) -> Product:
    product = Product(folder, raw, database, ports=[free_port() for _ in range(workers)], **how)
    product.write_contacts(phones(calls))
    product.start()
    return product


def once(dials: Sequence[Any]) -> None:
    """Raises RuntimeError where somebody was called twice."""
    twice = len(dials) - len({phone for _, phone, _ in dials})
    if twice:
        raise RuntimeError(f"{twice} people were called twice")


def killed(wish: Wish, address: str) -> list[Row]:
    seconds, workers = (20.0, 4) if wish.quick else (120.0, 4)
    calls = int(PACE * seconds * 0.8)
    folder = folder_of(wish.folder / "killed")
    with provider(folder, talk=2.0) as raw, server.database(address) as database:
        product = crew(folder, raw, str(database), workers, calls=calls, per_second=PACE, more=DOUBTS)
        running = [product.begin_worker(number) for number in range(workers)]
        try:
            until(lambda: raw.ask("counts")["dials"] > PACE, "workers dial", patience=120)
            deaths = killing(product, running, seconds)
            until(lambda: settled(product) >= calls, "every lead is settled", every=1.0, patience=600)
        finally:
            for worker in running:
                worker.stop()
        dials = raw.ask("ledger")["dials"]
        left = product.states()
    once(dials)
    gap = longest_gap([at for at, _, _ in dials], deaths)
    notes = {
        "kills": len(deaths),
        "dials": len(dials),
        "leads": left,
        "busiest_second": busiest([at for at, *_ in dials]),
    }
    figures = {
        "longest until calls go on at half the pace": (gap, "s", LEASE),
        "people called twice": (0, "people", 0),
        "leads without an outcome": (calls - left.get("closed", 0), "leads", 0),
        "most dials in any second": (notes["busiest_second"], "dials", PACE),
    }
    return [
        Row("workers", f"one of {workers} killed every {KILL_EVERY:g} s: {figure}", ours, unit, most=most, notes=notes)
        for figure, (ours, unit, most) in figures.items()
    ]


def killing(product: Product, running: list[Process], seconds: float) -> list[float]:
    """One after the other dies without a word and another takes its place; returns when they died."""
    deaths: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(KILL_EVERY)
        number = len(deaths) % len(running)
        running[number].stop(signal.SIGKILL)
        deaths.append(time.time())
        running[number] = product.begin_worker(number)
    return deaths


def settled(product: Product) -> int:
    """Closed, or held for a person's word."""
    states = product.states()
    return states.get("closed", 0) + states.get("held", 0)


def longest_gap(dials: Sequence[float], deaths: Sequence[float]) -> float:
    """Seconds from a death until a whole second has half the pace again; while there was anybody left to dial."""
    ordered, longest = sorted(dials), 0.0
    for death in deaths:
        later = [at for at in ordered if at >= death]
        steps = (at - death for n, at in enumerate(later[PACE // 2 :]) if at - later[n] <= 1.0)
        back = next(steps, None)
        if back is not None:
            longest = max(longest, back)
    return longest
