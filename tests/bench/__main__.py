"""How fast is it? Every figure beside a floor that a few lines of raw code reach in the same run.

    python tests/bench [NAME ...] [--json FILE] [--quick] [--huge] [--postgres URL] [--only STORE]

Without names: all. Needs the extra `bench`. Without an address a PostgreSQL is started here, from a wheel.
"""

import argparse
import importlib
import json
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import server
from rig import Row, Wish, line, machine, table

STORES = ("SQLite", "PostgreSQL")
BENCHES = {
    "calls": "bench_calls",
    "pace": "bench_pace",
    "reports": "bench_reports",
    "leads": "bench_leads",
    "import": "bench_import",
    "startup": "bench_startup",
    "workers": "bench_workers",
    "peers": "bench_peers",
    "decide": "bench_decide",
    "forecast": "bench_forecast",
    "schedule": "bench_schedule",
    "contacts": "bench_contacts",
    "calibration": "bench_calibration",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write machine facts and every row there")
    parser.add_argument("--quick", action="store_true", help="smaller figures, in minutes")
    parser.add_argument("--huge", action="store_true", help="10 million leads too")
    parser.add_argument("--postgres", metavar="URL", help="a server, and a user who may create databases on it")
    parser.add_argument("--only", choices=STORES, help="one store")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))  # so that what was started is ended
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    with nullcontext(given.postgres) if given.postgres or given.only == "SQLite" else server.started() as address:
        addresses = dict(zip(STORES, (None, address), strict=True))
        stores = {name: address for name, address in addresses.items() if given.only in (None, name)}
        return report(given, Wish(quick=given.quick, huge=given.huge, stores=stores))


def report(given: argparse.Namespace, wish: Wish) -> int:
    """Measure, and tell while it goes on; 1 where a bench broke or a target is missed."""
    rows: list[Row] = []
    failed: list[str] = []
    for name in given.names or BENCHES:
        for found in measured(name, wish):
            if isinstance(found, Row):
                rows.append(found)
                print(line(found), flush=True)
            else:
                failed.append(found)
            if given.json:
                told = {"machine": machine(), "rows": [row.as_json() for row in rows], "failed": failed}
                given.json.write_text(json.dumps(told, indent=2, default=str))
    print("\n".join(["", table(rows), *failed]))
    return int(bool(failed) or any(row.met is False for row in rows))


def measured(name: str, wish: Wish) -> Iterator[Row | str]:
    """The rows of one bench; and what went wrong, if anything did."""
    print(f"… {name}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        try:
            yield from importlib.import_module(BENCHES[name]).measure(replace(wish, folder=Path(folder)))
        except Exception as error:  # noqa: BLE001 - one bench that fails leaves the others their figures
            traceback.print_exc()
            yield f"{name}: {error}"


if __name__ == "__main__":
    sys.exit(main())
