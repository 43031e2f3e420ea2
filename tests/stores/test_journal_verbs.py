"""The journal: every act on a person leaves its line, nobody rewrites one, and none tells who was called."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from postgres import new_database

from campaigns.clock import SystemClock, run_real
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.contact import Basis, Consent
from campaigns.domain.lead import AttemptState, CampaignState
from campaigns.domain.transitions import advance
from campaigns.ports.consents import ConsentRecord, Withdrawal
from campaigns.ports.journal import JournalEntry
from campaigns.ports.people import SuspensionRecord
from campaigns.ports.reopening import Which
from campaigns.ports.store import Move
from campaigns.ports.tokens import TokenRecord
from campaigns.stores.journal import discreet
from campaigns.stores.location import Location
from campaigns.stores.postgres_address import PostgresAddress
from campaigns.stores.sqlite_file import SqliteFile

NUMBER, NAME = "31200000000", "Zelda"


async def everything(store: Any) -> list[JournalEntry]:
    return list(await store.journal(after=0, limit=1000))


async def test_every_act_on_a_person_leaves_its_line_and_no_line_tells_who_they_are(world: Any) -> None:
    store, now, key = world.store, world.now, "ab" * 16
    placed = await world.placed(0)
    report = CallReport("call 0", ended=True, disposition=Disposition.NO_ANSWER)
    ended = advance(placed, AttemptState.ENDED, disposition=Disposition.NO_ANSWER, ended_at=now, report=report)
    why = f"report: {NAME} at +{NUMBER} did not answer"
    assert await store.record([Move(placed, ended, why, who="anna")], now=now) == [True]
    await store.steer("c", CampaignState.PAUSED, expect=[CampaignState.ACTIVE], reason="tea", now=now, by="anna")
    await store.suppress([replace(world.suppression(0), phone_key=key, who=NAME, why=NAME, proof=NAME)], by="anna")
    await store.unsuppress(key, None, by="bert", now=now)
    said = ConsentRecord(key, "informational", Consent(Basis.PRIOR, f"form of {NAME}"), NAME, "c/list", now)
    await store.put_consents("c/list", "informational", {key: [said]}, now=now)
    await store.withdraw(Withdrawal(key, now, NAME, f"{NAME} said so"), by="anna")
    await store.put_consents("c/list", "informational", {key: []}, now=now)
    await store.suspend(SuspensionRecord("US-FL", NAME, "hurricane", now), by="anna")
    await store.resume("US-FL", by="bert", now=now)
    await store.add_token(TokenRecord("desk", "operate", "anna", now), "hash")
    await store.revoke_token("desk", by="bert", now=now)
    await store.put_campaign(replace(await store.campaign("c"), document="other text"), now=now)
    lead, rev = await store.lead(placed.lead_id)
    assert await store.put_lead(lead, rev, opted_out=True, now=now, why="called us")
    await store.reopen("c", Which(), most=3, left=1, why="reopened by anna", who="anna", now=now)
    assert await store.forget_person(world.key("+31200000000"), who="anna", now=now) is not None

    found = await everything(store)
    moves = {(entry.subject.partition(":")[0], entry.after, entry.who) for entry in found}
    assert moves >= {
        ("attempt", "intent", ""), ("attempt", "sending", ""), ("attempt", "placed", ""), ("attempt", "ended", "anna"),
        ("campaign", "loaded", ""), ("campaign", "paused", "anna"), ("campaign", "edited", ""),
        ("person", "suppressed", "anna"), ("person", "lifted", "bert"), ("person", "consented", ""),
        ("person", "withdrawn", "anna"), ("person", "unsaid", ""), ("person", "suppressed", ""),
        ("rules", "suspended", "anna"), ("rules", "resumed", "bert"), ("token", "added", "anna"),
        ("token", "revoked", "bert"), ("person", "erased", "anna"),
    }  # fmt: skip
    assert [entry.line for entry in found] == sorted({entry.line for entry in found})
    assert next(entry for entry in found if entry.after == "intent").permit == "{}"
    told = " ".join(f"{e.subject} {e.why} {e.who}".replace(world.key("+31200000000"), "KEY") for e in found)
    assert NAME not in told
    assert NUMBER not in told


async def test_pages_follow_each_other_for_one_campaign_and_from_a_moment_on(world: Any) -> None:
    await world.placed(0)
    await world.placed(1, campaign="d")
    whole = await everything(world.store)
    of_d = [entry for entry in whole if entry.campaign == "d"]
    assert {entry.after for entry in of_d} == {"loaded", "intent", "sending", "placed"}
    assert list(await world.store.journal(after=0, limit=100, campaign="d")) == of_d
    pages, after = [], 0
    while page := await world.store.journal(after=after, limit=2):
        pages += page
        after = page[-1].line
    assert pages == whole
    later = world.now + timedelta(hours=1)
    assert list(await world.store.journal(after=0, limit=100, since=later)) == []
    assert list(await world.store.journal(after=0, limit=100, since=world.now)) == whole


@pytest.mark.parametrize(
    ("why", "kept"),
    [
        ("report: customer-busy", "report: customer-busy"),
        ("report: call to +44 20 7946 0123 failed", "report"),
        ("report: sip:someone@example.org", "report"),
        ("lookup: " + "x" * 300, "lookup"),
    ],
)
def test_of_a_providers_words_only_those_are_kept_that_can_name_nobody(why: str, kept: str) -> None:
    assert discreet(why) == kept


@pytest.fixture(params=["sqlite", "postgres"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A live database with a line in its journal."""
    where: Location = PostgresAddress(new_database()) if request.param == "postgres" else SqliteFile(tmp_path / "c.db")

    async def main() -> None:
        async with where.open(clock=SystemClock(), simulated=False, role="command") as store:
            await store.note({"a": ["said"]}, now=SystemClock().now())

    run_real(main)
    return where


def tried(where: Location, sql: str) -> None:
    """Raises what the database says."""
    if isinstance(where, SqliteFile):
        with closing(sqlite3.connect(where.path)) as raw:
            raw.execute(sql)
            raw.commit()
        return
    assert isinstance(where, PostgresAddress)

    async def main() -> None:
        raw = await asyncpg.connect(where.url)
        try:
            await raw.execute(sql)
        finally:
            await raw.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM journal",
        "UPDATE journal SET why = 'other'",
        "UPDATE journal SET at = 0, why = ''",
        "UPDATE journal SET attempt_id = 'b', why = ''",
        "UPDATE journal SET who = 'somebody else', why = ''",
    ],
)
def test_the_database_itself_refuses_to_rewrite_or_shorten_it(live: Location, sql: str) -> None:
    with pytest.raises((sqlite3.IntegrityError, asyncpg.PostgresError), match="only added to"):
        tried(live, sql)


def test_an_erasure_may_blank_the_words_of_a_line(live: Location) -> None:
    async def main() -> None:
        async with live.open(clock=SystemClock(), simulated=False, role="command") as store:
            assert await store.forget_words({"a"}, set(), set()) == 1
            assert [entry.why for entry in await everything(store)] == [""]

    run_real(main)
