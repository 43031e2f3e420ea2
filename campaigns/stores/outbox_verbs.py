"""Verbs about what is told to others; triggers of the schema fill the outbox."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from campaigns.ports.outbox import Event, OutboxState, Parcel

from .database import Connection, Database
from .rows import at, maybe_at, us


class OutboxVerbs:
    """See `ports.outbox.OutboxStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def subscribe(self, wishes: Mapping[str, Collection[Event]]) -> None:
        wanted = [{"name": name, "event": str(event)} for name, events in wishes.items() for event in events]

        async def verb(db: Connection) -> None:
            await db.run("DELETE FROM subscriber")
            await db.run_many("INSERT INTO subscriber (name, event) VALUES (:name, :event)", wanted)
            await db.run("DELETE FROM outbox WHERE NOT (subscriber = ANY(:names))", {"names": list(wishes)})
            await db.run("UPDATE outbox SET due_at = 0, tries = 0 WHERE due_at IS NULL")

        await self._database.write(verb)

    async def take_parcels(self, *, limit: int, until: datetime, now: datetime) -> list[Parcel]:
        async def verb(db: Connection) -> list[Parcel]:
            rows = await db.rows(_TAKE, {"limit": limit, "until": us(until), "now": us(now)})
            parcels = [
                Parcel(
                    row["id"], row["subscriber"], Event(row["event"]), row["subject"], row["word"], at(row["at"]),
                    row["tries"],
                )
                for row in rows
            ]  # fmt: skip
            return sorted(parcels, key=lambda parcel: parcel.id)

        return await self._database.write(verb)

    async def delivered(self, ids: Sequence[int]) -> None:
        async def verb(db: Connection) -> None:
            await db.run("DELETE FROM outbox WHERE id = ANY(:ids)", {"ids": list(ids)})

        await self._database.write(verb)

    async def put_off(self, parcel: Parcel, *, until: datetime | None) -> None:
        async def verb(db: Connection) -> None:
            await db.run(
                "UPDATE outbox SET tries = tries + 1, due_at = :until WHERE id = :id AND tries = :tries",
                {"until": us(until), "id": parcel.id, "tries": parcel.tries},
            )

        await self._database.write(verb)

    async def next_parcel_at(self) -> datetime | None:
        async def verb(db: Connection) -> datetime | None:
            rows = await db.rows("SELECT MIN(due_at) AS due FROM outbox WHERE due_at IS NOT NULL")
            return maybe_at(rows[0]["due"])

        return await self._database.read(verb)

    async def outbox_state(self) -> OutboxState:
        async def verb(db: Connection) -> OutboxState:
            row = (await db.rows(_STATE))[0]
            return OutboxState(row["waiting"], maybe_at(row["oldest"]), row["given_up"])

        return await self._database.read(verb)


_TAKE = """
UPDATE outbox SET due_at = :until
WHERE id IN (
    SELECT id FROM outbox WHERE due_at IS NOT NULL AND due_at <= :now ORDER BY due_at, id LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
RETURNING id, subscriber, event, subject, word, at, tries
"""
_STATE = """
SELECT COUNT(due_at) AS waiting, MIN(CASE WHEN due_at IS NOT NULL THEN at END) AS oldest,
       COUNT(*) - COUNT(due_at) AS given_up
FROM outbox
"""
