"""Shell completion that is quick: only the command that is typed is imported, the others are known by name."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import typer

from campaigns.clock import run_real
from campaigns.domain.errors import CampaignsError

from .context import Globals, open_databases

SWITCH = "_CAMPAIGNS_COMPLETE"
"""The environment variable by which a shell asks; `--install-completion` makes it do so."""
_FOLDERS = ("", "*/", "sample_campaigns/*/")
"""Where campaign files are looked for, below the folder that is typed."""
_BEGINNING = 5000
"""Bytes of a file that show whether it is a campaign."""


def words(environ: Mapping[str, str]) -> list[str]:
    """What stands on the line so far, after the program's name; in bash it comes by one name, elsewhere by another."""
    line = environ.get("COMP_WORDS") or environ.get("_TYPER_COMPLETE_ARGS") or ""
    try:
        return shlex.split(line)[1:]
    except ValueError:  # an open quote
        return line.split()[1:]


def add_names(cli: typer.Typer, names: Iterable[str]) -> None:
    """Commands that can be typed, and nothing more."""
    for name in names:
        cli.command(name)(_nothing)


def _nothing() -> None:
    """Stands for a command that nobody asks more about."""


def campaign_names(context: typer.Context, incomplete: str) -> list[str]:
    """The campaigns of the databases that this command line means; none where they cannot be asked."""
    chosen = context.find_root().params
    options = Globals(chosen.get("settings"), chosen.get("db"))

    async def ask() -> list[str]:
        async with open_databases(options.settings()) as sessions:
            records = [record for session in sessions for record in await session.store.campaigns()]
        return [record.name for record in records if record.archived_at is None and record.name.startswith(incomplete)]

    try:
        return run_real(ask)
    except (CampaignsError, OSError):
        return []


def campaign_files(incomplete: str) -> list[str]:
    """Campaign files near what is typed, the samples too; where there is none the shell completes files of any kind."""
    return sorted({str(path) for path in _near(incomplete) if _is_campaign(path)})


def names_and_files(context: typer.Context, incomplete: str) -> list[str]:
    """Both, for the command that takes either."""
    return [*campaign_names(context, incomplete), *campaign_files(incomplete)]


def _near(incomplete: str) -> Iterator[Path]:
    folder, slash, _ = incomplete.rpartition("/")
    for below in _FOLDERS:
        for path in Path(folder or slash or ".").glob(f"{below}*.y*ml"):
            if str(path).startswith(incomplete.removeprefix("./")):
                yield path


def _is_campaign(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(re.search(rb"(?m)^campaign:", file.read(_BEGINNING)))
    except OSError:
        return False
