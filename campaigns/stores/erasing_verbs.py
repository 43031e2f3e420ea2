"""Verbs that erase one person at their request."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from campaigns.domain.contact import contact_to_text
from campaigns.domain.erasing import WHY, forgotten, forgotten_attempt
from campaigns.domain.lead import Attempt, Lead
from campaigns.domain.retention import TELLING
from campaigns.domain.transitions import FINAL
from campaigns.ports.erasing import Belongings

from .database import Connection, Database
from .dial_verbs import SET_PLAN
from .journal import JOURNAL, line
from .move_verbs import raise_people
from .people_verbs import ERASED, note_erased
from .return_verbs import STAMP
from .rows import attempt_row, lead_plan, plain, to_attempt, to_lead, us

AT_A_TIME = 500


class ErasingVerbs:
    """See `ports.erasing.ErasingStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_erased(self, phone_key: str) -> bool:
        params = {"keys": [phone_key], "erased": WHY}
        return bool(await self._database.read(lambda db: db.rows(ERASED, params)))

    async def belongings(self, phone_key: str) -> Belongings:
        return await self._database.read(lambda db: _belongings(db, phone_key))

    async def forget_person(self, phone_key: str, *, who: str, now: datetime) -> Belongings | None:
        async def verb(db: Connection) -> Belongings | None:
            found = await _belongings(db, phone_key, lock=True)
            if any(attempt.state not in FINAL or attempt.open for attempt in found.attempts):
                return None
            await note_erased(db)
            await _bar(db, found.phone_keys, who, now)
            await _put(db, found, now)
            keys = {"keys": list(found.phone_keys)}
            await db.run("DELETE FROM consent WHERE phone_key = ANY(:keys)", keys)
            # That they took it back is kept, so that no list revives it; not in whose words.
            await db.run("UPDATE withdrawal SET who = '', why = '' WHERE phone_key = ANY(:keys)", keys)
            await raise_people(db, sorted({lead.person_key for lead in found.leads}))
            await db.run_many(JOURNAL, [line(f"person:{key}", "erased", now, who=who) for key in found.phone_keys])
            return found

        return await self._database.write(verb)

    async def forget_words(self, subjects: Collection[str], call_ids: Collection[str], numbers: Collection[str]) -> int:
        told = {"subjects": [*subjects, *(f"lead:{name}" for name in subjects)]}

        async def look(db: Connection) -> tuple[list[int], list[int]]:
            # Neither has an index for this: they are read through aside, where no dial waits.
            lines = [row["id"] for row in await db.rows(_LINES, told)]
            news = await db.rows("SELECT id, report FROM inbox WHERE state = 'new'")
            return lines, [row["id"] for row in news if _tells(row["report"], subjects, call_ids, numbers)]

        lines, news = await self._database.read(look, aside=True)
        for start in range(0, len(lines), AT_A_TIME):
            await self._run("UPDATE journal SET why = '' WHERE id = ANY(:ids)", ids=lines[start : start + AT_A_TIME])
        await self._run("UPDATE inbox SET report = '{}', state = 'ignored' WHERE id = ANY(:ids)", ids=news)
        for number in numbers:
            await self._run("DELETE FROM inbound WHERE call_id LIKE :tail", tail=f"%{number[-TELLING:]}%")
        return len(lines) + len(news)

    async def note(self, said: Mapping[str, Sequence[str]], *, now: datetime) -> None:
        lines = [line(name, "", now, why=why) for name, words in said.items() for why in words]
        await self._database.write(lambda db: db.run_many(JOURNAL, lines))

    async def _run(self, sql: str, **params: Any) -> None:
        await self._database.write(lambda db: db.run(sql, params))


async def _belongings(db: Connection, phone_key: str, *, lock: bool = False) -> Belongings:
    rows = await db.rows(_LEADS + " FOR UPDATE" * lock, {"key": phone_key})
    leads = tuple(to_lead(row) for row in rows)
    ids = [lead.id for lead in leads]
    numbers = await db.rows("SELECT DISTINCT phone_key FROM lead_phone WHERE lead_id = ANY(:ids)", {"ids": ids})
    attempts = await db.rows(_ATTEMPTS, {"ids": ids, "key": phone_key})
    keys = sorted({phone_key, *(row["phone_key"] for row in numbers)})
    people = len({lead.person_key for lead in leads})
    return Belongings(people, leads, tuple(to_attempt(row) for row in attempts), tuple(keys))


async def _bar(db: Connection, keys: Sequence[str], who: str, now: datetime) -> None:
    """Of what was said when they joined the do-not-call list only the hash stays, for every purpose."""
    await db.run("DELETE FROM suppression WHERE phone_key = ANY(:keys) AND scope <> 'all'", {"keys": list(keys)})
    await db.run_many(_BAR, [{"key": key, "who": plain(who), "why": WHY, "at": us(now)} for key in keys])


async def _put(db: Connection, found: Belongings, now: datetime) -> None:
    ids = [lead.id for lead in found.leads]
    await db.run_many(_FORGET_LEAD, [_lead_row(forgotten(lead, now=now)) for lead in found.leads])
    await db.run_many(_FORGET_ATTEMPT, [_attempt_row(forgotten_attempt(attempt)) for attempt in found.attempts])
    # Who they are where they came from nobody knows any more: nothing goes back there.
    await db.run("DELETE FROM write_back WHERE lead_id = ANY(:ids)", {"ids": ids})
    await db.run(f"UPDATE lead SET written = {STAMP} WHERE id = ANY(:ids)", {"ids": ids})


def _lead_row(lead: Lead) -> dict[str, Any]:
    return {**lead_plan(lead), "contact": contact_to_text(lead.contact)}


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    row = attempt_row(attempt)
    return {name: row[name] for name in ("id", "phone", "body", "report", "call_id", "booking_id", "debt", "reason")}


def _tells(report: str, subjects: Collection[str], call_ids: Collection[str], numbers: Collection[str]) -> bool:
    said = json.loads(report)
    return (
        said.get("attempt_id") in subjects or said.get("call_id") in call_ids or said.get("phone") in numbers
    )  # fmt: skip


_LEADS = """
SELECT lead.* FROM lead WHERE person_key IN (
    SELECT own.person_key FROM lead own JOIN lead_phone p ON p.lead_id = own.id WHERE p.phone_key = :key)
ORDER BY campaign, seq
"""
_ATTEMPTS = "SELECT * FROM attempt WHERE lead_id = ANY(:ids) OR phone_key = :key ORDER BY lead_id, ordinal"
_LINES = "SELECT id FROM journal WHERE attempt_id = ANY(:subjects) AND why <> '' ORDER BY id"
_BAR = """
INSERT INTO suppression (phone_key, scope, shown, who, why, proof, created_at)
VALUES (:key, 'all', '', :who, :why, '', :at)
ON CONFLICT (phone_key, scope) DO UPDATE SET shown = '', who = excluded.who, why = excluded.why, proof = ''
"""
_FORGET_LEAD = f"""
UPDATE lead SET {SET_PLAN}, contact = :contact, rank = 0, urgent = 0, erased = 'numbers', opted_out = 1,
    lease_owner = NULL, rev = rev + 1 WHERE id = :id
"""
_FORGET_ATTEMPT = """
UPDATE attempt SET phone = :phone, body = :body, report = :report, call_id = :call_id, booking_id = :booking_id,
    debt = :debt, reason = :reason, rev = rev + 1 WHERE id = :id
"""
