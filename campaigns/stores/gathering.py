"""Leads with everything that a decision about them needs: a few queries for a whole batch."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import Disposition
from campaigns.domain.facts import Facts, PastAttempt
from campaigns.domain.lead import FREE_STATES, AttemptState
from campaigns.ports.store import Claimed

from .database import Connection
from .rows import at, dumps, to_lead, us

BUSY_LOOK = timedelta(minutes=1)
"""A person who is being called is looked at again after this."""
LATELY = timedelta(days=8)
"""How far back other campaigns' attempts are counted: more than any per-day or gap limit of the settings needs."""

SUPPRESSED = (
    "SELECT 1 FROM lead_phone p JOIN suppression s ON s.phone_key = p.phone_key"
    " WHERE p.lead_id = lead.id AND s.scope IN ('all', campaign.purpose)"
)


async def gather(db: Connection, ids: Sequence[str], now: datetime) -> list[Claimed]:
    """Leads with everything a decision needs, in claim order; a few queries for the whole batch."""
    if not ids:
        return []
    params = {"ids": dumps(list(ids)), "since": us(now - LATELY)}
    own, elsewhere = defaultdict[str, list[Any]](list), defaultdict[str, list[datetime]](list)
    for row in await db.rows(_OWN_ATTEMPTS, params):
        own[row["lead_id"]].append(row)
    for row in await db.rows(_ELSEWHERE, params):
        elsewhere[row["lead_id"]].append(at(row["at"]))
    return [_claimed(row, own[row["id"]], tuple(elsewhere[row["id"]]), now) for row in await db.rows(_LEADS, params)]


_LEADS = f"""
SELECT lead.*, COALESCE(person.version, 1) AS person_version, EXISTS ({SUPPRESSED}) AS suppressed,
    EXISTS (SELECT 1 FROM attempt a WHERE a.open = 1 AND (a.person_key = lead.person_key
        OR a.phone_key IN (SELECT phone_key FROM lead_phone WHERE lead_id = lead.id))) AS busy
FROM lead JOIN campaign ON campaign.name = lead.campaign LEFT JOIN person USING (person_key)
WHERE lead.id IN (SELECT value FROM json_each(:ids))
ORDER BY rank, last_chance DESC, closes_at, seq
"""
_OWN_ATTEMPTS = """
SELECT lead_id, ordinal, state, disposition, phone, created_at, first_sent_at, placed_at, ended_at FROM attempt
WHERE lead_id IN (SELECT value FROM json_each(:ids)) ORDER BY ordinal
"""
_ELSEWHERE = """
SELECT lead.id AS lead_id, COALESCE(a.ended_at, a.first_sent_at, a.created_at) AS at
FROM lead JOIN attempt a ON a.person_key = lead.person_key AND a.lead_id <> lead.id AND a.created_at >= :since
WHERE lead.id IN (SELECT value FROM json_each(:ids)) AND a.state NOT IN ('refused', 'not_sent', 'not_created')
ORDER BY at
"""


def _claimed(row: Any, own: list[Any], elsewhere: tuple[datetime, ...], now: datetime) -> Claimed:
    lead = to_lead(row)
    facts = Facts(
        lead=lead,
        attempts=tuple(_past(attempt) for attempt in own),
        elsewhere=elsewhere,
        suppressed=bool(row["suppressed"]),
        busy_until=now + BUSY_LOOK if row["busy"] else None,
    )
    return Claimed(facts, row["person_version"], max((a["ordinal"] for a in own), default=0) + 1)


def _past(row: Any) -> PastAttempt:
    sent = row["first_sent_at"] or row["created_at"]
    return PastAttempt(
        ordinal=row["ordinal"],
        counts=AttemptState(row["state"]) not in FREE_STATES,
        disposition=Disposition(row["disposition"]) if row["disposition"] else None,
        phone=row["phone"],
        at=at(sent),
        ended_by=at(row["ended_at"] or row["placed_at"] or sent),
    )
