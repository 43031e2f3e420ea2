"""The same calls by plain job queues on the same PostgreSQL: procrastinate, pgqueuer, dbos; calls a second beside ours.

Their job is naive: POST, wait for the report, store it. Ours decides by hours, law and caps, writes the intent first,
and takes the report in by the signed webhook. Wall and processor are both told: on a shared machine the second is
firmer.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import server
from bench_calls import each, folder_of, product_run, rate
from rig import Row, Wish, provider

PEERS = {"procrastinate": 5, "dbos": 5, "pgqueuer": None}
"""So many times their calls a second are ours to be; None: nothing is promised."""


def measure(wish: Wish) -> Iterator[Row]:
    address = wish.stores.get("PostgreSQL")
    if address is None:
        return
    calls = 500 if wish.quick else 10_000
    with server.database(address) as database:
        ours = product_run(wish.folder / "ours", calls, database)
    for peer, least in PEERS.items():
        theirs = peer_run(wish.folder / peer, peer, calls, address)
        notes = {"ours_cpu_ms": each(ours), "their_cpu_ms": each(theirs), "calls": calls}
        yield Row("peers", f"calls a second, floor: {peer}", rate(ours), "calls/s", rate(theirs), notes=notes)
        if least:
            yield Row("peers", f"calls a second, times {peer}", rate(ours) / rate(theirs), "", least=least, notes=notes)


def peer_run(folder: Path, peer: str, calls: int, address: str) -> dict[str, Any]:
    script = str(Path(__file__).with_name("peers.py"))
    with provider(folder_of(folder)) as raw, server.database(address) as database:
        command = [sys.executable, script, peer, str(raw.port), str(database), str(calls)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(f"{peer} ended with {done.returncode}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
