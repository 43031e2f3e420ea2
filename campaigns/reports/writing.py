"""Writes a report as a file: its kind is what the name ends in, and it is there whole or not at all."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from campaigns.app import Session, is_simulated
from campaigns.domain.errors import InputError

from .columns import write_parquet
from .figures import Figures, gather
from .page import render
from .text import results_csv


async def write_report(session: Session, name: str, to: Path, *, whole: bool = False) -> None:
    """Write what a campaign came to; what stood there before is replaced.

    Args:
        session: On the database that has the campaign.
        name: The campaign.
        to: A name that ends in one of `FORMATS`.
        whole: With phone numbers where the format has a column for them; else they are masked.

    Raises InputError when the name ends otherwise, the campaign is not there, or an extra is missing; OSError.
    """
    write = FORMATS.get(to.suffix.lower())
    if write is None:
        raise InputError(f"{to}: write a name that ends in {endings()}.")
    with _draft(to) as draft:
        await write(session, name, draft, whole)


async def figures_of(session: Session, name: str) -> Figures:
    """The campaign counted, with what the settings say of its provider. Raises InputError when it is not there."""
    record = await session.store.campaign(name)
    provider = record.provider if record else ""
    own = session.settings.providers.get(provider)
    return await gather(
        session.store,
        name,
        now=session.clock.now(),
        rules=session.law,
        simulated=session.simulated or is_simulated(session.settings, provider),
        currency=(own.currency if own else None) or "",
    )


def endings() -> str:
    """`.html, .csv, .xlsx or .parquet`."""
    *first, last = FORMATS
    return f"{', '.join(first)} or {last}"


async def _page(session: Session, name: str, to: Path, _whole: bool) -> None:
    page = render(await figures_of(session, name))
    with to.open("w", encoding="utf-8", newline="") as file:
        file.write(page)


async def _csv(session: Session, name: str, to: Path, whole: bool) -> None:
    lines: AsyncIterator[str] = results_csv(session.store, name, whole=whole)
    with to.open("w", encoding="utf-8", newline="") as file:
        async for some in lines:
            file.write(some)


async def _workbook(session: Session, name: str, to: Path, whole: bool) -> None:
    from .workbook import write_workbook  # noqa: PLC0415 - a twentieth of every command's start

    await write_workbook(session.store, await figures_of(session, name), to, whole=whole)


async def _parquet(session: Session, name: str, to: Path, whole: bool) -> None:
    await write_parquet(session.store, name, to, whole=whole)


FORMATS: dict[str, Callable[[Session, str, Path, bool], Awaitable[None]]] = {
    ".html": _page,
    ".csv": _csv,
    ".xlsx": _workbook,
    ".parquet": _parquet,
}


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A name beside it to write to; once that is written and on the disk it takes its place, and its rights.

    A new one is its owner's alone: it is about people.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        draft.chmod(path.stat().st_mode & 0o666 if path.exists() else 0o600)
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
