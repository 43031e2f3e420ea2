"""Leads with everything that a decision about them needs: a few queries for a whole batch."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Consent
from campaigns.domain.facts import Facts, PastAttempt
from campaigns.domain.lead import FREE_STATES, AttemptState
from campaigns.ports.store import Claimed

from .consent_verbs import OF_OTHERS, to_consent
from .database import Connection
from .rows import at, maybe_at, to_lead, us

BUSY_LOOK = timedelta(minutes=1)
"""A person who is being called is looked at again after this."""
LATELY = timedelta(days=63)
"""How far back other leads' attempts are counted: more than any cap, gap or cool-down needs but those for good."""

CLAIM_ORDER = "callback_at IS NULL, rank, (last_chance = 0 AND urgent = 0), closes_at NULLS FIRST, seq"
"""Promised callbacks first; then, within a rank, those with only today left, by their own plan or by that for all."""

SUPPRESSED = (
    "SELECT 1 FROM lead_phone p JOIN suppression s ON s.phone_key = p.phone_key"
    " WHERE p.lead_id = lead.id AND s.scope IN ('all', campaign.purpose)"
)


async def gather(db: Connection, ids: Sequence[str], now: datetime) -> list[Claimed]:
    """Leads with everything a decision needs, in claim order; a few queries for the whole batch."""
    if not ids:
        return []
    params = {"ids": list(ids), "since": us(now - LATELY)}
    own, elsewhere = defaultdict[str, list[Any]](list), defaultdict[str, list[PastAttempt]](list)
    consents = defaultdict[str, list[Consent]](list)
    for row in await db.rows(_OWN_ATTEMPTS, params):
        own[row["lead_id"]].append(row)
    for row in await db.rows(_ELSEWHERE, params):
        elsewhere[row["for_lead"]].append(_past(row, same_person=bool(row["same_person"])))
    for row in await db.rows(_CONSENTS, params):
        consents[row["lead_id"]].append(to_consent(row))
    return [
        _claimed(row, own[row["id"]], tuple(elsewhere[row["id"]]), tuple(consents[row["id"]]), now)
        for row in await db.rows(_LEADS, params)
    ]


_LEADS = f"""
SELECT lead.*, COALESCE(person.version, 1) AS person_version, EXISTS ({SUPPRESSED}) AS suppressed,
    (SELECT MAX(w.withdrawn_at) FROM lead_phone p JOIN withdrawal w USING (phone_key) WHERE p.lead_id = lead.id)
        AS withdrawn_at,
    EXISTS (SELECT 1 FROM attempt a WHERE a.open = 1 AND (a.person_key = lead.person_key
        OR a.phone_key IN (SELECT phone_key FROM lead_phone WHERE lead_id = lead.id))) AS busy
FROM lead JOIN campaign ON campaign.name = lead.campaign LEFT JOIN person USING (person_key)
WHERE lead.id = ANY(:ids)
ORDER BY {CLAIM_ORDER}
"""
_PAST = """a.ordinal, a.state, a.disposition, a.phone, a.created_at, a.first_sent_at, a.placed_at, a.ended_at,
    a.fires_at, a.subject, a.debt, a.refused, a.message_left,
    a.agent_ended, a.caller_id"""
_OWN_ATTEMPTS = f"""
SELECT lead_id, {_PAST} FROM attempt a WHERE lead_id = ANY(:ids) ORDER BY ordinal
"""
_COSTLY = "a.lead_id <> lead.id AND a.state NOT IN ('refused', 'not_sent', 'not_created')"
_ELSEWHERE = f"""
SELECT lead.id AS for_lead, 1 AS same_person, {_PAST}
FROM lead JOIN attempt a ON a.person_key = lead.person_key AND (a.created_at >= :since OR a.refused = 1) AND {_COSTLY}
WHERE lead.id = ANY(:ids)
UNION ALL
-- Within one list two ids are two persons, though they share a number; across lists the number joins them.
SELECT lead.id, MAX(CASE WHEN their.campaign <> lead.campaign OR their.source <> lead.source THEN 1 ELSE 0 END), {_PAST}
FROM lead JOIN lead_phone p ON p.lead_id = lead.id
    JOIN attempt a ON a.phone_key = p.phone_key AND (a.created_at >= :since OR a.refused = 1) AND {_COSTLY}
    JOIN lead their ON their.id = a.lead_id
WHERE lead.id = ANY(:ids) AND a.person_key <> lead.person_key
GROUP BY lead.id, a.id
UNION ALL
-- Who said no in a call of their own has no attempt that could tell.
SELECT lead.id, 1, 0, 'ended', 'answered', '', said.closed_at, NULL, NULL, NULL, NULL, said.campaign, '', 1, 0, 0, ''
FROM lead JOIN lead said ON said.person_key = lead.person_key AND said.outcome = 'refused'
WHERE lead.id = ANY(:ids) AND said.id <> lead.id
    AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = said.id AND a.refused = 1)
ORDER BY 7
"""
_CONSENTS = f"""
SELECT DISTINCT lead.id AS lead_id, consent.basis, consent.proof, consent.given_at
FROM lead JOIN campaign ON campaign.name = lead.campaign JOIN lead_phone p ON p.lead_id = lead.id
    JOIN consent ON consent.phone_key = p.phone_key AND consent.purpose = campaign.purpose
        AND {OF_OTHERS.format(campaign="lead.campaign")}
WHERE lead.id = ANY(:ids) ORDER BY consent.basis
"""


def _claimed(
    row: Any, own: list[Any], elsewhere: tuple[PastAttempt, ...], consents: tuple[Consent, ...], now: datetime
) -> Claimed:
    lead = to_lead(row)
    facts = Facts(
        lead=lead,
        attempts=tuple(_past(attempt) for attempt in own),
        elsewhere=elsewhere,
        consents=consents,
        withdrawn_at=maybe_at(row["withdrawn_at"]),
        suppressed=bool(row["suppressed"]),
        busy_until=now + BUSY_LOOK if row["busy"] else None,
    )
    return Claimed(facts, row["person_version"], max((a["ordinal"] for a in own), default=0) + 1, row["rev"])


def _past(row: Any, *, same_person: bool = True) -> PastAttempt:
    sent = row["fires_at"] or row["first_sent_at"] or row["created_at"]
    return PastAttempt(
        ordinal=row["ordinal"],
        counts=AttemptState(row["state"]) not in FREE_STATES,
        disposition=Disposition(row["disposition"]) if row["disposition"] else None,
        phone=row["phone"],
        at=at(sent),
        ended_by=at(row["ended_at"] or row["placed_at"] or sent),
        subject=row["subject"],
        debt=row["debt"],
        message_left=bool(row["message_left"]),
        refused=bool(row["refused"]),
        agent_ended=bool(row["agent_ended"]),
        same_person=same_person,
        caller_id=row["caller_id"],
    )
