"""Verbs about requests that may come twice."""

from datetime import datetime

from campaigns.ports.answers import KEPT, UNDER_WAY, Answer, Asked, Before

from .database import Connection, Database
from .rows import us

_FORGET = "DELETE FROM answered WHERE asked_at <= :old OR (status IS NULL AND asked_at <= :cut_off)"
_BEGIN = (
    "INSERT INTO answered (who, key, request, asked_at) VALUES (:who, :key, :request, :now)"
    " ON CONFLICT (who, key) DO NOTHING"
)
_KNOWN = "SELECT request, status, kind, body FROM answered WHERE who = :who AND key = :key"
_KEEP = (
    "UPDATE answered SET status = :status, kind = :kind, body = :body"
    " WHERE who = :who AND key = :key AND request = :request AND status IS NULL"
)
_FREE = "DELETE FROM answered WHERE who = :who AND key = :key AND request = :request AND status IS NULL"


class AnswerVerbs:
    """See `ports.answers.AnswerStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, asked: Asked, *, now: datetime) -> Before | None:
        async def verb(db: Connection) -> Before | None:
            await db.run(_FORGET, {"old": us(now - KEPT), "cut_off": us(now - UNDER_WAY)})
            if await db.run(_BEGIN, {**_named(asked), "now": us(now)}):
                return None
            (row,) = await db.rows(_KNOWN, {"who": asked.who, "key": asked.key})
            said = row["status"] is not None
            return Before(row["request"], Answer(row["status"], row["kind"], row["body"]) if said else None)

        return await self._database.write(verb, brief=True)

    async def answer(self, asked: Asked, answer: Answer | None) -> None:
        async def verb(db: Connection) -> None:
            if answer is None:
                await db.run(_FREE, _named(asked))
                return
            said = {"status": answer.status, "kind": answer.kind, "body": answer.body}
            await db.run(_KEEP, {**_named(asked), **said})

        await self._database.write(verb, brief=True)


def _named(asked: Asked) -> dict[str, str]:
    return {"who": asked.who, "key": asked.key, "request": asked.request}
