"""Backups of a SQLite database, also while it is dialled from; put back, it is the old one or the new, never half."""

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from campaigns.domain.errors import InputError, StoreError

from .rows import us
from .schema import migration_steps
from .sqlite_place import note
from .whole_files import appearing, check_free, synced

APPLICATION = 0x43414D50
RESTORED = "a backup was put back: `campaigns adopt` finds the calls that it does not know"


def back_up(path: Path, to: Path) -> None:
    """Copy the database at one moment into the file `to`, checked, with its hash key. Raises InputError, StoreError."""
    check_free(to)
    try:
        _back_up_key(Path(f"{path}.key"), Path(f"{to}.key"))
        with appearing(to) as part:
            _copied(path, part)
            with closing(sqlite3.connect(part)) as copy:
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, and nothing beside it
                _check_sound(part, copy)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be backed up: {error}.") from error


def _back_up_key(key: Path, to: Path) -> None:
    """A backup that was cut off has left the key alone: the same one is as good."""
    if not key.exists() or (to.exists() and to.read_bytes() == key.read_bytes()):
        return
    check_free(to)
    with appearing(to) as part:
        part.write_bytes(key.read_bytes())


def _copied(path: Path, to: Path) -> None:
    source = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)
    with closing(source) as raw, closing(sqlite3.connect(to)) as copy:
        raw.backup(copy)  # all pages in one step: one moment, and no writer waits for it


def _check_sound(path: Path, raw: sqlite3.Connection) -> None:
    said = raw.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise StoreError(f"{path}: is damaged: {said}.")


def check_backup(file: Path) -> None:
    """Raises InputError for whatever is no whole backup of a live database that this program can read."""
    if not file.is_file():
        raise InputError(f"{file}: there is no such file.")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as raw:
            if raw.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
                raise InputError(f"{file}: is no backup of ours.")
            _check_sound(file, raw)
            meta = dict(raw.execute("SELECT key, value FROM meta").fetchall())
            version = raw.execute("PRAGMA user_version").fetchone()[0]
    except (sqlite3.Error, StoreError) as error:
        raise InputError(f"{file}: is no whole backup of ours: {error}") from error
    newest = migration_steps()[-1][0]
    if version > newest and int(meta.get("runs_from", version)) > newest:
        raise InputError(f"{file}: was written by a newer version of campaigns. Upgrade this one.")
    if meta.get("kind") != "live":
        raise InputError(f"{file}: is a simulated database, which nobody needs to put back. Play it again.")


def put_back(path: Path, file: Path, now: datetime) -> Path | None:
    """Make the backup the database at `path`, its campaigns paused; the one that was there keeps its content beside it.

    Returns where that is; None: there was none. The caller has the right to dial. Raises InputError, StoreError.
    """
    check_backup(file)
    if path.exists() and _mark_of(path) != APPLICATION.to_bytes(4, "big"):
        raise InputError(f"{path}: belongs to another program, or to nobody. Name another database, or move it away.")
    new = Path(f"{path}.restoring")
    try:
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copied(file, new)
        _silence(new, now)
        synced(new)
        aside = _set_aside(path, f"before-{now:%Y%m%d-%H%M%S}") if path.exists() else None
        new.replace(path)
        _put_back_key(Path(f"{file}.key"), Path(f"{path}.key"))
        synced(path.parent)
        note(path)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the backup cannot be put back: {error}.") from error
    except OSError as error:
        raise StoreError(f"{path}: the backup cannot be put back: {error.strerror}.") from error
    finally:
        new.unlink(missing_ok=True)
    return aside


def _mark_of(path: Path) -> bytes:
    """Whose file it says it is, damaged or not."""
    with path.open("rb") as file:
        return file.read(72)[68:]


def _silence(new: Path, now: datetime) -> None:
    """Nothing dials from it: it is at home nowhere, and every campaign is paused."""
    with closing(sqlite3.connect(new, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute("BEGIN IMMEDIATE")
        for sql in SILENCE:
            raw.execute(sql, {"now": us(now), "why": RESTORED})
        raw.execute("COMMIT")


_LINES = (
    "INSERT INTO journal (attempt_id, at, from_state, to_state, why)"
    " SELECT 'campaign:' || name, :now, state, 'paused', 'restored' FROM campaign WHERE state = 'active'"
)
SILENCE = (
    _LINES,
    "UPDATE campaign SET state = 'paused', reason = :why, version = version + 1 WHERE state = 'active'",
    "INSERT INTO meta (key, value) VALUES ('place', 'nowhere') ON CONFLICT (key) DO UPDATE SET value = excluded.value",
)
"""Also in the words of PostgreSQL."""


def _set_aside(path: Path, name: str) -> Path:
    """Give what is there a second name: the first is then exchanged in one step."""
    aside = path.with_name(f"{path.name}.{name}")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:  # it is damaged: its log goes with it as it is
        for ending in ("-wal", "-shm"):
            if Path(f"{path}{ending}").exists():
                Path(f"{path}{ending}").rename(f"{aside}{ending}")
    if Path(f"{path}-wal").exists():
        raise InputError(f"{path}: other processes have it open. Stop them (worker, dashboard), then restore.")
    key = Path(f"{path}.key")
    if key.exists():
        kept = Path(f"{aside}.key")
        kept.touch(mode=0o600)
        kept.write_bytes(key.read_bytes())
        synced(kept)
    os.link(path, aside)
    synced(path.parent)
    return aside


def _put_back_key(source: Path, key: Path) -> None:
    if source.exists() and (not key.exists() or key.read_bytes() != source.read_bytes()):
        part = Path(f"{key}.part")
        part.touch(mode=0o600)
        part.write_bytes(source.read_bytes())
        synced(part)
        part.replace(key)
