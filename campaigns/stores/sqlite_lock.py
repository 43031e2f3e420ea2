"""The right to dial from a SQLite database: one process has it, and whoever looks sees whether any does."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from campaigns.domain.errors import StoreDoubtful, StoreError

_MARK = "A dialer is at work, or did not end in order.\n"


@contextmanager
def dialer_lock(path: Path, *, trusted: bool = True) -> Iterator[bool]:
    """The right to dial from a SQLite database; yields False when another process has it. A crash frees it.

    Where whoever had it last did not end in order, the database is looked through first. Raises StoreDoubtful.

    `trusted`: it is to be gone on with. False: it is to be exchanged for another.
    """
    try:
        file = os.fdopen(os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+")
    except OSError as error:
        raise StoreError(f"{path}.lock: cannot be opened: {error.strerror}. Name another place.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        if file.seek(0, 2) and trusted:
            _look_through(path)
        try:
            file.write(_MARK)
            file.flush()
        except OSError as error:
            raise StoreError(f"{path}.lock: cannot be written: {error.strerror}.") from error
        yield True
        file.truncate(0)


def _look_through(path: Path) -> None:
    """Whether the file is whole, once all that its log holds is written into it.

    A flush that failed is forgotten by the kernel, and the next one of the same pages says that all is well. So the log
    is not gone on with: what it holds is written anew, to where it belongs.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA synchronous = FULL")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            found = raw.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise StoreDoubtful(
            f"{path}: the last process that dialled from it did not end in order, and it cannot be trusted: {found}. "
            "Nobody is called from it. Look at the disk, and restore a backup."
        )


def is_locked(path: Path) -> bool:
    """Whether somebody has the right to dial. It is asked for and given back within microseconds."""
    try:
        file = Path(f"{path}.lock").open("rb")  # noqa: SIM115 - closed below
    except OSError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
