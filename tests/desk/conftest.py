"""A desk over a made-up night: a store in memory, a clock that jumps, a provider that does what a test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from campaigns.app import Account, Session
from campaigns.clock import DiscreteClock, run_virtual
from campaigns.desk.access import Operator, Role
from campaigns.desk.desk import Desk
from campaigns.ports.store import Store
from campaigns.settings import Settings
from campaigns.stores.memory import MemoryStore
from campaigns.stores.sqlite_file import SqliteFile
from campaigns.systems import open_systems
from campaigns.testing import KEY, NO_LAW, Night, a_campaign, a_night, instant

START = instant("2026-11-23T09:00Z")
"""A Monday; 10:00 in Amsterdam."""
READER, OPERATOR, ADMIN = (Operator("rob", Role.READ), Operator("anna", Role.OPERATE), Operator("ada", Role.ADMIN))


@asynccontextmanager
async def a_desk(
    store: Store, clock: DiscreteClock, *, settings: Settings | None = None, **night: Any
) -> AsyncIterator[tuple[Desk, Night]]:
    """A night that nobody runs yet, and the desk over it."""
    settings = settings or Settings()
    campaign = night.pop("campaign", None) or a_campaign()
    async with (
        a_night(store, clock, campaign=campaign, **night) as one,
        open_systems(settings, clock, store) as systems,
    ):
        session = Session(
            settings=settings, clock=clock, store=store, book=one.book, hash_key=KEY, law=NO_LAW,
            database=SqliteFile(Path("campaigns.db")), simulated=False, owner="test", systems=systems,
        )  # fmt: skip
        account = Account(one.account.name, one.provider, one.dialer, one.reconciler)
        yield Desk(session, {account.name: account}), one


@pytest.fixture
def play():
    """Runs `night(store, clock)` to its end under virtual time; one that hangs fails."""

    def run(night: Any) -> Any:
        clock, store = DiscreteClock(START), MemoryStore()

        async def main() -> Any:
            with anyio.fail_after(20):
                return await night(store, clock)

        try:
            return run_virtual(clock, main)
        except BaseExceptionGroup as group:
            raise _first_of(group) from None
        finally:
            store.close()

    return run


def _first_of(error: BaseException) -> BaseException:
    """The failed assertion itself, out of the task groups that carried it."""
    return _first_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
