"""Who listens hears at once that another process steered a campaign; where nothing can be heard, nothing fails."""

from dataclasses import replace
from datetime import UTC, datetime

import anyio
from postgres import tell

from campaigns.clock import SystemClock
from campaigns.domain.lead import CampaignState
from campaigns.ports.store import CampaignRecord
from campaigns.stores.postgres_address import PostgresAddress
from campaigns.stores.postgres_hints import hinted

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
RECORD = CampaignRecord("c", CampaignState.ACTIVE, "text", "/f", "p", "informational", NOW)


class Bell:
    """Counts its rings."""

    def __init__(self) -> None:
        self.rings = 0
        self._rung = anyio.Event()

    def ring(self) -> None:
        self.rings += 1
        self._rung.set()

    async def heard(self) -> None:
        with anyio.fail_after(20):
            await self._rung.wait()
        self._rung = anyio.Event()


async def test_steering_and_editing_are_heard_by_others_and_counting_is_not(postgres_url: str) -> None:
    here, bell = PostgresAddress(postgres_url), Bell()
    async with here.open(clock=SystemClock(), simulated=False, role="worker") as store, hinted(here, bell.ring):
        await bell.heard()  # it listens
        await store.put_campaign(RECORD, now=NOW)
        await store.steer("c", CampaignState.PAUSED, expect=[CampaignState.ACTIVE], reason="", now=NOW)
        await bell.heard()
        await store.put_campaign(replace(RECORD, document="another"), now=NOW)
        await bell.heard()
        before = bell.rings
        await store.bid("c", priority=1, lines=3, until=NOW)
        await store.next_load("c")
        await store.steer("c", CampaignState.ACTIVE, expect=[CampaignState.PAUSED], reason="", now=NOW)
        await bell.heard()
        assert bell.rings == before + 1


async def test_a_listener_that_was_cut_off_listens_again(postgres_url: str) -> None:
    here, bell = PostgresAddress(postgres_url), Bell()
    async with here.open(clock=SystemClock(), simulated=False, role="worker") as store, hinted(here, bell.ring):
        await bell.heard()
        name = postgres_url.partition("?")[0].rpartition("/")[2]
        tell(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'campaigns listener%'"
            " AND datname = current_database()",
            name,
        )
        await bell.heard()
        await store.put_campaign(RECORD, now=NOW)
        await store.steer("c", CampaignState.PAUSED, expect=[CampaignState.ACTIVE], reason="", now=NOW)
        await bell.heard()


async def test_where_nobody_answers_nothing_is_heard_and_nothing_fails() -> None:
    bell = Bell()
    async with hinted(PostgresAddress("postgresql://nobody@127.0.0.1:1/nothing"), bell.ring):
        await anyio.sleep(0.2)
    assert bell.rings == 0
