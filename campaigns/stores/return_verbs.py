"""Verbs about outcomes on their way back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from campaigns.domain.lead import Attempt
from campaigns.ports.returns import Closed, DueReturns, ReturnCounts

from .database import Connection, Database
from .rows import maybe_at, plain, to_attempt, to_lead, us

STAMP = "outcome || ':' || label || ':' || CAST(closed_at AS TEXT) || ':' || CAST(opted_out AS TEXT)"
# As migration 0004 indexes them, so that the index serves.
UNWRITTEN = f"written <> {STAMP}"
_LIST = "json_extract(contact, '$.origin[0]')"
_LATER = "(outcome <> 'do_not_call' AND opted_out = 0)"
_LEAD = f"lead.*, {STAMP} AS stamp"


class ReturnVerbs:
    """See `ports.returns.ReturnStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def return_lists(self, name: str) -> list[str]:
        async def verb(db: Connection) -> list[str]:
            rows = await db.rows(
                f"SELECT DISTINCT {_LIST} AS list FROM lead WHERE campaign = :name AND {_LIST} IS NOT NULL"
                f" AND {UNWRITTEN}",
                {"name": name},
            )
            return [row["list"] for row in rows]

        return await self._database.read(verb)

    async def due_returns(self, name: str, list_name: str, *, limit: int, now: datetime) -> DueReturns:
        async def verb(db: Connection) -> DueReturns:
            params = {"name": name, "list": list_name, "now": us(now), "limit": limit}
            rows = await db.rows(_DUE, params)
            later = await db.rows(_NEXT, params)
            return DueReturns(await _closed(db, rows), maybe_at(later[0]["at"]))

        return await self._database.read(verb)

    async def start_return(self, closed: Closed, *, until: datetime, now: datetime) -> bool:
        async def verb(db: Connection) -> bool:
            return bool(await db.run(_START, {**_named(closed), "until": us(until), "now": us(now)}))

        return await self._database.write(verb)

    async def put_off_return(self, closed: Closed, *, until: datetime, reason: str) -> None:
        await self._note(closed, until, reason, given_up=False)

    async def give_up_return(self, closed: Closed, reason: str) -> None:
        await self._note(closed, None, reason, given_up=True)

    async def _note(self, closed: Closed, until: datetime | None, reason: str, *, given_up: bool) -> None:
        params = {
            **_named(closed), "until": us(until) or 0, "reason": plain(reason), "given_up": int(given_up),
        }  # fmt: skip

        async def verb(db: Connection) -> None:
            await db.run(_NOTE, params)

        await self._database.write(verb)

    async def landed(self, stamps: Mapping[str, str]) -> None:
        rows = [{"id": lead_id, "stamp": stamp} for lead_id, stamp in stamps.items()]

        async def verb(db: Connection) -> None:
            await db.run_many("UPDATE lead SET written = :stamp WHERE id = :id", rows)
            await db.run_many("DELETE FROM write_back WHERE lead_id = :id AND stamp = :stamp", rows)

        await self._database.write(verb)

    async def unwritten(self, name: str, sources: Collection[int], *, others: bool = False) -> Closed | None:
        async def verb(db: Connection) -> Closed | None:
            rows = await db.rows(
                f"SELECT {_LEAD}, NULL AS tries, NULL AS first_tried_at FROM lead WHERE campaign = :name"
                f" AND {_LIST} IS NULL AND {UNWRITTEN}"
                f" AND source {'<> ALL' if others else '= ANY'}(:sources) LIMIT 1",
                {"name": name, "sources": list(sources)},
            )
            return next(iter(await _closed(db, rows)), None)

        return await self._database.read(verb)

    async def closed_page(self, name: str, source: int, *, after: int, limit: int) -> list[Closed]:
        async def verb(db: Connection) -> list[Closed]:
            rows = await db.rows(
                f"SELECT {_LEAD}, NULL AS tries, NULL AS first_tried_at FROM lead"
                f" WHERE campaign = :name AND seq > :after AND state = 'closed' AND +source = :source"
                f" AND {_LIST} IS NULL ORDER BY seq LIMIT :limit",
                {"name": name, "source": source, "after": after, "limit": limit},
            )
            return list(await _closed(db, rows))

        return await self._database.read(verb)

    async def returns(self, name: str) -> ReturnCounts:
        async def verb(db: Connection) -> ReturnCounts:
            counted = (await db.rows(_COUNTS, {"name": name}))[0]
            reasons = await db.rows(_WHY, {"name": name})
            given_up = sum(row["n"] for row in reasons if row["given_up"])
            return ReturnCounts(
                landed=counted["closed"] - counted["unwritten"], waiting=counted["unwritten"] - given_up,
                unwritable=given_up, reasons=tuple((row["reason"], row["n"]) for row in reasons if row["reason"]),
            )  # fmt: skip

        return await self._database.read(verb)


def _named(closed: Closed) -> dict[str, Any]:
    return {"id": closed.lead.id, "stamp": closed.stamp}


async def _closed(db: Connection, rows: Sequence[Any]) -> tuple[Closed, ...]:
    """Leads of a query, with their attempts."""
    attempts: dict[str, list[Attempt]] = {row["id"]: [] for row in rows}
    for row in await db.rows(
        "SELECT * FROM attempt WHERE lead_id = ANY(:ids) ORDER BY lead_id, ordinal",
        {"ids": list(attempts)},
    ):
        attempts[row["lead_id"]].append(to_attempt(row))
    return tuple(
        Closed(
            row["seq"], row["source"], to_lead(row), tuple(attempts[row["id"]]), bool(row["opted_out"]), row["stamp"],
            row["written"] == row["stamp"], row["tries"] or 0, maybe_at(row["first_tried_at"]),
        )
        for row in rows
    )  # fmt: skip


_OF_LIST = f"""
FROM lead LEFT JOIN write_back w ON w.lead_id = lead.id AND w.stamp = {STAMP}
WHERE campaign = :name AND {_LIST} = :list AND {UNWRITTEN}
"""
_DUE = f"""
SELECT {_LEAD.replace("AS stamp", "AS stamp, w.tries, w.first_tried_at")} {_OF_LIST}
    AND (w.lead_id IS NULL OR (w.given_up = 0 AND w.due_at <= :now)) ORDER BY {_LATER}, closed_at LIMIT :limit
"""
_NEXT = f"""
SELECT MIN(w.due_at) AS at FROM write_back w CROSS JOIN lead  -- in this order: of the first there are few
WHERE lead.id = w.lead_id AND w.stamp = {STAMP} AND w.given_up = 0 AND w.due_at > :now
    AND campaign = :name AND {_LIST} = :list
"""
_SAME = "(write_back.stamp = excluded.stamp)"
_START = f"""
INSERT INTO write_back (lead_id, stamp, tries, first_tried_at, due_at, reason, given_up)
SELECT id, :stamp, 1, :now, :until, '', 0 FROM lead WHERE id = :id AND {STAMP} = :stamp AND {UNWRITTEN}
ON CONFLICT (lead_id) DO UPDATE SET
    tries = CASE WHEN {_SAME} THEN write_back.tries ELSE 0 END + 1,
    first_tried_at = CASE WHEN {_SAME} THEN COALESCE(write_back.first_tried_at, :now) ELSE :now END,
    reason = CASE WHEN {_SAME} THEN write_back.reason ELSE '' END,
    stamp = excluded.stamp, due_at = excluded.due_at, given_up = 0
WHERE NOT {_SAME} OR (write_back.given_up = 0 AND write_back.due_at <= :now)
"""
_NOTE = f"""
INSERT INTO write_back (lead_id, stamp, tries, first_tried_at, due_at, reason, given_up)
VALUES (:id, :stamp, 0, NULL, :until, :reason, :given_up)
ON CONFLICT (lead_id) DO UPDATE SET
    tries = CASE WHEN {_SAME} THEN write_back.tries ELSE 0 END,
    first_tried_at = CASE WHEN {_SAME} THEN write_back.first_tried_at END,
    stamp = excluded.stamp, due_at = excluded.due_at, reason = excluded.reason, given_up = excluded.given_up
"""
_COUNTS = f"""
SELECT COUNT(outcome) AS closed, COUNT(CASE WHEN {UNWRITTEN} THEN 1 END) AS unwritten FROM lead WHERE campaign = :name
"""
_WHY = f"""
SELECT w.reason AS reason, w.given_up AS given_up, COUNT(*) AS n
FROM write_back w CROSS JOIN lead
WHERE lead.id = w.lead_id AND w.stamp = {STAMP} AND campaign = :name AND {UNWRITTEN}
GROUP BY w.reason, w.given_up ORDER BY n DESC, reason
"""
