"""Verbs for whoever measures: small reads along indexes."""

from datetime import datetime

from campaigns.domain.lead import AttemptState
from campaigns.ports.gauges import Gauges

from .database import Connection, Database
from .lines import LIVE
from .rows import at, us


class GaugeVerbs:
    """See `ports.gauges.GaugeStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gauges(self, *, now: datetime) -> Gauges:
        async def verb(db: Connection) -> Gauges:
            live = await db.rows(_LIVE)
            kept = await db.rows(_KEPT)
            due = await db.rows(_DUE, {"now": us(now)})
            return Gauges(
                {(row["provider"], AttemptState(row["state"])): row["n"] for row in live},
                {row["provider"]: (row["n"], at(row["oldest"])) for row in kept},
                {row["name"]: at(row["since"]) for row in due if row["since"] is not None},
            )

        return await self._database.read(verb, aside=True)


_LIVE = f"SELECT provider, state, COUNT(*) AS n FROM attempt WHERE {LIVE} GROUP BY provider, state"
_KEPT = """
SELECT provider, COUNT(*) AS n, MIN(received_at) AS oldest FROM inbox WHERE state = 'new' GROUP BY provider
"""
# A lead that is ready keeps the moment from which it was due; one that was never planned has none.
_DUE = """
SELECT name, (
    SELECT MIN(due_at) FROM (
        SELECT MIN(due_at) AS due_at FROM lead
            WHERE campaign = name AND state = 'waiting' AND COALESCE(due_at, 0) > 0 AND COALESCE(due_at, 0) <= :now
        UNION ALL SELECT MIN(due_at) FROM lead WHERE campaign = name AND state = 'ready' AND due_at <= :now
    ) AS waits
) AS since
FROM campaign WHERE state = 'active'
"""
