"""Verbs that take away what is not kept any more: a few leads at a time, each only while it is as it was read."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from campaigns.domain.contact import contact_to_text
from campaigns.domain.lead import Attempt
from campaigns.domain.retention import Erased, Kept
from campaigns.ports.upkeep import KeptPage

from .database import Connection, Database
from .people_verbs import note_erased
from .return_verbs import UNWRITTEN
from .rows import attempt_row, plain, to_attempt, to_lead, us

WIDTH = 200
"""Places of a campaign that one page looks at: one small write at most."""
NEWS = 2_000
"""Webhooks that are looked at, and deleted, in one go."""


class RetentionVerbs:
    """See `ports.upkeep.UpkeepStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept(
        self, name: str, *, after: int, words_before: datetime | None, numbers_before: datetime | None
    ) -> KeptPage:
        params = {
            "name": name, "after": after, "upto": after + WIDTH,
            "words": us(words_before) if words_before else -1, "numbers": us(numbers_before) if numbers_before else -1,
        }  # fmt: skip

        async def verb(db: Connection) -> KeptPage:
            attempts = defaultdict[str, list[Attempt]](list)
            for row in await db.rows(_ATTEMPTS, params):
                attempts[row["lead_id"]].append(to_attempt(row))
            leads = [_kept(row, attempts[row["id"]]) for row in await db.rows(_LEADS, params)]
            return KeptPage(tuple(leads), await next_place(db, name, after, WIDTH))

        return await self._database.read(verb)

    async def erase(self, leads: Sequence[tuple[Kept, Kept]]) -> int:
        return await self._database.write(lambda db: put_erased(db, leads))

    async def forget_news(self, *, before: datetime, numbers_before: datetime | None) -> bool:
        params = {"before": us(before), "limit": NEWS}
        calls = {"before": us(numbers_before) if numbers_before else -1, "limit": NEWS}

        async def verb(db: Connection) -> bool:
            news = await db.run(_FORGET_NEWS, params)
            return max(news, await db.run(_FORGET_CALLS, calls)) == NEWS

        return await self._database.write(verb)


async def put_erased(db: Connection, leads: Sequence[tuple[Kept, Kept]]) -> int:
    """What is left of each lead and its attempts, where they are still as they were."""
    done = await db.rows_many(_ERASE_LEAD, [_lead_params(before, after) for before, after in leads])
    same = [pair for pair, found in zip(leads, done, strict=True) if found]
    pairs = [pair for kept, left in same for pair in zip(kept.attempts, left.attempts, strict=True)]
    await note_erased(db)
    await db.run_many(_ERASE_ATTEMPT, [{**_attempt_params(after), "seen": before.rev} for before, after in pairs])
    return len(same)


async def next_place(db: Connection, name: str, after: int, width: int) -> int | None:
    """Where the page of a campaign's leads after this one begins; None: there are no more."""
    rows = await db.rows("SELECT MAX(seq) AS last FROM lead WHERE campaign = :name", {"name": name})
    last = rows[0]["last"]
    return after + width if last is not None and last > after + width else None


def _kept(row: Any, attempts: Sequence[Attempt]) -> Kept:
    return Kept(to_lead(row), row["rev"], tuple(attempts), Erased(row["erased"]), bool(row["is_returned"]))


def _lead_params(before: Kept, after: Kept) -> dict[str, Any]:
    lead = after.lead
    return {
        "id": lead.id, "contact": contact_to_text(lead.contact), "warning": plain(lead.warning),
        "erased": after.erased, "seen": before.rev,
    }  # fmt: skip


def _attempt_params(attempt: Attempt) -> dict[str, Any]:
    row = attempt_row(attempt)
    return {name: row[name] for name in ("id", "phone", "body", "report", "call_id", "booking_id")}


_DUE = """
campaign = :name AND seq > :after AND seq <= :upto AND state = 'closed'
    AND ((erased = '' AND closed_at <= :words) OR (erased <> 'numbers' AND closed_at <= :numbers))
"""
_LEADS = f"""
SELECT lead.*, CASE WHEN {UNWRITTEN} AND NOT EXISTS (SELECT 1 FROM write_back w WHERE w.lead_id = lead.id
    AND w.given_up = 1) THEN 0 ELSE 1 END AS is_returned
FROM lead WHERE {_DUE} ORDER BY seq
"""
_ATTEMPTS = f"""
SELECT attempt.* FROM attempt WHERE lead_id IN (SELECT id FROM lead WHERE {_DUE}) ORDER BY lead_id, ordinal
"""
_ERASE_LEAD = """
UPDATE lead SET contact = :contact, warning = :warning, erased = :erased, rev = rev + 1
WHERE id = :id AND rev = :seen AND state || '' = 'closed' RETURNING id
"""
_ERASE_ATTEMPT = """
UPDATE attempt SET phone = :phone, body = :body, report = :report, call_id = :call_id, booking_id = :booking_id,
    rev = rev + 1
WHERE id = :id AND rev = :seen AND open = 0
"""
# Ids rise with time: whoever came first is looked at first, and an index on the time is not needed.
_FORGET_NEWS = """
DELETE FROM inbox WHERE id IN (SELECT id FROM (SELECT id, received_at FROM inbox ORDER BY id LIMIT :limit) AS oldest
    WHERE received_at <= :before)
"""
_FORGET_CALLS = """
DELETE FROM inbound WHERE (provider, call_id, stage) IN
    (SELECT provider, call_id, stage FROM inbound WHERE noted_at <= :before LIMIT :limit)
"""
