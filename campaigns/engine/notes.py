"""A closed lead in the words that go back: as a note for a system, and as a row of a file. Pure."""

from campaigns.domain.call import Disposition
from campaigns.domain.contact import ERASED
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.domain.returning import reference
from campaigns.ports.lists import OutcomeNote
from campaigns.ports.returns import Closed

COLUMNS = (
    "id", "key", "phone", "name", "outcome", "label", "attempts", "last_disposition", "last_attempt_at", "closed_at",
    "reason", "summary", "campaign", "reference",
)  # fmt: skip
_NOT_SENT = (AttemptState.INTENT, AttemptState.BOOKED)


def note_of(closed: Closed) -> OutcomeNote:
    """What became of the contact. Only dials that were sent count."""
    lead = closed.lead
    dialled = [each for each in closed.attempts if each.counts and each.state not in _NOT_SENT]
    last = dialled[-1] if dialled else None
    assert lead.closed_at is not None  # noqa: S101 - the schema says so
    return OutcomeNote(
        reference=reference(lead.id, closed.stamp),
        contact=lead.contact.origin[1] if lead.contact.origin else "",
        phone=last.phone if last else lead.contact.number,
        campaign=lead.campaign,
        outcome=closed.outcome,
        label=lead.label,
        attempts=len(dialled),
        disposition=_ending(last),
        called_at=last.ended_by if last else None,
        closed_at=lead.closed_at,
        summary=last.report.summary if last and last.report else "",
    )


def _ending(last: Attempt | None) -> str:
    return str(last.disposition or Disposition.UNKNOWN) if last else ""


def row_of(closed: Closed) -> tuple[str, ...]:
    """The same under `COLUMNS`; instants are ISO 8601 in UTC, and `id` is the list's own where it has one."""
    note, contact = note_of(closed), closed.lead.contact
    return (
        contact.person if contact.person_from_id else "", contact.key, note.phone or ERASED, contact.name, note.outcome,
        note.label, str(note.attempts), note.disposition,
        note.called_at.isoformat(timespec="seconds") if note.called_at else "",
        note.closed_at.isoformat(timespec="seconds"), closed.lead.reason, note.summary, note.campaign, note.reference,
    )  # fmt: skip
