"""Verbs between a waiting lead and a placed call: the ones that permit a dial."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import Disposition
from campaigns.domain.facts import Facts, PastAttempt
from campaigns.domain.lead import FREE_STATES, Attempt, AttemptState, Lead
from campaigns.domain.pacing import Breaker, request_spacing, spacing
from campaigns.ports.store import Account, CampaignRecord, Claimed, Intent, Limits, Look

from .database import Connection, Database
from .rows import (
    ATTEMPT_COLUMNS,
    LEAD_PLAN,
    at,
    attempt_row,
    breaker_from_json,
    breaker_to_json,
    dumps,
    lead_plan,
    maybe_at,
    to_attempt,
    to_campaign,
    to_lead,
    us,
)

AHEAD = timedelta(seconds=1)
"""Never write down more dials than may be sent this soon."""
DIAL_WITHIN = timedelta(seconds=30)
BUSY_LOOK = timedelta(minutes=1)
"""A person who is being called is looked at again after this."""
LATELY = timedelta(days=8)
"""How far back other campaigns' attempts are counted: more than any per-day or gap limit of the settings needs."""

SET_PLAN = ", ".join(f"{name} = :{name}" for name in LEAD_PLAN)
INSERT_ATTEMPT = (
    f"INSERT INTO attempt ({', '.join(ATTEMPT_COLUMNS)}) VALUES ({', '.join(':' + c for c in ATTEMPT_COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)
SUPPRESSED = (
    "SELECT 1 FROM lead_phone p JOIN suppression s ON s.phone_key = p.phone_key"
    " WHERE p.lead_id = lead.id AND s.scope IN ('all', campaign.purpose)"
)


class DialVerbs:
    """See `ports.store.DialStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, name: str, *, now: datetime) -> Look | None:
        async def verb(db: Connection) -> Look | None:
            found = await db.rows("SELECT * FROM campaign WHERE name = :name", {"name": name})
            if not found:
                return None
            campaign = to_campaign(found[0])
            row = (await db.rows(_LOOK, {"name": name, "provider": campaign.provider, "now": us(now)}))[0]
            return Look(
                campaign=campaign,
                account=await _account(db, campaign.provider),
                next_send_at=maybe_at(found[0]["next_send_at"]),
                next_due_at=maybe_at(row["next_due_at"]),
                line_free_at=maybe_at(row["line_free_at"]),
                **{key: row[key] for key in ("open_account", "open_campaign", "ready", "due", "calling", "held")},
            )

        return await self._database.read(verb)

    async def promote(self, name: str, *, limit: int, now: datetime) -> int:
        async def verb(db: Connection) -> int:
            return await db.run(
                "UPDATE lead SET state = 'ready', rev = rev + 1 WHERE id IN (SELECT id FROM lead"
                " WHERE campaign = :name AND state = 'waiting' AND (due_at IS NULL OR due_at <= :now)"
                " ORDER BY due_at, seq LIMIT :limit)",
                {"name": name, "now": us(now), "limit": limit},
            )

        return await self._database.write(verb)

    async def claim(
        self, name: str, *, limit: int, owner: str, until: datetime, now: datetime
    ) -> list[Claimed]:  # fmt: skip
        async def verb(db: Connection) -> list[Claimed]:
            rows = await db.rows(
                "UPDATE lead SET lease_owner = :owner, lease_until = :until WHERE id IN (SELECT id FROM lead"
                " WHERE campaign = :name AND state = 'ready' AND (lease_owner IS NULL OR lease_until < :now)"
                " ORDER BY rank, last_chance DESC, closes_at, seq LIMIT :limit) RETURNING id",
                {"name": name, "owner": owner, "until": us(until), "now": us(now), "limit": limit},
            )
            return await _gather(db, [row["id"] for row in rows], now)

        return await self._database.write(verb)

    async def facts(self, lead_ids: Sequence[str], *, now: datetime) -> list[Claimed]:
        return await self._database.read(lambda db: _gather(db, lead_ids, now))

    async def plan(self, leads: Sequence[Lead], *, now: datetime) -> None:  # noqa: ARG002 - the port's
        async def verb(db: Connection) -> None:
            await db.run_many(
                f"UPDATE lead SET {SET_PLAN}, lease_owner = NULL, rev = rev + 1"
                # Whatever else wrote to the lead took the lease away, and knows better.
                " WHERE id = :id AND state = 'ready' AND lease_owner IS NOT NULL",
                [lead_plan(lead) for lead in leads],
            )

        await self._database.write(verb)

    async def begin(
        self,
        record: CampaignRecord,
        intents: Sequence[Intent],
        limits: Limits,
        *,
        most: int,
        owner: str,
        now: datetime,
    ) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            await _lock_account(db, record.provider)
            free = min(most, await _free_lines(db, record, limits))
            lawful = await _still_as_judged(db, record, intents)
            slots = _slots(await _first_slot(db, record, now), limits, now=now)
            begun = [
                _attempt(intent, record, owner=owner, send_at=slot, now=now)
                for intent, slot in zip(_one_each(lawful, free), slots, strict=False)
            ]
            written = await _write_intents(db, begun)
            await _take_slots(db, record, written, limits)
            await _give_back(db, intents, written)
            return written

        return await self._database.write(verb)

    async def fence(self, attempt: Attempt, *, now: datetime) -> Attempt | None:
        async def verb(db: Connection) -> Attempt | None:
            rows = await db.rows(_FENCE, {"id": attempt.id, "owner": attempt.lease_owner, "now": us(now)})
            if rows:
                await _journal(db, [(attempt.id, "intent", "sending", "permit")], now)
            return to_attempt(rows[0]) if rows else None

        return await self._database.write(verb)

    async def new_slot(self, attempt: Attempt, limits: Limits, *, now: datetime) -> datetime:
        async def verb(db: Connection) -> datetime:
            await _lock_account(db, attempt.provider)
            found = await db.rows("SELECT * FROM campaign WHERE name = :name", {"name": attempt.campaign})
            record = to_campaign(found[0])
            slot = await _first_slot(db, record, now)
            await _take_slots(db, record, [replace(attempt, send_at=slot)], limits)
            return slot

        return await self._database.write(verb)

    async def request_slot(self, provider: str, spacing: timedelta, *, now: datetime) -> datetime:
        async def verb(db: Connection) -> datetime:
            await _lock_account(db, provider)
            account = await _account(db, provider)
            slot = max(filter(None, [now, account.next_request_at, account.paused_until]))
            await db.run(
                "UPDATE account SET next_request_at = :at WHERE provider = :provider",
                {"at": us(slot + spacing), "provider": provider},
            )
            return slot

        return await self._database.write(verb)

    async def account(self, provider: str) -> Account:
        return await self._database.read(lambda db: _account(db, provider))

    async def forget_account(self, provider: str) -> None:
        async def verb(db: Connection) -> None:
            await db.run("DELETE FROM account WHERE provider = :provider", {"provider": provider})

        await self._database.write(verb)

    async def pause_account(self, provider: str, until: datetime) -> None:
        async def verb(db: Connection) -> None:
            await _lock_account(db, provider)
            await db.run(
                "UPDATE account SET paused_until = :until WHERE provider = :provider"
                " AND (paused_until IS NULL OR paused_until < :until)",
                {"provider": provider, "until": us(until)},
            )

        await self._database.write(verb)

    async def put_breaker(self, provider: str, breaker: Breaker) -> None:
        async def verb(db: Connection) -> None:
            await _lock_account(db, provider)
            await db.run(
                "UPDATE account SET breaker = :breaker WHERE provider = :provider",
                {"provider": provider, "breaker": breaker_to_json(breaker)},
            )

        await self._database.write(verb)


_LOOK = """
SELECT
    (SELECT COUNT(*) FROM attempt WHERE open = 1 AND provider = :provider) AS open_account,
    (SELECT COUNT(*) FROM attempt WHERE open = 1 AND provider = :provider AND campaign = :name) AS open_campaign,
    (SELECT COUNT(*) FROM (SELECT 1 FROM lead WHERE campaign = :name AND state = 'ready' LIMIT 1000)) AS ready,
    (SELECT COUNT(*) FROM (SELECT 1 FROM lead WHERE campaign = :name AND state = 'waiting'
                           AND (due_at IS NULL OR due_at <= :now) LIMIT 1000)) AS due,
    (SELECT MIN(due_at) FROM lead WHERE campaign = :name AND state = 'waiting' AND due_at IS NOT NULL) AS next_due_at,
    (SELECT COUNT(*) FROM lead WHERE campaign = :name AND state = 'calling') AS calling,
    (SELECT COUNT(*) FROM lead WHERE campaign = :name AND state = 'held') AS held,
    (SELECT MIN(first_sent_at) FROM attempt WHERE open = 1 AND provider = :provider) AS line_free_at
"""

_FENCE = f"""
UPDATE attempt SET state = 'sending', first_sent_at = :now, rev = rev + 1
WHERE id = :id AND state = 'intent' AND lease_owner = :owner AND dial_before > :now
  AND NOT EXISTS (SELECT 1 FROM account WHERE provider = attempt.provider AND paused_until > :now)
  AND EXISTS (
    SELECT 1 FROM lead JOIN campaign ON campaign.name = lead.campaign JOIN person USING (person_key)
    WHERE lead.id = attempt.lead_id AND lead.state = 'calling' AND campaign.state = 'active'
      AND campaign.version = attempt.campaign_version AND person.version = attempt.person_version
      AND NOT EXISTS ({SUPPRESSED}))
RETURNING *
"""


async def _journal(db: Connection, lines: Sequence[tuple[str, str, str, str]], now: datetime) -> None:
    await db.run_many(
        "INSERT INTO journal (attempt_id, at, from_state, to_state, why) VALUES (:id, :at, :a, :b, :why)",
        [{"id": id_, "at": us(now), "a": a, "b": b, "why": why} for id_, a, b, why in lines],
    )


async def _lock_account(db: Connection, provider: str) -> None:
    """First of all in every transaction that hands out lines or slots; what is counted is counted after it."""
    await db.run(
        "INSERT INTO account (provider) VALUES (:provider) ON CONFLICT (provider) DO UPDATE SET provider = :provider",
        {"provider": provider},
    )


async def _account(db: Connection, provider: str) -> Account:
    rows = await db.rows("SELECT * FROM account WHERE provider = :provider", {"provider": provider})
    if not rows:
        return Account()
    row = rows[0]
    return Account(
        maybe_at(row["next_send_at"]), maybe_at(row["next_request_at"]), maybe_at(row["paused_until"]),
        breaker_from_json(row["breaker"]),
    )  # fmt: skip


async def _free_lines(db: Connection, record: CampaignRecord, limits: Limits) -> int:
    row = (
        await db.rows(
            "SELECT COUNT(*) AS account, COALESCE(SUM(campaign = :name), 0) AS own FROM attempt"
            " WHERE open = 1 AND provider = :provider",
            {"name": record.name, "provider": record.provider},
        )
    )[0]
    return max(0, int(min(limits.at_once - row["account"], limits.campaign_at_once - row["own"])))


async def _still_as_judged(db: Connection, record: CampaignRecord, intents: Sequence[Intent]) -> list[Intent]:
    """Intents whose person, campaign and suppression are as `decide` saw them."""
    rows = await db.rows(
        "SELECT lead.id AS id, person.version AS version FROM lead JOIN campaign ON campaign.name = lead.campaign"
        " JOIN person USING (person_key) WHERE lead.id IN (SELECT value FROM json_each(:ids))"
        " AND lead.state = 'ready' AND campaign.state = 'active' AND campaign.version = :version"
        f" AND NOT EXISTS ({SUPPRESSED})",
        {"ids": dumps([intent.claimed.facts.lead.id for intent in intents]), "version": record.version},
    )
    versions = {row["id"]: row["version"] for row in rows}
    return [i for i in intents if versions.get(i.claimed.facts.lead.id) == i.claimed.person_version]


def _one_each(intents: Sequence[Intent], free: int) -> list[Intent]:
    """At most one intent per person and number, and no more than there are lines."""
    taken: set[str] = set()
    chosen: list[Intent] = []
    for intent in intents:
        names = {intent.claimed.facts.lead.person_key, intent.phone_key}
        if len(chosen) < free and not names & taken:
            taken |= names
            chosen.append(intent)
    return chosen


async def _first_slot(db: Connection, record: CampaignRecord, now: datetime) -> datetime:
    """The next send instant that account, campaign and request budget leave free."""
    account = await _account(db, record.provider)
    own = await db.rows("SELECT next_send_at FROM campaign WHERE name = :name", {"name": record.name})
    moments = [account.next_send_at, account.next_request_at, account.paused_until, maybe_at(own[0]["next_send_at"])]
    return max([now, *filter(None, moments)])


def _slots(first: datetime, limits: Limits, *, now: datetime) -> Iterator[datetime]:
    """Send instants from `first` on, as far ahead as dials are written down."""
    step = _step(limits)
    return (first + step * i for i in range((now + AHEAD - first) // step + 1))


def _step(limits: Limits) -> timedelta:
    slowest = min(limits.per_second, limits.campaign_per_second)
    return max(
        spacing(slowest, limits.tolerance), request_spacing(limits.requests_per_minute, limits.tolerance)
    )  # fmt: skip


def _attempt(intent: Intent, record: CampaignRecord, *, owner: str, send_at: datetime, now: datetime) -> Attempt:
    lead = intent.claimed.facts.lead
    return Attempt(
        id=intent.attempt_id, lead_id=lead.id, campaign=lead.campaign, person_key=lead.person_key,
        phone=intent.phone.e164, phone_key=intent.phone_key,
        ordinal=intent.claimed.next_ordinal, provider=record.provider, state=AttemptState.INTENT, open=True,
        body=intent.body, callback=intent.callback, created_at=now, send_at=send_at,
        dial_before=min(send_at + DIAL_WITHIN, intent.closes_at), lease_owner=owner,
        campaign_version=record.version, person_version=intent.claimed.person_version + 1,
    )  # fmt: skip


async def _write_intents(db: Connection, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Insert in key order (shuffled batches deadlock on PostgreSQL); the unique indexes drop the losers."""
    if not attempts:
        return []
    await db.run_many(INSERT_ATTEMPT, [attempt_row(a) for a in sorted(attempts, key=lambda a: a.phone_key)])
    ids = dumps([a.id for a in attempts])
    rows = await db.rows(
        "SELECT id FROM attempt WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'intent'", {"ids": ids}
    )
    there = {row["id"] for row in rows}
    written = [a for a in attempts if a.id in there]
    await db.run_many(
        "UPDATE lead SET state = 'calling', due_at = NULL, lease_owner = NULL, rev = rev + 1 WHERE id = :id",
        [{"id": a.lead_id} for a in written],
    )
    await db.run_many(
        "UPDATE person SET version = version + 1 WHERE person_key = :key", [{"key": a.person_key} for a in written]
    )
    await _journal(db, [(a.id, "", "intent", "decided") for a in written], attempts[0].created_at)
    return written


async def _take_slots(db: Connection, record: CampaignRecord, written: Sequence[Attempt], limits: Limits) -> None:
    if not written:
        return
    last = max(attempt.send_at for attempt in written)
    account = spacing(limits.per_second, limits.tolerance)
    request = request_spacing(limits.requests_per_minute, limits.tolerance)
    own = spacing(limits.campaign_per_second, limits.tolerance)
    await db.run(
        "UPDATE account SET next_send_at = :send, next_request_at = :request WHERE provider = :provider",
        {"send": us(last + account), "request": us(last + request), "provider": record.provider},
    )
    await db.run(
        "UPDATE campaign SET next_send_at = :send WHERE name = :name", {"send": us(last + own), "name": record.name}
    )


async def _give_back(db: Connection, intents: Sequence[Intent], written: Sequence[Attempt]) -> None:
    begun = {attempt.lead_id for attempt in written}
    ids = [i.claimed.facts.lead.id for i in intents if i.claimed.facts.lead.id not in begun]
    await db.run(
        "UPDATE lead SET lease_owner = NULL WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'ready'",
        {"ids": dumps(ids)},
    )


async def _gather(db: Connection, ids: Sequence[str], now: datetime) -> list[Claimed]:
    """Leads with everything a decision needs, in claim order; a few queries for the whole batch."""
    if not ids:
        return []
    params = {"ids": dumps(list(ids)), "since": us(now - LATELY)}
    own, elsewhere = defaultdict[str, list[Any]](list), defaultdict[str, list[datetime]](list)
    for row in await db.rows(_OWN_ATTEMPTS, params):
        own[row["lead_id"]].append(row)
    for row in await db.rows(_ELSEWHERE, params):
        elsewhere[row["lead_id"]].append(at(row["at"]))
    return [
        _claimed(row, own[row["id"]], tuple(elsewhere[row["id"]]), now)
        for row in await db.rows(_LEADS, params)
    ]


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
