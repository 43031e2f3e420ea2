"""The API over a played campaign: real database, real desk, and somebody of each role who asks over ASGI."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from once import made_once
from starlette.applications import Starlette
from starlette.types import ASGIApp

from campaigns.api import Pace, with_api
from campaigns.api.events import USUAL
from campaigns.app import open_session
from campaigns.cli.main import run
from campaigns.clock import SystemClock, real_now
from campaigns.desk.access import Operator, Role
from campaigns.desk.desk import Desk
from campaigns.settings import Settings
from campaigns.stores.sqlite_file import SqliteFile
from campaigns.web.knocks import Knocks

CAMPAIGN = """\
campaign: small
purpose: informational
contacts:
  - {file: people.csv, region: GB, columns: {phone: Mobile, name: Name, id: Id}}
calling_hours: "Mo-Fr 09:00-12:30,13:30-17:30"
timezone: Europe/London
starts: 2026-11-23
ends: 2026-11-27
attempts: {max: 2, gap: 1h, retry: {no_answer: 2h, busy: 1h, voicemail: next_day}}
"""
PEOPLE = "Id,Name,Mobile\n" + "".join(f"{n},Person {n},020 7946 {n:04}\n" for n in range(1, 7))
SOMEBODY = Operator("setup", Role.ADMIN)


@dataclass
class Served:
    """The API of one database, and whoever asks it."""

    app: ASGIApp
    desk: Desk
    secrets: dict[Role, str]

    def client(self, role: Role | None = Role.ADMIN, **headers: str) -> httpx.AsyncClient:
        """Somebody of this role; None: without a token."""
        said = {"authorization": f"Bearer {self.secrets[role]}"} if role else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://here/api", headers=said | headers)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a campaign that was played to its end, and one that waits."""
    return made_once(tmp_path_factory, "api", _play)


def _play(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)
    try:
        (folder / "people.csv").write_text(PEOPLE)
        (folder / "small.yaml").write_text(CAMPAIGN)
        (folder / "waiting.yaml").write_text(CAMPAIGN.replace("small", "waiting").replace("11-23", "11-24"))
        assert run(["run", "small.yaml", "--json"]) == 0
        assert run(["run", "waiting.yaml", "--json", "--limit", "2"]) == 3
    finally:
        os.chdir(here)


def _copied(played: Path, to: Path) -> SqliteFile:
    for name in ("campaigns-simulated.db", "campaigns-simulated.db.key"):
        shutil.copy(played / name, to / name)
    return SqliteFile(to / "campaigns-simulated.db")


@pytest.fixture
def serve(played: Path, tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Served]]:
    """The API on a copy of its database, with somebody of each role; again, after a restart, they are the same."""
    return partial(served, _copied(played, tmp_path))


@pytest.fixture(scope="module")
def serve_all(
    played: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractAsyncContextManager[Served]]:
    """The same for a module."""
    return partial(served, _copied(played, tmp_path_factory.mktemp("module")))


@asynccontextmanager
async def served(
    database: SqliteFile, pace: Pace = USUAL, now: Callable[[], datetime] = real_now
) -> AsyncIterator[Served]:
    settings = Settings(database=database.address)
    async with open_session(settings, SystemClock(), simulated=True, database=database) as session:
        desk = Desk(session)
        secrets = {role: await _token(desk, role) for role in Role}
        yield Served(with_api(desk, Knocks(now), Starlette(), pace), desk, secrets)


async def _token(desk: Desk, role: Role) -> str:
    for each in await desk.acts.tokens(by=SOMEBODY):
        if each.name == f"the {role}":
            await desk.acts.revoke_token(each.name, by=SOMEBODY)
    return await desk.acts.add_token(f"the {role}", role, by=SOMEBODY)
