"""Lines and send instants of one account, handed out inside the transaction that begins dials."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from campaigns.domain.lead import Attempt
from campaigns.domain.pacing import request_spacing, spacing
from campaigns.ports.store import Account, CampaignRecord, Limits

from .database import Connection
from .rows import breaker_from_json, maybe_at, us


async def lock_account(db: Connection, provider: str) -> None:
    """First of all in every transaction that hands out lines or slots; what is counted is counted after it."""
    await db.run(
        "INSERT INTO account (provider) VALUES (:provider) ON CONFLICT (provider) DO UPDATE SET provider = :provider",
        {"provider": provider},
    )


async def account_of(db: Connection, provider: str) -> Account:
    rows = await db.rows("SELECT * FROM account WHERE provider = :provider", {"provider": provider})
    if not rows:
        return Account()
    row = rows[0]
    return Account(
        maybe_at(row["next_send_at"]), maybe_at(row["next_request_at"]), maybe_at(row["paused_until"]),
        breaker_from_json(row["breaker"]),
    )  # fmt: skip


async def free_lines(db: Connection, record: CampaignRecord, limits: Limits) -> int:
    row = (
        await db.rows(
            "SELECT COUNT(*) AS account, COALESCE(SUM(campaign = :name), 0) AS own FROM attempt"
            " WHERE open = 1 AND provider = :provider",
            {"name": record.name, "provider": record.provider},
        )
    )[0]
    return max(0, int(min(limits.at_once - row["account"], limits.campaign_at_once - row["own"])))


async def first_slot(db: Connection, record: CampaignRecord, now: datetime) -> datetime:
    """The next send instant that account, campaign and request budget leave free."""
    account = await account_of(db, record.provider)
    own = await db.rows("SELECT next_send_at FROM campaign WHERE name = :name", {"name": record.name})
    moments = [account.next_send_at, account.next_request_at, account.paused_until, maybe_at(own[0]["next_send_at"])]
    return max([now, *filter(None, moments)])


def slots(first: datetime, limits: Limits, *, now: datetime) -> Iterator[datetime]:
    """Send instants from `first` on, as far ahead as dials are written down."""
    step = _step(limits)
    return (first + step * i for i in range((now + limits.ahead - first) // step + 1))


def _step(limits: Limits) -> timedelta:
    slowest = min(limits.per_second, limits.campaign_per_second)
    return max(
        spacing(slowest, limits.tolerance), request_spacing(limits.requests_per_minute, limits.tolerance)
    )  # fmt: skip


async def take_slots(db: Connection, record: CampaignRecord, written: Sequence[Attempt], limits: Limits) -> None:
    if not written:
        return
    last = max(attempt.send_at for attempt in written)
    account = spacing(limits.per_second, limits.tolerance)
    request = request_spacing(limits.requests_per_minute, limits.tolerance)
    own = spacing(limits.campaign_per_second, limits.tolerance)
    await db.run(
        "UPDATE account SET next_send_at = :send, next_request_at = :request WHERE provider = :provider",
        {"send": us(last + account), "request": us(last + request), "provider": record.provider},
    )
    await db.run(
        "UPDATE campaign SET next_send_at = :send WHERE name = :name", {"send": us(last + own), "name": record.name}
    )
