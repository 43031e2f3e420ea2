"""Verbs by which an ended campaign leaves the hot tables: read out whole, marked, then deleted a few rows at a time."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaigns.domain.lead import Attempt
from campaigns.domain.retention import Erased, Kept, without
from campaigns.ports.upkeep import ArchivePage, Rows, Unsettled

from .database import Connection, Database
from .journal import JOURNAL, line
from .retention_verbs import WIDTH, next_place, put_erased
from .return_verbs import UNWRITTEN
from .rows import plain, to_attempt, to_lead, us

LINES = 2_000
"""Lines of the journal that one page looks at."""


class ArchiveVerbs:
    """See `ports.upkeep.UpkeepStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unsettled(self, name: str) -> Unsettled:
        async def verb(db: Connection) -> Unsettled:
            row = (await db.rows(_UNSETTLED, {"name": name}))[0]
            return Unsettled(row["leads"], row["attempts"], row["returns"])

        return await self._database.read(verb)

    async def archive_leads(self, name: str, *, after: int) -> ArchivePage:
        params = {"name": name, "after": after, "upto": after + WIDTH}

        async def verb(db: Connection) -> ArchivePage:
            own = [Rows(table, await db.rows(sql, {"name": name})) for table, sql in _OF_CAMPAIGN.items() if not after]
            page = [Rows(table, await db.rows(sql, params)) for table, sql in _OF_LEADS.items()]
            return _page((*own, *page), await next_place(db, name, after, WIDTH))

        return await self._database.read(verb)

    async def archive_journal(self, name: str, *, after: int) -> ArchivePage:
        params = {"name": name, "after": after, "upto": after + LINES}

        async def verb(db: Connection) -> ArchivePage:
            lines = await db.rows(f"SELECT journal.* FROM journal WHERE {_LINES} ORDER BY id", params)
            return _page((Rows("journal", lines),), await _next_line(db, after))

        return await self._database.read(verb)

    async def mark_archived(self, name: str, *, version: int, reason: str, now: datetime) -> bool:
        async def verb(db: Connection) -> bool:
            done = bool(
                await db.run(
                    "UPDATE campaign SET archived_at = :now, reason = :reason, version = version + 1 WHERE name = :name"
                    " AND version = :version AND state IN ('finished', 'stopped') AND archived_at IS NULL",
                    {"name": name, "version": version, "reason": plain(reason), "now": us(now)},
                )
            )
            if done:
                await db.run(JOURNAL, line(f"campaign:{name}", "archived", now))
            return done

        return await self._database.write(verb)

    async def drop_journal(self, name: str, *, after: int) -> int | None:
        params = {"name": name, "after": after, "upto": after + LINES}

        async def verb(db: Connection) -> int | None:
            await db.run(f"DELETE FROM journal WHERE {_LINES} AND {_IS_ARCHIVED} AND {_NOT_LAST}", params)
            return await _next_line(db, after)

        return await self._database.write(verb)

    async def drop_leads(self, name: str, *, after: int) -> int | None:
        params = {"name": name, "after": after, "upto": after + WIDTH}

        async def verb(db: Connection) -> int | None:
            await _strip(db, params)
            for sql in _DROP_LEADS:
                await db.run(sql, params)
            return await next_place(db, name, after, WIDTH)

        return await self._database.write(verb)

    async def drop_rest(self, name: str) -> None:
        async def verb(db: Connection) -> None:
            for table in ("bad_row", "bookmark", "budget"):
                await db.run(f"DELETE FROM {table} WHERE campaign = :name AND {_IS_ARCHIVED}", {"name": name})
            # Without its document: nothing is left to delete.
            await db.run(
                "UPDATE campaign SET document = '', intake = '{}' WHERE name = :name AND archived_at IS NOT NULL",
                {"name": name},
            )

        await self._database.write(verb)

    async def half_archived(self) -> list[str]:
        async def verb(db: Connection) -> list[str]:
            rows = await db.rows(
                "SELECT name FROM campaign WHERE archived_at IS NOT NULL AND document <> '' ORDER BY name"
            )
            return [row["name"] for row in rows]

        return await self._database.read(verb)

    async def tidy(self, *, shrink: bool = False) -> bool:
        return await self._database.tidy(shrink=shrink)


def _page(parts: tuple[Rows, ...], after: int | None) -> ArchivePage:
    return ArchivePage(tuple(Rows(part.table, [dict(row) for row in part.rows]) for part in parts), after)


async def _next_line(db: Connection, after: int) -> int | None:
    last = (await db.rows("SELECT MAX(id) AS last FROM journal"))[0]["last"]
    return after + LINES if last is not None and last > after + LINES else None


async def _strip(db: Connection, params: Mapping[str, Any]) -> None:
    """Of who said no, and stays for that: the attempt in which they did, with hashes for names."""
    attempts = defaultdict[str, list[Attempt]](list)
    for row in await db.rows(f"SELECT * FROM attempt WHERE refused = 1 AND lead_id IN ({_PLACES})", params):
        attempts[row["lead_id"]].append(to_attempt(row))
    rows = await db.rows(
        f"SELECT * FROM lead WHERE id IN ({_PLACES}) AND {_SAID_NO} AND erased <> 'numbers' AND {_IS_ARCHIVED}", params
    )
    kept = [Kept(to_lead(row), row["rev"], tuple(attempts[row["id"]]), Erased(row["erased"]), True) for row in rows]
    await put_erased(db, [(each, without(each, Erased.NUMBERS, frozenset())) for each in kept])


_IS_ARCHIVED = "EXISTS (SELECT 1 FROM campaign WHERE name = :name AND archived_at IS NOT NULL)"
_PLACES = "SELECT id FROM lead WHERE campaign = :name AND seq > :after AND seq <= :upto"
_SAID_NO = "(outcome = 'refused' OR EXISTS (SELECT 1 FROM attempt no WHERE no.lead_id = lead.id AND no.refused = 1))"
_GONE = f"{_PLACES} AND NOT {_SAID_NO} AND {_IS_ARCHIVED}"
_DROP_LEADS = (
    f"DELETE FROM write_back WHERE lead_id IN ({_PLACES}) AND {_IS_ARCHIVED}",
    f"DELETE FROM attempt WHERE refused = 0 AND lead_id IN ({_PLACES}) AND {_IS_ARCHIVED}",
    f"DELETE FROM lead_phone WHERE lead_id IN ({_GONE})",
    f"DELETE FROM lead WHERE id IN ({_GONE})",
)
_OF_CAMPAIGN = {
    "campaign": "SELECT * FROM campaign WHERE name = :name",
    **{name: f"SELECT * FROM {name} WHERE campaign = :name" for name in ("bad_row", "bookmark", "budget")},
}
_OF_LEADS = {
    "lead": f"SELECT lead.* FROM lead WHERE id IN ({_PLACES}) ORDER BY seq",
    "lead_phone": f"SELECT * FROM lead_phone WHERE lead_id IN ({_PLACES}) ORDER BY lead_id, phone_key",
    "attempt": f"SELECT * FROM attempt WHERE lead_id IN ({_PLACES}) ORDER BY lead_id, ordinal",
    "write_back": f"SELECT * FROM write_back WHERE lead_id IN ({_PLACES}) ORDER BY lead_id",
}
# The journal has no index by attempt, for each call's sake: its pages are read through, and each line looked up.
_LINES = """
id > :after AND id <= :upto AND (
    EXISTS (SELECT 1 FROM attempt a WHERE a.id = journal.attempt_id AND a.campaign = :name)
    OR EXISTS (SELECT 1 FROM lead l WHERE l.id = substr(journal.attempt_id, 6) AND l.campaign = :name)
    OR attempt_id = 'campaign:' || :name)
"""
# Places in the journal are never given twice, and by its last line an old copy of the database is known.
_NOT_LAST = "id < (SELECT MAX(id) FROM journal)"
_UNSETTLED = f"""
SELECT
    (SELECT COUNT(*) FROM lead WHERE campaign = :name AND state <> 'closed') AS leads,
    (SELECT COUNT(*) FROM attempt WHERE campaign = :name
        AND state IN ('intent', 'sending', 'booked', 'placed', 'unclear', 'uncertain')) AS attempts,
    (SELECT COUNT(*) FROM lead WHERE campaign = :name AND {UNWRITTEN}
        AND NOT EXISTS (SELECT 1 FROM write_back w WHERE w.lead_id = lead.id AND w.given_up = 1)) AS returns
"""
