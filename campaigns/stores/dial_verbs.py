"""Verbs between a waiting lead and a placed call: the ones that permit a dial."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns.domain.callers import day_of
from campaigns.domain.changed import changed
from campaigns.domain.lead import FIRES_WITHIN, Attempt, AttemptState, Lead
from campaigns.domain.lines import Hold
from campaigns.domain.pacing import Breaker, Limits, Standing, lines_for, paced, spacing
from campaigns.failpoints import failpoint
from campaigns.ports.store import Account, CampaignRecord, Claimed, Intent, Look

from .budgets import DIAL_WITHIN, caller_uses, spend
from .database import Connection, Database, Params
from .gathering import CLAIM_ORDER, SUPPRESSED, gather, with_facts
from .lines import booked_in, holds
from .people_verbs import SUSPENDED
from .replan_verbs import PLANNED
from .rows import (
    ATTEMPT_COLUMNS,
    LEAD_PLAN,
    MICROSECOND,
    attempt_row,
    breaker_to_json,
    lead_plan,
    maybe_at,
    to_campaign,
    us,
)
from .slots import account_of, first_slot, slots, standing_of, take_lines, take_slots

SET_PLAN = ", ".join(f"{name} = :{name}" for name in LEAD_PLAN)
INSERT_ATTEMPT = (
    f"INSERT INTO attempt ({', '.join(ATTEMPT_COLUMNS)}) VALUES ({', '.join(':' + c for c in ATTEMPT_COLUMNS)})"
    " ON CONFLICT DO NOTHING"
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
            account = await account_of(db, campaign.provider)
            params = {"name": name, "provider": campaign.provider, "now": us(now), "late": FIRES_WITHIN // MICROSECOND}
            row = (await db.rows(_LOOK, params))[0]
            return Look(
                campaign=campaign,
                account=account,
                standing=await standing_of(db, campaign, account, now),
                next_due_at=maybe_at(row["next_due_at"]),
                suspended=frozenset(r["code"] for r in await db.rows(SUSPENDED, {"now": us(now)})),
                line_free_at=maybe_at(row["line_free_at"]),
                **{key: row[key] for key in ("ready", "due", "booked")},
                **{key: bool(row[key]) for key in ("calling", "held", "stale")},
            )

        return await self._database.read(verb)

    async def promote(self, name: str, *, limit: int, now: datetime) -> int:
        async def verb(db: Connection) -> int:
            rows = await db.rows(_DUE, {"name": name, "now": us(now), "limit": limit})
            places = [row["seq"] for row in rows]
            return await db.run(_PROMOTE, {"name": name, "places": places}) if places else 0

        return await self._database.write(verb, brief=True)

    async def claim(
        self, name: str, *, limit: int, owner: str, until: datetime, now: datetime
    ) -> list[Claimed]:  # fmt: skip
        async def verb(db: Connection) -> list[Claimed]:
            rows = await db.rows(_READY, {"name": name, "now": us(now), "limit": limit})
            places = [row["seq"] for row in rows]
            if places:
                await db.run(_LEASE, {"name": name, "places": places, "owner": owner, "until": us(until)})
            return await with_facts(db, rows, now)

        return await self._database.write(verb, brief=True)

    async def facts(self, lead_ids: Sequence[str], *, now: datetime) -> list[Claimed]:
        return await self._database.read(lambda db: gather(db, lead_ids, now))

    async def plan(self, leads: Sequence[Lead], *, now: datetime) -> None:  # noqa: ARG002 - the port's
        async def verb(db: Connection) -> None:
            await db.run_many(
                f"UPDATE lead SET {SET_PLAN}, lease_owner = NULL, rev = rev + 1"
                # Whatever else wrote to the lead took the lease away, and knows better.
                " WHERE id = :id AND state || '' = 'ready' AND lease_owner IS NOT NULL",
                [lead_plan(lead) for lead in leads],
            )

        await self._database.write(verb, brief=True)

    async def bid(self, name: str, *, priority: int, lines: int, until: datetime) -> None:
        async def verb(db: Connection) -> None:
            await db.run(
                "UPDATE campaign SET priority = :priority, bid_lines = :lines, bid_until = :until WHERE name = :name",
                {"name": name, "priority": priority, "lines": lines, "until": us(until)},
            )

        await self._database.write(verb, brief=True)

    async def caller_uses(
        self, provider: str, numbers: Sequence[str], zone: str | None, *, now: datetime
    ) -> dict[str, int]:
        return await self._database.read(lambda db: caller_uses(db, provider, numbers, zone, now))

    async def begin(  # noqa: PLR0913 - the port's
        self,
        record: CampaignRecord,
        intents: Sequence[Intent],
        limits: Limits,
        *,
        most: int,
        owner: str,
        now: datetime,
        ahead: timedelta = timedelta(),
    ) -> list[Attempt]:
        async def verb(db: Connection) -> list[Attempt]:
            standing = await standing_of(db, record, await account_of(db, record.provider), now)
            lawful = await _with_caller(db, record, await _still_as_judged(db, record, intents), limits, now)
            chosen = await _with_a_line(db, record, _one_each(lawful), limits, standing, now=now)
            pace = paced(limits, standing, now=now)
            begun = [
                _attempt(intent, record, limits, owner=owner, send_at=slot, now=now)
                for intent, slot in zip(chosen[:most], slots(standing, pace, now=now, ahead=ahead), strict=False)
            ]
            # A booking whose slot comes after the last moment for it would only be dropped again.
            written = await _write_intents(db, [a for a in begun if a.fires_at is None or a.send_at < a.dial_before])
            if written:
                await take_slots(db, record, max(attempt.send_at for attempt in written), pace)
            await take_lines(db, record, standing, limits, lines=len(written), now=now)
            await spend(db, record.name, limits.purse.worst * len(written))
            await _give_back(db, intents, written)
            failpoint("before_intent")
            return written

        return await self._database.write(verb, account=record.provider, brief=True)

    async def fence(self, attempt: Attempt, *, now: datetime) -> Attempt | None:
        rev: int | None = await self._database.write_each(_fence, (attempt, now), account=attempt.provider)
        if rev is None:
            return None
        return changed(attempt, state=AttemptState.SENDING, first_sent_at=now, rev=rev)

    async def holds(self, name: str, longest_call: timedelta, *, now: datetime) -> list[Hold]:
        async def verb(db: Connection) -> list[Hold]:
            found = await db.rows("SELECT * FROM campaign WHERE name = :name", {"name": name})
            return await holds(db, to_campaign(found[0]), longest_call, now=now) if found else []

        return await self._database.read(verb)

    async def new_slot(self, attempt: Attempt, limits: Limits, *, now: datetime) -> datetime:
        return await self._database.write_each(_new_slots, (attempt, limits, now), account=attempt.provider)

    async def request_slot(self, provider: str, spacing: timedelta, *, now: datetime) -> datetime:
        async def verb(db: Connection) -> datetime:
            account = await account_of(db, provider)
            slot = max(filter(None, [now, account.next_request_at, account.paused_until]))
            await db.run(
                "UPDATE account SET next_request_at = :at WHERE provider = :provider",
                {"at": us(slot + spacing), "provider": provider},
            )
            return slot

        return await self._database.write(verb, account=provider, brief=True)

    async def account(self, provider: str) -> Account:
        return await self._database.read(lambda db: account_of(db, provider))

    async def forget_account(self, provider: str) -> None:
        async def verb(db: Connection) -> None:
            await db.run("DELETE FROM account WHERE provider = :provider", {"provider": provider})

        await self._database.write(verb)

    async def pause_account(self, provider: str, until: datetime) -> None:
        async def verb(db: Connection) -> None:
            await db.run(
                "UPDATE account SET paused_until = :until WHERE provider = :provider"
                " AND (paused_until IS NULL OR paused_until < :until)",
                {"provider": provider, "until": us(until)},
            )

        await self._database.write(verb, account=provider, brief=True)

    async def put_breaker(self, provider: str, breaker: Breaker) -> None:
        async def verb(db: Connection) -> None:
            await db.run(
                "UPDATE account SET breaker = :breaker WHERE provider = :provider",
                {"provider": provider, "breaker": breaker_to_json(breaker)},
            )

        await self._database.write(verb, account=provider, brief=True)


# Leads are named by their places in what is written: those lie together, while ids are scattered all over an index.
_DUE = """
SELECT seq FROM lead WHERE campaign = :name AND state = 'waiting' AND COALESCE(due_at, 0) <= :now
ORDER BY COALESCE(due_at, 0), seq LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_PROMOTE = "UPDATE lead SET state = 'ready', rev = rev + 1 WHERE campaign = :name AND seq = ANY(:places)"
_READY = f"""
SELECT * FROM lead WHERE campaign = :name AND state = 'ready' AND (lease_owner IS NULL OR lease_until < :now)
ORDER BY {CLAIM_ORDER} LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_LEASE = """
UPDATE lead SET lease_owner = :owner, lease_until = :until WHERE campaign = :name AND seq = ANY(:places)
"""
# Each with the order of its index (see `IN_ORDER`).
_LOOK = f"""
SELECT
    (SELECT COUNT(*) FROM (SELECT 1 FROM lead WHERE campaign = :name AND state = 'ready'
                           ORDER BY {CLAIM_ORDER} LIMIT 1000) AS few) AS ready,
    (SELECT COUNT(*) FROM (SELECT 1 FROM lead WHERE campaign = :name AND state = 'waiting'
                           AND COALESCE(due_at, 0) <= :now ORDER BY COALESCE(due_at, 0), seq LIMIT 1000) AS few) AS due,
    (SELECT due_at FROM lead WHERE campaign = :name AND state = 'waiting' AND COALESCE(due_at, 0) > 0
     ORDER BY COALESCE(due_at, 0), seq LIMIT 1) AS next_due_at,
    EXISTS (SELECT 1 FROM lead WHERE campaign = :name AND state = 'calling') AS calling,
    EXISTS (SELECT 1 FROM lead WHERE campaign = :name AND state = 'held') AS held,
    (SELECT COUNT(*) FROM attempt WHERE open = 1 AND provider = :provider AND campaign = :name
        AND (state = 'booked' OR (state = 'unclear' AND fires_at > :now))) AS booked,
    (SELECT MIN(COALESCE(fires_at + :late, first_sent_at)) FROM attempt WHERE open = 1 AND provider = :provider)
        AS line_free_at,
    (SELECT MIN(revision) FROM lead WHERE {PLANNED}) < (SELECT plans_from FROM campaign WHERE name = :name) AS stale
"""

_FENCE = f"""
UPDATE attempt SET state = 'sending', first_sent_at = :now, rev = rev + 1
WHERE id = :id AND state || '' = 'intent' AND lease_owner = :owner AND dial_before > :now
  AND NOT EXISTS (SELECT 1 FROM account WHERE provider = attempt.provider AND paused_until > :now)
  AND EXISTS (
    SELECT 1 FROM lead JOIN campaign ON campaign.name = lead.campaign JOIN person USING (person_key)
    WHERE lead.id = attempt.lead_id AND lead.state || '' = 'calling' AND campaign.state = 'active'
      AND campaign.version = attempt.campaign_version AND person.version = attempt.person_version
      AND NOT EXISTS ({SUPPRESSED}) FOR SHARE OF person)
RETURNING rev
"""


async def _fence(db: Connection, items: Sequence[tuple[Attempt, datetime]]) -> list[int | None]:
    """The revision of each that may be asked for now."""
    asked = [{"id": attempt.id, "owner": attempt.lease_owner, "now": us(now)} for attempt, now in items]
    found = await db.rows_many(_FENCE, asked)
    let = [(attempt.id, now) for (attempt, now), rows in zip(items, found, strict=True) if rows]
    await db.run_many(_JOURNAL, [_line(name, "intent", "sending", "permit", now) for name, now in let])
    failpoint("before_permit")
    return [rows[0]["rev"] if rows else None for rows in found]


async def _new_slots(db: Connection, items: Sequence[tuple[Attempt, Limits, datetime]]) -> list[datetime]:
    """One behind the other, those of a campaign together."""
    given: dict[int, datetime] = {}
    places = defaultdict[str, list[int]](list)
    for place, (attempt, _, _) in enumerate(items):
        places[attempt.campaign].append(place)
    for campaign, mine in places.items():
        given |= zip(mine, await _slots_of(db, campaign, [items[place] for place in mine]), strict=True)
    return [given[place] for place in range(len(items))]


async def _slots_of(
    db: Connection, campaign: str, items: Sequence[tuple[Attempt, Limits, datetime]]
) -> list[datetime]:  # fmt: skip
    found = await db.rows("SELECT * FROM campaign WHERE name = :name", {"name": campaign})
    record, limits, now = to_campaign(found[0]), items[0][1], max(now for _, _, now in items)
    standing = await standing_of(db, record, await account_of(db, record.provider), now)
    pace = paced(limits, standing, now=now)
    step = max(spacing(pace.campaign_per_second, pace.tolerance), pace.account_spacing)
    slots = [first_slot(standing, now) + step * place for place in range(len(items))]
    await take_slots(db, record, slots[-1], pace)
    return slots


_JOURNAL = "INSERT INTO journal (attempt_id, at, from_state, to_state, why) VALUES (:id, :at, :a, :b, :why)"


def _line(name: str, before: str, after: str, why: str, now: datetime) -> Params:
    return {"id": name, "at": us(now), "a": before, "b": after, "why": why}


async def _still_as_judged(db: Connection, record: CampaignRecord, intents: Sequence[Intent]) -> list[Intent]:
    """Intents whose person, campaign and suppression are as `decide` saw them."""
    rows = await db.rows(
        "SELECT lead.id AS id, person.version AS version FROM lead JOIN campaign ON campaign.name = lead.campaign"
        " JOIN person USING (person_key) WHERE lead.id = ANY(:ids)"
        " AND lead.state || '' = 'ready' AND campaign.state = 'active' AND campaign.version = :version"
        f" AND NOT EXISTS ({SUPPRESSED})",
        {"ids": [intent.claimed.facts.lead.id for intent in intents], "version": record.version},
    )
    versions = {row["id"]: row["version"] for row in rows}
    return [i for i in intents if versions.get(i.claimed.facts.lead.id) == i.claimed.person_version]


def _one_each(intents: Sequence[Intent]) -> list[Intent]:
    """At most one intent per person and number."""
    taken: set[str] = set()
    chosen: list[Intent] = []
    for intent in intents:
        names = {intent.claimed.facts.lead.person_key, intent.phone_key}
        if not names & taken:
            taken |= names
            chosen.append(intent)
    return chosen


async def _with_caller(
    db: Connection, record: CampaignRecord, intents: Sequence[Intent], limits: Limits, now: datetime
) -> list[Intent]:
    """Intents whose number shown has room today; the others are judged again."""
    if not limits.caller_caps:
        return list(intents)
    caps = dict(limits.caller_caps)
    days: dict[datetime, dict[str, int]] = {}
    fit: list[Intent] = []
    for intent in intents:
        at, number = intent.fires_at or now, intent.caller_id
        day = day_of(at, limits.zone)[0]
        if day not in days:
            days[day] = dict(await caller_uses(db, record.provider, list(caps), limits.zone, at))
        used = days[day].get(number, 0)
        if number not in caps or used < caps[number]:
            days[day][number] = used + 1
            fit.append(intent)
    return fit


async def _with_a_line(
    db: Connection,
    record: CampaignRecord,
    intents: Sequence[Intent],
    limits: Limits,
    standing: Standing,
    *,
    now: datetime,
) -> list[Intent]:
    """Those that have a line: dials now, among all that is open or booked; bookings at their moment, in the budget."""
    free = lines_for(record.name, limits, standing, now=now)
    dials = [intent for intent in intents if intent.fires_at is None][:free]
    bookings = [intent for intent in intents if intent.fires_at is not None]
    if not bookings:
        return dials
    held = await holds(db, record, limits.longest_call, now=now)
    left = max(0, limits.purse.fits(standing.spent) - len(dials))
    return dials + booked_in(bookings, held, paced(limits, standing, now=now))[:left]


def _attempt(
    intent: Intent, record: CampaignRecord, limits: Limits, *, owner: str, send_at: datetime, now: datetime
) -> Attempt:
    lead = intent.claimed.facts.lead
    return Attempt(
        id=intent.attempt_id, lead_id=lead.id, campaign=lead.campaign, person_key=lead.person_key,
        phone=intent.phone.e164, phone_key=intent.phone_key,
        ordinal=intent.claimed.next_ordinal, provider=record.provider, state=AttemptState.INTENT, open=True,
        body=intent.body, callback=intent.callback, created_at=now, send_at=send_at,
        dial_before=min(send_at + DIAL_WITHIN, intent.closes_at), lease_owner=owner, fires_at=intent.fires_at,
        campaign_version=record.version, person_version=intent.claimed.person_version + 1,
        subject=intent.subject, debt=intent.debt, caller_id=intent.caller_id, permit=intent.permit,
        held_ms=limits.purse.worst.talk_ms, price_micros=limits.purse.price_micros or 0,
    )  # fmt: skip


async def _write_intents(db: Connection, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Insert in key order (shuffled batches deadlock on PostgreSQL); the unique indexes drop the losers."""
    if not attempts:
        return []
    await db.run_many(INSERT_ATTEMPT, [attempt_row(a) for a in sorted(attempts, key=lambda a: a.phone_key)])
    ids = [a.id for a in attempts]
    rows = await db.rows("SELECT id FROM attempt WHERE id = ANY(:ids) AND state || '' = 'intent'", {"ids": ids})
    there = {row["id"] for row in rows}
    written = [a for a in attempts if a.id in there]
    await db.run_many(
        "UPDATE lead SET state = 'calling', due_at = NULL, closes_at = NULL, rule = '', lease_owner = NULL,"
        " rev = rev + 1 WHERE id = :id",
        [{"id": a.lead_id} for a in written],
    )
    await db.run_many(
        "UPDATE person SET version = version + 1 WHERE person_key = :key", [{"key": a.person_key} for a in written]
    )
    await db.run_many(_JOURNAL, [_line(a.id, "", "intent", "decided", a.created_at) for a in written])
    return written


async def _give_back(db: Connection, intents: Sequence[Intent], written: Sequence[Attempt]) -> None:
    begun = {attempt.lead_id for attempt in written}
    ids = [i.claimed.facts.lead.id for i in intents if i.claimed.facts.lead.id not in begun]
    await db.run(
        "UPDATE lead SET lease_owner = NULL WHERE id = ANY(:ids) AND state || '' = 'ready'",
        {"ids": ids},
    )
