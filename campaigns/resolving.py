"""A person's word on an uncertain attempt."""

from enum import StrEnum

from campaigns.app import Session
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.errors import StoreError
from campaigns.domain.lead import Attempt, AttemptState, Outcome
from campaigns.domain.transitions import advance, close, ended
from campaigns.engine.recorder import Recorder
from campaigns.ports.store import Move


class Word(StrEnum):
    CALLED = "called"
    NOT_CALLED = "not_called"
    DROP = "drop"


async def resolve_attempt(session: Session, attempt: Attempt, word: Word, disposition: Disposition, *, by: str) -> None:
    """Write the word of `by` down; the lead follows from it. Raises StoreError when the attempt moved meanwhile."""
    now = session.clock.now()
    recorder = Recorder(session.store, session.clock, session.book)
    if word is Word.NOT_CALLED:
        after = advance(
            attempt, AttemptState.NOT_CREATED, resolved_by="person", ended_at=now, reason=f"the word of {by}"
        )
        done = await recorder.write(attempt, after, why=f"resolve --not-called, by {by}", who=by)
    elif word is Word.CALLED:
        report = CallReport(attempt.call_id or "", attempt.id, ended=True, disposition=disposition)
        after = ended(attempt, report, by="person", now=now)
        done = await recorder.write(attempt, after, why=f"resolve --called, by {by}", who=by)
    else:
        done = await _drop(session, attempt, by)
    if not done:
        raise StoreError(f"The attempt {attempt.id} changed meanwhile. Look at it again with `campaigns attempts`.")


async def _drop(session: Session, attempt: Attempt, by: str) -> bool:
    now = session.clock.now()
    report = CallReport(attempt.call_id or "", attempt.id, ended=True, disposition=Disposition.UNKNOWN)
    after = ended(attempt, report, by="person", now=now)
    found = await session.store.lead(attempt.lead_id)
    if found is None:
        return False
    lead, rev = found
    closed = close(lead, Outcome.STOPPED, reason=f"dropped by {by}", now=now)
    return all(
        await session.store.record([Move(attempt, after, f"resolve --drop, by {by}", closed, rev, who=by)], now=now)
    )
