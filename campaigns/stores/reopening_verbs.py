"""Verbs by which closed leads wait again: a batch in each transaction, so that nobody waits long for the write lock."""

from datetime import datetime
from typing import Any

from campaigns.domain.lead import Outcome
from campaigns.ports.reopening import Which

from .closing_verbs import BATCH
from .database import Connection, Database
from .lines import LIVE
from .rows import plain, us


class ReopeningVerbs:
    """See `ports.reopening.ReopeningStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reopen(  # noqa: PLR0913 - the port's
        self, name: str, which: Which, *, most: int, left: int, why: str, who: str = "", now: datetime
    ) -> int:
        params = {
            "name": name,
            **_asked(which),
            "most": most,
            "left": left,
            "why": plain(why),
            "who": plain(who),
            "now": us(now),
        }
        count, after = 0, 0

        async def verb(db: Connection) -> list[int]:
            return await _reopen(db, params | {"after": after, "limit": BATCH})

        while places := await self._database.write(verb):
            count, after = count + len(places), places[-1]
        return count


def _asked(which: Which) -> dict[str, Any]:
    outcomes = which.outcomes or frozenset(Outcome)
    return {
        "outcomes": sorted(str(outcome) for outcome in outcomes - {Outcome.DO_NOT_CALL}),
        "labels": sorted(which.labels), "any_label": int(not which.labels),
        "ids": sorted(which.leads), "any_lead": int(not which.leads),
    }  # fmt: skip


async def _reopen(db: Connection, params: dict[str, Any]) -> list[int]:
    places = [row["seq"] for row in await db.rows(_CLOSED, params)]
    if places:
        chosen = {**params, "places": places}
        await db.run(_REOPEN, chosen)
        await db.run(_LINES, chosen)
    return places


_CLOSED = f"""
SELECT seq FROM lead WHERE campaign = :name AND outcome IS NOT NULL AND outcome = ANY(:outcomes) AND seq > :after
    AND (label = ANY(:labels) OR :any_label = 1) AND (id = ANY(:ids) OR :any_lead = 1)
    AND erased <> 'numbers' AND opted_out = 0
    AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = lead.id AND (a.open = 1 OR a.{LIVE}))
    AND NOT EXISTS (SELECT 1 FROM lead_phone p JOIN suppression s ON s.phone_key = p.phone_key
        WHERE p.lead_id = lead.id AND s.scope IN ('all', (SELECT purpose FROM campaign WHERE name = :name)))
ORDER BY seq LIMIT :limit FOR UPDATE
"""
_USED = """
(SELECT COUNT(*) FROM attempt a WHERE a.lead_id = lead.id AND a.state NOT IN ('refused', 'not_sent', 'not_created'))
"""
# Whatever their last call came to, the next needs no rule to follow from it. And what will be said is kept anew.
_REOPEN = f"""
UPDATE lead SET state = 'waiting', outcome = NULL, closed_at = NULL, due_at = NULL, closes_at = NULL, last_chance = 0,
    reason = :why, rule = '', label = '', callback_at = NULL, retry_at = :now, retry_like = NULL, urgent = 0,
    callbacks = CASE WHEN {_USED} + :left - :most > callbacks THEN {_USED} + :left - :most ELSE callbacks END,
    lease_owner = NULL, erased = '', rev = rev + 1
WHERE campaign = :name AND seq = ANY(:places) AND state || '' = 'closed'
"""
_LINES = """
INSERT INTO journal (attempt_id, at, from_state, to_state, why, who)
SELECT 'lead:' || id, :now, 'closed', 'waiting', :why, :who FROM lead WHERE campaign = :name AND seq = ANY(:places)
"""
