"""Prints what the trials have noted (`pytest --figures FILE`), a line a figure, in the order of the failure list.

pytest tests --long --figures figures.jsonl && python tests/faults/table.py figures.jsonl
"""

import json
import sys
from pathlib import Path
from typing import Any

from rows import ROWS


def lines(noted: list[dict[str, Any]]) -> list[str]:
    """A table in Markdown; of a figure that was noted twice, the last."""
    latest = {(each["row"], each["what"], str(each["test"])): each for each in noted}
    order = {row: place for place, row in enumerate(ROWS)}
    found = sorted(latest.values(), key=lambda each: (order.get(each["row"], len(order)), each["test"]))
    return ["| Row | What | Figure | Of | Command |", "| --- | --- | --- | --- | --- |", *map(_line, found)]


def _line(each: dict[str, Any]) -> str:
    of = ", ".join(f"{_shown(value)} {name.replace('_', ' ')}" for name, value in each["of"].items())
    test = str(each["test"]).partition("[")[0]
    return f"| {each['row']} | {each['what']} | {_shown(each['value'])} | {of} | `pytest --long '{test}'` |"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text()
    sys.stdout.write("\n".join(lines([json.loads(line) for line in text.splitlines()])) + "\n")
