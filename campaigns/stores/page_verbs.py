"""Verbs that read long lists a page at a time, each along an index."""

import json
import re
from collections.abc import Sequence
from typing import Any

from campaigns.domain.lead import FREE_STATES, AttemptState, LeadState
from campaigns.ports.pages import (
    AttemptFilter,
    AttemptPlace,
    LeadFilter,
    ListedAttempt,
    ListedLead,
    SuppressionPlace,
)
from campaigns.ports.people import Suppression

from .database import Connection, Database
from .lines import LIVE
from .retention_verbs import next_place
from .rows import to_attempt, to_contact, to_lead, to_suppression, us

STRETCH = 2_000
"""Places that are looked through for whoever is in a state, before all of that state are put in order."""


class PageVerbs:
    """See `ports.pages.PageStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def leads_after(self, name: str, which: LeadFilter, *, after: int, limit: int) -> list[ListedLead]:
        if which.outcome is not None and which.state not in (None, LeadState.CLOSED):
            return []
        params = {
            "name": name, "state": which.state, "outcome": which.outcome, "label": which.label, "after": after,
            "upto": after + STRETCH, "limit": limit,
        }  # fmt: skip

        async def verb(db: Connection) -> list[ListedLead]:
            if which.state is None or which.outcome is not None or which.label is not None:
                return await _listed(db, _ORDERED[_known(which)], params)
            near = await _listed(db, _NEAR, params)
            if len(near) == limit or await next_place(db, name, after, STRETCH) is None:
                return near
            return near + await _listed(db, _FAR[which.state], {**params, "limit": limit - len(near)})

        return await self._database.read(verb, aside=True)

    async def leads_by_id(self, ids: Sequence[str]) -> list[ListedLead]:
        return await self._database.read(lambda db: _listed(db, _BY_ID, {"ids": list(ids)}))

    async def leads_with_phones(self, phone_keys: Sequence[str], *, limit: int) -> list[ListedLead]:
        params = {"keys": list(phone_keys), "limit": limit}
        return await self._database.read(lambda db: _listed(db, _BY_PHONE, params))

    async def leads_named(
        self, name: str, patterns: Sequence[str], *, after: int, width: int, limit: int
    ) -> tuple[list[ListedLead], int | None]:
        params = {"name": name, "after": after, "upto": after + width, "limit": limit, **_like(patterns)}
        params["somewhere"] = re.sub(r"[^\x00-\x7f]+", "%", patterns[0])
        like = " OR ".join(_NAME.format(n=n) for n in range(len(patterns)))

        async def verb(db: Connection) -> tuple[list[ListedLead], int | None]:
            found = await _listed(db, _NAMED.format(like), params)
            return found, found[-1].place if len(found) == limit else await next_place(db, name, after, width)

        return await self._database.read(verb, aside=True)

    async def jurisdictions(self, name: str, *, after: int, width: int) -> tuple[frozenset[str], int | None]:
        params = {"name": name, "after": after, "upto": after + width}

        async def verb(db: Connection) -> tuple[frozenset[str], int | None]:
            rows = await db.rows(_CONTACTS, params)
            said = {found[1] for row in rows if (found := _CODES.search(row["contact"]))}
            codes = frozenset(code for text in said for code in json.loads(text))
            return codes, await next_place(db, name, after, width)

        return await self._database.read(verb, aside=True)

    async def attempts_after(
        self, name: str, which: AttemptFilter, *, after: AttemptPlace | None, limit: int
    ) -> list[ListedAttempt]:
        if which.disposition is not None and which.state not in (None, AttemptState.ENDED):
            return []
        params: dict[str, Any] = {
            "name": name, "state": which.state, "disposition": which.disposition, "limit": limit,
            **({"at": us(after.created_at), "sent": us(after.send_at), "id": after.id} if after else {}),
        }  # fmt: skip
        beyond = "" if after is None else _BEFORE if which.newest_first else _BEYOND
        sql = _ATTEMPTS.format(_some(which), beyond, _NEWEST if which.newest_first else _OLDEST)

        async def verb(db: Connection) -> list[ListedAttempt]:
            return [ListedAttempt(to_attempt(row), to_contact(row["contact"])) for row in await db.rows(sql, params)]

        return await self._database.read(verb, aside=True)

    async def suppressions_after(
        self, patterns: Sequence[str], *, after: SuppressionPlace | None, limit: int
    ) -> list[Suppression]:
        params: dict[str, Any] = {
            "limit": limit, **_like(patterns),
            **({"at": us(after.created_at), "key": after.phone_key, "scope": after.scope} if after else {}),
        }  # fmt: skip
        said = " OR ".join(_SAID.format(n=n) for n in range(len(patterns)))
        sql = _ENTRIES.format(_OLDER if after else "", f"AND ({said})" if patterns else "")

        async def verb(db: Connection) -> list[Suppression]:
            return [to_suppression(row) for row in await db.rows(sql, params)]

        return await self._database.read(verb, aside=True)

    async def suppressions_of(self, phone_keys: Sequence[str]) -> list[Suppression]:
        async def verb(db: Connection) -> list[Suppression]:
            return [to_suppression(row) for row in await db.rows(_ENTRIES_OF, {"keys": list(phone_keys)})]

        return await self._database.read(verb)


async def _listed(db: Connection, sql: str, params: dict[str, Any]) -> list[ListedLead]:
    rows = await db.rows(sql, params)
    return [ListedLead(to_lead(row), row["seq"], row["tries"], row["last_phone"]) for row in rows]


def _like(patterns: Sequence[str]) -> dict[str, str]:
    return {f"p{n}": pattern for n, pattern in enumerate(patterns)}


def _known(which: LeadFilter) -> str:
    """What an index leads to, in the order of the list."""
    return "label" if which.label is not None else "outcome" if which.outcome is not None else "place"


def _some(which: AttemptFilter) -> str:
    """The condition as an index has it, in the order of time."""
    if which.disposition is not None:
        return "campaign = :name AND disposition = :disposition"
    if which.state is None:
        return "campaign = :name"
    if which.state is AttemptState.ENDED:  # nearly all of them
        return "campaign = :name AND NOT (disposition IS NULL)"
    if which.state in FREE_STATES:
        return f"campaign = :name AND state = :state AND {FREE}"
    return f"campaign || '' = :name AND state = :state AND {LIVE}"  # a few, of all campaigns


FREE = "state IN ('refused', 'not_sent', 'not_created')"
"""As the index of attempts that cost nothing says it."""
_SHOWN = f"""
SELECT lead.*, (SELECT COUNT(*) FROM attempt a WHERE a.lead_id = lead.id AND NOT a.{FREE}) AS tries,
    (SELECT phone FROM attempt a WHERE a.lead_id = lead.id ORDER BY ordinal DESC LIMIT 1) AS last_phone
FROM lead WHERE
"""
_ON = "seq > :after ORDER BY seq LIMIT :limit"
_ORDERED = {
    "place": f"{_SHOWN} campaign = :name AND {_ON}",
    "outcome": f"{_SHOWN} campaign = :name AND outcome = :outcome AND {_ON}",
    "label": f"""{_SHOWN} campaign = :name AND label = :label AND label <> ''
        AND (state || '' = :state OR :state IS NULL) AND (outcome || '' = :outcome OR :outcome IS NULL) AND {_ON}""",
}
_NEAR = f"""{_SHOWN} campaign = :name AND seq > :after AND seq <= :upto AND state || '' = :state
    ORDER BY seq LIMIT :limit"""
# The index of a state has its leads in another order, but reads none of the others.
_FAR = {
    state: f"""{_SHOWN} campaign = :name AND seq IN (SELECT seq FROM lead WHERE campaign = :name
        AND {"outcome IS NOT NULL" if state is LeadState.CLOSED else f"state = '{state}'"} AND seq + 0 > :upto
        ORDER BY seq + 0 LIMIT :limit) ORDER BY seq"""
    for state in LeadState
}
_BY_ID = f"{_SHOWN} id = ANY(:ids) ORDER BY campaign, seq"
_BY_PHONE = f"""{_SHOWN} id IN (SELECT lead_id FROM lead_phone WHERE phone_key = ANY(:keys))
    ORDER BY campaign, seq LIMIT :limit"""
_NAME = "LOWER(json_extract(contact, '$.name')) LIKE :p{n}"
# The whole text first, for what all patterns have in common: it is looked through quicker than it is understood.
_NAMED = f"""{_SHOWN} campaign = :name AND seq > :after AND seq <= :upto
    AND LOWER(contact) LIKE :somewhere AND ({{}}) ORDER BY seq LIMIT :limit"""
_CONTACTS = "SELECT contact FROM lead WHERE campaign = :name AND seq > :after AND seq <= :upto"
_CODES = re.compile(r'"jurisdictions":(\[[^]]*\])')
"""A quarter of the time that either database takes to understand the whole contact."""
_ATTEMPTS = """
SELECT attempt.*, (SELECT contact FROM lead WHERE lead.id = attempt.lead_id) AS contact
FROM attempt WHERE {} {} ORDER BY {} LIMIT :limit
"""
_OLDEST, _NEWEST = "created_at, send_at, id", "created_at DESC, send_at DESC, id DESC"
_BEYOND = "AND created_at >= :at AND (created_at, send_at, id) > (:at, :sent, :id)"
_BEFORE = "AND created_at <= :at AND (created_at, send_at, id) < (:at, :sent, :id)"
_ENTRIES = """
SELECT * FROM suppression WHERE 0 = 0 {} {} ORDER BY created_at DESC, phone_key DESC, scope DESC LIMIT :limit
"""
_OLDER = "AND created_at <= :at AND (created_at, phone_key, scope) < (:at, :key, :scope)"
_SAID = "LOWER(who || ' ' || why || ' ' || proof || ' ' || shown || ' ' || scope) LIKE :p{n}"
_ENTRIES_OF = (
    "SELECT * FROM suppression WHERE phone_key = ANY(:keys) ORDER BY created_at DESC, phone_key DESC, scope DESC"
)
