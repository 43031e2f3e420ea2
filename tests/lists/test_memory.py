"""A list of any length is read in constant memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_READ = """
import re, resource, sys
from pathlib import Path
from campaigns.lists import open_list
count = sum(1 for _ in open_list(Path(sys.argv[1])).rows())
status = Path("/proc/self/status")
# Where Linux tells it, this program's own peak: the other figure begins at that of whoever has started it.
peak = re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1] if status.exists() else None
print(count, peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_ALLOWED = 15 * 1024
"""KiB from 5,000 to 50,000 rows."""

Save = Callable[..., Path]


def _people(count: int) -> Iterator[tuple[str, str]]:
    yield "name", "id"
    yield from ((f"Person number {n} of a rather long list", f"id {n} {n * 7919}") for n in range(count))


def _csv(path: Path, count: int, _: Save) -> Path:
    path.with_suffix(".csv").write_text("".join(f'"{name}",{number}\n' for name, number in _people(count)))
    return path.with_suffix(".csv")


def _jsonl(path: Path, count: int, _: Save) -> Path:
    lines = (f'{{"name": "{name}", "id": "{number}"}}\n' for name, number in list(_people(count))[1:])
    path.with_suffix(".jsonl").write_text("".join(lines))
    return path.with_suffix(".jsonl")


def _inline(_: Path, count: int, workbook: Save) -> Path:
    cell = '<c t="inlineStr"><is><t>{}</t></is></c>'
    return workbook(f"<row>{cell.format(name)}{cell.format(number)}</row>" for name, number in _people(count))


def _shared(_: Path, count: int, workbook: Save) -> Path:
    row = '<row ht="12.8" customFormat="false"><c t="s"><v>{}</v></c><c t="s"><v>{}</v></c></row>'
    rows = (row.format(n, n + 1) for n in range(0, 2 * count + 2, 2))
    return workbook(rows, (text for person in _people(count) for text in person))


def _peak(path: Path, count: int) -> int:
    run = [sys.executable, "-c", _READ, str(path)]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert int(said[0]) == count
    return int(said[1]) // (1024 if sys.platform == "darwin" else 1)


@pytest.mark.parametrize("write", [_csv, _jsonl, _inline, _shared])
def test_ten_times_the_rows_need_hardly_more_memory(
    tmp_path: Path, workbook: Save, write: Callable[[Path, int, Save], Path]
) -> None:
    small, large = (_peak(write(tmp_path / "list", count, workbook), count) for count in (5_000, 50_000))
    assert large - small < _ALLOWED
