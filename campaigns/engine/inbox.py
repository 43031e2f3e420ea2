"""Webhooks: proved, kept, and read back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.domain.call import CallReport, Grade, Notice, Question, Webhook, told, understood
from campaigns.domain.errors import ProofError
from campaigns.failpoints import failpoint
from campaigns.ports import CallProvider, Clock
from campaigns.ports.store import InboxItem, Store

from .terms import TermsBook


@dataclass(frozen=True, slots=True)
class News:
    """What a webhook told, kept durably."""

    id: int
    """In the inbox."""
    grade: Grade
    report: CallReport


@dataclass(frozen=True, slots=True)
class Taken:
    """A webhook that was proved."""

    news: News | None
    """None: it told nothing new."""
    question: Question | None
    """Whoever sent it waits for an answer."""


async def receive(
    store: Store, provider: CallProvider, clock: Clock, *, name: str, webhook: Webhook, book: TermsBook
) -> Taken:
    """Prove a webhook and keep its news; a question is not kept. Raises ProofError, StoreUnavailable."""
    now = clock.now()
    notice = _proved(provider, webhook, now)
    report = notice.report
    if report is None:
        return Taken(None, notice.question)
    kept = await store.receive(
        name, dedupe_key=notice.dedupe_key, grade=str(notice.grade), report=to_json(report), now=now,
        phone_key=book.phone_key(report.phone) if report.phone else "",
    )  # fmt: skip
    failpoint("after_report")
    return Taken(News(kept, notice.grade, report) if kept is not None else None, notice.question)


def _proved(provider: CallProvider, webhook: Webhook, now: datetime) -> Notice:
    try:
        return provider.read(webhook, now=now)
    except ProofError:
        raise
    except Exception as error:  # noqa: BLE001 - on whatever a stranger wrote, no proof is the only answer
        raise ProofError(f"it could not be read: {type(error).__name__}") from None


def to_json(report: CallReport) -> dict[str, Any]:
    """As it is kept."""
    return told(report, datetime.isoformat)


def report_of(item: InboxItem) -> CallReport:
    """What a kept webhook says."""
    return understood(item.report, datetime.fromisoformat)
