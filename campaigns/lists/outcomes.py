"""Puts a whole file of outcomes in the place of an older one: nobody ever sees a torn one, also after a crash."""

import csv
import errno
import os
import re
from collections.abc import AsyncIterator, Sequence
from functools import partial, reduce
from glob import escape
from operator import and_
from pathlib import Path, PurePath
from typing import TextIO

import anyio.to_thread

from .cells import harmless

Rows = Sequence[tuple[str, ...]]


async def write_outcomes(path: PurePath, pages: AsyncIterator[Rows]) -> None:
    """Write rows as CSV (UTF-8, CR LF), each cell safe to open in a spreadsheet, and then move the file to `path`.

    A reader sees the older file until the new one is whole and on the disk. It is readable to whom the older one was,
    at first to whom the list itself is. Raises OSError, also where something else than outcomes has the name.
    """
    target = Path(path)
    await anyio.to_thread.run_sync(partial(_spare, target))
    part = target.with_name(f".{target.name}.part")
    file = await anyio.to_thread.run_sync(partial(_open, part, target))
    try:
        try:
            async for rows in pages:
                await anyio.to_thread.run_sync(partial(_write, file, rows))
            await anyio.to_thread.run_sync(partial(_keep, file))
        finally:
            file.close()
        await anyio.to_thread.run_sync(partial(_move, part, target))
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _open(part: Path, target: Path) -> TextIO:
    part.unlink(missing_ok=True)  # of a crash
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    file = open(handle, "w", encoding="utf-8", newline="")  # noqa: SIM115, PTH123 - a handle, closed by the caller
    os.fchmod(handle, _mode(target, os.fstat(handle).st_gid))
    return file


def _spare(target: Path) -> None:
    """Raises FileExistsError where a file has the name that was not written here, as far as its first words tell."""
    if not target.is_file():
        return
    with target.open("rb") as file:
        begin = file.read(80).removeprefix(b"\xef\xbb\xbf").replace(b'"', b"")
    if begin.strip() and not re.match(rb"id[,;\t]key[,;\t]phone\b", begin):
        raise FileExistsError(errno.EEXIST, "it is another file, with no outcomes in it", str(target))


def _mode(target: Path, group: int) -> int:
    """The older file's; else that of the lists which it stands beside, the strictest; else the owner's alone."""
    if target.exists():
        return target.stat().st_mode & 0o777
    name = target.name.removesuffix(".outcomes.csv")
    lists = [path.stat() for path in target.parent.glob(f"{escape(name)}*") if name in (path.stem, path.name)]
    mode = reduce(and_, (each.st_mode & (0o666 if each.st_gid == group else 0o606) for each in lists), 0o666)
    return mode | 0o600 if lists else 0o600


def _write(file: TextIO, rows: Rows) -> None:
    writer = csv.writer(file)
    writer.writerows([harmless(cell) for cell in row] for row in rows)


def _keep(file: TextIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _move(part: Path, target: Path) -> None:
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
