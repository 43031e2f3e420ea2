"""Verbs about who may come in. The hash is looked up by its index: how long that takes tells nothing of a secret."""

from datetime import datetime
from typing import Any

from campaigns.ports.tokens import TokenRecord

from .database import Connection, Database
from .journal import JOURNAL, line
from .rows import at, us


class TokenVerbs:
    """See `ports.tokens.TokenStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_token(self, record: TokenRecord, digest: str) -> bool:
        row = {
            "name": record.name, "role": record.role, "hash": digest, "who": record.who, "at": us(record.created_at),
        }  # fmt: skip

        async def verb(db: Connection) -> bool:
            added = bool(await db.run(_ADD, row))
            if added:
                said = line(f"token:{record.name}", "added", record.created_at, why=record.role, who=record.who)
                await db.run(JOURNAL, said)
            return added

        return await self._database.write(verb)

    async def revoke_token(self, name: str, *, by: str = "", now: datetime) -> bool:
        async def verb(db: Connection) -> bool:
            gone = bool(await db.run("DELETE FROM token WHERE name = :name", {"name": name}))
            if gone:
                await db.run(JOURNAL, line(f"token:{name}", "revoked", now, who=by))
            return gone

        return await self._database.write(verb)

    async def tokens(self) -> list[TokenRecord]:
        async def verb(db: Connection) -> list[TokenRecord]:
            return [_record(row) for row in await db.rows("SELECT * FROM token ORDER BY name")]

        return await self._database.read(verb)

    async def token_of(self, digest: str) -> TokenRecord | None:
        async def verb(db: Connection) -> TokenRecord | None:
            rows = await db.rows("SELECT * FROM token WHERE hash = :hash", {"hash": digest})
            return _record(rows[0]) if rows else None

        return await self._database.read(verb)


_ADD = """
INSERT INTO token (name, role, hash, who, created_at) VALUES (:name, :role, :hash, :who, :at) ON CONFLICT DO NOTHING
"""


def _record(row: Any) -> TokenRecord:
    return TokenRecord(row["name"], row["role"], row["who"], at(row["created_at"]))
