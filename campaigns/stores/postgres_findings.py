"""What `doctor` tells of a PostgreSQL database: whether what it has said is written down stays so, and who uses it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from campaigns.ports import Clock
from campaigns.ports.health import Finding

from .location import Kind, place_finding
from .postgres_address import DIALERS, PostgresAddress
from .postgres_link import kind_at, linked
from .postgres_place import moved_on

OLDEST = 13
NEAR = timedelta(seconds=1)
FULL = 0.8
"""Of the server's connections: from here on another worker may find none."""
_ASKED = """
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS whole_pages,
    current_setting('synchronous_commit') AS commits, current_setting('synchronous_standby_names') AS standbys,
    pg_is_in_recovery() AS standby, current_setting('max_connections')::int AS most,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
    (SELECT count(*) FROM pg_stat_replication) AS replicas
"""
_WHO = """
SELECT split_part(application_name, ' ', 2) AS role, count(DISTINCT application_name) AS processes FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'campaigns %' AND pid <> pg_backend_pid()
GROUP BY 1 ORDER BY 1
"""


async def findings_at(address: PostgresAddress, clock: Clock) -> list[Finding]:
    """Ask the server. Raises StoreError."""
    kind = await kind_at(address)
    async with linked(address, role="doctor") as link:
        asked = await link.fetchrow(_ASKED)
        who = {row["role"]: row["processes"] for row in await link.fetch(_WHO)}
        before = clock.now()
        there = await link.fetchval("SELECT clock_timestamp()")
        ahead = there - before - (clock.now() - before) / 2
        at_home = kind is not Kind.LIVE or asked["standby"] or not (moved := await moved_on(link))
    found = findings_of(address, kind, asked, who=who, ahead=ahead)
    return found if at_home else [*found, place_finding(address, moved)]


async def dialing_at(address: PostgresAddress) -> bool:
    """Whether a process of ours that dials is connected. Raises StoreError."""
    async with linked(address) as link:
        roles = {row["role"] for row in await link.fetch(_WHO)}
    return not roles.isdisjoint(DIALERS)


def findings_of(
    address: PostgresAddress, kind: Kind, asked: Mapping[str, Any], *, who: Mapping[str, int], ahead: timedelta
) -> list[Finding]:
    """The same, of what the server says: its settings, our processes by role, how far its clock is ahead of ours."""
    return [_standing(address, kind, asked), *_durability(asked), _clock(ahead), *_users(asked, who)]


def _standing(address: PostgresAddress, kind: Kind, asked: Mapping[str, Any]) -> Finding:
    where = f"{address}: PostgreSQL {asked['version']}"
    if kind is Kind.FOREIGN:
        return Finding("", False, f"{where} holds another program's tables", f"Make one of ours: `{address.createdb}`.")
    if asked["major"] < OLDEST:
        return Finding("", False, f"{where} is too old", f"Upgrade it to {OLDEST} or newer.")
    if asked["standby"]:
        return Finding("", False, f"{where} is a standby, which takes no writes", "Name the primary.")
    return Finding("", True, f"{where}; the first run makes the tables" if kind is Kind.ABSENT else f"{where}, {kind}")


def _durability(asked: Mapping[str, Any]) -> Iterator[Finding]:
    off = [name for name, value in (("fsync", "fsync"), ("full_page_writes", "whole_pages")) if asked[value] == "off"]
    if off:
        says = f"{' and '.join(off)} off: after a power cut nobody knows who was called"
        yield Finding("durability", False, says, f"Set {' and '.join(f'{name} = on' for name in off)}.")
    else:
        yield Finding("durability", True, f"fsync on, synchronous_commit {asked['commits']}")
    if asked["replicas"] and not asked["standbys"]:
        says = "no standby is synchronous: one that takes over may not know of the last calls, and make them again"
        yield Finding("standbys", None, says, "Set synchronous_standby_names.")


def _clock(ahead: timedelta) -> Finding:
    """Of no harm: every worker follows the database's."""
    if abs(ahead) <= NEAR:
        return Finding("clock", True, f"{abs(ahead).total_seconds():.3f} s from this machine's")
    which = "ahead of" if ahead > timedelta() else "behind"
    says = f"{abs(ahead).total_seconds():.0f} s {which} this machine's; calls follow the database's"
    return Finding("clock", None, says, "Let NTP set both.")


def _users(asked: Mapping[str, Any], who: Mapping[str, int]) -> Iterator[Finding]:
    workers, runs = who.get("worker", 0), who.get("run", 0)
    yield Finding("workers", True, f"{workers} connected" + (f", and {runs} `campaigns run`" if runs else ""))
    used, most = asked["used"], asked["most"]
    mend = "" if used < FULL * most else "Raise max_connections of the server."
    yield Finding("connections", None if mend else True, f"{used} of {most} in use", mend)
