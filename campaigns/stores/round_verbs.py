"""Verbs by which many workers share the asking."""

from datetime import datetime

from .database import Connection, Database
from .rows import at, us


class RoundVerbs:
    """See `ports.rounds.RoundStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_round(
        self, provider: str, *, until: datetime, mine: datetime | None, urgent: bool, now: datetime
    ) -> datetime | None:
        params = {
            "provider": provider, "until": us(until), "mine": -1 if mine is None else us(mine), "now": us(now),
            "always": int(urgent),
        }  # fmt: skip

        async def verb(db: Connection) -> datetime | None:
            if await db.run(_TAKE, params):
                return None
            taken = await db.rows("SELECT asked_until FROM account WHERE provider = :provider", params)
            return at(taken[0]["asked_until"])

        return await self._database.write(verb, account=provider)


_TAKE = """
UPDATE account SET asked_until = :until
WHERE provider = :provider AND (asked_until IS NULL OR asked_until <= :now OR asked_until = :mine OR :always = 1)
"""
