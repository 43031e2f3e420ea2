"""Outcomes go back beside a run or a worker: the wiring of what brings them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path, PurePath

import anyio

from campaigns.app import Session
from campaigns.clock import real_now
from campaigns.domain.campaign import Campaign
from campaigns.engine.file_returns import Rows
from campaigns.engine.returner import Places, Returner
from campaigns.engine.wake import Wake
from campaigns.files import parse_campaign
from campaigns.lists.outcomes import write_outcomes
from campaigns.ports.store import CampaignRecord

PATIENCE, HURRIED = timedelta(minutes=2), timedelta(seconds=5)
"""How long the end of a run waits for outcomes to land; and where a person stopped it."""


@asynccontextmanager
async def returning(session: Session, bells: Sequence[Wake], *, only: str | None = None) -> AsyncIterator[Returner]:
    """Bring outcomes back until the block ends.

    Args:
        session: The process.
        bells: Ring when leads may have been closed.
        only: The one campaign that is run; None: every campaign of the database.
    """
    returner = Returner(session.store, session.clock, _places(session), only=only)
    async with anyio.create_task_group() as tasks:
        for bell in bells:
            bell.link(returner.wake)
        tasks.start_soon(returner.run)
        try:
            yield returner
        finally:
            for bell in bells:
                bell.unlink(returner.wake)
            tasks.cancel_scope.cancel()


def _places(session: Session) -> Places:
    async def write(path: PurePath, pages: AsyncIterator[Rows]) -> None:
        with session.clock.work():
            await write_outcomes(path, pages)

    return Places(session.systems.open, write, real_now, _read)


def _read(record: CampaignRecord) -> Campaign:
    return parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
