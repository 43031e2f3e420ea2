"""Where a database is, and the few things in which one kind of database differs from another for whoever uses it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from campaigns.domain.errors import StoreError
from campaigns.ports import Clock
from campaigns.ports.health import Finding

from .sql import SqlStore


class Kind(StrEnum):
    """What stands at a location."""

    ABSENT = "absent"
    """Nothing yet: whoever opens it makes it."""
    FOREIGN = "foreign"
    """Something of another program, or nothing that can be read."""
    SIMULATED = "simulated"
    LIVE = "live"


class Location(Protocol):
    """Where a database is. As text it is fit for anybody's eyes: no password, whatever the settings say."""

    @property
    def address(self) -> str:
        """As `--db` takes it, without a password."""

    @property
    def shared(self) -> bool:
        """Whether several processes may dial from it at the same time."""

    @property
    def key_file(self) -> Path | None:
        """Where the key of its hashes is made and kept; None: the settings must have one, the same for everybody."""

    def beside(self, ending: str) -> Path:
        """A file of this machine that goes with the database."""

    async def kind(self) -> Kind:
        """What stands there; it is only read. Raises StoreError where that cannot be found out."""

    async def last_moment(self, campaign: str) -> datetime | None:
        """The latest instant that it knows of for a campaign: where its virtual time goes on."""

    async def copy(self, to: Path) -> Kind:
        """Copy what a plan needs into a new SQLite file `to`, as it stands at this moment; the original is only read.

        Returns what was there; only a simulated or live one has been copied. Raises StoreError where it cannot be read.
        """

    def open(self, *, clock: Clock, simulated: bool, role: str) -> AbstractAsyncContextManager[SqlStore]:
        """A store on it, made when absent. Raises StoreError where it would be unsafe to dial from it.

        `role`: what this process is, for those who look at the server.
        """

    def dialing(self, *, clock: Clock, simulated: bool) -> AbstractAsyncContextManager[bool]:
        """The right to dial from it; False: another process has it, and may be watched.

        Raises StoreError: among others where it is a copy of the database that calls were made from.
        """

    def alone(self, clock: Clock) -> AbstractAsyncContextManager[bool]:
        """The right to change the whole of it while nobody dials from it; False: somebody does. Raises StoreError."""

    async def moved(self) -> str:
        """Why nobody may be called from it until a person adopts it, in words that follow its name; empty: it is
        where it was made, or adopted last. Raises StoreError where that cannot be found out."""

    async def settle(self) -> None:
        """Write down that it lives where it is. Raises StoreError."""

    async def backup(self, to: Path) -> None:
        """Write it down as it is at this moment, also while somebody dials, into a file that is whole or not there.

        Raises InputError, StoreError.
        """

    async def restore(self, file: Path, *, now: datetime) -> Path | None:
        """Put a backup in its place, its campaigns paused; where what was there is now, None: there was nothing.

        Whole or not at all, and never while somebody dials. Nobody is called from it until it is adopted.
        Raises InputError for what is no whole backup of ours, StoreError.
        """

    async def is_dialed(self) -> bool:
        """Whether a process dials from it at this moment. Raises StoreError where that cannot be found out."""

    def hints(self, ring: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Call `ring` when another process may have steered a campaign. A hint may be lost, or mean nothing."""

    async def findings(self, clock: Clock) -> list[Finding]:
        """What `doctor` tells of it. Raises StoreError."""


ADOPT = "Nobody is called from it until a person says that it is the one now: `campaigns adopt`."


def check_home(where: Location, moved: str) -> None:
    """Raises StoreError where a database is not where it was: calls may have been made that it does not know of."""
    if moved:
        raise StoreError(f"{where}: {moved}. Calls may have been made that it knows nothing of. {ADOPT}")


def place_finding(where: Location, moved: str) -> Finding:
    """What `doctor` says of a database that is not where it was."""
    return Finding("place", False, f"{where} {moved}", ADOPT)
