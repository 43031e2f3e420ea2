"""How long a command takes before it does anything: `--help`, and `status` of a database with one lead."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
from bench_calls import folder_of
from product import Product, phones
from rig import ENVIRONMENT, Row, Wish, provider

TIMES = 5


def measure(wish: Wish) -> list[Row]:
    folder = folder_of(wish.folder)
    with provider(folder) as raw:
        product = Product(folder, raw)
        product.write_contacts(phones(1))
        product.start()
        floor = spent([sys.executable, "-c", "import typer, pydantic"], folder)
        commands = {"`campaigns --help`": product.command("--help"), "`status` of one lead": product.command("status")}
        return [row(title, spent(command, folder), floor) for title, command in commands.items()]


def row(title: str, ours: tuple[float, float], floor: tuple[float, float]) -> Row:
    notes = {"seconds": ours[0], "floor_seconds": floor[0], "floor": "import typer, pydantic"}
    return Row("startup", f"{title}, CPU", ours[1], "s", floor[1], notes=notes)


def spent(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """(seconds, processor seconds), in the middle of a few times."""
    found = [once(command, folder) for _ in range(TIMES)]
    return statistics.median(wall for wall, _ in found), statistics.median(cpu for _, cpu in found)


def once(command: Sequence[str], folder: Path) -> tuple[float, float]:
    used, begun = _children(), time.perf_counter()
    subprocess.run(list(command), cwd=folder, check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - begun, _children() - used


def _children() -> float:
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)
