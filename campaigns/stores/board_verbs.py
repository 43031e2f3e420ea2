"""Verbs that the operator's board reads with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.budget import Spent, cost_of
from campaigns.domain.lead import Attempt
from campaigns.ports.board import Brief, Called, Closed, PastPage

from .database import Connection, Database
from .lines import LIVE
from .rows import at, to_attempt, us

GRAIN_US = 300_000_000
QUARTER_US = 900_000_000
MOST_MOVES = 500
"""Lines of the journal that are looked up at once."""


class BoardVerbs:
    """See `ports.board.BoardStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def brief(self, name: str, provider: str, *, since: datetime) -> Brief:
        async def verb(db: Connection) -> Brief:
            params = {"name": name, "provider": provider, "since": us(since)}
            row = (await db.rows(_BRIEF, params))[0]
            held = await db.rows(_HELD, params)
            return Brief(row["leads"] or 0, row["open_calls"], row["begun"], _sum(held))

        return await self._database.read(verb)

    async def past_closed(self, name: str, *, since: datetime, until: datetime | None = None, limit: int) -> PastPage:
        async def verb(db: Connection) -> PastPage:
            span, following = await _span(db, _CLOSED_END, name, (since, until), limit)
            rows = await db.rows(_CLOSED, span)
            closed = (Closed(at(row["grain"] * GRAIN_US), row["outcome"], row["n"]) for row in rows)
            return PastPage(closed=tuple(closed), next=following)

        return await self._database.read(verb, aside=True)

    async def past_called(self, name: str, *, since: datetime, until: datetime | None = None, limit: int) -> PastPage:
        async def verb(db: Connection) -> PastPage:
            span, following = await _span(db, _CALLED_END, name, (since, until), limit)
            return PastPage(called=tuple(map(_called, await db.rows(_CALLED, span))), next=following)

        return await self._database.read(verb, aside=True)

    async def settled_before(self, name: str) -> datetime | None:
        async def verb(db: Connection) -> datetime | None:
            first = (await db.rows(_FIRST_LIVE, {"name": name}))[0]["at"]
            return None if first is None else at(first)

        return await self._database.read(verb)

    async def live(self, name: str, provider: str, *, limit: int) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            params = {"name": name, "provider": provider, "limit": limit}
            return [to_attempt(row) for row in await db.rows(_LIVE_NOW, params)]

        return await self._database.read(verb)

    async def doubts(self, name: str | None, *, limit: int) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            rows = await db.rows(_DOUBTS.format(_OF_ONE if name else ""), {"name": name, "limit": limit})
            return [to_attempt(row) for row in rows]

        return await self._database.read(verb)

    async def moved(self, *, after: int | None) -> tuple[int, frozenset[str]]:
        async def verb(db: Connection) -> tuple[int, frozenset[str]]:
            last = (await db.rows("SELECT COALESCE(MAX(id), 0) AS n FROM journal"))[0]["n"]
            if after is None or last <= after:
                return last, frozenset()
            if last - after > MOST_MOVES:
                return last, _names(await db.rows("SELECT name FROM campaign WHERE state = 'active'"))
            ids = [row["attempt_id"] for row in await db.rows(_MOVED, {"after": after})]
            return last, _names(
                await db.rows("SELECT campaign AS name FROM attempt WHERE id = ANY(:ids)", {"ids": ids})
            )

        return await self._database.read(verb)

    async def asked_until(self) -> dict[str, datetime]:
        async def verb(db: Connection) -> dict[str, datetime]:
            rows = await db.rows("SELECT provider, asked_until FROM account WHERE asked_until IS NOT NULL")
            return {row["provider"]: at(row["asked_until"]) for row in rows}

        return await self._database.read(verb)


def _names(rows: Sequence[Any]) -> frozenset[str]:
    return frozenset(row["name"] for row in rows)


def _sum(rows: Sequence[Any]) -> Spent:
    spent = Spent()
    for row in rows:
        spent += Spent(row["n"], row["held_ms"], cost_of(row["held_ms"], row["price_micros"]))
    return spent


async def _span(
    db: Connection, end_of: str, name: str, between: tuple[datetime, datetime | None], limit: int
) -> tuple[dict[str, Any], datetime | None]:
    """From the first moment to where `limit` rows later begins what the next page holds; at least a microsecond."""
    since, until = between
    span = {"name": name, "since": us(since), "until": _FOREVER if until is None else us(until)}
    found = await db.rows(end_of, {**span, "limit": limit})
    if not found:
        return span, None
    following = max(at(found[0]["at"]), since + timedelta(microseconds=1))
    return {**span, "until": us(following)}, following


def _called(row: Any) -> Called:
    ended = None if row["ended"] is None else at(row["ended"] * GRAIN_US)
    began = at(row["began"] * QUARTER_US)
    return Called(row["zone"], began, ended, row["word"], row["n"], row["first_calls"], row["first_answers"])


_FOREVER = 2**62
_FREE = "state NOT IN ('refused', 'not_sent', 'not_created')"
_BRIEF = """
SELECT (SELECT MAX(seq) FROM lead WHERE campaign = :name) AS leads,
    (SELECT COUNT(*) FROM attempt WHERE open = 1 AND provider = :provider AND campaign = :name) AS open_calls,
    (SELECT COUNT(*) FROM attempt WHERE campaign = :name AND created_at >= :since) AS begun
"""
_HELD = f"""
SELECT COUNT(*) AS n, CAST(SUM(held_ms) AS BIGINT) AS held_ms, price_micros FROM attempt
WHERE {LIVE} AND provider = :provider AND campaign || '' = :name GROUP BY price_micros
"""
_CLOSED_END = """
SELECT closed_at AS at FROM lead
WHERE campaign = :name AND outcome IS NOT NULL AND closed_at >= :since AND closed_at < :until
ORDER BY closed_at LIMIT 1 OFFSET :limit
"""
_CLOSED = f"""
SELECT closed_at / {GRAIN_US} AS grain, outcome, COUNT(*) AS n FROM lead
WHERE campaign = :name AND outcome IS NOT NULL AND closed_at >= :since AND closed_at < :until
GROUP BY closed_at / {GRAIN_US}, outcome
"""
_CALLED_END = """
SELECT created_at AS at FROM attempt WHERE campaign = :name AND created_at >= :since AND created_at < :until
ORDER BY created_at LIMIT 1 OFFSET :limit
"""
_CALLED = f"""
SELECT zone, began, ended, word, COUNT(*) AS n, CAST(SUM(first_call) AS BIGINT) AS first_calls,
    CAST(SUM(first_answer) AS BIGINT) AS first_answers
FROM (
    SELECT COALESCE(json_extract(lead.contact, '$.zones[0]'), '') AS zone,
        COALESCE(a.fires_at, a.first_sent_at, a.created_at) / {QUARTER_US} AS began,
        CASE WHEN a.state = 'ended' THEN COALESCE(a.ended_at, a.first_sent_at) / {GRAIN_US} END AS ended,
        COALESCE(a.disposition, '') AS word,
        CASE WHEN a.state = 'intent' THEN 0 WHEN a.ordinal = 1 THEN 1 WHEN EXISTS (
            SELECT 1 FROM attempt b WHERE b.lead_id = a.lead_id AND b.ordinal < a.ordinal AND b.{_FREE}
        ) THEN 0 ELSE 1 END AS first_call,
        CASE WHEN a.disposition IS NULL OR a.disposition <> 'answered' THEN 0 WHEN a.ordinal = 1 THEN 1 WHEN EXISTS (
            SELECT 1 FROM attempt b
            WHERE b.lead_id = a.lead_id AND b.ordinal < a.ordinal AND b.disposition || '' = 'answered'
        ) THEN 0 ELSE 1 END AS first_answer
    FROM attempt a JOIN lead ON lead.id = a.lead_id
    WHERE a.campaign = :name AND a.created_at >= :since AND a.created_at < :until AND a.{_FREE}
) AS one GROUP BY zone, began, ended, word
"""
_FIRST_LIVE = f"""
SELECT MIN(created_at) AS at FROM attempt WHERE {LIVE} AND campaign || '' = :name AND state <> 'uncertain'
"""
_LIVE_NOW = """
SELECT * FROM attempt WHERE open = 1 AND provider = :provider AND campaign = :name AND state <> 'uncertain'
ORDER BY created_at DESC, id LIMIT :limit
"""
_OF_ONE = " AND campaign || '' = :name"
_DOUBTS = f"SELECT * FROM attempt WHERE {LIVE} AND state = 'uncertain'{{}} ORDER BY created_at, id LIMIT :limit"
_MOVED = "SELECT DISTINCT attempt_id FROM journal WHERE id > :after"
