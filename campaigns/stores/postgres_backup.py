"""Backups of a PostgreSQL database by the server's own tools, and their way back into an empty one."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from campaigns.domain.errors import InputError, StoreError

from .location import Kind
from .postgres_address import PostgresAddress
from .postgres_link import kind_at, linked, told
from .rows import us
from .schema import migration_steps
from .sqlite_backup import RESTORED, SILENCE
from .whole_files import appearing, check_free

OURS = ("meta", "campaign", "lead", "attempt", "journal", "suppression")
_PACKAGE = "Install the client tools of PostgreSQL {} or newer (postgresql-client), or put them on PATH."


async def back_up_from(address: PostgresAddress, to: Path) -> None:
    """Dump the database as it is at one moment into the file `to`. Raises InputError, StoreError."""
    check_free(to)
    tool = await _tool(address, "pg_dump")
    with appearing(to) as part:
        _run([tool, "--format=custom", f"--file={part}", f"--dbname={address.address}"], address)
        _check_dump(part)


async def put_back_into(address: PostgresAddress, file: Path, now: datetime) -> None:
    """Fill the empty database from a dump, its campaigns paused; whole or not at all. Raises InputError, StoreError."""
    if await kind_at(address) is not Kind.ABSENT:
        raise InputError(f"{address}: is not empty, and nothing is overwritten. Make a new one: `{address.createdb}`.")
    tool = await _tool(address, "pg_restore")
    _check_dump(file)
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    _run([tool, *words, f"--dbname={address.address}", str(file)], address)
    async with linked(address) as link:
        with told(address):
            async with link.transaction():
                for sql in SILENCE:
                    await link.execute(_filled(sql, {"now": str(us(now)), "why": f"'{RESTORED}'"}))


def _filled(sql: str, values: Mapping[str, str]) -> str:
    """With our own words in the place of their names: nothing here comes from anybody else."""
    return re.sub(r"(?<!:):(now|why)\b", lambda found: values[found[1]], sql)


async def _tool(address: PostgresAddress, name: str) -> str:
    """A client tool that is not older than the server."""
    async with linked(address) as link:
        with told(address):
            server = int(await link.fetchval("SELECT current_setting('server_version_num')")) // 10000
    tool = shutil.which(name)
    if tool is None:
        raise InputError(f"{name}: is not installed here. {_PACKAGE.format(server)}")
    version = re.search(r"(\d+)", _said([tool, "--version"]).stdout)
    if version is None or int(version[1]) < server:
        raise InputError(f"{tool}: is older than the server, which is {server}. {_PACKAGE.format(server)}")
    return tool


def _check_dump(file: Path) -> None:
    """Raises InputError for whatever is no dump of a live database that this program can read."""
    tool = shutil.which("pg_restore")
    if tool is None:
        raise InputError(f"pg_restore: is not installed here. {_PACKAGE.format('')}")
    if not file.is_file():
        raise InputError(f"{file}: there is no such file.")
    listed = _said([tool, "--list", str(file)])
    if listed.returncode or not all(re.search(rf" TABLE \S+ {name} ", listed.stdout) for name in OURS):
        raise InputError(f"{file}: is no whole backup of ours.")
    rows = _said([tool, "--data-only", "--table=meta", "--file=-", str(file)]).stdout
    meta = dict(line.split("\t", 1) for line in rows.splitlines() if line.count("\t") == 1)
    if int(meta.get("runs_from", "0")) > migration_steps("postgres")[-1][0]:
        raise InputError(f"{file}: was written by a newer version of campaigns. Upgrade this one.")
    if meta.get("kind") != "live":
        raise InputError(f"{file}: is no backup of a live database of ours.")


def _run(command: list[str], address: PostgresAddress) -> None:
    """Raises StoreError in the tool's own words; the password is in no argument, which all users of a machine see."""
    done = _said(command, os.environ | address.secrets)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise StoreError(f"{address}: {Path(command[0]).name}: {said}")


def _said(command: list[str], environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - our own words
