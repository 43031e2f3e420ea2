"""Barred while their calls are on their way: whoever was barred before the permit is not asked for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from postgres import new_database
from proving import Figure

from campaigns.clock import SystemClock, run_real
from campaigns.domain.campaign import Campaign
from campaigns.domain.lead import Attempt
from campaigns.ports.people import Suppression
from campaigns.ports.store import Store
from campaigns.stores.postgres import open_postgres
from campaigns.stores.sqlite import open_sqlite
from campaigns.testing import Night, ScriptedProvider, a_campaign, a_night, an_account

CLOSE = 0.03
"""Seconds by which a permit is asked for late: the bar is sometimes confirmed by then, or just being written."""


class Noting(ScriptedProvider):
    """One that says in which turn it was asked for whom."""

    turns: Iterator[int]

    async def place(self, body: bytes, *, attempt_id: str) -> Any:
        self.turn[body.decode().partition("|")[2]] = next(self.turns)
        return await super().place(body, attempt_id=attempt_id)

    def __init__(self, clock: SystemClock, turns: Iterator[int]) -> None:
        super().__init__(clock, lasts=timedelta(seconds=0.3))
        self.turns, self.turn = turns, dict[str, int]()


@dataclass
class Race:
    """A campaign, and somebody in another process who bars people in the moment of their permits."""

    night: Night
    elsewhere: Store
    dice: Random
    turns: Iterator[int]
    barred: dict[str, int] = field(default_factory=dict)
    """By number: the turn in which it was confirmed."""
    barred_at: dict[str, datetime] = field(default_factory=dict)
    permits: dict[str, int] = field(default_factory=dict)
    """By number: the turn in which its permit was asked for."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def bar(self, phone: str) -> None:
        key, now = self.night.book.phone_key(phone), self.night.clock.now()
        assert await self.elsewhere.suppress([Suppression(key, "all", "", "them", "asked", "", now)]) == 1
        self.barred[phone], self.barred_at[phone] = next(self.turns), self.night.clock.now()

    def begin(self) -> None:
        """From now on, whoever is about to be called is barred, a little sooner or later than permitted."""
        fence = self.night.store.fence

        async def raced(attempt: Attempt, *, now: datetime) -> Attempt | None:
            self.tasks.append(barring := asyncio.create_task(self.bar(attempt.phone)))
            chance = self.dice.random()
            if chance < 0.25:  # however slow or quick the database is, some are barred in time, and some are not
                await barring
            elif chance < 0.75:
                await asyncio.sleep(self.dice.uniform(0, CLOSE))
            self.permits[attempt.phone] = next(self.turns)
            return await fence(attempt, now=now)

        self.night.store.fence = raced  # type: ignore[method-assign]


@asynccontextmanager
async def two(base: str, folder: Path, clock: SystemClock) -> AsyncIterator[tuple[Store, Store]]:
    """The database as two processes have it."""
    url = new_database() if base == "postgres" else ""

    def opened() -> AbstractAsyncContextManager[Store]:
        if url:
            return open_postgres(url, clock=clock, simulated=True)
        return open_sqlite(folder / "c.db", clock=clock, simulated=True)

    async with opened() as one, opened() as other:
        yield one, other


def quick() -> Campaign:
    return a_campaign(pacing={"at_once": 500, "per_second": 100})


@pytest.mark.row("O2")
@pytest.mark.parametrize("base", ["sqlite", "postgres"])
def test_whoever_is_barred_before_their_permit_is_asked_for_is_not_called(
    tmp_path: Path, base: str, long: bool, dice: Random, figure: Figure
) -> None:
    rounds = 2_000 if long else 100

    async def main() -> Race:
        clock, turns = SystemClock(), count()
        provider = Noting(clock, turns)
        account = an_account(at_once=500, per_second=100, poll_every=timedelta(seconds=0.5))
        async with (
            two(base, tmp_path, clock) as (store, elsewhere),
            a_night(store, clock, campaign=quick(), account=account, contacts=rounds, provider=provider) as night,
        ):
            race = Race(night, elsewhere, dice, turns)
            race.begin()
            end = await night.run()
            assert end.state == "finished"
            await asyncio.gather(*race.tasks)
            return race

    race = run_real(main)
    assert isinstance(race.night.provider, Noting)
    asked = race.night.provider.turn
    assert [phone for phone in asked if race.barred[phone] < race.permits[phone]] == []
    assert len(race.barred) == rounds
    sooner = sum(race.barred[phone] < race.permits[phone] for phone in race.barred)
    assert 0 < sooner < rounds, "they do not meet"
    late = [(at - race.barred_at[phone]).total_seconds() for at, phone in race.night.provider.asked]
    figure(
        "O2", "requests for people whose bar was confirmed before their permit was asked for", 0, rounds=rounds,
        database=base, barred_first=sooner, permitted_first=rounds - sooner, called=len(asked),
        latest_request_after_a_bar_in_seconds=round(max(late), 3),
    )  # fmt: skip
