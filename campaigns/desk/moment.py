"""What time it is for a campaign: in a simulated database each goes on where its last run ended."""

from dataclasses import replace

from campaigns.app import Session
from campaigns.clock import ScaledClock, SystemClock


async def as_of(session: Session, campaign: str) -> Session:
    """The session on the campaign's own time; a clock of a time that is played already stays."""
    if not session.simulated or not isinstance(session.clock, SystemClock):
        return session
    last = await session.database.last_moment(campaign)
    return replace(session, clock=ScaledClock(last, 1.0)) if last else session
