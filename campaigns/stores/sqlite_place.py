"""Where a SQLite file lives: by marks that no copy of the file has, and by how far its journal had come here.

A file is known by its inode and the moment of its birth. Both outlive reboots, other mounts of the disk, new containers
on the same volume, VACUUM and every change of the schema; `cp`, `.backup`, rsync and whatever else makes another file
does not take them along. Where somebody writes old content into the file itself (`cp backup.db campaigns.db`), they
stay: so beside it, in `campaigns.db.place`, stands the last line of the journal that was seen here.
"""

import ctypes
import os
import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

LOOK_EVERY = 1.0
"""Seconds between two looks at how far the journal has come."""
_HERE, _BIRTH, _FOLLOWED = -100, 0x800, 0
"""Of statx(2): AT_FDCWD, STATX_BTIME, no flags."""
COPIED = "lies in another place than the one it was made in: it is a copy, or was restored"
OLDER = "is older than what was dialled from here: a backup was written over it"


def place_of(path: Path) -> str:
    """Inode and birth of a file; where its file system has no births, inode and the file system's own id."""
    birth = _birth_of(path)
    inode = path.stat().st_ino
    return f"{inode}@{birth}" if birth else f"{inode}+{os.statvfs(path).f_fsid}"


def _birth_of(path: Path) -> str:
    """Seconds and nanoseconds since 1970; empty: nobody knows. Python itself does not ask Linux for it."""
    known = getattr(path.stat(), "st_birthtime", None)
    if known is not None:
        return f"{known}"
    ask = getattr(ctypes.CDLL(None), "statx", None)
    told = ctypes.create_string_buffer(256)
    if ask is None or ask(_HERE, os.fsencode(path), _FOLLOWED, _BIRTH, told) != 0:
        return ""
    mask, seconds, nanoseconds = struct.unpack_from("=I76xqI", told)
    return f"{seconds}.{nanoseconds:09}" if mask & _BIRTH and seconds else ""


def moved(path: Path) -> str:
    """Why nobody may be called from the database, in words that follow its name; empty: it is where it was."""
    place = place_of(path)
    if _asked(path, "SELECT value FROM meta WHERE key = 'place'") != place:
        return COPIED
    seen = _seen(path)
    return OLDER if seen is not None and seen[0] == place and seen[1] > _last_line(path) else ""


def settle(path: Path) -> None:
    """Write down that the database lives where it is, as it is."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA busy_timeout = 5000")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("BEGIN IMMEDIATE")
        put = "INSERT INTO meta (key, value) VALUES ('place', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        raw.execute(put, [place_of(path)])
        raw.execute("DELETE FROM meta WHERE key = 'missed_since'")
        raw.execute("COMMIT")
    note(path)


@contextmanager
def noted(path: Path) -> Iterator[None]:
    """While the block goes on, write down beside the database how far its journal has come.

    In a thread: it goes on while the event loop is busy, and adds nothing to any transaction.
    """
    over = threading.Event()

    def look() -> None:
        with closing(_reader(path)) as raw:
            while True:
                _note(path, raw)
                if over.wait(LOOK_EVERY):
                    break
            _note(path, raw)

    looking = threading.Thread(target=look, name="place", daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def note(path: Path) -> None:
    """Write down once how far the journal has come."""
    with closing(_reader(path)) as raw:
        _note(path, raw)


def _note(path: Path, raw: sqlite3.Connection) -> None:
    try:
        line = raw.execute(_LAST).fetchone()[0]
        text = f"{place_of(path)} {line}\n".encode()
        file = os.open(f"{path}.place", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.pread(file, 200, 0) != text:
                os.pwrite(file, text, 0)
                os.ftruncate(file, len(text))
        finally:
            os.close(file)
    except (OSError, sqlite3.Error):
        pass  # a full disk, a database that is busy: the next look tries again, and the inode is known anyway


def _seen(path: Path) -> tuple[str, int] | None:
    """Of which place the last line of the journal is known, and which; None: nobody wrote it down."""
    try:
        place, line = Path(f"{path}.place").read_text("ascii").split()
        return place, int(line)
    except (OSError, ValueError):
        return None


def _last_line(path: Path) -> int:
    return int(_asked(path, _LAST) or 0)


_LAST = "SELECT COALESCE(MAX(id), 0) FROM journal"


def _asked(path: Path, sql: str) -> Any:
    """One value; None: the database does not say."""
    try:
        with closing(_reader(path)) as raw:
            row = raw.execute(sql).fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row else None


def _reader(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False, timeout=1)
    raw.execute("PRAGMA query_only = ON")
    return raw
