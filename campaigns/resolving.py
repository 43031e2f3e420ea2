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


async def resolve_attempt(session: Session, attempt: Attempt, word: Word, disposition: Disposition) -> None:
    """Write the word down; the lead follows from it. Raises StoreError when the attempt moved meanwhile."""
    now = session.clock.now()
    recorder = Recorder(session.store, session.clock, session.book)
    if word is Word.NOT_CALLED:
        after = advance(attempt, AttemptState.NOT_CREATED, resolved_by="person", ended_at=now, reason="a person's word")
        done = await recorder.write(attempt, after, why="resolve --not-called")
    elif word is Word.CALLED:
        report = CallReport(attempt.call_id or "", attempt.id, ended=True, disposition=disposition)
        after = ended(attempt, report, by="person", now=now)
        done = await recorder.write(attempt, after, why="resolve --called")
    else:
        done = await _drop(session, attempt)
    if not done:
        raise StoreError(f"The attempt {attempt.id} changed meanwhile. Look at it again with `campaigns attempts`.")


async def _drop(session: Session, attempt: Attempt) -> bool:
    now = session.clock.now()
    report = CallReport(attempt.call_id or "", attempt.id, ended=True, disposition=Disposition.UNKNOWN)
    after = ended(attempt, report, by="person", now=now)
    found = await session.store.lead(attempt.lead_id)
    if found is None:
        return False
    lead, rev = found
    closed = close(lead, Outcome.STOPPED, reason="dropped by a person", now=now)
    return all(await session.store.record([Move(attempt, after, "resolve --drop", closed, rev)], now=now))
