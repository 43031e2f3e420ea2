"""A million people in 50 kinds of hours over two weeks: seconds and memory of `schedule`, beside a floor.

    python tests/bench schedule

Each case runs in a process of its own, so that the peak memory is its own. The floor does what no answer can do
without: it sorts the million by time and makes a million (id, instant) pairs. Input is made before the clock starts,
but counts in the memory.
"""

import gc
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from rig import Row, Wish

from campaigns.domain.lead import lead_id
from campaigns.planner.comb import EPOCH, Capacity
from campaigns.planner.schedule import ToCall, Window, cheapest_change, schedule

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAYS = 14
KINDS = 50
CASES = {"plenty": 200, "tight": 67, "overload": 40}
"""Lines. Tight is the hardest: nearly everybody fits, and the last ones only after many moves."""


def kinds() -> list[tuple[Window, datetime]]:
    """Zones from UTC-8 to UTC+5, 9 to 17 with or without a lunch break, 3 to 6 days a week, a last day of their own."""
    found = []
    for kind in range(KINDS):
        midnight = NOW - timedelta(hours=kind % 14 - 8)
        hours = [(9, 12), (13, 17)] if kind % 3 else [(9, 17)]
        spans = tuple(
            (midnight + timedelta(days=day, hours=opens), midnight + timedelta(days=day, hours=closes))
            for day in range(DAYS + 2)
            if day % 7 < 3 + kind % 4
            for opens, closes in hours
        )
        found.append((Window(spans), midnight + timedelta(days=DAYS - kind % 5)))
    return found


def people(count: int) -> list[ToCall]:
    """Releases spread over ten days (a third at once), ranks at random; the same ones every time."""
    draw = np.random.default_rng(7)
    which = draw.integers(0, KINDS, count).tolist()
    release = np.where(draw.random(count) < 1 / 3, 0, draw.integers(0, 10 * 86_400, count)).tolist()
    rank = draw.random(count).tolist()
    known = kinds()
    return [
        ToCall(f"{lead_id('bench', 'x')[:20]}{n:016}", *known[kind][:1], NOW + timedelta(seconds=s), known[kind][1], r)
        for n, (kind, s, r) in enumerate(zip(which, release, rank, strict=True))
    ]


def floor(count: int) -> None:
    micros = np.random.default_rng(7).integers(0, 10**12, count)
    order = np.argsort(micros)
    pairs = []
    for place, micro in zip(order.tolist(), micros[order].tolist(), strict=True):
        pairs.append((place, EPOCH + timedelta(microseconds=micro)))


def measured(case: str, count: int) -> dict[str, float | int | str]:
    """One case: CPU seconds, peak memory and people placed."""
    leads = [] if case == "floor" else people(count)
    capacity = Capacity(CASES.get(case.split(maxsplit=1)[0], 1), 5, timedelta(minutes=1))
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    placed, note = count, ""
    if case == "floor":
        floor(count)
    else:
        plan = schedule(leads, capacity, now=NOW)
        placed = len(plan.starts)
        if case.endswith("change"):
            wall, cpu = time.perf_counter(), time.process_time()
            changes = cheapest_change(plan, leads, capacity, now=NOW)
            note = f"{changes.cheapest}: {dict(changes.fits)}"
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"case": case, "seconds": wall, "cpu": cpu, "peak_mb": peak, "placed": placed, "note": note}


def measure(wish: Wish) -> list[Row]:
    count = 50_000 if wish.quick else 1_000_000
    least, *runs = [alone(case, count) for case in ("floor", *CASES, "tight cheapest change")]
    return [
        Row("schedule", f"{count:,} people into slots, {run['case']}, CPU", run["cpu"], "s", least["cpu"], notes=run)
        for run in runs
    ]


def alone(case: str, count: int) -> dict[str, Any]:
    """One case in a process of its own."""
    command = [sys.executable, __file__, case, str(count)]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
