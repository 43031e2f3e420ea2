"""Lines and send instants of one account, handed out inside the transaction that begins dials."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.pacing import Limits, Standing, ramp_begins, request_spacing, spacing
from campaigns.domain.sharing import STRIDE, Bid, place_of
from campaigns.ports.store import Account, CampaignRecord

from .budgets import spent_of
from .database import Connection
from .rows import breaker_from_json, maybe_at, us

KNOW_ACCOUNT = "INSERT INTO account (provider) VALUES (:provider) ON CONFLICT DO NOTHING"
"""Before every transaction about an account; what is counted in it is counted after its row was locked."""


async def account_of(db: Connection, provider: str) -> Account:
    rows = await db.rows("SELECT * FROM account WHERE provider = :provider", {"provider": provider})
    if not rows:
        return Account()
    row = rows[0]
    return Account(
        maybe_at(row["next_send_at"]), maybe_at(row["next_request_at"]), maybe_at(row["paused_until"]),
        breaker_from_json(row["breaker"]), row["served"],
    )  # fmt: skip


async def standing_of(db: Connection, record: CampaignRecord, account: Account, now: datetime) -> Standing:
    """What the campaign and its account have in use, and which other campaigns want lines."""
    params = {"name": record.name, "provider": record.provider}
    own = (await db.rows("SELECT * FROM campaign WHERE name = :name", params))[0]
    used = (await db.rows(_OPEN, params))[0]
    others = await db.rows(_OTHERS, params)
    bids = [bid for bid in map(_bid, others) if bid is not None and bid.lines > 0 and bid.until > now]
    moments = [account.next_send_at, account.next_request_at, account.paused_until]
    return Standing(
        open_account=used["account"],
        open_campaign=used["own"],
        next_send_at=maybe_at(own["next_send_at"]),
        account_free_at=max(filter(None, moments), default=None),
        ramp_from=maybe_at(own["ramp_from"]),
        spent=await spent_of(db, record.purse or record.name),
        served=own["served"],
        floor=account.served,
        bid=_bid(own),
        rivals=tuple(bids),
        others=len(others),
    )


_OPEN = """
SELECT COUNT(*) AS account, COUNT(CASE WHEN campaign = :name THEN 1 END) AS own FROM attempt
WHERE open = 1 AND provider = :provider
"""
_OTHERS = """
SELECT name, priority, served, bid_lines, bid_until FROM campaign
WHERE provider = :provider AND state = 'active' AND name <> :name
"""


def _bid(row: Any) -> Bid | None:
    until = maybe_at(row["bid_until"])
    if until is None:
        return None
    return Bid(row["name"], row["priority"], row["served"], row["bid_lines"], until)


def slots(
    standing: Standing, limits: Limits, *, now: datetime, ahead: timedelta = timedelta()
) -> Iterator[datetime]:  # fmt: skip
    """Send instants that account, campaign and request budget leave free, as far ahead as dials are written down.

    The first one is no sooner than `ahead` from now.
    """
    first = first_slot(standing, now + ahead)
    step = max(spacing(limits.campaign_per_second, limits.tolerance), limits.account_spacing)
    return (first + step * i for i in range((now + limits.ahead - first) // step + 1))


def first_slot(standing: Standing, now: datetime) -> datetime:
    return max(filter(None, [now, standing.account_free_at, standing.next_send_at]))


async def take_slots(db: Connection, record: CampaignRecord, last: datetime, limits: Limits) -> None:
    """Nobody else sends until then."""
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


async def take_lines(
    db: Connection, record: CampaignRecord, standing: Standing, limits: Limits, *, lines: int, now: datetime
) -> None:
    """Move the campaign back in the account's queue, and begin its ramp where this is the first dial of one."""
    if not lines:
        return
    place, stride = place_of(standing.served, standing.floor), STRIDE[limits.priority]
    await db.run(
        "UPDATE campaign SET served = :served, ramp_from = :ramp,"
        " bid_lines = CASE WHEN bid_lines > :lines THEN bid_lines - :lines ELSE 0 END WHERE name = :name",
        {
            "name": record.name, "served": place + stride * lines, "lines": lines,
            "ramp": us(ramp_begins(limits, standing, now=now)),
        },
    )  # fmt: skip
    head = place + stride * (lines - 1)
    await db.run(
        "UPDATE account SET served = :head WHERE provider = :provider AND served < :head",
        {"head": head, "provider": record.provider},
    )
