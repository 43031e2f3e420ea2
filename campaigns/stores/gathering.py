"""Leads with everything that a decision about them needs: a few queries for a whole batch."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Consent
from campaigns.domain.facts import Facts, PastAttempt
from campaigns.domain.lead import FREE_STATES, AttemptState
from campaigns.ports.store import Claimed

from .consent_verbs import to_consent
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
    return await with_facts(db, await db.rows(_LEADS, {"ids": list(ids)}), now) if ids else []


async def with_facts(db: Connection, leads: Sequence[Any], now: datetime) -> list[Claimed]:
    """The same for rows of leads, which stay in their order. Each index is asked once for the whole batch."""
    if not leads:
        return []
    ids, persons = [row["id"] for row in leads], sorted({row["person_key"] for row in leads})
    phones = defaultdict[str, list[str]](list)
    for row in await db.rows(_PHONES, {"ids": ids}):
        phones[row["lead_id"]].append(row["phone_key"])
    params = {
        "ids": ids, "persons": persons, "phones": sorted({key for keys in phones.values() for key in keys}),
        "campaigns": sorted({row["campaign"] for row in leads}), "since": us(now - LATELY),
    }  # fmt: skip
    known = _Known()
    for row in await db.rows(_KNOWN, params):
        known.note(row)
    for row in await db.rows(_ATTEMPTS, params):
        known.attempts[row["via"], row["key"]].append(row)
    for row in await db.rows(_CONSENTS, params):
        known.consents[row["phone_key"]].append(row)
    return [known.claimed(row, phones[row["id"]], now) for row in leads]


_LEADS = f"SELECT * FROM lead WHERE id = ANY(:ids) ORDER BY {CLAIM_ORDER}"
_PHONES = "SELECT lead_id, phone_key FROM lead_phone WHERE lead_id = ANY(:ids)"
_KNOWN = """
SELECT 'version' AS kind, person_key AS key, '' AS word, version AS n FROM person WHERE person_key = ANY(:persons)
UNION ALL SELECT 'suppressed', phone_key, scope, 0 FROM suppression WHERE phone_key = ANY(:phones)
UNION ALL SELECT 'withdrawn', phone_key, '', withdrawn_at FROM withdrawal WHERE phone_key = ANY(:phones)
UNION ALL SELECT 'busy', person_key, '', 0 FROM attempt WHERE open = 1 AND person_key = ANY(:persons)
UNION ALL SELECT 'busy', phone_key, '', 0 FROM attempt WHERE open = 1 AND phone_key = ANY(:phones)
UNION ALL SELECT 'purpose', name, purpose, 0 FROM campaign WHERE name = ANY(:campaigns)
"""
_PAST = """a.ordinal, a.state, a.disposition, a.phone, a.created_at, a.first_sent_at, a.placed_at, a.ended_at,
    a.fires_at, a.subject, a.debt, a.refused, a.message_left,
    a.agent_ended, a.caller_id"""
_LATELY = "(a.created_at >= :since OR a.refused = 1) AND a.state NOT IN ('refused', 'not_sent', 'not_created')"
_ATTEMPTS = f"""
SELECT 'lead' AS via, a.lead_id AS key, a.lead_id, a.person_key, '' AS campaign, 0 AS source, {_PAST}
FROM attempt a WHERE a.lead_id = ANY(:ids)
UNION ALL
SELECT 'person', a.person_key, a.lead_id, a.person_key, '', 0, {_PAST}
FROM attempt a WHERE a.person_key = ANY(:persons) AND {_LATELY}
UNION ALL
SELECT 'phone', a.phone_key, a.lead_id, a.person_key, their.campaign, their.source, {_PAST}
FROM attempt a JOIN lead their ON their.id = a.lead_id WHERE a.phone_key = ANY(:phones) AND {_LATELY}
UNION ALL
-- Who said no in a call of their own has no attempt that could tell.
SELECT 'person', said.person_key, said.id, said.person_key, '', 0,
    0, 'ended', 'answered', '', said.closed_at, NULL, NULL, NULL, NULL, said.campaign, '', 1, 0, 0, ''
FROM lead said WHERE said.person_key = ANY(:persons) AND said.outcome = 'refused'
    AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = said.id AND a.refused = 1)
"""
_CONSENTS = "SELECT phone_key, purpose, source, basis, proof, given_at FROM consent WHERE phone_key = ANY(:phones)"


@dataclass
class _Known:
    """What the database knows of a batch of leads, by person and by number."""

    versions: dict[str, int] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)
    scopes: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    withdrawn: dict[str, int] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    attempts: defaultdict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))
    """By what they were found by: a lead's id, a person's key, a number's."""
    consents: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def note(self, row: Any) -> None:
        match row["kind"]:
            case "version":
                self.versions[row["key"]] = row["n"]
            case "purpose":
                self.purposes[row["key"]] = row["word"]
            case "suppressed":
                self.scopes[row["key"]].add(row["word"])
            case "withdrawn":
                self.withdrawn[row["key"]] = row["n"]
            case "busy":
                self.busy.add(row["key"])

    def claimed(self, row: Any, phones: Sequence[str], now: datetime) -> Claimed:
        own = sorted(self.attempts["lead", row["id"]], key=lambda a: a["ordinal"])
        purpose = self.purposes[row["campaign"]]
        facts = Facts(
            lead=to_lead(row),
            attempts=tuple(_past(attempt) for attempt in own),
            elsewhere=self._elsewhere(row, phones),
            consents=self._consents(row, phones, purpose),
            withdrawn_at=maybe_at(max((self.withdrawn[key] for key in phones if key in self.withdrawn), default=None)),
            suppressed=any(self.scopes[key] & {"all", purpose} for key in phones if key in self.scopes),
            busy_until=now + BUSY_LOOK if not self.busy.isdisjoint((row["person_key"], *phones)) else None,
        )
        ordinal = max((attempt["ordinal"] for attempt in own), default=0) + 1
        return Claimed(facts, self.versions.get(row["person_key"], 1), ordinal, row["rev"])

    def _elsewhere(self, row: Any, phones: Sequence[str]) -> tuple[PastAttempt, ...]:
        """Attempts of other leads that are the same person's, or went to the same number; the oldest first."""
        found = [(a, True) for a in self.attempts.get(("person", row["person_key"]), ()) if a["lead_id"] != row["id"]]
        for key in phones:
            for attempt in self.attempts.get(("phone", key), ()):
                if attempt["lead_id"] != row["id"] and attempt["person_key"] != row["person_key"]:
                    found.append((attempt, _other_list(attempt, row)))
        found.sort(key=lambda each: each[0]["created_at"])
        return tuple(_past(attempt, same_person=same) for attempt, same in found)

    def _consents(self, row: Any, phones: Sequence[str], purpose: str) -> tuple[Consent, ...]:
        """What other campaigns' lists say that the person agreed to, each once."""
        own = f"{row['campaign']}/"
        said = {
            (one["basis"], one["proof"], one["given_at"]): one
            for key in phones
            for one in self.consents.get(key, ())
            if one["purpose"] == purpose and not one["source"].startswith(own)
        }
        return tuple(to_consent(said[name]) for name in sorted(said, key=lambda name: name[0]))


def _other_list(attempt: Any, row: Any) -> bool:
    """Within one list two ids are two persons, though they share a number; across lists the number joins them."""
    return bool(attempt["campaign"] != row["campaign"] or attempt["source"] != row["source"])


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
