"""Files that appear whole or not at all, whenever the machine stops; none is ever overwritten unasked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaigns.domain.errors import InputError, StoreError


def check_free(path: Path) -> None:
    """Raises InputError where there is something already, or no folder for it."""
    if path.exists():
        raise InputError(f"{path}: is there already, and no backup is overwritten. Name another file.")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder does not exist. Make it, or name another.")


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A file beside `path` to be written, readable by its owner alone; it becomes `path` where the block ends well."""
    part = Path(f"{path}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        synced(part)
        os.link(part, path)  # unlike a rename it fails where somebody else has made one meanwhile
    except FileExistsError:
        raise InputError(f"{path}: is there already, and no backup is overwritten. Name another file.") from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}. Name another place.") from error
    finally:
        part.unlink(missing_ok=True)
    synced(path.parent)


def synced(path: Path) -> None:
    """Once it is on the disk; a folder with its names."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
