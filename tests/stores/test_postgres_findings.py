"""What doctor makes of a PostgreSQL server's own words."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.ports.health import Finding
from campaigns.stores.location import Kind
from campaigns.stores.postgres_address import PostgresAddress
from campaigns.stores.postgres_findings import findings_of

ADDRESS = PostgresAddress("postgresql://u:hush@db/x")
GOOD = {
    "version": "16.4", "major": 16, "fsync": "on", "whole_pages": "on", "commits": "on", "standbys": "",
    "standby": False, "most": 100, "used": 10, "replicas": 0,
}  # fmt: skip


def found(
    kind: Kind = Kind.LIVE, ahead: float = 0.0, who: dict[str, int] | None = None, **said: Any
) -> dict[str, Finding]:
    return {
        finding.subject: finding
        for finding in findings_of(ADDRESS, kind, GOOD | said, who=who or {}, ahead=timedelta(seconds=ahead))
    }


def test_a_good_server_has_no_fault_and_its_users_are_counted() -> None:
    told = found(who={"worker": 3, "run": 1, "doctor": 1})
    assert {subject: finding.ok for subject, finding in told.items()} == dict.fromkeys(
        ("", "durability", "clock", "workers", "connections"), True
    )
    assert told[""].told == "postgresql://u@db/x: PostgreSQL 16.4, live."
    assert told["workers"].told == "3 connected, and 1 `campaigns run`."


@pytest.mark.parametrize(
    ("said", "subject", "ok", "words"),
    [
        ({"major": 12, "version": "12.9"}, "", False, "PostgreSQL 12.9 is too old. Upgrade it to 13 or newer."),
        ({"standby": True}, "", False, "is a standby, which takes no writes. Name the primary."),
        ({"kind": Kind.FOREIGN}, "", False, "holds another program's tables."),
        ({"kind": Kind.ABSENT}, "", True, "the first run makes the tables."),
        ({"fsync": "off"}, "durability", False, "Set fsync = on."),
        ({"fsync": "off", "whole_pages": "off"}, "durability", False, "Set fsync = on and full_page_writes = on."),
        ({"replicas": 1}, "standbys", None, "no standby is synchronous"),
        ({"used": 85}, "connections", None, "85 of 100 in use. Raise max_connections"),
        ({"ahead": 3}, "clock", None, "3 s ahead of this machine's"),
        ({"ahead": -90}, "clock", None, "90 s behind this machine's"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_server_is_told_with_its_mend(
    said: dict[str, Any], subject: str, ok: bool | None, words: str
) -> None:
    told = found(**said)
    assert told[subject].ok is ok
    assert words in told[subject].told
    assert {name for name, finding in told.items() if not finding.ok} == ({subject} if not ok else set())


def test_a_synchronous_standby_is_no_doubt() -> None:
    assert "standbys" not in found(replicas=1, standbys="one")
