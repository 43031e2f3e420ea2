"""A PostgreSQL address as the place of a database: any number of dialers, its hash key in the settings."""

import os
import re
import shlex
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

from campaigns.domain.errors import StoreError
from campaigns.ports import Clock
from campaigns.ports.health import Finding

from .location import Kind, check_home
from .sql import SqlStore

_HOST = r"(?:[A-Za-z0-9._%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
_ADDRESS = re.compile(
    rf"postgres(?:ql)?://(?:(?P<user>[^:/?#@\s]*)(?::[^/?#@\s]*)?@)?(?P<hosts>(?:{_HOST}(?:,{_HOST})*)?)"
    r"/(?P<name>[^/?#\s]+)(?:\?(?P<more>[^#\s]*))?"
)
_SHOWN = ("host", "port", "user")
"""Of what may stand after the `?`; all else may be a secret."""
DIALERS = ("worker", "run", "call")
"""The roles of processes that dial."""
_IN_ENVIRONMENT = ("password", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey", "options")
NOT_AN_ADDRESS = (
    "This is not a PostgreSQL address. Write postgresql://user@host/name, and @ : / ? # in a password as %40 %3A %2F"
    " %3F %23."
)


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Implements `Location`. asyncpg is imported when it is first asked: it takes a tenth of every command's start."""

    url: str = field(repr=False)
    """With its password, if it has one."""

    def __post_init__(self) -> None:
        """Raises ValueError that does not show the address."""
        try:
            self._more()
        except ValueError:
            raise ValueError(NOT_AN_ADDRESS) from None

    def __str__(self) -> str:
        return self.address

    @property
    def address(self) -> str:
        user, hosts = self._part("user"), self._part("hosts")
        shown = urlencode([(key, value) for key, value in self._more() if key in _SHOWN], safe="/,")
        host = f"{user}@{hosts}" if user else hosts
        return f"postgresql://{host}/{self._part('name')}" + (f"?{shown}" if shown else "")

    @property
    def name(self) -> str:
        """The database's."""
        return unquote(self._part("name"))

    @property
    def secrets(self) -> dict[str, str]:
        """What `address` leaves out, as the environment in which the server's own tools find it."""
        known = {name: f"PG{name.upper()}" for name in _IN_ENVIRONMENT}
        found = {known[key]: value for key, value in self._more() if key in known}
        matched = re.match(r"[^:]+://[^:/?#@]*:([^/?#@]*)@", self.url)
        return {"PGPASSWORD": unquote(matched[1]), **found} if matched else found

    @property
    def createdb(self) -> str:
        """The command that makes the database."""
        more, hosts = dict(self._more()), self._part("hosts").partition(",")[0]
        host, port = hosts, ""
        if matched := re.fullmatch(r"(.*):(\d+)", hosts):
            host, port = matched[1], matched[2]
        given = {"-h": host.strip("[]") or more.get("host"), "-p": port or more.get("port"), "-U": self._part("user")}
        return shlex.join(["createdb", *(word for flag, it in given.items() if it for word in (flag, it)), self.name])

    @property
    def shared(self) -> bool:
        return True

    @property
    def key_file(self) -> Path | None:
        return None

    def beside(self, ending: str) -> Path:
        return Path(f"{quote(self.name, safe='')}.{ending}")

    def as_role(self, role: str) -> str:
        """The whole address for a connection that shows on the server as this process in its role."""
        more = [pair for pair in self._more() if pair[0] != "application_name"]
        told = f"campaigns {role} {socket.gethostname()[:30]}:{os.getpid()}"
        return f"{self.url.partition('?')[0]}?{urlencode([*more, ('application_name', told)], quote_via=quote)}"

    async def kind(self) -> Kind:
        from .postgres_link import kind_at  # noqa: PLC0415

        return await kind_at(self)

    async def last_moment(self, campaign: str) -> datetime | None:
        from .postgres_link import last_moment_at  # noqa: PLC0415

        return await last_moment_at(self, campaign)

    async def copy(self, to: Path) -> Kind:
        from .postgres_copy import copy_rows  # noqa: PLC0415

        kind = await self.kind()
        if kind in (Kind.SIMULATED, Kind.LIVE):
            await copy_rows(self, to)
        return kind

    def open(self, *, clock: Clock, simulated: bool, role: str) -> AbstractAsyncContextManager[SqlStore]:
        from .postgres import open_postgres  # noqa: PLC0415

        dials = role in DIALERS and not simulated
        return open_postgres(self.as_role(role), clock=clock, simulated=simulated, dials=dials)

    @asynccontextmanager
    async def dialing(self, *, clock: Clock, simulated: bool) -> AsyncIterator[bool]:
        """Any number of processes may dial; but of two virtual times in one database each would undo the other."""
        from .postgres_link import alone_at  # noqa: PLC0415

        if not simulated:
            check_home(self, await self.moved())
            yield True
            return
        async with alone_at(self, clock) as alone:
            if not alone:
                mend = "Wait until it has ended, or name another database with --db."
                raise StoreError(f"{self}: another process plays a campaign in this simulated database. {mend}")
            yield True

    @asynccontextmanager
    async def alone(self, clock: Clock) -> AsyncIterator[bool]:
        from .postgres_link import alone_at  # noqa: PLC0415

        async with alone_at(self, clock) as alone:
            yield alone and not await self.is_dialed()

    async def moved(self) -> str:
        from .postgres_place import moved_at  # noqa: PLC0415

        return await moved_at(self)

    async def settle(self) -> None:
        from .postgres_place import settle_at  # noqa: PLC0415

        await settle_at(self)

    async def backup(self, to: Path) -> None:
        from .postgres_backup import back_up_from  # noqa: PLC0415

        await back_up_from(self, to)

    async def restore(self, file: Path, *, now: datetime) -> Path | None:
        from .postgres_backup import put_back_into  # noqa: PLC0415

        await put_back_into(self, file, now)
        return None

    async def is_dialed(self) -> bool:
        from .postgres_findings import dialing_at  # noqa: PLC0415

        return await dialing_at(self)

    def hints(self, ring: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        from .postgres_hints import hinted  # noqa: PLC0415

        return hinted(self, ring)

    async def findings(self, clock: Clock) -> list[Finding]:
        from .postgres_findings import findings_at  # noqa: PLC0415

        return await findings_at(self, clock)

    def _part(self, name: str) -> str:
        matched = _ADDRESS.fullmatch(self.url)
        if matched is None:
            raise ValueError(NOT_AN_ADDRESS)
        return matched[name] or ""

    def _more(self) -> list[tuple[str, str]]:
        more = self._part("more")
        return parse_qsl(more, strict_parsing=True) if more else []
