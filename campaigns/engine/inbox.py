"""Webhooks: proved, kept, and read back."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from campaigns.domain.call import CallReport, Direction, Disposition, Question, Webhook
from campaigns.ports import CallProvider, Clock
from campaigns.ports.store import InboxItem, Store


@dataclass(frozen=True, slots=True)
class Taken:
    """A webhook that was proved; its news is kept durably."""

    fresh: bool
    """False: it is no news."""
    question: Question | None
    """Whoever sent it waits for an answer."""


async def receive(store: Store, provider: CallProvider, clock: Clock, *, name: str, webhook: Webhook) -> Taken:
    """Prove a webhook and keep its news; a question is not kept. Raises ProofError, StoreUnavailable."""
    now = clock.now()
    notice = provider.read(webhook, now=now)
    if notice.report is None:
        return Taken(False, notice.question)
    fresh = await store.receive(
        name, dedupe_key=notice.dedupe_key, grade=str(notice.grade), report=to_json(notice.report), now=now
    )
    return Taken(fresh, notice.question)


_INSTANTS = ("started_at", "ended_at", "created_at")


def to_json(report: CallReport) -> dict[str, Any]:
    data = asdict(report)
    if report.booking_id is None:
        del data["booking_id"]  # so that code that knows of no bookings can read it
    return {**data, **{name: data[name].isoformat() if data[name] else None for name in _INSTANTS}}


def report_of(item: InboxItem) -> CallReport:
    """What a kept webhook says."""
    return CallReport(
        **{
            **item.report,
            **{name: datetime.fromisoformat(item.report[name]) if item.report[name] else None for name in _INSTANTS},
            "direction": Direction(item.report["direction"]),
            "disposition": Disposition(item.report["disposition"]) if item.report["disposition"] else None,
        }
    )
