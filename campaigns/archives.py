"""The file that an archived campaign is kept in: every row that the database had of it, and a proof that it is whole.

`NAME.archive.jsonl.gz`, UTF-8, one JSON object a line. First `{"archive": 1, "campaign": NAME, "created_at": …}`, then
`{TABLE: {COLUMN: VALUE, …}}` for each row, as the database had it (instants in microseconds since 1970; bytes as
`{"base64": …}`), last `{"end": {TABLE: ROWS, …}, "sha256": …}`: of every line before, with its line end.
"""

import base64
import gzip
import hashlib
import json
import os
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from campaigns.domain.errors import InputError
from campaigns.ports.upkeep import Rows

FORMAT = 1
LONGEST_LINE = 64 << 20
"""Bytes: a row holds a report of a million at most. What goes on beyond that is no archive, and is not unpacked."""
_DAMAGED = (OSError, EOFError, ValueError, RecursionError, zlib.error)
MEND = "Name another folder with --out."


@dataclass
class _Sum:
    """What stands in the last line."""

    rows: Counter[str] = field(default_factory=Counter)
    digest: Any = field(default_factory=hashlib.sha256)

    def end(self) -> dict[str, Any]:
        return {"end": dict(self.rows), "sha256": self.digest.hexdigest()}


def archive_path(folder: Path, name: str) -> Path:
    """Where the archive of a campaign lies."""
    return folder / f"{name}.archive.jsonl.gz"


async def write_archive(
    path: Path, name: str, created_at: datetime, parts: AsyncIterator[Rows]
) -> dict[str, int]:  # fmt: skip
    """Write it whole and durably, for its owner alone, read it back, then give it its name; returns rows by table.

    An older one of the same campaign is replaced. Raises InputError where it cannot be written, or where another
    campaign's has the name.
    """
    head = {"archive": FORMAT, "campaign": name, "created_at": created_at.isoformat()}
    part = path.with_name(f".{path.name}.part")
    with _told(path):
        _spare(path, head)
        part.unlink(missing_ok=True)  # of a crash
        try:
            written = await _write(part, head, parts)
            if _read(part) != written.end():
                raise InputError(f"{path}: what was written cannot be read back. Is the disk sound? {MEND}")
            part.replace(path)
            _sync(path.parent)
        finally:
            part.unlink(missing_ok=True)
    return dict(written.rows)


def rows_of(path: Path) -> dict[str, int]:
    """Rows by table. Raises InputError where the archive is not whole, or is none."""
    with _told(path):
        return dict(_read(path)["end"])


async def _write(part: Path, head: Mapping[str, Any], parts: AsyncIterator[Rows]) -> _Sum:
    written = _Sum()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed:
            _line(packed, head, written)
            async for some in parts:
                for row in some.rows:
                    _line(packed, {some.table: {column: _plain(value) for column, value in row.items()}}, written)
                if some.rows:
                    written.rows[some.table] += len(some.rows)
            packed.write(_encoded(written.end()))
        file.flush()
        os.fsync(file.fileno())
    return written


def _line(packed: gzip.GzipFile, value: Mapping[str, Any], written: _Sum) -> None:
    line = _encoded(value)
    written.digest.update(line)
    packed.write(line)


def _encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _read(path: Path) -> dict[str, Any]:
    """The last line, which agrees with all lines before it. Raises InputError."""
    found, last = _Sum(), b""
    with gzip.open(path) as lines:
        while line := lines.readline(LONGEST_LINE):
            if last:
                found.digest.update(last)
                found.rows.update(_table(last))
            last = line
    if last != _encoded(found.end()):
        raise InputError(f"{path}: is not a whole archive. Nothing was deleted.")
    return found.end()


def _table(line: bytes) -> list[str]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("no row")
    return [] if "archive" in row else list(row)


def _spare(path: Path, head: Mapping[str, Any]) -> None:
    """Raises InputError where the file that has the name is not an older archive of this very campaign."""
    if not path.exists():
        return
    first: object = None
    with suppress(*_DAMAGED), gzip.open(path) as lines:
        first = json.loads(lines.readline(LONGEST_LINE))
    if first != head:
        raise InputError(f"{path}: is another file, or another campaign's archive; it stays. {MEND}")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise InputError(f"{path}: cannot be written or read ({reason}). {MEND}") from None
