"""How fast is it? Every figure beside a floor that a few lines of raw code reach in the same run.

    python tests/bench [NAME ...] [--json FILE] [--quick] [--huge] [--postgres URL | --sqlite]

Without names: all. Needs the extra `bench`. Without an address a PostgreSQL is started here, from a wheel.
"""

import argparse
import importlib
import json
import sys
import tempfile
import traceback
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import server
from rig import Row, Wish, machine, table

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
    parser.add_argument("--sqlite", action="store_true", help="leave PostgreSQL out")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    with nullcontext(given.postgres) if given.postgres or given.sqlite else server.started() as address:
        return report(given, address)


def report(given: argparse.Namespace, address: str | None) -> int:
    """Measure, and tell while it goes on; 1 where a bench broke or a target is missed."""
    rows, failed = [], []
    for name in given.names or BENCHES:
        found, fault = measured(name, given, address)
        rows += found
        failed += [fault] if fault else []
        print(table(rows[-len(found) :]) if found else f"{name}: {fault}", flush=True)
        if given.json:
            told = {"machine": machine(), "rows": [row.as_json() for row in rows], "failed": failed}
            given.json.write_text(json.dumps(told, indent=2, default=str))
    if len(rows) > 1:
        print(f"\n{table(rows)}")
    return int(bool(failed) or any(row.met is False for row in rows))


def measured(name: str, given: argparse.Namespace, address: str | None) -> tuple[list[Row], str]:
    """The rows of one bench; what went wrong, if anything did."""
    print(f"… {name}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        wish = Wish(quick=given.quick, huge=given.huge, postgres=address, folder=Path(folder))
        try:
            return importlib.import_module(BENCHES[name]).measure(wish), ""
        except Exception as error:  # noqa: BLE001 - one bench that fails leaves the others their figures
            traceback.print_exc()
            return [], f"{name}: {error}"


if __name__ == "__main__":
    sys.exit(main())
