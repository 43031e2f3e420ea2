"""What SQLite leaves behind in room that nothing uses, and in its log."""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from proving import Figure

from campaigns.clock import SystemClock
from campaigns.domain.errors import StoreUnavailable
from campaigns.stores.sqlite import open_sqlite

from .conftest import NOW, World


async def moved_about(world: World, dice: random.Random, people: int) -> None:
    """Everybody's row grows at random, so that pages are split and rows change their places."""
    await world.campaign()
    await world.load([world.row(n, name=f"Zelda {n:05} " + "z" * dice.randrange(100, 600)) for n in range(people)])
    for n in dice.sample(range(people), people):
        lead, rev = await world.lead(n), await world.rev(n)
        why = "because " * dice.randrange(1, 90)
        assert await world.store.put_lead(replace(lead, reason=why), rev, opted_out=False, now=NOW, why="test")


@pytest.mark.row("X4")
async def test_nothing_is_left_where_rows_stood_before_they_moved(
    tmp_path: Path, dice: random.Random, long: bool, figure: Figure
) -> None:
    people, gone = (4000, 1000) if long else (500, 120)
    async with open_sqlite(tmp_path / "c.db", clock=SystemClock(), simulated=True) as store:
        world = World(store)
        await moved_about(world, dice, people)
        erased = dice.sample(range(people), gone)
        for n in erased:
            assert await store.forget_person(world.key(f"+3120{n:07d}"), who="ada", now=NOW)
        assert await store.tidy()
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    found = [n for n in erased if b"Zelda %05d" % n in content]
    assert found == []
    assert b"Zelda" in content, "others stay"
    figure("X4", "erased people of whom a byte is left in room that nothing uses", len(found), erased=gone, of=people)


async def test_a_log_that_cannot_be_emptied_is_not_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with open_sqlite(path, clock=SystemClock(), simulated=True, patience=timedelta(seconds=0.2)) as store:
        world: Any = World(store)
        await world.campaign()
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM lead").fetchone()
            await world.load(3)
            with pytest.raises(StoreUnavailable, match="cannot be emptied"):
                await store.tidy()
        assert await store.tidy()
        assert path.with_name("c.db-wal").stat().st_size == 0
