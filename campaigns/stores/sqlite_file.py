"""A SQLite file as the place of a database: one dialer, its hash key beside it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaigns.domain.errors import InputError
from campaigns.ports import Clock
from campaigns.ports.health import Finding

from .location import Kind, check_home, place_finding
from .sql import SqlStore
from .sqlite import copy_database, kind_of, last_moment_in, open_sqlite
from .sqlite_backup import back_up, put_back
from .sqlite_lock import dialer_lock, is_locked
from .sqlite_place import moved, noted, settle


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """Implements `Location`."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def address(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def shared(self) -> bool:
        return False

    @property
    def key_file(self) -> Path | None:
        return Path(f"{self.path}.key")

    def beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.stem}.{ending}")

    async def kind(self) -> Kind:
        if not self.path.exists():
            return Kind.ABSENT
        return Kind(await kind_of(self.path) or Kind.FOREIGN)

    async def last_moment(self, campaign: str) -> datetime | None:
        return last_moment_in(self.path, campaign)

    async def copy(self, to: Path) -> Kind:
        if copy_database(self.path, to):
            return await SqliteFile(to).kind()
        return Kind.FOREIGN if self.path.exists() else Kind.ABSENT

    def open(self, *, clock: Clock, simulated: bool, role: str) -> AbstractAsyncContextManager[SqlStore]:  # noqa: ARG002 - nobody else sees it
        return open_sqlite(self.path, clock=clock, simulated=simulated)

    @asynccontextmanager
    async def dialing(self, *, clock: Clock, simulated: bool) -> AsyncIterator[bool]:  # noqa: ARG002 - one at a time, always
        with dialer_lock(self.path) as ours:
            if not ours or simulated:
                yield ours
                return
            check_home(self, await self.moved())
            with noted(self.path):
                yield True

    @asynccontextmanager
    async def alone(self, clock: Clock) -> AsyncIterator[bool]:  # noqa: ARG002 - the lock is the file's
        with dialer_lock(self.path) as ours:
            yield ours

    async def moved(self) -> str:
        return moved(self.path)

    async def settle(self) -> None:
        settle(self.path)

    async def backup(self, to: Path) -> None:
        back_up(self.path, to)

    async def restore(self, file: Path, *, now: datetime) -> Path | None:
        with dialer_lock(self.path, trusted=False) as ours:
            if not ours:
                raise InputError(f"A process dials from {self}. Stop it first, then restore.")
            return put_back(self.path, file, now)

    async def is_dialed(self) -> bool:
        return is_locked(self.path)

    def hints(self, ring: Callable[[], None]) -> AbstractAsyncContextManager[None]:  # noqa: ARG002 - nobody tells
        return nullcontext()

    async def findings(self, clock: Clock) -> list[Finding]:  # noqa: ARG002 - there is no other clock
        kind = await self.kind()
        if kind is Kind.ABSENT:
            return [Finding("", self.path.parent.is_dir(), f"{self} will be made by the first run")]
        if kind is Kind.FOREIGN:
            return [Finding("", False, f"{self} is not a database of ours", "Name another with --db.")]
        durable = Finding("", True, f"{self}: WAL, synchronous=FULL, foreign keys, secure delete")
        away = await self.moved() if kind is Kind.LIVE else ""
        here = [place_finding(self, away)] if away else []
        return [durable, *here, *open_to_others(self.path)]


def open_to_others(path: Path) -> list[Finding]:
    """Which files of a database others than its owner and group may read or write."""
    beside = [path, *(Path(f"{path}{ending}") for ending in ("-wal", "-shm", ".key"))]
    names = [each.name for each in beside if each.exists() and each.stat().st_mode & 0o007]
    if not names:
        return []
    what = f"{', '.join(names)} can be opened by everybody on this machine, and people's data are in there"
    return [Finding("files", False, what, f"chmod o-rwx {' '.join(names)}")]
