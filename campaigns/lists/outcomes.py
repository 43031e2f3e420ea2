"""Puts a whole file of outcomes in the place of an older one: nobody ever sees a torn one, also after a crash."""

import csv
import os
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import TextIO

import anyio.to_thread

from .cells import harmless

Rows = Sequence[tuple[str, ...]]


async def write_outcomes(path: PurePath, pages: AsyncIterator[Rows]) -> None:
    """Write rows as CSV (UTF-8, CR LF), each cell safe to open in a spreadsheet, and then move the file to `path`.

    A reader sees the older file until the new one is whole and on the disk. It is readable to whom the older one was,
    at first to its owner alone. Raises OSError.
    """
    target = Path(path)
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
    if target.exists():
        os.fchmod(handle, target.stat().st_mode & 0o777)
    return file


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
