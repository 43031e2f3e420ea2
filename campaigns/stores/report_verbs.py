"""Verbs between a placed call and a settled attempt."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.budget import charged
from campaigns.domain.lead import FIRES_WITHIN, Attempt, AttemptState, Lead
from campaigns.ports.people import Suppression
from campaigns.ports.store import InboxItem, Move

from .budgets import spend
from .database import Connection, Database
from .dial_verbs import SET_PLAN
from .lines import LIVE
from .people_verbs import mark_opted_out, put_suppressions
from .rows import ATTEMPT_COLUMNS, MICROSECOND, at, attempt_row, dumps, lead_plan, plain, to_attempt, to_lead, us

_SET_ATTEMPT = ", ".join(f"{name} = :{name}" for name in ATTEMPT_COLUMNS if name not in ("id", "rev"))


class ReportVerbs:
    """See `ports.store.ReportStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, moves: Sequence[Move], *, now: datetime) -> list[bool]:
        async def verb(db: Connection) -> list[bool]:
            return [await _apply(db, move, now) for move in moves]

        return await self._database.write(verb)

    async def receive(
        self, provider: str, *, dedupe_key: str, grade: str, report: dict[str, Any], now: datetime
    ) -> bool:
        async def verb(db: Connection) -> bool:
            return bool(
                await db.run(
                    "INSERT INTO inbox (provider, dedupe_key, grade, received_at, report, state)"
                    " VALUES (:provider, :key, :grade, :at, :report, 'new') ON CONFLICT DO NOTHING",
                    {"provider": provider, "key": dedupe_key, "grade": grade, "at": us(now), "report": dumps(report)},
                )
            )

        return await self._database.write(verb)

    async def inbox(self, provider: str, *, limit: int) -> list[InboxItem]:
        async def verb(db: Connection) -> list[InboxItem]:
            rows = await db.rows(
                # News that nobody could place yet must not stand in the way of what came after it.
                "SELECT * FROM inbox WHERE provider = :provider AND state = 'new' ORDER BY tries, id LIMIT :limit",
                {"provider": provider, "limit": limit},
            )
            return [_item(row) for row in rows]

        return await self._database.read(verb)

    async def inbox_done(self, ids: Sequence[int], state: str) -> None:
        async def verb(db: Connection) -> None:
            # What was applied lives on in the attempt; only the fact that it came is kept, against duplicates.
            await db.run(
                "UPDATE inbox SET state = :state, report = '{}' WHERE id = ANY(:ids)",
                {"state": state, "ids": list(ids)},
            )

        await self._database.write(verb)

    async def inbox_retry(self, ids: Sequence[int]) -> None:
        async def verb(db: Connection) -> None:
            await db.run(
                "UPDATE inbox SET tries = tries + 1 WHERE id = ANY(:ids)",
                {"ids": list(ids)},
            )

        await self._database.write(verb)

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

        return await self._database.read(verb)

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
            if not await _put_lead(db, lead, rev):
                return False
            await _raise_version(db, lead.person_key)
            if opted_out:
                await _opt_out(db, lead, now)
            await _journal(db, f"lead:{lead.id}", "", lead.state, why, now)
            return True

        return await self._database.write(verb)


def _item(row: Any) -> InboxItem:
    report = json.loads(row["report"])
    return InboxItem(row["id"], row["provider"], row["grade"], at(row["received_at"]), report, row["tries"])


async def _apply(db: Connection, move: Move, now: datetime) -> bool:
    """Both the attempt and its lead, or neither: the lead is written only after the attempt's guard held."""
    if move.lead is not None:
        rows = await db.rows("SELECT rev FROM lead WHERE id = :id", {"id": move.lead.id})
        if not rows or rows[0]["rev"] != move.lead_rev:
            return False
    if await _taken(db, move):
        return False
    after = {**attempt_row(move.after), "seen": move.before.rev, "from_state": move.before.state}
    changed = await db.run(
        f"UPDATE attempt SET {_SET_ATTEMPT}, rev = rev + 1 WHERE id = :id AND rev = :seen AND state = :from_state",
        after,
    )
    if not changed:
        return False
    await _journal(db, move.after.id, move.before.state, move.after.state, move.why, now)
    await _raise_version(db, move.after.person_key)
    await spend(db, move.after.campaign, charged(move.after) - charged(move.before))
    if move.lead is not None:
        await _put_lead(db, move.lead, move.lead_rev)
        if move.opted_out:
            await _opt_out(db, move.lead, now)
    return True


async def _taken(db: Connection, move: Move) -> bool:
    """Whether another attempt owns this call or booking: then one of both is mistaken, and neither is overwritten."""
    before, after = move.before, move.after
    if (before.call_id, before.booking_id) == (after.call_id, after.booking_id):
        return False
    return bool(
        await db.rows(
            "SELECT 1 FROM attempt WHERE provider = :provider AND id <> :id"
            " AND (call_id = :call OR booking_id = :booking)",
            {"provider": after.provider, "call": after.call_id, "booking": after.booking_id, "id": after.id},
        )
    )


async def _put_lead(db: Connection, lead: Lead, rev: int) -> bool:
    params = {**lead_plan(lead), "seen": rev}
    return bool(
        await db.run(
            f"UPDATE lead SET {SET_PLAN}, lease_owner = NULL, rev = rev + 1 WHERE id = :id AND rev = :seen", params
        )
    )


async def _raise_version(db: Connection, person_key: str) -> None:
    await db.run("UPDATE person SET version = version + 1 WHERE person_key = :key", {"key": person_key})


async def _opt_out(db: Connection, lead: Lead, now: datetime) -> None:
    """Every number of the person joins the suppression list, and nothing overwrites an earlier entry."""
    numbers = await db.rows(
        "SELECT DISTINCT phone_key FROM lead_phone WHERE lead_id IN (SELECT id FROM lead WHERE person_key = :person)",
        {"person": lead.person_key},
    )
    keys = [row["phone_key"] for row in numbers]
    await db.run_many(
        "INSERT INTO suppression (phone_key, scope, shown, who, why, proof, created_at)"
        " VALUES (:key, 'all', '', 'the called person', 'asked not to be called', :proof, :at) ON CONFLICT DO NOTHING",
        [{"key": key, "at": us(now), "proof": f"campaign {lead.campaign}"} for key in keys],
    )
    await mark_opted_out(db, keys)


async def _journal(db: Connection, name: str, before: str, after: str, why: str, now: datetime) -> None:
    await db.run(
        "INSERT INTO journal (attempt_id, at, from_state, to_state, why) VALUES (:id, :at, :before, :after, :why)",
        {"id": name, "at": us(now), "before": before, "after": after, "why": plain(why)},
    )
