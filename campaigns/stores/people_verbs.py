"""Verbs about people over all campaigns: whom nobody may call, and closed jurisdictions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from campaigns.ports.people import SAID_IN_A_CALL, SAID_IN_A_CALL_TO_US, OptOuts, Suppression, SuspensionRecord

from .database import Connection, Database
from .journal import JOURNAL, line
from .rows import at, maybe_at, to_suppression, us

ERASED = "SELECT phone_key FROM suppression WHERE phone_key = ANY(:keys) AND scope = 'all' AND why = :erased"
"""Of these numbers, those whose owners were erased at their request."""
_ANY_ERASED = "SELECT 1 AS found FROM meta WHERE key = 'erased'"
_SOMEBODY_ERASED = "INSERT INTO meta (key, value) VALUES ('erased', '1') ON CONFLICT (key) DO NOTHING"
SUSPENDED = "SELECT code FROM suspension WHERE until IS NULL OR until > :now"


class PeopleVerbs:
    """See `ports.people.PeopleStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def suppress(self, entries: Sequence[Suppression], *, by: str = "") -> int:
        async def verb(db: Connection) -> int:
            return await put_suppressions(db, entries, by=by)

        return await self._database.write(verb)

    async def unsuppress(self, phone_key: str, scope: str | None, *, by: str = "", now: datetime) -> int:
        async def verb(db: Connection) -> int:
            gone = await db.rows(
                "DELETE FROM suppression WHERE phone_key = :key AND (scope = :scope OR :scope IS NULL) RETURNING scope",
                {"key": phone_key, "scope": scope},
            )
            lifted = [line(f"person:{phone_key}", "lifted", now, why=row["scope"], who=by) for row in gone]
            await db.run_many(JOURNAL, lifted)
            return len(gone)

        return await self._database.write(verb)

    async def suppressions(self) -> list[Suppression]:
        async def verb(db: Connection) -> list[Suppression]:
            rows = await db.rows("SELECT * FROM suppression ORDER BY created_at, phone_key")
            return [to_suppression(row) for row in rows]

        return await self._database.read(verb)

    async def opt_outs(self, campaign: str) -> OptOuts:
        async def verb(db: Connection) -> OptOuts:
            params = {"name": campaign, "called": SAID_IN_A_CALL, "caller": SAID_IN_A_CALL_TO_US}
            people = (await db.rows(_OPTED_OUT, params))[0]
            after = (await db.rows(_CALLED_AFTER, params))[0]
            return OptOuts(people["asked"], people["listed"], after["n"])

        return await self._database.read(verb, aside=True)

    async def suspend(self, record: SuspensionRecord, *, by: str = "") -> None:
        async def verb(db: Connection) -> None:
            await db.run(
                "INSERT INTO suspension (code, who, why, since, until) VALUES (:code, :who, :why, :since, :until)"
                " ON CONFLICT (code) DO UPDATE SET who = :who, why = :why, since = :since, until = :until",
                {
                    "code": record.code, "who": record.who, "why": record.why, "since": us(record.since),
                    "until": us(record.until),
                },
            )  # fmt: skip
            await db.run(JOURNAL, line(f"rules:{record.code}", "suspended", record.since, who=by))
            # Every permit that was given under the law as it was falls here.
            await db.run("UPDATE campaign SET version = version + 1", {})

        await self._database.write(verb)

    async def resume(self, code: str, *, by: str = "", now: datetime) -> bool:
        async def verb(db: Connection) -> bool:
            gone = bool(await db.run("DELETE FROM suspension WHERE code = :code", {"code": code}))
            if gone:
                await db.run(JOURNAL, line(f"rules:{code}", "resumed", now, who=by))
            return gone

        gone = await self._database.write(verb)
        while await self._database.write(
            _look_again
        ):  # whom a crash leaves out is looked at within a quarter of an hour anyway
            pass
        return gone

    async def suspensions(self, *, now: datetime) -> list[SuspensionRecord]:
        async def verb(db: Connection) -> list[SuspensionRecord]:
            rows = await db.rows(
                "SELECT * FROM suspension WHERE until IS NULL OR until > :now ORDER BY code", {"now": us(now)}
            )
            return [
                SuspensionRecord(row["code"], row["who"], row["why"], at(row["since"]), maybe_at(row["until"]))
                for row in rows
            ]

        return await self._database.read(verb)


_BINDS = """
FROM suppression s JOIN campaign c ON c.name = :name
    AND (s.scope = 'all' OR (s.scope = c.purpose AND c.purpose <> 'emergency'))
"""
_OPTED_OUT = f"""
SELECT COUNT(DISTINCT l.person_key) AS listed,
    COUNT(DISTINCT CASE WHEN s.who IN (:called, :caller) THEN l.person_key END) AS asked
{_BINDS} JOIN lead_phone p ON p.phone_key = s.phone_key JOIN lead l ON l.id = p.lead_id AND l.campaign = c.name
"""
_CALLED_AFTER = f"""
SELECT COUNT(DISTINCT a.id) AS n
{_BINDS} JOIN attempt a ON a.phone_key = s.phone_key AND a.campaign = c.name
    AND COALESCE(a.fires_at, a.first_sent_at) > s.created_at
    AND a.state NOT IN ('refused', 'not_sent', 'not_created')
"""


async def _look_again(db: Connection) -> int:
    """Let some of those who wait for a jurisdiction be judged at once; 0: nobody does."""
    rows = await db.rows(
        "SELECT id FROM lead WHERE state = 'waiting' AND rule = 'rules suspend' AND due_at IS NOT NULL"
        " ORDER BY campaign LIMIT 500 FOR UPDATE",
        {},
    )
    ids = [row["id"] for row in rows]
    return await db.run("UPDATE lead SET due_at = NULL WHERE id = ANY(:ids)", {"ids": ids}) if ids else 0


async def any_erased(db: Connection) -> bool:
    """Whether of anybody anything was taken away, ever."""
    return bool(await db.rows(_ANY_ERASED))


async def note_erased(db: Connection) -> None:
    """From now on it has to be asked of whom."""
    await db.run(_SOMEBODY_ERASED, {})


async def put_suppressions(db: Connection, entries: Sequence[Suppression], *, by: str = "") -> int:
    """New entries of the do-not-call list, and how many; permits that were given before end here."""
    keys = {"keys": [entry.phone_key for entry in entries]}
    known = {(row["phone_key"], row["scope"]) for row in await db.rows(_KNOWN, keys)}
    fresh = {(e.phone_key, e.scope): e for e in entries if (e.phone_key, e.scope) not in known}.values()
    lines = [line(f"person:{e.phone_key}", "suppressed", e.created_at, why=e.scope, who=by) for e in fresh]
    await db.run_many(JOURNAL, lines)
    await db.run_many(
        "INSERT INTO suppression (phone_key, scope, shown, who, why, proof, created_at) VALUES"
        " (:phone_key, :scope, :shown, :who, :why, :proof, :created_at) ON CONFLICT DO NOTHING",
        [_suppression_row(entry) for entry in entries],
    )
    await raise_versions(db, [entry.phone_key for entry in entries])
    await mark_opted_out(db, [entry.phone_key for entry in entries if entry.scope == "all"])
    return len(lines)


_KNOWN = "SELECT phone_key, scope FROM suppression WHERE phone_key = ANY(:keys)"


async def mark_opted_out(db: Connection, phone_keys: Sequence[str]) -> None:
    """Leads with these numbers: an outcome that has gone back already goes back again, as an opt-out."""
    await db.run(
        "UPDATE lead SET opted_out = 1 WHERE opted_out = 0 AND id IN (SELECT lead_id FROM lead_phone"
        " WHERE phone_key = ANY(:keys))",
        {"keys": list(phone_keys)},
    )


async def raise_versions(db: Connection, phone_keys: Sequence[str]) -> None:
    """Whatever was judged of the people with these numbers must be judged anew."""
    await db.run(
        "UPDATE person SET version = version + 1 WHERE person_key IN (SELECT lead.person_key FROM lead"
        " JOIN lead_phone p ON p.lead_id = lead.id WHERE p.phone_key = ANY(:keys))",
        {"keys": list(phone_keys)},
    )


def _suppression_row(entry: Suppression) -> dict[str, Any]:
    return {
        "phone_key": entry.phone_key, "scope": entry.scope, "shown": entry.shown, "who": entry.who, "why": entry.why,
        "proof": entry.proof, "created_at": us(entry.created_at),
    }  # fmt: skip
