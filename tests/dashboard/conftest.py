"""One scripted server and one browser for a module."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, str]]:
    """The address of the scripted dashboard, and its one-time link."""
    script = Path(__file__).parent / "scripted_desk.py"
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.stdout.readline().strip()
        process.terminate()
