"""How fast is it? Every figure beside a floor that a few lines of raw code reach in the same run.

    python tests/bench [NAME ...] [--json FILE] [--quick] [--huge] [--postgres URL]

Without names: all. Needs the extra `bench`. PostgreSQL is started here, unless an address of a database is given that
may be emptied.
"""

import argparse
import importlib
import json
import sys
import tempfile
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rig import Row, Wish, machine, table

BENCHES = {
    "calls": "bench_calls",
    "pace": "bench_pace",
    "reports": "bench_reports",
    "leads": "bench_leads",
    "import": "bench_import",
    "startup": "bench_startup",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write machine facts and every row there")
    parser.add_argument("--quick", action="store_true", help="smaller figures, in minutes")
    parser.add_argument("--huge", action="store_true", help="10 million leads too")
    parser.add_argument("--postgres", metavar="URL", help="a database that may be emptied")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    rows, failed = [], []
    for name in given.names or BENCHES:
        found, fault = measured(name, given)
        rows += found
        failed += [fault] if fault else []
        print(table(rows[-len(found) :]) if found else f"{name}: {fault}", flush=True)
        if given.json:
            report = {"machine": machine(), "rows": [row.as_json() for row in rows], "failed": failed}
            given.json.write_text(json.dumps(report, indent=2, default=str))
    if len(rows) > 1:
        print(f"\n{table(rows)}")
    return int(bool(failed) or any(row.met is False for row in rows))


def measured(name: str, given: argparse.Namespace) -> tuple[list[Row], str]:
    """The rows of one bench; what went wrong, if anything did."""
    print(f"… {name}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        wish = Wish(quick=given.quick, huge=given.huge, postgres=given.postgres, folder=Path(folder))
        try:
            return importlib.import_module(BENCHES[name]).measure(wish), ""
        except Exception as error:  # noqa: BLE001 - one bench that fails leaves the others their figures
            traceback.print_exc()
            return [], f"{name}: {error}"


if __name__ == "__main__":
    sys.exit(main())
