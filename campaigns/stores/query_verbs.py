"""Verbs that the faces read with."""

from datetime import datetime

from campaigns.domain.budget import Spent
from campaigns.domain.lead import Attempt, Lead
from campaigns.ports.queries import Counts

from .budgets import spent_of
from .counting import COUNTS, counts
from .database import Connection, Database
from .gathering import IN_ORDER
from .lines import LIVE
from .rows import maybe_at, to_attempt, to_lead, us


class QueryVerbs:
    """See `ports.queries.QueryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, name: str) -> Counts:
        async def verb(db: Connection) -> Counts:
            return counts(await db.rows(COUNTS, {"name": name}), await spent_of(db, name))

        return await self._database.read(verb, aside=True)

    async def people(self, name: str) -> tuple[int, int]:
        async def verb(db: Connection) -> tuple[int, int]:
            row = (await db.rows(_PEOPLE, {"name": name}))[0]
            return row["people"], row["reached"]

        return await self._database.read(verb, aside=True)

    async def lead_page(self, name: str, *, after: int, limit: int) -> list[tuple[int, Lead, list[Attempt]]]:
        async def verb(db: Connection) -> list[tuple[int, Lead, list[Attempt]]]:
            rows = await db.rows(
                "SELECT * FROM lead WHERE campaign = :name AND seq > :after ORDER BY seq LIMIT :limit",
                {"name": name, "after": after, "limit": limit},
            )
            found: dict[str, list[Attempt]] = {row["id"]: [] for row in rows}
            for row in await db.rows(
                "SELECT * FROM attempt WHERE lead_id = ANY(:ids) ORDER BY lead_id, ordinal",
                {"ids": list(found)},
            ):
                found[row["lead_id"]].append(to_attempt(row))
            return [(row["seq"], to_lead(row), found[row["id"]]) for row in rows]

        return await self._database.read(verb, aside=True)

    async def sample(self, name: str, *, limit: int) -> tuple[list[str], int]:
        async def verb(db: Connection) -> tuple[list[str], int]:
            params = {"name": name, "limit": limit}
            # Ids are hashes, so that their order picks evenly.
            rows = await db.rows(f"SELECT id {_UNDECIDED} ORDER BY id LIMIT :limit", params)
            total = await db.rows(f"SELECT COUNT(*) AS n {_UNDECIDED}", params)
            return [row["id"] for row in rows], int(total[0]["n"])

        return await self._database.read(verb, aside=True)

    async def undecided(self, name: str, *, limit: int) -> list[str]:
        async def verb(db: Connection) -> list[str]:
            params = {"name": name, "limit": limit}
            found = [row["id"] for state in IN_ORDER.items() for row in await db.rows(_IN.format(*state), params)]
            return sorted(found)[:limit]

        return await self._database.read(verb)

    async def calls_left(self, name: str, *, most: int) -> tuple[int, Spent]:
        async def verb(db: Connection) -> tuple[int, Spent]:
            params = {"name": name, "most": most}
            left, made = [(await db.rows(sql, params))[0]["n"] for sql in (_CALLS_LEFT, _CALLS_MADE)]
            return int(left or 0) - int(made or 0), await spent_of(db, name)

        return await self._database.read(verb, aside=True)

    async def attempts(self, name: str) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            rows = await db.rows(
                "SELECT * FROM attempt WHERE campaign = :name ORDER BY created_at, send_at, id", {"name": name}
            )
            return [to_attempt(row) for row in rows]

        return await self._database.read(verb, aside=True)

    async def uncertain(self, *, before: datetime | None = None) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            rows = await db.rows(
                f"SELECT * FROM attempt WHERE {LIVE} AND state = 'uncertain'"
                " AND (first_sent_at < :before OR :before IS NULL) ORDER BY created_at",
                {"before": us(before)},
            )
            return [to_attempt(row) for row in rows]

        return await self._database.read(verb, aside=True)

    async def last_moment(self) -> datetime | None:
        async def verb(db: Connection) -> datetime | None:
            rows = await db.rows("SELECT at FROM journal ORDER BY id DESC LIMIT 1")
            return maybe_at(rows[0]["at"]) if rows else None

        return await self._database.read(verb)


_PEOPLE = """
SELECT COUNT(*) AS people, COUNT(CASE WHEN reached = 1 THEN 1 END) AS reached FROM (
    SELECT MAX(CASE WHEN outcome = 'reached' THEN 1 ELSE 0 END) AS reached FROM lead WHERE campaign = :name
    GROUP BY person_key) AS person
"""
_CALLS_LEFT = """
SELECT COUNT(*) * :most + SUM(callbacks) AS n FROM lead WHERE campaign = :name AND state <> 'closed'
"""
_CALLS_MADE = """
SELECT SUM(CASE WHEN made < :most + callbacks THEN made ELSE :most + callbacks END) AS n FROM (
    SELECT lead_id, COUNT(*) AS made FROM attempt
    WHERE campaign = :name AND state NOT IN ('refused', 'not_sent', 'not_created') GROUP BY lead_id
) AS tried JOIN lead ON lead.id = tried.lead_id WHERE lead.state <> 'closed'
"""
_IN = "SELECT id FROM lead WHERE campaign = :name AND state = '{}' ORDER BY {} LIMIT :limit"
_UNDECIDED = "FROM lead WHERE campaign = :name AND state IN ('waiting', 'ready')"
