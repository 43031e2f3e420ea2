"""A database's address, as settings and `--db` have it, turned into its location."""

import re
from pathlib import Path

from .location import Location
from .postgres_address import PostgresAddress
from .sqlite_file import SqliteFile


def location_of(address: object) -> Location:
    """Raises ValueError that says how an address is written, and shows nothing of this one."""
    if not isinstance(address, str):
        raise ValueError("This must be a valid string.")
    if address.startswith(("postgresql:", "postgres:")):
        return PostgresAddress(address)
    if not re.fullmatch(r"sqlite:///[^\x00?#]+", address):
        raise ValueError(
            "This is not a database. Write sqlite:/// and a path, such as sqlite:///campaigns.db, or postgresql://user@host/name."
        )
    return SqliteFile(Path(address.removeprefix("sqlite:///")))
