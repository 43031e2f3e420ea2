"""Verbs that close any number of leads: a batch in each transaction, so that nobody waits long for the write lock."""

from collections.abc import Sequence
from datetime import datetime

from .database import Connection, Database
from .gathering import IN_ORDER
from .rows import us

BATCH = 500
"""Leads: some milliseconds."""


class ClosingVerbs:
    """See `ports.store.CampaignStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def close_stopped(self, name: str, *, now: datetime) -> int:
        closed = 0
        while batch := await self._database.write(lambda db: close_some(db, name, now)):
            closed += batch
        return closed

    async def stop_removed(self, name: str, source: int, *, load: int, now: datetime) -> int:
        closed, after = 0, 0

        async def verb(db: Connection) -> list[int]:
            params = {"name": name, "source": source, "load": load, "after": after, "limit": BATCH}
            places = [row["seq"] for row in await db.rows(_REMOVED, params)]
            await _close(db, name, places, now, why="removed from its list", rule="contacts.removed")
            return places

        while places := await self._database.write(verb):
            closed, after = closed + len(places), places[-1]
        return closed


async def close_some(db: Connection, name: str, now: datetime) -> int:
    """Some of those who waited when the campaign was stopped; 0: that was all of them, which is noted too."""
    found = await db.rows("SELECT closing_to FROM campaign WHERE name = :name FOR UPDATE", {"name": name})
    last = found[0]["closing_to"] if found else None
    if last is None:
        return 0
    params = {"name": name, "last": last, "limit": BATCH}
    places = [row["seq"] for state in IN_ORDER.items() for row in await db.rows(_WAITED.format(*state), params)]
    if places:
        await _close(db, name, places, now, why=_WHY, rule="")
    else:
        await db.run("UPDATE campaign SET closing_to = NULL WHERE name = :name", {"name": name})
    return len(places)


# `seq + 0`: so that this is read along the index of the state, where nobody is who is closed already.
_WAITED = """
SELECT seq FROM lead WHERE campaign = :name AND state = '{}' AND seq + 0 <= :last ORDER BY {} LIMIT :limit
"""
_REMOVED = """
SELECT seq FROM lead WHERE campaign = :name AND seq > :after AND source + 0 = :source AND load + 0 < :load
    -- What is only booked is cancelled, because its lead is closed.
    AND (state IN ('waiting', 'ready') OR (state = 'calling' AND EXISTS (
        SELECT 1 FROM attempt a WHERE a.lead_id = lead.id AND a.state = 'booked')))
ORDER BY seq LIMIT :limit FOR UPDATE
"""
_CLOSED = """
UPDATE lead SET state = 'closed', outcome = 'stopped', reason = :why, rule = :rule, closed_at = :now, due_at = NULL,
    closes_at = NULL, callback_at = NULL, lease_owner = NULL, rev = rev + 1
"""
_CLOSE = f"{_CLOSED} WHERE campaign = :name AND seq = ANY(:places) AND state <> 'closed'"
_CLOSE_LATE = f"""
{_CLOSED} WHERE id = :id AND state = 'waiting'
    AND EXISTS (SELECT 1 FROM campaign WHERE campaign.name = lead.campaign AND campaign.state = 'stopped')
"""
_WHY = "the campaign was stopped"


async def _close(db: Connection, name: str, places: list[int], now: datetime, *, why: str, rule: str) -> None:
    if places:
        await db.run(_CLOSE, {"name": name, "places": places, "now": us(now), "why": why, "rule": rule})


async def close_late(db: Connection, leads: Sequence[tuple[str, datetime]]) -> None:
    """Leads, by id, that would wait now: their calls have ended after their campaign was stopped."""
    await db.run_many(_CLOSE_LATE, [{"id": name, "now": us(now), "why": _WHY, "rule": ""} for name, now in leads])
