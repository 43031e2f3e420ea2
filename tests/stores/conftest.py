"""Every store in turn, and a small world to try it with; another database joins as one more name in `STORES`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from postgres import new_database

from campaigns.clock import SystemClock
from campaigns.domain.contact import Contact, PhoneNumber
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, Lead, attempt_id, lead_id
from campaigns.domain.pacing import Limits
from campaigns.domain.transitions import advance
from campaigns.ports.people import Suppression
from campaigns.ports.store import CampaignRecord, Claimed, Intent, Merged, Move, NewLead, Store
from campaigns.stores.memory import MemoryStore
from campaigns.stores.postgres import open_postgres
from campaigns.stores.sqlite import open_sqlite

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STORES = ("memory", "sqlite", "postgres")


@dataclass
class World:
    """A store, and short ways to fill it. Person `n` has the number +3120000n and the key `kn`."""

    store: Store
    now: datetime = NOW

    def later(self, **span: float) -> datetime:
        return self.now + timedelta(**span)

    def limits(self, **changes: Any) -> Limits:
        wide = Limits(
            at_once=100, per_second=100, requests_per_minute=None, campaign_at_once=100, campaign_per_second=100,
            longest_call=timedelta(minutes=30), tolerance=timedelta(milliseconds=20),
        )  # fmt: skip
        return replace(wide, **changes)

    async def campaign(self, name: str = "c", **changes: Any) -> CampaignRecord:
        plain = CampaignRecord(
            name=name, state=CampaignState.ACTIVE, document="text", folder="/f", provider="p", purpose="informational",
            created_at=self.now,
        )  # fmt: skip
        return await self.store.put_campaign(replace(plain, **changes), now=self.now)

    def row(
        self, number: int, *, campaign: str = "c", source: int = 0, person: str | None = None, **contact: Any
    ) -> NewLead:
        """The `number`-th contact as a list has it."""
        phone = f"+3120{number:07d}"
        plain = Contact(person=person or phone, key=f"k{number}", phones=(PhoneNumber(phone),))
        whole = replace(plain, **contact)
        lead = Lead(lead_id(campaign, whole.key), campaign, whole, f"person {whole.person}")
        return NewLead(lead, tuple(sorted(self.key(phone.e164) for phone in whole.phones)), source)

    @staticmethod
    def key(phone: str) -> str:
        return f"key {phone}"

    async def load(self, rows: Sequence[NewLead] | int, *, campaign: str = "c", load: int = 1) -> Merged:
        leads = [self.row(n, campaign=campaign) for n in range(rows)] if isinstance(rows, int) else rows
        return await self.store.put_leads(campaign, leads, load=load, now=self.now)

    async def lead(self, number: int = 0, campaign: str = "c") -> Lead:
        found = await self.store.lead(lead_id(campaign, f"k{number}"))
        assert found is not None
        return found[0]

    async def rev(self, number: int = 0, campaign: str = "c") -> int:
        found = await self.store.lead(lead_id(campaign, f"k{number}"))
        assert found is not None
        return found[1]

    async def claim(
        self, campaign: str = "c", *, limit: int = 100, owner: str = "w", now: datetime | None = None
    ) -> list[Claimed]:
        """Promote what is due and claim."""
        at = now or self.now
        await self.store.promote(campaign, limit=1000, now=at)
        return await self.store.claim(campaign, limit=limit, owner=owner, until=at + timedelta(minutes=1), now=at)

    def intent(self, claimed: Claimed, **changes: Any) -> Intent:
        lead = claimed.facts.lead
        phone = lead.contact.phones[0]
        plain = Intent(
            claimed=claimed, attempt_id=attempt_id(lead.id, claimed.next_ordinal), phone=phone,
            phone_key=self.key(phone.e164), body=b"{}", callback=False, closes_at=self.later(hours=8),
        )  # fmt: skip
        return replace(plain, **changes)

    async def begin(
        self, claimed: Sequence[Claimed], record: CampaignRecord | None = None, *, owner: str = "w",
        now: datetime | None = None, most: int = 1000, **limits: Any,
    ) -> list[Attempt]:  # fmt: skip
        name = claimed[0].facts.lead.campaign
        record = record or await self.store.campaign(name)
        assert record is not None
        intents = [self.intent(each) for each in claimed]
        return await self.store.begin(
            record, intents, self.limits(**limits), most=most, owner=owner, now=now or self.now
        )

    async def intended(self, number: int = 0, campaign: str = "c") -> Attempt:
        """A campaign with one lead, whose dial is written down."""
        if await self.store.campaign(campaign) is None:
            await self.campaign(campaign)
        await self.load([self.row(number, campaign=campaign)], campaign=campaign)
        (attempt,) = await self.begin(await self.claim(campaign))
        return attempt

    async def sending(self, number: int = 0, campaign: str = "c") -> Attempt:
        attempt = await self.intended(number, campaign)
        permitted = await self.store.fence(attempt, now=self.now)
        assert permitted is not None
        return permitted

    async def placed(self, number: int = 0, campaign: str = "c", call_id: str | None = None) -> Attempt:
        return await self.move(
            await self.sending(number, campaign),
            AttemptState.PLACED,
            call_id=call_id or f"call {number}",
            placed_at=self.now,
        )

    async def move(self, attempt: Attempt, to: AttemptState, **changes: Any) -> Attempt:
        after = advance(attempt, to, **changes)
        assert await self.store.record([Move(attempt, after, "test")], now=self.now) == [True]
        return await self.attempt(attempt.id)

    async def attempt(self, name: str) -> Attempt:
        found = await self.store.attempt(name)
        assert found is not None
        return found

    def suppression(self, number: int, scope: str = "all") -> Suppression:
        phone = f"+3120{number:07d}"
        return Suppression(self.key(phone), scope, "+312*****00", "the called person", "asked", "a letter", self.now)


@pytest.fixture
def world_on() -> Callable[[Store], World]:
    """The same short ways on a store of the test's own."""
    return World


@pytest.fixture(params=STORES)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """The contract's world, on every store."""
    if request.param == "memory":
        store = MemoryStore()
        yield World(store)
        store.close()
        return
    # The store's task group must be opened and closed by one task, which a fixture's two halves are not.
    opened, done = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def hold() -> None:
        async with await _opening(request.param, tmp_path) as store:
            opened.set_result(store)
            await done.wait()

    holding = asyncio.create_task(hold())
    await asyncio.wait({holding, opened}, return_when=asyncio.FIRST_COMPLETED)
    if holding.done():
        await holding
    yield World(opened.result())
    done.set()
    await holding


async def _opening(kind: str, folder: Path) -> AbstractAsyncContextManager[Store]:
    if kind == "sqlite":
        return open_sqlite(folder / "campaigns.db", clock=SystemClock(), simulated=True)
    await _emptied(_database())
    return open_postgres(_database(), clock=SystemClock(), simulated=True)


@cache
def _database() -> str:
    """One for all tests of this process: emptying it is quicker than making it."""
    return new_database()


async def _emptied(url: str) -> None:
    raw = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
    for table in await raw.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'meta'"):
        await raw.execute(f"DELETE FROM {table['tablename']}")
    await raw.close()
