"""Forecasts of campaigns that run: from where they stand, in a process of their own, and kept a while."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio

from campaigns.app import open_session
from campaigns.clock import DiscreteClock, run_virtual
from campaigns.desk.desk import Desk
from campaigns.domain.call import Disposition
from campaigns.domain.lead import Outcome
from campaigns.planning import play_on
from campaigns.settings import Settings
from campaigns.stores.sqlite_file import SqliteFile
from campaigns.testing import KEY, a_campaign, a_contact, a_night, an_account

from .conftest import START

CAMPAIGN = a_campaign(pacing={"at_once": 1, "per_second": 1}, attempts={"max": 1})


@asynccontextmanager
async def half_way(clock, *, people=40):
    """A database in which a campaign has come half way, opened as a command does."""
    database = SqliteFile(Path("campaigns-simulated.db"))
    Path("campaigns-simulated.db.key").write_text(KEY.decode())
    async with database.open(clock=clock, simulated=True, role="run") as store:
        contacts, account = [a_contact(n) for n in range(people)], an_account(name="simulator")
        script = lambda *_: Disposition.ANSWERED  # noqa: E731
        async with a_night(
            store, clock, campaign=CAMPAIGN, contacts=contacts, account=account, script=script
        ) as night, anyio.create_task_group() as tasks:  # fmt: skip
            record = await store.campaign("test")
            text = CAMPAIGN.model_dump_json(exclude_none=True, exclude_defaults=True)
            await store.put_campaign(replace(record, document=text), now=clock.now())
            tasks.start_soon(night.run, people // 2)
            await night.until(timedelta(hours=1))
            tasks.cancel_scope.cancel()
        counts = await store.counts("test")
        assert counts.outcomes == {"reached": people // 2}
    async with open_session(Settings(), clock, simulated=True, database=database) as session:
        yield session


def played(work):
    clock = DiscreteClock(START)

    async def main():
        async with half_way(clock) as session:
            return await work(session)

    return run_virtual(clock, main)


def test_a_campaign_is_played_on_from_where_it_stands():
    found = played(lambda session: play_on(session, "test"))
    assert (found.leads, found.open) == (40, 20)
    assert found.total(Outcome.REACHED) >= 20
    assert START + timedelta(hours=1) < found.finish.p50 < START + timedelta(hours=3)


def test_of_nobody_who_is_left_there_is_no_forecast():
    assert played(lambda session: play_on(session, "tset")) is None


def test_the_board_has_it_played_elsewhere_and_keeps_it_with_its_picture():
    async def work(session):
        board = Desk(session).board
        first = await board.forecast("test")
        again, picture = await board.forecast("test"), await board.forecast_picture("test")
        return first, again, picture

    first, again, picture = played(work)
    assert again is first
    assert (first.leads, first.open) == (40, 20)
    assert picture.startswith(b"<?xml")
    assert b"svg" in picture[:400]
