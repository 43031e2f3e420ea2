"""Verbs that forecasts learn from."""

from datetime import UTC, datetime

from campaigns.domain.call import Disposition
from campaigns.domain.lead import Attempt
from campaigns.ports.history import AnswerCount

from .database import Connection, Database
from .rows import to_attempt, us


class HistoryVerbs:
    """See `ports.history.HistoryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer_history(self, *, since: datetime) -> list[AnswerCount]:
        async def verb(db: Connection) -> list[AnswerCount]:
            return [
                AnswerCount(
                    row["zone"], datetime.fromtimestamp(row["hour"] * 3600, UTC), row["nth"],
                    Disposition(row["disposition"]), row["calls"], row["rings"], row["rings_squared"], row["talks"],
                    row["talks_squared"],
                )
                for row in await db.rows(_HISTORY, {"since": us(since)})
            ]  # fmt: skip

        return await self._database.read(verb)

    async def last_answers(self, name: str, *, limit: int) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            rows = await db.rows(
                "SELECT * FROM attempt WHERE campaign = :name AND disposition = 'answered' AND report IS NOT NULL"
                " ORDER BY created_at DESC, id LIMIT :limit",
                {"name": name, "limit": limit},
            )
            return [to_attempt(row) for row in rows]

        return await self._database.read(verb)


_HISTORY = """
SELECT zone, hour, nth, disposition, COUNT(*) AS calls, SUM(lasts - talks) AS rings,
    SUM((lasts - talks) * (lasts - talks)) AS rings_squared, SUM(talks) AS talks, SUM(talks * talks) AS talks_squared
FROM (
    SELECT zone, hour, nth, disposition, lasts, CASE WHEN talk < lasts THEN talk ELSE lasts END AS talks FROM (
        SELECT COALESCE(json_extract(lead.contact, '$.zones[0]'), '') AS zone, a.first_sent_at / 3600000000 AS hour,
            CASE WHEN a.ordinal < 3 THEN a.ordinal ELSE 3 END AS nth, a.disposition AS disposition,
            CAST(a.ended_at - a.first_sent_at AS DOUBLE PRECISION) / 1000000 AS lasts,
            CAST(COALESCE(json_extract(a.report, '$.talk_seconds'), '0') AS DOUBLE PRECISION) AS talk
        FROM attempt a JOIN lead ON lead.id = a.lead_id
        WHERE a.state = 'ended' AND a.first_sent_at >= :since AND a.ended_at >= a.first_sent_at
    ) AS timed
) AS call GROUP BY zone, hour, nth, disposition ORDER BY hour, zone, nth, disposition
"""
