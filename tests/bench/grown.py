"""Millions of leads without an importer: one lead that the product has read, multiplied by SQL inside the database."""

import asyncio
import sqlite3
import time

from product import Product, phones
from rig import query

FAR = 30 * 86_400
"""Seconds: who is due then is not due while a bench runs."""
MINUTE = 60_000_000


def grow(product: Product, count: int) -> None:
    """So many leads of the product's campaign, all waiting and none of them due. Ids lie scattered, as hashes do."""
    product.write_contacts(phones(1))
    product.start()
    due = int((time.time() + FAR) * 1e6)
    for sql in _statements(product, count, due):
        change(product.database, sql)


def set_due(product: Product, *, most: int | None = None) -> int:
    """Let the next so many leads in order be due now; None: everybody who waits. Returns how many."""
    now = int(time.time() * 1e6) - MINUTE
    which = f"id IN (SELECT id FROM lead WHERE state = 'waiting' AND due_at > {now} ORDER BY seq LIMIT {most})"
    rest = f"state = 'waiting' AND due_at > {now}"
    return change(product.database, f"UPDATE lead SET due_at = {now} + seq % 1000000 WHERE {which if most else rest}")


def call(product: Product, count: int, *, days: int = 20) -> None:
    """Let the first so many leads have had one call each over the last days; three in four are closed by it."""
    now = int(time.time() * 1e6)
    step = days * 86_400_000_000 // count
    at = f"({now} - ({count} - CAST(seq AS BIGINT)) * {step})"
    blob = f"CAST('' AS {'BYTEA' if product.database.startswith('postgres') else 'BLOB'})"
    word = "CASE seq % 4 WHEN 0 THEN 'answered' WHEN 1 THEN 'no_answer' WHEN 2 THEN 'busy' ELSE 'voicemail' END"
    values = {
        "id": "'a' || id", "lead_id": "id", "campaign": "campaign", "person_key": "person_key", "phone": "'+1'",
        "phone_key": "id", "ordinal": "1", "provider": "'bench'", "state": "'ended'", "open": "0", "body": blob,
        "callback": "0", "created_at": at, "send_at": at, "dial_before": at, "lease_owner": "''",
        "first_sent_at": at, "placed_at": at, "ended_at": f"{at} + 40000000", "call_id": "'c' || id", "lookups": "0",
        "reason": "''", "resolved_by": "'report'", "disposition": word, "report": "'{\"call_id\":\"\"}'",
        "campaign_version": "1", "person_version": "1", "subject": "'bench'",
    }  # fmt: skip
    names, told = ", ".join(values), ", ".join(values.values())
    change(product.database, f"INSERT INTO attempt ({names}) SELECT {told} FROM lead WHERE seq <= {count}")
    outcome = "CASE seq % 4 WHEN 0 THEN 'reached' WHEN 1 THEN 'exhausted' ELSE 'refused' END"
    closed = f"state = 'closed', outcome = {outcome}, closed_at = {at} + 41000000"
    change(product.database, f"UPDATE lead SET {closed} WHERE seq <= {count} AND seq % 4 < 3")


_REPORT = '{"call_id":"","direction":"outbound","disposition":"answered","ended":true,"talk_seconds":30.0}'


def settle(database: str) -> None:
    """What a database that has run for a while has done by itself."""
    change(database, "VACUUM ANALYZE" if database.startswith("postgres") else "ANALYZE")


def change(database: str, sql: str) -> int:
    """Rows that a statement changed."""
    if database.startswith("postgres"):
        return asyncio.run(_changed(database, sql))
    db = sqlite3.connect(database.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = OFF")
        return db.execute(sql).rowcount
    finally:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()


async def _changed(database: str, sql: str) -> int:
    import asyncpg  # noqa: PLC0415 - only where there is a server

    db = await asyncpg.connect(database)
    try:
        told = (await db.execute(sql)).split()[-1]
        return int(told) if told.isdigit() else 0
    finally:
        await db.close()


def columns(database: str, table: str) -> list[str]:
    """As this version of the product has them."""
    if database.startswith("postgres"):
        sql = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
        return [name for (name,) in query(database, f"{sql} AND table_schema = 'public'")]
    return [row[1] for row in query(database, f"PRAGMA table_info({table})")]


def _statements(product: Product, count: int, due: int) -> list[str]:
    server, names = product.database.startswith("postgres"), columns(product.database, "lead")
    mixed = "(s.n * 2654435761) % 4294967296"
    if server:
        series = f"generate_series(2, {count}) s (n)"
        key = f"lpad(to_hex({mixed.replace('s.n', 's.n::bigint')}), 8, '0') || lpad(to_hex(s.n), 24, '0')"
        phone, number, recursive = "lpad(s.n::text, 8, '0')", "s.n::text", ""
    else:
        recursive = f"WITH RECURSIVE s (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"
        series, key = "s", f"printf('%08x%024x', {mixed}, s.n)"
        phone, number = "printf('%08d', s.n)", "s.n"
    mine = f"(SELECT * FROM lead WHERE campaign = '{product.name}' LIMIT 1) l"
    contact = f"replace(replace(l.contact, '+12015550100', '+9990' || {phone}), '\"P0\"', '\"P' || {number} || '\"')"
    own = {
        "id": key, "seq": "s.n", "person_key": key, "contact": contact, "state": "'waiting'",
        "due_at": f"{due} + s.n % 1000000", "lease_owner": "NULL", "lease_until": "NULL",
    }  # fmt: skip
    values = ", ".join(own.get(name, f"l.{name}") for name in names)
    return [
        f"INSERT INTO person (person_key, version) {recursive} SELECT {key}, 1 FROM {series}",
        f"INSERT INTO lead ({', '.join(names)}) {recursive} SELECT {values} FROM {mine}, {series}",
        f"INSERT INTO lead_phone (lead_id, phone_key) {recursive} SELECT {key}, {key} FROM {series}",
        f"UPDATE lead SET due_at = {due}, state = 'waiting' WHERE seq = 1",
    ]
