"""What a command imports: no more than it needs, because every start pays for it."""

import subprocess
import sys

import pytest

from campaigns.cli.main import _HOMES, command_line

HEAVY = {
    "cel", "prompt_toolkit",  # outcome rules
    "charset_normalizer", "openpyxl", "pyarrow",  # lists
    "numpy", "matplotlib",  # schedules and pictures
    "httpx", "uvicorn", "starlette", "uvloop",  # whoever speaks HTTP
    "asyncpg",
}  # fmt: skip
LOOP = {"uvloop"}
"""Of whatever opens a database."""


@pytest.mark.parametrize(
    ("words", "needs"), [(["status", "--help"], set()), (["status"], LOOP), (["leads", "--help"], set())]
)
def test_a_command_that_only_asks_imports_nothing_that_dials_or_plans(words: list[str], needs: set[str]) -> None:
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('imported', *{name.partition('.')[0] for name in sys.modules}))\n"
        "from campaigns.cli import main\n"
        f"main({words!r})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    imported = set(said.stdout.partition("imported ")[2].split())
    assert "typer" in imported
    assert imported & HEAVY <= needs


@pytest.mark.parametrize("home", _HOMES)
def test_a_command_is_found_where_the_table_says(home: str) -> None:
    for command in _HOMES[home]:
        alone = command_line(command)
        names = [each.name or each.callback.__name__ for each in alone.registered_commands if each.callback]
        assert sorted(_HOMES[home]) == sorted([*names, *(each.name for each in alone.registered_groups if each.name)])


def test_a_command_that_there_is_not_is_looked_for_among_all() -> None:
    everything = command_line("statsu")
    assert len(everything.registered_commands) + len(everything.registered_groups) == sum(map(len, _HOMES.values()))
