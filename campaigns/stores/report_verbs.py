"""Verbs between a placed call and a settled attempt."""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import told, understood
from campaigns.domain.erasing import WHY, discreet
from campaigns.domain.lead import FIRES_WITHIN, Attempt, AttemptState, Lead
from campaigns.failpoints import failpoint
from campaigns.ports.people import Suppression
from campaigns.ports.store import InboxItem

from .database import Connection, Database, Params
from .journal import JOURNAL, line
from .lines import LIVE
from .move_verbs import PUT_LEAD, opt_out, raise_people
from .people_verbs import ERASED, any_erased, put_suppressions
from .rows import MICROSECOND, at, dumps, lead_plan, to_attempt, to_lead, us


class ReportVerbs:
    """See `ports.store.ReportStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(
        self, provider: str, *, dedupe_key: str, grade: str, report: dict[str, Any], now: datetime, phone_key: str = ""
    ) -> int | None:
        row = {"provider": provider, "key": dedupe_key, "grade": grade, "at": us(now), "report": dumps(report)}
        return await self._database.write_each(_receive, _Told(row, report, phone_key))

    async def inbox(self, provider: str, *, limit: int) -> list[InboxItem]:
        async def verb(db: Connection) -> list[InboxItem]:
            rows = await db.rows(
                # News that nobody could place yet must not stand in the way of what came after it.
                "SELECT * FROM inbox WHERE provider = :provider AND state = 'new' ORDER BY tries, id LIMIT :limit",
                {"provider": provider, "limit": limit},
            )
            return [_item(row) for row in rows]

        return await self._database.read(verb, aside=True)

    async def inbox_done(self, ids: Sequence[int], state: str) -> None:
        async def verb(db: Connection) -> None:
            # What was applied lives on in the attempt; only the fact that it came is kept, against duplicates.
            await db.run(
                "UPDATE inbox SET state = :state, report = '{}' WHERE id = ANY(:ids)",
                {"state": state, "ids": list(ids)},
            )

        await self._database.write(verb, brief=True)

    async def inbox_retry(self, ids: Sequence[int]) -> None:
        async def verb(db: Connection) -> None:
            await db.run(
                "UPDATE inbox SET tries = tries + 1 WHERE id = ANY(:ids)",
                {"ids": list(ids)},
            )

        await self._database.write(verb, brief=True)

    async def attempt(self, attempt_id: str) -> Attempt | None:
        return await self._one_attempt("id = :id", {"id": attempt_id})

    async def attempt_of_call(self, provider: str, call_id: str) -> Attempt | None:
        return await self._one_attempt("provider = :p AND call_id = :c", {"p": provider, "c": call_id})

    async def attempt_of_booking(self, provider: str, booking_id: str) -> Attempt | None:
        return await self._one_attempt("provider = :p AND booking_id = :b", {"p": provider, "b": booking_id})

    async def _one_attempt(self, where: str, params: dict[str, Any]) -> Attempt | None:
        async def verb(db: Connection) -> Attempt | None:
            rows = await db.rows(f"SELECT * FROM attempt WHERE {where}", params)
            return to_attempt(rows[0]) if rows else None

        return await self._database.read(verb)

    async def attempts_in(
        self, provider: str, states: Sequence[AttemptState], *, since: datetime | None = None
    ) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            words = ", ".join(f"'{AttemptState(state)}'" for state in states)
            rows = await db.rows(
                f"SELECT * FROM attempt WHERE provider = :provider AND {LIVE} AND state IN ({words})"
                " AND (created_at >= :since OR :since IS NULL) ORDER BY created_at, id",
                {"provider": provider, "since": us(since)},
            )
            return [to_attempt(row) for row in rows]

        return await self._database.read(verb, aside=True)

    async def free_lines(self, provider: str, longest_call: timedelta, *, now: datetime) -> int:
        async def verb(db: Connection) -> int:
            return await db.run(
                "UPDATE attempt SET open = 0, rev = rev + 1 WHERE provider = :provider AND open = 1"
                " AND state IN ('unclear', 'uncertain')"
                " AND COALESCE(fires_at + :late, first_sent_at) <= :before",
                {"provider": provider, "late": FIRES_WITHIN // MICROSECOND, "before": us(now - longest_call)},
            )

        return await self._database.write(verb)

    async def lead(self, lead_id: str) -> tuple[Lead, int] | None:
        async def verb(db: Connection) -> tuple[Lead, int] | None:
            rows = await db.rows("SELECT * FROM lead WHERE id = :id", {"id": lead_id})
            return (to_lead(rows[0]), rows[0]["rev"]) if rows else None

        return await self._database.read(verb)

    async def leads_with_phone(self, phone_key: str) -> list[tuple[Lead, int]]:
        async def verb(db: Connection) -> list[tuple[Lead, int]]:
            rows = await db.rows(
                "SELECT lead.* FROM lead JOIN lead_phone p ON p.lead_id = lead.id WHERE p.phone_key = :key"
                " ORDER BY lead.campaign, lead.seq",
                {"key": phone_key},
            )
            return [(to_lead(row), row["rev"]) for row in rows]

        return await self._database.read(verb)

    async def attempts_of(self, lead_id: str) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            rows = await db.rows("SELECT * FROM attempt WHERE lead_id = :id ORDER BY ordinal", {"id": lead_id})
            return [to_attempt(row) for row in rows]

        return await self._database.read(verb)

    async def note_inbound(
        self, provider: str, call_id: str, stage: str, *, suppress: Suppression | None = None, now: datetime
    ) -> bool:
        async def verb(db: Connection) -> bool:
            noted = await db.run(
                "INSERT INTO inbound (provider, call_id, stage, noted_at) VALUES (:p, :c, :s, :at)"
                " ON CONFLICT DO NOTHING",
                {"p": provider, "c": call_id, "s": stage, "at": us(now)},
            )
            if noted and suppress is not None:
                await put_suppressions(db, [suppress])
            return bool(noted)

        return await self._database.write(verb)

    async def put_lead(self, lead: Lead, rev: int, *, opted_out: bool, now: datetime, why: str) -> bool:
        async def verb(db: Connection) -> bool:
            if not await db.run(PUT_LEAD, {**lead_plan(lead), "seen": rev}):
                return False
            await raise_people(db, [lead.person_key])
            if opted_out:
                await opt_out(db, lead, now)
            await db.run(JOURNAL, line(f"lead:{lead.id}", lead.state, now, why=why))
            return True

        return await self._database.write(verb, brief=True)


@dataclass(frozen=True, slots=True)
class _Told:
    """A webhook that is to be kept."""

    row: Params
    report: dict[str, Any]
    phone_key: str

    def without(self, erased: Container[tuple[str, str]]) -> Params | None:
        """What of it is kept: nothing personal of whoever is erased; None: nothing at all."""
        call_id, attempt_id = self.report.get("call_id") or "", self.report.get("attempt_id") or ""
        if ("call", call_id) in erased:
            told_of = discreet(understood(self.report, datetime.fromisoformat), call_id)
            return {**self.row, "report": dumps(told(told_of, datetime.isoformat))}
        gone = ("attempt", attempt_id) in erased or ("number", self.phone_key) in erased
        return None if gone else self.row


async def _receive(db: Connection, news: Sequence[_Told]) -> list[int | None]:
    # Where nobody was ever erased, that is all that a report waits for.
    erased = (
        {(row["kind"], row["name"]) for row in await db.rows(_ERASED, _named(news))} if await any_erased(db) else ()
    )
    rows = [one.without(erased) if erased else one.row for one in news]
    kept = iter(await db.rows_many(_KEEP, [row for row in rows if row is not None]))
    failpoint("before_report")
    found = [next(kept) if row is not None else [] for row in rows]
    return [one[0]["id"] if one else None for one in found]


def _named(news: Sequence[_Told]) -> Params:
    """Whom and what webhooks are about."""
    return {
        "erased": WHY, "providers": sorted({one.row["provider"] for one in news}),
        "keys": [one.phone_key for one in news], "calls": [one.report.get("call_id") or "" for one in news],
        "attempts": [one.report.get("attempt_id") or "" for one in news],
    }  # fmt: skip


_KEEP = """
INSERT INTO inbox (provider, dedupe_key, grade, received_at, report, state)
VALUES (:provider, :key, :grade, :at, :report, 'new') ON CONFLICT DO NOTHING RETURNING id
"""
_ERASED = f"""
SELECT 'call' AS kind, call_id AS name FROM attempt
    WHERE provider = ANY(:providers) AND call_id = ANY(:calls) AND phone = ''
UNION ALL SELECT 'attempt', id FROM attempt WHERE id = ANY(:attempts) AND phone = ''
UNION ALL SELECT 'number', phone_key FROM ({ERASED}) AS barred
"""


def _item(row: Any) -> InboxItem:
    report = json.loads(row["report"])
    return InboxItem(row["id"], row["provider"], row["grade"], at(row["received_at"]), report, row["tries"])
