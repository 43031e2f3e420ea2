"""The verb by which a call that another copy of the database has made becomes an attempt of this one."""

from datetime import datetime

from campaigns.domain.lead import Attempt, Lead

from .database import Connection, Database
from .dial_verbs import INSERT_ATTEMPT
from .journal import JOURNAL, line
from .move_verbs import PUT_LEAD, raise_people
from .rows import at, attempt_row, lead_plan


class AdoptingVerbs:
    """See `ports.adopting.AdoptingStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missed_since(self) -> datetime | None:
        async def verb(db: Connection) -> datetime | None:
            await db.run(_FROM)
            rows = await db.rows("SELECT value FROM meta WHERE key = 'missed_since'")
            return at(int(rows[0]["value"])) if rows else None

        return await self._database.write(verb)

    async def adopt(self, attempt: Attempt, lead: Lead, rev: int, *, why: str, now: datetime) -> bool:
        async def verb(db: Connection) -> bool:
            row = attempt_row(attempt)
            if await db.rows(_KNOWN, row) or not await db.rows(_AS_SEEN, {"id": lead.id, "rev": rev}):
                return False
            row["open"] = int(attempt.open and not await db.rows(_OPEN, row))
            await db.run_many(INSERT_ATTEMPT, [row])
            await db.run_many(PUT_LEAD, [{**lead_plan(lead), "seen": rev}])
            await db.run(JOURNAL, line(attempt.id, attempt.state, now, why=why))
            await raise_people(db, [attempt.person_key])
            return True

        return await self._database.write(verb, account=attempt.provider)


_FROM = """
INSERT INTO meta (key, value)
SELECT 'missed_since', CAST(since AS TEXT) FROM (SELECT COALESCE(
    (SELECT MAX(created_at) FROM attempt), (SELECT MIN(created_at) FROM campaign WHERE archived_at IS NULL)) AS since
) AS known WHERE since IS NOT NULL
ON CONFLICT DO NOTHING
"""
_KNOWN = """
SELECT 1 FROM attempt WHERE id = :id OR (lead_id = :lead_id AND ordinal = :ordinal)
    OR (provider = :provider AND call_id = :call_id) OR (provider = :provider AND booking_id = :booking_id)
"""
_AS_SEEN = "SELECT 1 FROM lead WHERE id = :id AND rev = :rev FOR UPDATE"
_OPEN = "SELECT 1 FROM attempt WHERE open = 1 AND (phone_key = :phone_key OR person_key = :person_key)"
