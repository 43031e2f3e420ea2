"""Verbs about campaigns and the leads that their lists bring."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from campaigns.domain.lead import CampaignState, Lead
from campaigns.ports.bookmarks import Shown
from campaigns.ports.store import CampaignRecord, Merged, NewLead, Written

from .closing_verbs import BATCH, close_some
from .database import Connection, Database
from .journal import JOURNAL, line
from .rows import LEAD_PLAN, dumps, lead_plan, plain, to_campaign, us, written


class CampaignVerbs:
    """See `ports.store.CampaignStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_campaign(
        self,
        record: CampaignRecord,
        *,
        keeps_plans_of: int | None = None,
        now: datetime,
    ) -> CampaignRecord:
        async def verb(db: Connection) -> CampaignRecord:
            known = await _campaign(db, record.name)
            fresh = _edited(known, record, keeps_plans_of)
            if fresh != known:
                await db.run(_PUT_CAMPAIGN, _campaign_row(fresh))
                await db.run(JOURNAL, line(f"campaign:{record.name}", "edited" if known else "loaded", now))
            return fresh

        return await self._database.write(verb)

    async def plan_under(self, name: str, stamp: str) -> CampaignRecord | None:
        async def verb(db: Connection) -> CampaignRecord | None:
            await db.run(
                "UPDATE campaign SET planned_under = :stamp, revision = revision + 1, version = version + 1,"
                " plans_from = revision + 1 WHERE name = :name AND planned_under <> :stamp",
                {"name": name, "stamp": stamp},
            )
            return await _campaign(db, name)

        return await self._database.write(verb)

    async def campaign(self, name: str) -> CampaignRecord | None:
        return await self._database.read(lambda db: _campaign(db, name))

    async def campaigns(self) -> list[CampaignRecord]:
        async def verb(db: Connection) -> list[CampaignRecord]:
            return [
                to_campaign(row)
                for row in await db.rows("SELECT * FROM campaign WHERE archived_at IS NULL ORDER BY created_at, name")
            ]

        return await self._database.read(verb)

    async def steer(
        self, name: str, to: CampaignState, *, expect: Sequence[CampaignState], reason: str, now: datetime,
        by: str = "",
    ) -> bool:  # fmt: skip
        async def verb(db: Connection) -> bool:
            changed = await db.run(
                "UPDATE campaign SET state = :to, reason = :reason, version = version + 1,"
                " started_at = CASE WHEN :to = 'active' THEN COALESCE(started_at, :now) ELSE started_at END,"
                " finished_at = CASE WHEN :to IN ('finished', 'stopped') THEN :now END,"
                " ramp_from = CASE WHEN :to <> 'active' THEN ramp_from END"  # the next dial begins it
                " WHERE name = :name AND archived_at IS NULL AND state = ANY(:expect)",
                {"name": name, "to": to, "reason": plain(reason), "now": us(now), "expect": list(expect)},
            )
            if changed:
                await db.run(JOURNAL, line(f"campaign:{name}", to, now, why=f"by {by}" if by else reason, who=by))
            if changed:
                await _close_who_waits(db, name, to, now)
            return bool(changed)

        # Among the transactions that move attempts: each comes before this one or knows of it.
        known = await self.campaign(name)
        return await self._database.write(verb, account=known.provider if known else None)

    async def next_load(self, name: str) -> int:
        async def verb(db: Connection) -> int:
            rows = await db.rows("UPDATE campaign SET loads = loads + 1 WHERE name = :n RETURNING loads", {"n": name})
            return int(rows[0]["loads"])

        return await self._database.write(verb)

    async def note_intake(
        self, name: str, counts: dict[str, int], bad_rows: Sequence[tuple[str, int, str]]
    ) -> None:  # fmt: skip
        async def verb(db: Connection) -> None:
            await db.run("UPDATE campaign SET intake = :c WHERE name = :name", {"name": name, "c": dumps(counts)})
            await db.run("DELETE FROM bad_row WHERE campaign = :name", {"name": name})
            await db.run_many(
                "INSERT INTO bad_row (campaign, source, line, reason) VALUES (:name, :source, :line, :reason)",
                [{"name": name, "source": s, "line": line, "reason": plain(reason)} for s, line, reason in bad_rows],
            )

        await self._database.write(verb)

    async def bad_rows(self, name: str) -> list[tuple[str, int, str]]:
        async def verb(db: Connection) -> list[tuple[str, int, str]]:
            rows = await db.rows(
                "SELECT source, line, reason FROM bad_row WHERE campaign = :n ORDER BY source, line", {"n": name}
            )
            return [(row["source"], row["line"], row["reason"]) for row in rows]

        return await self._database.read(verb)

    async def put_leads(self, name: str, leads: Sequence[NewLead | Written], *, load: int, now: datetime) -> Merged:
        rows = [written(item) for item in leads]

        async def verb(db: Connection) -> Merged:
            known = await _known(db, rows)
            barred = await _barred(db, name, rows)
            fresh = [row for row in rows if row.id in known or barred.isdisjoint(row.phone_keys)]
            sorted_out = _sort_out(fresh, known, load)
            await _insert(db, name, sorted_out.new, load)
            if known:
                await _update(db, sorted_out.updated, load)
                await db.run(
                    "UPDATE lead SET load = :load WHERE load < :load AND id = ANY(:ids)",
                    {"load": load, "ids": list(known)},
                )
                await _close_suppressed(db, name, list(known), now)
            return replace(sorted_out.counts, suppressed=len(rows) - len(fresh))

        return await self._database.write(verb)

    async def source_size(self, name: str, source: int) -> int:
        async def verb(db: Connection) -> int:
            rows = await db.rows(
                "SELECT COUNT(*) AS n FROM lead WHERE campaign = :name AND source = :source"
                " AND load = (SELECT MAX(load) FROM lead WHERE campaign = :name AND source = :source)",
                {"name": name, "source": source},
            )
            return int(rows[0]["n"])

        return await self._database.read(verb)

    async def shown(self, name: str, source: int, *, load: int) -> Shown:
        async def verb(db: Connection) -> Shown:
            rows = await db.rows(
                "SELECT COUNT(CASE WHEN load >= :load THEN 1 END) AS shown,"
                " COUNT(CASE WHEN load >= :load AND state <> 'closed' THEN 1 END) AS open,"
                " COUNT(CASE WHEN load < :load AND state <> 'closed' THEN 1 END) AS missing"
                " FROM lead WHERE campaign = :name AND source = :source",
                {"name": name, "source": source, "load": load},
            )
            return Shown(rows[0]["shown"], rows[0]["open"], rows[0]["missing"])

        return await self._database.read(verb)

    async def forget(self, name: str) -> None:
        async def verb(db: Connection) -> None:
            mine = "(SELECT id FROM lead WHERE campaign = :n)"
            for sql in (
                "DELETE FROM journal WHERE attempt_id IN (SELECT id FROM attempt WHERE campaign = :n)",
                "DELETE FROM journal WHERE attempt_id IN (SELECT 'lead:' || id FROM lead WHERE campaign = :n)",
                "DELETE FROM journal WHERE attempt_id = 'campaign:' || :n",
                f"DELETE FROM attempt WHERE lead_id IN {mine}",
                f"DELETE FROM write_back WHERE lead_id IN {mine}",
                f"DELETE FROM lead_phone WHERE lead_id IN {mine}",
                "DELETE FROM lead WHERE campaign = :n",
                "DELETE FROM bad_row WHERE campaign = :n",
                "DELETE FROM suppression WHERE proof = 'campaign ' || :n",
                "DELETE FROM inbound WHERE provider = (SELECT provider FROM campaign WHERE name = :n)",
                "DELETE FROM inbox WHERE provider = (SELECT provider FROM campaign WHERE name = :n)",
                "DELETE FROM budget WHERE campaign = :n",
                "DELETE FROM bookmark WHERE campaign = :n",
                "DELETE FROM campaign WHERE name = :n",
            ):
                await db.run(sql, {"n": name})

        await self._database.write(verb)


_PUT_CAMPAIGN = """
INSERT INTO campaign (name, state, document, folder, provider, purpose, created_at, revision, version, reason, intake,
                      started_at, finished_at, plans_from, planned_under, purse)
VALUES (:name, :state, :document, :folder, :provider, :purpose, :created_at, :revision, :version, :reason, :intake,
        :started_at, :finished_at, :plans_from, :planned_under, :purse)
ON CONFLICT (name) DO UPDATE SET document = excluded.document, folder = excluded.folder, provider = excluded.provider,
    purpose = excluded.purpose, revision = excluded.revision, version = excluded.version, state = excluded.state,
    plans_from = excluded.plans_from
"""


async def _close_who_waits(db: Connection, name: str, to: CampaignState, now: datetime) -> None:
    """A stop marks them and closes the first; whatever an earlier one has left is closed before anybody is dialled."""
    if to is CampaignState.STOPPED:
        await db.run(
            "UPDATE campaign SET closing_to = (SELECT MAX(seq) FROM lead WHERE campaign = :name) WHERE name = :name",
            {"name": name},
        )
        if await close_some(db, name, now) >= BATCH:
            return
    while await close_some(db, name, now):
        pass


async def _campaign(db: Connection, name: str) -> CampaignRecord | None:
    found = await db.rows("SELECT * FROM campaign WHERE name = :name", {"name": name})
    return to_campaign(found[0]) if found else None


def _campaign_row(record: CampaignRecord) -> dict[str, Any]:
    return {
        "name": record.name, "state": record.state, "document": record.document, "folder": record.folder,
        "provider": record.provider, "purpose": record.purpose, "created_at": us(record.created_at),
        "revision": record.revision, "version": record.version, "reason": record.reason,
        "intake": dumps(record.intake), "started_at": us(record.started_at), "finished_at": us(record.finished_at),
        "plans_from": record.plans_from, "planned_under": record.planned_under,
        "purse": record.purse,
    }  # fmt: skip


def _edited(known: CampaignRecord | None, record: CampaignRecord, keeps_plans_of: int | None) -> CampaignRecord:
    if known is None:
        return record
    if (known.document, known.folder) == (record.document, record.folder):
        return known
    revision = known.revision + 1
    return replace(
        known, document=record.document, folder=record.folder, provider=record.provider, purpose=record.purpose,
        revision=revision, version=known.version + 1,
        plans_from=known.plans_from if known.revision == keeps_plans_of else revision,
    )  # fmt: skip


class _SortedOut:
    """A batch, split into what to insert and what to update."""

    def __init__(self) -> None:
        self.new: list[Written] = []
        self.updated: list[Written] = []
        self.counts = Merged()


def _sort_out(leads: Sequence[Written], known: dict[str, Any], load: int) -> _SortedOut:
    out, seen = _SortedOut(), set[str]()
    new = updated = unchanged = duplicate = 0
    latest: dict[str, Written] = {}
    for item in leads:
        row = known.get(item.id)
        if item.id in seen or (row is not None and row["load"] == load):
            duplicate += 1
        seen.add(item.id)
        latest[item.id] = item  # the last row of a key is the one that holds
    for key, item in latest.items():
        row = known.get(key)
        if row is None:
            out.new.append(item)
            new += 1
        elif _stays(row) or row["contact"] == item.contact:
            unchanged += row["load"] != load
        else:
            out.updated.append(item)
            updated += row["load"] != load
    out.counts = Merged(new, updated, unchanged, duplicate)
    return out


def _stays(row: Any) -> bool:
    """Finished, or with a call on its way. What is only booked is changed: its booking is then judged anew."""
    return row["state"] == "closed" or ((row["state"] == "calling" or row["busy"]) and not row["booked"])


async def _known(db: Connection, leads: Sequence[Written]) -> dict[str, Any]:
    rows = await db.rows(
        "SELECT id, state, contact, load, EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = lead.id AND a.open = 1)"
        " AS busy, EXISTS (SELECT 1 FROM attempt a WHERE a.lead_id = lead.id AND a.state = 'booked') AS booked"
        " FROM lead WHERE id = ANY(:ids)",
        {"ids": [item.id for item in leads]},
    )
    return {row["id"]: row for row in rows}


async def _barred(db: Connection, name: str, leads: Sequence[Written]) -> set[str]:
    """Which of the numbers are on the do-not-call list for this campaign's purpose."""
    rows = await db.rows(
        "SELECT phone_key FROM suppression WHERE phone_key = ANY(:keys)"
        " AND scope IN ('all', (SELECT purpose FROM campaign WHERE name = :name))",
        {"keys": [key for item in leads for key in item.phone_keys], "name": name},
    )
    return {row["phone_key"] for row in rows}


async def _insert(db: Connection, name: str, leads: Sequence[Written], load: int) -> None:
    if not leads:
        return
    top = await db.rows("SELECT COALESCE(MAX(seq), 0) AS n FROM lead WHERE campaign = :name", {"name": name})
    # Many share a plan: it is written out once.
    plans = {key: _plan_values(plan) for key, plan in {id(item.plan): item.plan for item in leads}.items()}
    rows = [
        (item.id, name, item.person_key, item.contact, item.rank, item.source, load, seq, *plans[id(item.plan)])
        for seq, item in enumerate(leads, top[0]["n"] + 1)
    ]
    await db.insert("lead", _LEAD_COLUMNS, rows)
    await db.insert("lead_phone", ("lead_id", "phone_key"), _links(leads))
    await _know_people(db, leads)


def _plan_values(plan: Lead) -> list[Any]:
    row = lead_plan(plan)
    return [row[name] for name in LEAD_PLAN]


_LEAD_COLUMNS = ("id", "campaign", "person_key", "contact", "rank", "source", "load", "seq", *LEAD_PLAN)


def _links(leads: Sequence[Written]) -> list[tuple[str, str]]:
    return [(item.id, key) for item in leads for key in dict.fromkeys(item.phone_keys)]


async def _know_people(db: Connection, leads: Sequence[Written]) -> None:
    await db.run_many(
        "INSERT INTO person (person_key, version) VALUES (:key, 1) ON CONFLICT DO NOTHING",
        [{"key": key} for key in sorted({item.person_key for item in leads})],
    )


async def _update(db: Connection, leads: Sequence[Written], load: int) -> None:
    """A row that changed: its contact, deadlines and variables; it is planned anew, and permits given before end."""
    ids, keys = [item.id for item in leads], {item.person_key for item in leads}
    keys.update(
        row["person_key"] for row in await db.rows("SELECT person_key FROM lead WHERE id = ANY(:i)", {"i": ids})
    )
    await db.run("UPDATE person SET version = version + 1 WHERE person_key = ANY(:keys)", {"keys": sorted(keys)})
    await db.run_many(
        "UPDATE lead SET contact = :contact, person_key = :person_key, rank = :rank,"
        " load = CASE WHEN load < :load THEN :load ELSE load END,"
        " state = CASE WHEN state = 'ready' THEN 'waiting' ELSE state END,"
        " due_at = CASE WHEN state = 'held' THEN due_at END, lease_owner = NULL, rev = rev + 1"
        " WHERE id = :id AND state <> 'closed'",
        [
            {"id": row.id, "contact": row.contact, "person_key": row.person_key, "rank": row.rank, "load": load}
            for row in leads
        ],
    )
    await db.run("DELETE FROM lead_phone WHERE lead_id = ANY(:ids)", {"ids": ids})
    await db.insert("lead_phone", ("lead_id", "phone_key"), _links(leads))
    await _know_people(db, leads)


async def _close_suppressed(db: Connection, name: str, ids: Sequence[str], now: datetime) -> int:
    return await db.run(
        "UPDATE lead SET state = 'closed', outcome = 'do_not_call', reason = 'on the do-not-call list',"
        " rule = 'suppression', closed_at = :now, due_at = NULL, closes_at = NULL, rev = rev + 1"
        " WHERE id = ANY(:ids) AND state IN ('waiting', 'ready') AND EXISTS ("
        " SELECT 1 FROM lead_phone p JOIN suppression s ON s.phone_key = p.phone_key WHERE p.lead_id = lead.id"
        " AND s.scope IN ('all', (SELECT purpose FROM campaign WHERE name = :name)))",
        {"ids": list(ids), "now": us(now), "name": name},
    )
