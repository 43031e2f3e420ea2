"""Reads the lines of a few calls out of a journal of millions: for each call's sake it has no index but its order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.lead import Attempt
from campaigns.ports.journal import JournalEntry
from campaigns.ports.pages import MoveLine

from .database import Connection, Database
from .rows import MICROSECOND, at, us

_BEFORE = timedelta(minutes=1) // MICROSECOND
"""So far the clocks of several workers may differ."""
_AFTER = timedelta(minutes=10) // MICROSECOND
"""So late the news of an end may come."""


class JournalVerbs:
    """See `ports.pages.PageStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def moves(self, attempts: Sequence[Attempt]) -> list[MoveLine]:
        async def verb(db: Connection) -> list[MoveLine]:
            found = [line for attempt in attempts for line in await _near(db, attempt)]
            last = {line.attempt_id: line.to for line in found}
            if all(last.get(attempt.id) == attempt.state for attempt in attempts):
                return found
            return await _lines(db, [attempt.id for attempt in attempts], 0, await _end(db))

        return await self._database.read(verb, aside=True)

    async def journal(
        self, *, after: int, limit: int, campaign: str | None = None, since: datetime | None = None
    ) -> list[JournalEntry]:
        async def verb(db: Connection) -> list[JournalEntry]:
            first = await _place(db, us(since) - _BEFORE) if since is not None and not after else after + 1
            asked = {"first": first, "since": us(since) or 0, "campaign": campaign, "limit": limit}
            return [_entry(row) for row in await db.rows(_PAGE, asked)]

        return await self._database.read(verb, aside=True)


def _entry(row: Any) -> JournalEntry:
    subject = row["attempt_id"] if ":" in row["attempt_id"] else f"attempt:{row['attempt_id']}"
    kind, _, name = subject.partition(":")
    campaign = name if kind == "campaign" else row["of_attempt"] or row["of_lead"] or ""
    permit = row["permit"] if row["to_state"] == "intent" else None
    return JournalEntry(
        row["id"], at(row["at"]), subject, campaign, row["from_state"], row["to_state"], row["why"], row["who"],
        permit or "",
    )  # fmt: skip


async def _near(db: Connection, attempt: Attempt) -> list[MoveLine]:
    """What was written down around the call: all of it, but for what came late, or in a virtual time."""
    first = await _place(db, us(attempt.created_at) - _BEFORE)
    last = await _place(db, us(attempt.ended_by) + _AFTER)
    return await _lines(db, [attempt.id], first, last)


async def _lines(db: Connection, ids: Sequence[str], first: int, end: int) -> list[MoveLine]:
    rows = await db.rows(_LINES, {"ids": list(ids), "first": first, "end": end})
    return [MoveLine(row["attempt_id"], at(row["at"]), row["to_state"], row["why"]) for row in rows]


async def _place(db: Connection, moment: int) -> int:
    """Where in the journal an instant is, as far as its lines are in the order of time."""
    low, high = 0, await _end(db)
    while low < high:
        middle = (low + high) // 2
        line = await db.rows(_NEXT, {"middle": middle})
        if line and line[0]["at"] < moment:
            low = line[0]["id"] + 1
        else:
            high = middle
    return low


async def _end(db: Connection) -> int:
    return int((await db.rows("SELECT MAX(id) AS last FROM journal"))[0]["last"] or 0) + 1


_LINES = """
SELECT attempt_id, at, to_state, why FROM journal
WHERE id >= :first AND id < :end AND attempt_id = ANY(:ids) ORDER BY id
"""
_PAGE = """
SELECT j.*, a.campaign AS of_attempt, a.permit, l.campaign AS of_lead FROM journal j
LEFT JOIN attempt a ON a.id = j.attempt_id LEFT JOIN lead l ON l.id = substr(j.attempt_id, 6)
WHERE j.id >= :first AND j.at >= :since AND (CAST(:campaign AS TEXT) IS NULL OR a.campaign = :campaign
    OR l.campaign = :campaign OR j.attempt_id = 'campaign:' || :campaign)
ORDER BY j.id LIMIT :limit
"""
_NEXT = "SELECT id, at FROM journal WHERE id >= :middle ORDER BY id LIMIT 1"
