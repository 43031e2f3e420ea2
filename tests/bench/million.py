"""A database with a million leads in some seconds, by set-based SQL on the real schema: what benches of scale measure on.

    python tests/bench/million.py campaigns.db 1000000 --due 0.1
    python tests/bench/million.py postgresql://127.0.0.1/campaigns 1000000

Everybody is made up: numbers of a country code that belongs to nobody.
"""

import argparse
import asyncio
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from campaigns.clock import SystemClock
from campaigns.domain.contact import Consent, Contact, PhoneNumber, contact_to_json
from campaigns.domain.contact import Basis
from campaigns.stores.sqlite import open_sqlite

NAME, PROVIDER = "million", "flireo"
DOCUMENT = f"""
campaign: {NAME}
purpose: informational
provider: {PROVIDER}
agent: 11111111-2222-4333-8444-555555555555
contacts:
  - {{file: people.csv, columns: {{phone: Phone, key: Key}}, consent: {{basis: prior, proof: "a contract"}}}}
calling_hours: "24/7"
legal_hours: {{off: "made-up people"}}
timezone: Europe/London
pacing: {{at_once: 1000, per_second: 100}}
attempts: {{max: 3}}
"""
_ZONES = ("Europe/London", "Europe/Amsterdam", "America/New_York", "Asia/Kolkata")
_MARK = 10_000_000
"""Stands in the texts of contact 0; everybody else's number is put in its place."""


def fill(target: str | Path, leads: int, *, due: float = 0.1, calls: int = 1000, ended: int = 0) -> None:
    """Make a database of one active campaign.

    Args:
        target: A file that is not there yet, or the address of an empty PostgreSQL database.
        leads: How many; those without a call wait, in list order.
        due: Which share of those who wait is due now; the others are from tomorrow on.
        calls: Leads whose call is open.
        ended: Leads after these that have been called and wait for their next attempt.
    """
    now = datetime.now(UTC)
    params = {
        "name": NAME, "provider": PROVIDER, "document": DOCUMENT, "folder": str(Path.cwd()), "leads": leads,
        "calls": calls, "ended": ended, "late": calls + ended + round((leads - calls - ended) * due),
        "now": _us(now), "tomorrow": _us(now + timedelta(days=1)), "closes": _us(now + timedelta(days=30)),
        "mark": _MARK, "contact": _contact(),
    }  # fmt: skip
    if str(target).startswith("postgres"):
        asyncio.run(_fill_postgres(str(target), params))
    else:
        _fill_sqlite(Path(target), params)


def _us(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _contact() -> str:
    """Contact 0, with marks where the others differ."""
    phone = f"+999{_MARK}"
    contact = Contact(
        person=phone, key=f"k{_MARK}", phones=(PhoneNumber(phone, "mobile"),), name=f"Person {_MARK}",
        zones=("@zone",), country="GB", language="en", consents=(Consent(Basis.PRIOR, "a contract"),),
        variables={"first_name": f"Person{_MARK}", "appointment": "Tuesday at 14:30"},
    )  # fmt: skip
    return json.dumps(contact_to_json(contact), separators=(",", ":"), sort_keys=True)


_NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT {low} UNION ALL SELECT n + 1 FROM numbers WHERE n < {high})"


def _steps(params: dict[str, Any]) -> list[str]:
    """SQL for both databases; each needs `md5()`."""
    leads, called = params["leads"], params["calls"] + params["ended"]
    zones = " ".join(f"WHEN {n} THEN '{zone}'" for n, zone in enumerate(_ZONES))
    names = ("lead", "attempt", "person", "phone")
    keys = {name: f"md5('{name} ' || n)" for name in names}
    ids = {name: f"{keys[name]} || '-id'" for name in ("lead", "attempt")}  # as long as a uuid, or nearly
    everybody, with_call = (_NUMBERS.format(low=1, high=high) for high in (leads, called))
    return [
        "INSERT INTO campaign (name, state, document, folder, provider, purpose, created_at, revision, version, reason,"
        " intake, started_at, planned_under) VALUES (:name, 'active', :document, :folder, :provider, 'informational',"
        " :now, 1, 1, '', '{}', :now, '')",
        f"{everybody} INSERT INTO person (person_key, version) SELECT {keys['person']}, 1 FROM numbers",
        f"{everybody} INSERT INTO lead (id, seq, campaign, person_key, contact, rank, source, load, state, due_at,"
        " closes_at, last_chance, reason, rule, label, callbacks, promised_by, warning, revision)"
        f" SELECT {ids['lead']}, n, :name, {keys['person']}, REPLACE(REPLACE(:contact, CAST(:mark AS TEXT),"
        f" CAST(:mark + n AS TEXT)), '@zone', CASE n % 4 {zones} END), n % 3, 0, 1,"
        " CASE WHEN n <= :calls THEN 'calling' ELSE 'waiting' END,"
        " CASE WHEN n <= :calls THEN NULL WHEN n <= :late THEN :now - 1000000 * (:late - n) / :leads"
        " ELSE :tomorrow + 1000 * (n % 3600000) END,"
        " :closes + 60000000 * CAST(n % 1440 AS BIGINT), 0,"
        " CASE WHEN n <= :late THEN '' ELSE 'outside calling hours' END,"
        " CASE WHEN n <= :late THEN '' ELSE 'calling_hours' END, '', 0, 0, '', 1 FROM numbers",
        f"{everybody} INSERT INTO lead_phone (lead_id, phone_key) SELECT {ids['lead']}, {keys['phone']} FROM numbers",
        f"{with_call} INSERT INTO attempt (id, lead_id, campaign, person_key, phone, phone_key, ordinal, provider,"
        " state, open, body, callback, created_at, send_at, dial_before, lease_owner, first_sent_at, placed_at,"
        " ended_at, call_id, lookups, reason, resolved_by, disposition, report, campaign_version, person_version,"
        f" subject) SELECT {ids['attempt']}, {ids['lead']}, :name, {keys['person']}, '+999' || (:mark + n),"
        f" {keys['phone']}, 1, :provider, CASE WHEN n <= :calls THEN 'placed' ELSE 'ended' END,"
        " CASE WHEN n <= :calls THEN 1 ELSE 0 END, CAST('{}' AS BLOB), 0, :now, :now, :now + 30000000, 'nobody', :now,"
        " :now, CASE WHEN n > :calls THEN :now END, 'call ' || n, 0, '', '',"
        " CASE WHEN n > :calls THEN 'no_answer' END, CASE WHEN n > :calls THEN '{}' END, 1, 1, :name"
        " FROM numbers WHERE n <= :calls + :ended",
    ]


def _fill_sqlite(path: Path, params: dict[str, Any]) -> None:
    if path.exists():
        raise SystemExit(f"{path} is there already")
    asyncio.run(_migrated(path))
    raw = sqlite3.connect(path, isolation_level=None)
    raw.create_function("md5", 1, lambda text: hashlib.md5(text.encode()).hexdigest(), deterministic=True)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "foreign_keys = OFF"):
        raw.execute(f"PRAGMA {setting}").fetchall()
    indexes = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('lead', 'lead_phone', 'attempt')"
    ).fetchall()
    _timed("drop indexes", lambda: [raw.execute(f"DROP INDEX {name}") for name, _ in indexes])
    for sql in _steps(params):
        used = {name: value for name, value in params.items() if f":{name}" in sql}
        _timed(sql.partition("INSERT INTO ")[2].split(" ")[0], lambda sql=sql, used=used: raw.execute(sql, used))  # type: ignore[misc]
    for name, sql in indexes:
        _timed(name, lambda sql=sql: raw.execute(sql))  # type: ignore[misc]
    raw.close()


async def _migrated(path: Path) -> None:
    async with open_sqlite(path, clock=SystemClock(), simulated=False):
        pass


def _timed(what: str, work: Callable[[], object]) -> None:
    begun = time.perf_counter()
    work()
    print(f"{what}: {time.perf_counter() - begun:.1f} s", flush=True)


async def _fill_postgres(address: str, params: dict[str, Any]) -> None:
    raise NotImplementedError


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("leads", type=int)
    parser.add_argument("--due", type=float, default=0.1)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--ended", type=int, default=0)
    chosen = parser.parse_args()
    fill(chosen.target, chosen.leads, due=chosen.due, calls=chosen.calls, ended=chosen.ended)
