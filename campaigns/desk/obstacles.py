"""What stands in the way of a campaign, in plain words, and what mends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from campaigns.domain.lead import CampaignState
from campaigns.ports.store import Account, CampaignRecord


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything that may be in the way of one campaign."""

    record: CampaignRecord
    unread: str = ""
    """Why its file or its provider's settings are not understood."""
    account: Account | None = None
    """None: the database does not know it yet."""
    used_up: str = ""
    """Of the budget, as the purse says it."""
    held: int = 0
    """Leads that wait for a person's word."""
    unread_since: datetime | None = None
    """Since when its lists should have been read again."""
    dialed: bool | None = None
    """Whether a process dials from the database; None: nobody can say."""
    played: bool = False
    """Its calls are made up: `run` plays it, and no worker takes it up."""


def obstacles(seen: Circumstances, *, now: datetime) -> tuple[str, ...]:
    """One sentence or two for each, the worst first."""
    return tuple(_obstacles(seen, now))


def _obstacles(seen: Circumstances, now: datetime) -> Iterator[str]:
    record, name = seen.record, seen.record.name
    if seen.unread:
        yield seen.unread
    if record.state is CampaignState.REFUSED:
        why = f": {record.reason}" if record.reason else ""
        yield f"The provider '{record.provider}' refuses the account{why}. Mend that, then `campaigns resume {name}`."
    if seen.used_up:
        yield f"{seen.used_up[0].upper()}{seen.used_up[1:]}. Raise it in the file, then `campaigns start` the file."
    if record.state is CampaignState.ACTIVE:
        yield from _of_worker(seen, now)
        yield from _of_account(seen, now)
    if seen.held:
        who = "1 lead waits" if seen.held == 1 else f"{seen.held:,} leads wait"
        yield f"{who} for a person's word on an uncertain call: see its doubts, or `campaigns resolve`."


def _of_worker(seen: Circumstances, now: datetime) -> Iterator[str]:
    if seen.dialed is False:
        command = "campaigns run` its file" if seen.played else "campaigns worker`"
        yield f"Nothing dials from this database. Start `{command}."
    if seen.unread_since is not None and seen.dialed is not False and seen.unread_since < now:
        at = f"{seen.unread_since:%Y-%m-%d %H:%M}Z"
        yield f"Its contact lists were to be read again by {at} and were not. The worker's log says why."


def _of_account(seen: Circumstances, now: datetime) -> Iterator[str]:
    account, provider = seen.account, seen.record.provider
    if account is None:
        return
    if account.paused_until is not None and account.paused_until > now:
        at = f"{account.paused_until:%H:%M:%S}Z"
        yield f"The account '{provider}' is paused until {at}, as the provider asked. It goes on by itself."
    if account.breaker.is_shut(now=now):
        at = f"{account.breaker.open_until:%H:%M:%S}Z"
        yield (
            f"The provider '{provider}' gave unclear answers, so nobody is dialled until {at}; then one call tries it"
            " out. `campaigns doctor` asks it."
        )
