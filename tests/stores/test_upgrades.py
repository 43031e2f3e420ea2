"""Old and new programs side by side: this one works with a schema that a newer one has added to, until told not to."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from postgres import new_database

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.errors import StoreError
from campaigns.ports.pages import LeadFilter
from campaigns.ports.store import Store
from campaigns.stores.memory import MemoryStore
from campaigns.stores.postgres import open_postgres
from campaigns.stores.schema import migration_steps
from campaigns.stores.sqlite import open_sqlite
from campaigns.testing import a_campaign, a_night, instant

START = instant("2026-11-23T09:00Z")
NEWEST = migration_steps()[-1][0]
LATER = """
ALTER TABLE campaign ADD COLUMN colour TEXT;
ALTER TABLE lead ADD COLUMN mood TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE attempt ADD COLUMN weather TEXT;
ALTER TABLE attempt ADD COLUMN score BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN owner TEXT;
ALTER TABLE inbox ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN mood TEXT;
CREATE TABLE gossip (lead_id TEXT PRIMARY KEY, said TEXT NOT NULL);
CREATE INDEX attempt_weather ON attempt (weather, created_at);
"""
"""A made-up next step."""


class Place:
    """An empty database, and the step that a newer program takes there."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.path = kind, folder / "c.db"
        self.url = new_database() if kind == "postgres" else ""

    def open(self, clock: DiscreteClock) -> AbstractAsyncContextManager[Store]:
        if self.kind == "postgres":
            return open_postgres(self.url, clock=clock, simulated=True)
        return open_sqlite(self.path, clock=clock, simulated=True)

    async def upgrade(self, runs_from: int) -> None:
        said = f"UPDATE meta SET value = '{runs_from}' WHERE key = 'runs_from';"
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.path)) as raw:
                raw.executescript(f"BEGIN; {LATER} {said} PRAGMA user_version = {NEWEST + 1}; COMMIT")
            return
        raw = await asyncpg.connect(self.url)
        await raw.execute(f"{LATER} {said} UPDATE meta SET value = '{NEWEST + 1}' WHERE key = 'campaigns'")
        await raw.close()

    async def version(self) -> int:
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.path)) as raw:
                return int(raw.execute("PRAGMA user_version").fetchone()[0])
        raw = await asyncpg.connect(self.url)
        found = await raw.fetchval("SELECT value FROM meta WHERE key = 'campaigns'")
        await raw.close()
        return int(found)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(request.param, tmp_path)


async def a_whole_campaign(
    store: Store, clock: DiscreteClock, between: Callable[[], asyncio.Future] | None = None
) -> None:
    """Every kind of statement: retries, doubts, an edit, an opt-out, upkeep; in the middle `between` happens."""
    campaign = a_campaign(attempts={"retry": {"no_answer": "1h"}, "gap": "1m"}, write_back=True)
    async with a_night(store, clock, campaign=campaign, contacts=30) as night:
        end = asyncio.ensure_future(night.run())
        await night.until(timedelta(seconds=1))
        if between is not None:
            await between()
        assert (await end).state == "finished"
        await night.until(timedelta(hours=1))
    leads = [each.lead for each in await store.leads_after("test", LeadFilter(), after=0, limit=1000)]
    assert [str(lead.outcome) for lead in leads] == ["reached"] * 30
    assert len(await store.attempts("test")) == 30
    page = await store.kept("test", after=0, words_before=clock.now(), numbers_before=None)
    assert len(page.leads) == 30
    assert await store.mark_archived(
        "test", version=(await store.campaign("test")).version, reason="x", now=clock.now()
    )
    read = await store.archive_leads("test", after=0)
    assert next(part for part in read.parts if part.table == "attempt").rows[0]["weather"] is None
    assert await store.drop_journal("test", after=0) is None
    assert await store.drop_leads("test", after=0) is None


def play(place: Place, night: Callable[[Store, DiscreteClock], object]) -> None:
    clock = DiscreteClock(START)

    async def main() -> None:
        async with place.open(clock) as store:
            await night(store, clock)

    run_virtual(clock, main)


def empty(place: Place) -> None:
    async def nothing(_store: Store, _clock: DiscreteClock) -> None:
        pass

    play(place, nothing)


@pytest.mark.row("D8")
def test_a_newer_schema_is_used_as_it_is(place: Place) -> None:
    empty(place)
    asyncio.run(place.upgrade(NEWEST))
    play(place, a_whole_campaign)
    assert asyncio.run(place.version()) == NEWEST + 1


@pytest.mark.row("D8")
def test_the_schema_may_grow_while_a_campaign_runs(place: Place) -> None:
    async def night(store: Store, clock: DiscreteClock) -> None:
        await a_whole_campaign(store, clock, lambda: place.upgrade(NEWEST))

    play(place, night)
    assert asyncio.run(place.version()) == NEWEST + 1


def test_a_schema_that_says_so_is_left_alone(place: Place) -> None:
    empty(place)
    asyncio.run(place.upgrade(NEWEST + 1))
    with pytest.raises(StoreError, match="newer version"):
        empty(place)
    assert asyncio.run(place.version()) == NEWEST + 1


def test_a_store_in_memory_does_not_mind_either() -> None:
    clock, store = DiscreteClock(START), MemoryStore()
    store._memory._raw.executescript(LATER)
    run_virtual(clock, lambda: a_whole_campaign(store, clock))
    store.close()


OLD = 3


@pytest.mark.row("D8")
def test_a_database_with_open_calls_goes_on_after_its_schema_was_brought_up_to_date(tmp_path: Path) -> None:
    """As the release before left it: killed in the middle of its dials."""
    place = Place("sqlite", tmp_path)
    clock = DiscreteClock(START)
    with closing(sqlite3.connect(place.path)) as raw:
        for number, script in migration_steps():
            if number <= OLD:
                raw.executescript(f"{script}; PRAGMA user_version = {number}; PRAGMA application_id = 1128353104;")
        raw.executescript(PAST)
        raw.commit()

    async def main() -> None:
        async with place.open(clock) as store, a_night(store, clock, contacts=0) as night:
            found = {attempt.id: attempt.state for attempt in await store.attempts("test")}
            assert found == {"a0": "intent", "a1": "sending", "a2": "placed"}
            await night.until(timedelta(hours=2))
            after = {attempt.id: (attempt.state, attempt.open) for attempt in await store.attempts("test")}
            assert after == {"a0": ("not_sent", False), "a1": ("uncertain", False), "a2": ("ended", False)}

    run_virtual(clock, main)


AT = 1_795_424_400_000_000
PAST = f"""
INSERT INTO campaign (name, state, document, folder, provider, purpose, created_at, revision, version, reason, intake)
VALUES ('test', 'active', '{{}}', '.', 'scripted', 'informational', {AT}, 1, 1, '', '{{}}');
""" + "".join(
    f"""
INSERT INTO person (person_key, version) VALUES ('p{n}', 1);
INSERT INTO lead (id, seq, campaign, person_key, contact, rank, source, load, state, last_chance, reason, rule, label,
    callbacks, promised_by, warning, revision)
VALUES ('l{n}', {n}, 'test', 'p{n}', '{{"person": "p{n}", "key": "k{n}", "name": "", "zones": ["Europe/Amsterdam"],
    "phones": [["+3120000000{n}", ""]], "country": "NL", "state": null, "language": "", "hours": null, "rank": 0,
    "call_from": null, "call_by": null, "variables": {{}}, "person_from_id": false}}', 0, 0, 1, 'calling', 0, '', '',
    '', 0, 0, '', 1);
INSERT INTO attempt (id, lead_id, campaign, person_key, phone, phone_key, ordinal, provider, state, open, body,
    callback, created_at, send_at, dial_before, lease_owner, first_sent_at, placed_at, call_id, lookups, reason,
    resolved_by, campaign_version, person_version)
VALUES ('a{n}', 'l{n}', 'test', 'p{n}', '+3120000000{n}', 'h{n}', 1, 'scripted', '{state}', 1, '{{}}', 0, {AT}, {AT},
    {AT} + 30000000, 'the old one', {sent}, {placed}, {call}, 0, '', '', 1, 1);
"""
    for n, (state, sent, placed, call) in enumerate(
        [("intent", "NULL", "NULL", "NULL"), ("sending", AT, "NULL", "NULL"), ("placed", AT, AT, "'call-2'")]
    )
)
