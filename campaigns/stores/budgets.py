"""The counters of budgets: they move in the transactions that move attempts, so that no crash leaves them wrong."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns.domain.budget import Spent
from campaigns.domain.callers import day_of

from .database import Connection
from .rows import us

DIAL_WITHIN = timedelta(seconds=30)
"""How long after its send instant a dial may leave."""


async def spent_of(db: Connection, purse: str) -> Spent:
    """What has been used up and is held of a campaign's budget."""
    rows = await db.rows("SELECT attempts, talk_ms, cost_micros FROM budget WHERE campaign = :name", {"name": purse})
    return Spent(rows[0]["attempts"], rows[0]["talk_ms"], rows[0]["cost_micros"]) if rows else Spent()


async def spend(db: Connection, campaign: str, spent: Spent) -> None:
    """Add to what a campaign has used up; what is negative gives back."""
    if spent != Spent():
        await db.run(
            _SPEND,
            {
                "name": campaign, "attempts": spent.attempts, "talk_ms": spent.talk_ms,
                "cost_micros": spent.cost_micros,
            },
        )  # fmt: skip


_SPEND = """
INSERT INTO budget (campaign, attempts, talk_ms, cost_micros)
SELECT CASE WHEN purse = '' THEN name ELSE purse END, :attempts, :talk_ms, :cost_micros FROM campaign WHERE name = :name
ON CONFLICT (campaign) DO UPDATE SET attempts = budget.attempts + excluded.attempts,
    talk_ms = budget.talk_ms + excluded.talk_ms, cost_micros = budget.cost_micros + excluded.cost_micros
"""


async def caller_uses(
    db: Connection, provider: str, numbers: Sequence[str], zone: str | None, now: datetime
) -> dict[str, int]:
    """Dials of today per number shown; one that may still leave after midnight counts for both days."""
    begins, ends = day_of(now, zone)
    rows = await db.rows(
        "SELECT caller_id, COUNT(*) AS n FROM attempt WHERE provider = :provider AND caller_id <> ''"
        " AND caller_id = ANY(:numbers) AND COALESCE(fires_at, send_at) >= :since"
        " AND COALESCE(fires_at, send_at) < :until"
        " AND state NOT IN ('refused', 'not_sent', 'not_created') GROUP BY caller_id",
        {
            "provider": provider, "numbers": list(numbers),
            "since": us(begins - DIAL_WITHIN), "until": us(ends + DIAL_WITHIN),
        },
    )  # fmt: skip
    return {row["caller_id"]: row["n"] for row in rows}
