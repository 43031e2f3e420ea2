"""The right to dial from a SQLite database: one process has it, and whoever looks sees whether any does."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaigns.domain.errors import StoreError


@contextmanager
def dialer_lock(path: Path) -> Iterator[bool]:
    """The right to dial from a SQLite database; yields False when another process has it. A crash frees it."""
    try:
        file = Path(f"{path}.lock").open("a")  # noqa: SIM115 - closed below
    except OSError as error:
        raise StoreError(f"{path}.lock: cannot be opened: {error.strerror}. Name another place.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


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
