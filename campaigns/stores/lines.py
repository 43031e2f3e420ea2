"""Which lines of an account are held, and until when: every open attempt, as a span of time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.lead import FIRES_WITHIN
from campaigns.domain.lines import Hold
from campaigns.domain.pacing import Limits
from campaigns.ports.store import CampaignRecord, Intent

from .database import Connection
from .rows import at

LIVE = "state IN ('intent', 'sending', 'booked', 'placed', 'unclear', 'uncertain')"
"""As the index of attempts that are not settled says it: whoever asks for some of these says this too, so that SQLite
sees that the index serves."""


async def holds(db: Connection, record: CampaignRecord, longest_call: timedelta, *, now: datetime) -> list[Hold]:
    """Direct calls hold theirs from before now on, bookings from the moment at which they fire."""
    rows = await db.rows(
        "SELECT campaign = :name AS own, fires_at, COALESCE(fires_at, first_sent_at, send_at) AS starts FROM attempt"
        " WHERE open = 1 AND provider = :provider",
        {"name": record.name, "provider": record.provider},
    )
    return [_hold(row, longest_call, now) for row in rows]


def _hold(row: Any, longest_call: timedelta, now: datetime) -> Hold:
    starts = at(row["starts"])
    ends = starts + longest_call + (FIRES_WITHIN if row["fires_at"] else timedelta())
    # Past its time and not known to be over: for as long again as any call.
    return Hold(starts, ends if ends > now else now + longest_call, bool(row["own"]))


def booked_in(intents: Sequence[Intent], held: Sequence[Hold], limits: Limits) -> list[Intent]:
    """Those that have a line at their moment, beside what is held and each other; others are judged again."""
    taken, chosen = list(held), list[Intent]()
    for intent in intents:
        if intent.fires_at is not None and limits.lines.fits(intent.fires_at, taken):
            taken.append(limits.lines.hold(intent.fires_at))
            chosen.append(intent)
    return chosen
