"""Verbs that plan leads that nobody has claimed: anew after an edit, a few at a time; and who must go today."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from campaigns.domain.lead import Lead
from campaigns.ports.store import Claimed

from .database import Connection, Database
from .gathering import gather
from .rows import LEAD_PLAN, lead_plan

PLANNED = "campaign = :name AND state = 'waiting' AND due_at IS NOT NULL"
"""Leads without a plan are due at once anyway; leaving them out keeps this index from serving other questions."""
_STALE = f"""
SELECT id FROM lead WHERE {PLANNED} AND revision < (SELECT plans_from FROM campaign WHERE name = :name)
ORDER BY revision LIMIT :limit
"""
MARKED = 500
"""Leads that are marked in one transaction, so that no dial waits long for it."""
_SET_PLAN = ", ".join(f"{name} = :{name}" for name in LEAD_PLAN)


class ReplanVerbs:
    """See `ports.store.DialStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stale(self, name: str, *, limit: int, now: datetime) -> list[Claimed]:
        async def verb(db: Connection) -> list[Claimed]:
            rows = await db.rows(_STALE, {"name": name, "limit": limit})
            return await gather(db, [row["id"] for row in rows], now)

        return await self._database.read(verb)

    async def replan(self, leads: Sequence[tuple[Lead, int]]) -> None:
        async def verb(db: Connection) -> None:
            await db.run_many(
                f"UPDATE lead SET {_SET_PLAN}, rev = rev + 1 WHERE id = :id AND state || '' = 'waiting' AND rev = :rev",
                [{**lead_plan(lead), "rev": rev} for lead, rev in leads],
            )

        await self._database.write(verb)

    async def mark_urgent(self, name: str, lead_ids: Collection[str]) -> None:
        ids = sorted(lead_ids)

        async def unmark(db: Connection) -> None:
            await db.run(
                "UPDATE lead SET urgent = 0 WHERE campaign = :name AND urgent = 1 AND id <> ALL(:ids)",
                {"name": name, "ids": ids},
            )

        await self._database.write(unmark)
        for start in range(0, len(ids), MARKED):
            some = ids[start : start + MARKED]
            await self._database.write(partial(_mark, ids=some))


async def _mark(db: Connection, *, ids: Sequence[str]) -> None:
    await db.run(
        "UPDATE lead SET urgent = 1 WHERE id = ANY(:ids) AND urgent = 0 AND state IN ('waiting', 'ready')", {"ids": ids}
    )
