"""Dials in time: from the instant a slot is due until the provider has the POST, and never one too many in a second.

Both are judged by the provider's own notes, on the machine's one clock; the instants due are those in the database. The
floor sleeps until each slot and posts, with the same spacing of (1 s + 20 ms) / rate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import server
from bench_calls import floor_run, folder_of
from product import Product, phones
from rig import Process, Row, Wish, busiest, free_port, percentile, provider, query, until

LATE = 50.0
"""Milliseconds of the 99th percentile."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many dials, so many a second, each call so long."""

    dials: int
    per_second: int
    talk: float
    at_once: int
    skip: int = 0
    """The first ones, until as many calls are open as should be."""


def measure(wish: Wish) -> Iterator[Row]:
    pace = Pace(1_000 if wish.quick else 10_000, 200, 0.05, 100)
    for store, address in wish.stores.items():
        yield from latency(wish, store, address)
        yield from capped(wish.folder / f"cap-{store}", pace, 4 if address else 1, address)


def latency(wish: Wish, store: str, address: str | None) -> list[Row]:
    """1,000 calls open, 50 begun a second."""
    pace = Pace(500, 50, 4, 300, 200) if wish.quick else Pace(2_500, 50, 20.4, 1_100, 1_000)
    dials, due = played(wish.folder / f"late-{store}", pace, address=address)
    ours = lateness(dials[pace.skip :], due)
    told = floor_run(
        wish.folder / f"floor-{store}", pace.dials, None, talk=pace.talk, live=pace.at_once, rate=pace.per_second
    )
    floor = lateness(told["dials"][pace.skip :], told["slots"])
    seconds = dials[-1][0] - dials[pace.skip][0]
    notes = {"open": int(pace.talk * pace.per_second / 1.02), "most_ms": max(ours), "a_second": len(ours) / seconds}
    return [
        Row("pace", f"{store}, {notes['open']} open: slot due to POST at the provider, p{part:.0%}".replace("%", ""),
            percentile(ours, part), "ms", percentile(floor, part), most=LATE if part > 0.9 else None, notes=notes)
        for part in (0.5, 0.99)
    ]  # fmt: skip


def lateness(dials: list[tuple[float, str, str]], due: dict[str, float]) -> list[float]:
    """Milliseconds."""
    return [1000 * (at - due[attempt]) for at, _, attempt in dials if attempt in due]


def capped(folder: Path, pace: Pace, workers: int, address: str | None) -> list[Row]:
    dials, due = played(folder, pace, workers=workers, address=address)
    told = floor_run(folder / "floor", pace.dials, None, live=pace.at_once, rate=pace.per_second)
    sights = {
        "the provider": [[at for at, _, _ in dials], [at for at, _, _ in told["dials"]]],
        "the slots": [list(due.values()), list(told["slots"].values())],
    }
    rate = len(dials) / (dials[-1][0] - dials[0][0])
    return [
        Row("pace", f"{workers} worker{'s' * (workers > 1)}: most dials in any second, as {who} saw it", busiest(ours),
            "dials", busiest(floor), most=pace.per_second, notes={"dials": len(dials), "a_second": rate})
        for who, (ours, floor) in sights.items()
    ]  # fmt: skip


def played(
    folder: Path, pace: Pace, *, workers: int = 1, address: str | None = None
) -> tuple[list[Any], dict[str, float]]:
    """(the provider's notes, when each attempt was due) of a campaign at this pace."""
    with provider(folder_of(folder), talk=pace.talk) as raw, server.database(address) as database:
        ports = [free_port() for _ in range(workers)]
        product = Product(folder, raw, database, at_once=pace.at_once, per_second=pace.per_second, ports=ports)
        product.write_contacts(phones(pace.dials))
        product.start()
        running = [product.begin_worker(number) for number in range(workers)]
        try:
            until(lambda: dialled(raw, running) >= pace.dials, f"{pace.dials} dials", every=0.5)
        finally:
            for worker in running:
                worker.stop()
        due = query(product.database, "SELECT id, send_at FROM attempt WHERE first_sent_at IS NOT NULL")
        return raw.ask("ledger")["dials"], {name: at / 1e6 for name, at in due}


def dialled(raw: Any, workers: list[Process]) -> int:
    for worker in workers:
        worker.check()
    return int(raw.ask("counts")["dials"])
