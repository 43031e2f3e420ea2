"""A run whose database another process dials from: it watches until that one is done, or gone."""

from datetime import timedelta

import structlog

from campaigns.app import Session
from campaigns.domain.lead import CampaignState
from campaigns.engine.runner import RunEnd
from campaigns.files import Loaded
from campaigns.returning import PATIENCE

log = structlog.get_logger()

GONE_FOR = timedelta(seconds=5)
"""A process that has not dialled for so long is gone; a worker that is only restarted is back by then."""
HAND_OVER_LOOK = timedelta(seconds=1)


async def watched(session: Session, loaded: Loaded) -> RunEnd | None:
    """Until the campaign is over, or, None, nobody has dialled for a while."""
    log.info("handed_over", campaign=loaded.campaign.campaign)
    gone_at = session.clock.now() + GONE_FOR
    while session.clock.now() < gone_at:
        if await session.database.is_dialed():
            gone_at = session.clock.now() + GONE_FOR
        record = await session.store.campaign(loaded.campaign.campaign)
        if record is None or record.state is not CampaignState.ACTIVE:
            state = record.state if record else CampaignState.STOPPED
            await _watch_returns(session, loaded)
            return RunEnd(state, record.reason if record else "", interrupted=state is not CampaignState.FINISHED)
        await session.clock.sleep_until(session.clock.now() + HAND_OVER_LOOK)
    return None


async def _watch_returns(session: Session, loaded: Loaded) -> None:
    """The other process brings the outcomes back too."""
    until = session.clock.now() + PATIENCE
    while loaded.campaign.write_back and session.clock.now() < until:
        if not (await session.store.returns(loaded.campaign.campaign)).waiting:
            return
        await session.clock.sleep_until(session.clock.now() + HAND_OVER_LOOK)
