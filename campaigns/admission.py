"""Before a campaign dials: can it succeed on its account? One that cannot does not start, and says why."""

from campaigns.app import Account, Session, is_simulated
from campaigns.domain.errors import AccountRefused, CampaignsError, InputError, Problem
from campaigns.domain.lead import CampaignState
from campaigns.engine.fitness import Fitness, Wanted, fitness
from campaigns.files import Key, Loaded

_KEYS: dict[str, tuple[Key, ...]] = {"agent": ("agent",), "numbers": ("caller_ids",)}
"""Where a campaign file says what was looked at; all else is in the settings."""


async def admit(session: Session, account: Account, name: str, *, limit: int | None = None) -> Fitness:
    """Ask the provider; a campaign that cannot succeed is left paused, or refused, with the reason. Raises StoreError.

    `limit`: so many leads are to be dialled at most.
    """
    record = await session.store.campaign(name)
    if record is None:
        return Fitness()
    settings = session.settings
    wanted = Wanted(limit, settings.public_url is not None, simulated=is_simulated(settings, record.provider))
    found = await fitness(session.store, account.provider, session.book.current(record), wanted)
    if found.faults:
        others = [state for state in CampaignState if state is not CampaignState.STOPPED]  # a stop stays one
        await session.store.steer(name, found.state, expect=others, reason=found.reason, now=session.clock.now())
    return found


def refusal(found: Fitness, loaded: Loaded) -> CampaignsError:
    """The same as an error: the account's (exit 4), or whatever the file or the settings can mend (exit 2)."""
    if found.state is CampaignState.REFUSED:
        return AccountRefused(found.reason)
    section = f"[providers.{loaded.campaign.provider}]"
    return InputError(
        Problem(
            loaded.where(*_KEYS[fault.subject]) if fault.subject in _KEYS else f"{section}: {fault.subject}",
            fault.says, fault.mend,
        )
        for fault in found.faults
    )  # fmt: skip
