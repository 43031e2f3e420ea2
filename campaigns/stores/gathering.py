"""Leads with everything that a decision about them needs: a few queries for a whole batch."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Consent
from campaigns.domain.facts import LATELY, Facts, PastAttempt
from campaigns.domain.lead import FREE_STATES, AttemptState
from campaigns.ports.store import Claimed

from .consent_verbs import to_consent
from .database import Connection
from .rows import at, maybe_at, to_lead, us

BUSY_LOOK = timedelta(minutes=1)
"""A person who is being called is looked at again after this."""
CLAIM_ORDER = "callback_at IS NULL, rank, (last_chance = 0 AND urgent = 0), closes_at NULLS FIRST, seq"
"""Promised callbacks first; then, within a rank, those with only today left, by their own plan or by that for all."""

IN_ORDER = {"waiting": "COALESCE(due_at, 0), seq", "ready": CLAIM_ORDER}
"""The order of each state's index. Whoever wants a few of many says it, or PostgreSQL would rather read the table."""

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
    known = _Known({row["id"]: (row["campaign"], row["source"]) for row in leads}, params["since"])
    for row in await db.rows(_KNOWN, params):
        known.note(row)
    for row in await db.rows(_ATTEMPTS, params):
        known.note_attempt(row)
    if strangers := known.strangers():
        known.lists |= {
            row["id"]: (row["campaign"], row["source"]) for row in await db.rows(_LISTS, {"ids": strangers})
        }
    for row in await db.rows(_CONSENTS, params):
        known.consents[row["phone_key"]].append(row)
    return [known.claimed(row, phones[row["id"]], now) for row in leads]


_LEADS = f"SELECT * FROM lead WHERE id = ANY(:ids) ORDER BY {CLAIM_ORDER}"
_PHONES = "SELECT lead_id, phone_key FROM lead_phone WHERE lead_id = ANY(:ids)"
_KNOWN = """
SELECT 'version' AS kind, person_key AS key, '' AS word, '' AS id, version AS n FROM person
    WHERE person_key = ANY(:persons)
UNION ALL SELECT 'suppressed', phone_key, scope, '', 0 FROM suppression WHERE phone_key = ANY(:phones)
UNION ALL SELECT 'withdrawn', phone_key, '', '', withdrawn_at FROM withdrawal WHERE phone_key = ANY(:phones)
UNION ALL SELECT 'busy', person_key, '', '', 0 FROM attempt WHERE open = 1 AND person_key = ANY(:persons)
UNION ALL SELECT 'busy', phone_key, '', '', 0 FROM attempt WHERE open = 1 AND phone_key = ANY(:phones)
UNION ALL SELECT 'purpose', name, purpose, '', 0 FROM campaign WHERE name = ANY(:campaigns)
-- Who said no in a call of their own has no attempt that could tell.
UNION ALL SELECT 'said no', person_key, campaign, id, closed_at FROM lead
    WHERE outcome = 'refused' AND person_key = ANY(:persons)
    AND NOT EXISTS (SELECT 1 FROM attempt WHERE lead_id = lead.id AND refused = 1)
"""
_LATELY = "(created_at >= :since OR refused = 1) AND state NOT IN ('refused', 'not_sent', 'not_created')"
_ATTEMPTS = f"""
SELECT lead_id, person_key, phone_key, ordinal, state, disposition, phone, created_at, first_sent_at, placed_at,
    ended_at, fires_at, subject, debt, refused, message_left, agent_ended, caller_id FROM attempt
WHERE lead_id = ANY(:ids) OR (person_key = ANY(:persons) AND {_LATELY}) OR (phone_key = ANY(:phones) AND {_LATELY})
"""
_LISTS = "SELECT id, campaign, source FROM lead WHERE id = ANY(:ids)"
_CONSENTS = "SELECT phone_key, purpose, source, basis, proof, given_at FROM consent WHERE phone_key = ANY(:phones)"


@dataclass
class _Known:
    """What the database knows of a batch of leads, by person and by number."""

    lists: dict[str, tuple[str, int]]
    """The campaign and the list of each lead."""
    since: int
    versions: dict[str, int] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)
    scopes: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    withdrawn: dict[str, int] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    refusals: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    own: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Attempts, by their lead."""
    lately: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Those that count for others too, by the person and by the number."""
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
            case _:
                self.refusals[row["key"]].append(row)

    def note_attempt(self, row: Any) -> None:
        self.own[row["lead_id"]].append(row)
        if (row["created_at"] >= self.since or row["refused"]) and AttemptState(row["state"]) not in FREE_STATES:
            self.lately[row["person_key"]].append(row)
            self.lately[row["phone_key"]].append(row)

    def strangers(self) -> list[str]:
        """Leads of which only an attempt is known so far."""
        return sorted(self.own.keys() - self.lists.keys())

    def claimed(self, row: Any, phones: Sequence[str], now: datetime) -> Claimed:
        own, purpose = self.own.get(row["id"], []), self.purposes[row["campaign"]]
        facts = Facts(
            lead=to_lead(row),
            attempts=tuple(_past(attempt) for attempt in sorted(own, key=lambda attempt: attempt["ordinal"])),
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
        person = row["person_key"]
        found = [(no["n"], _refusal(no)) for no in self.refusals.get(person, ()) if no["id"] != row["id"]]
        for key in (person, *phones):
            for attempt in self.lately.get(key, ()):
                same = attempt["person_key"] == person
                if attempt["lead_id"] != row["id"] and same == (key == person):
                    # Within one list two ids are two persons, though they share a number; across lists it joins them.
                    same = same or self.lists[attempt["lead_id"]] != self.lists[row["id"]]
                    found.append((attempt["created_at"], _past(attempt, same_person=same)))
        return tuple(past for _, past in sorted(found, key=lambda each: each[0]))

    def _consents(self, row: Any, phones: Sequence[str], purpose: str) -> tuple[Consent, ...]:
        """What other campaigns' lists say that the person agreed to, each once."""
        own = f"{row['campaign']}/"
        said = {
            to_consent(one)
            for key in phones
            for one in self.consents.get(key, ())
            if one["purpose"] == purpose and not one["source"].startswith(own)
        }
        return tuple(sorted(said, key=lambda consent: consent.basis))


def _refusal(row: Any) -> PastAttempt:
    said_at = at(row["n"])
    return PastAttempt(0, True, Disposition.ANSWERED, "", said_at, said_at, subject=row["word"], refused=True)


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
