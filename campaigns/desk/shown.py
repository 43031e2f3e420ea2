"""People and their calls as whoever asks may see them: decided here, for every face."""

from collections.abc import Sequence
from datetime import datetime

from campaigns.domain.call import CallReport
from campaigns.domain.contact import ERASED, mask
from campaigns.domain.incidents import incidents
from campaigns.domain.lead import Attempt, LeadState
from campaigns.domain.retention import holds_number
from campaigns.ports.pages import ListedLead
from campaigns.ports.people import Suppression
from campaigns.reports.discreet import without_numbers

from .access import Operator, Role
from .barring import entry_id
from .views import AttemptView, LeadRow, SuppressionView


def sees_people(by: Operator) -> bool:
    """Whether they see numbers whole, and what was said in calls; who may only read sees neither."""
    return by.role.allows(Role.OPERATE)


def number_shown(phone: str, by: Operator) -> str:
    """Whole, or masked."""
    return (phone or ERASED) if sees_people(by) else mask(phone)


def words_shown(text: str, by: Operator) -> str:
    """Other people's words, which may quote a number."""
    return text if sees_people(by) else without_numbers(text)


def name_shown(text: str, numbers: Sequence[str], by: Operator) -> str:
    """A key or id of a list: where a list has none, it is the number."""
    return mask(text) if not sees_people(by) and holds_number(text, numbers) else text


def told_shown(text: str, numbers: Sequence[str], by: Operator) -> str:
    """Our own words, full of dates and sources: cut only where one of the person's numbers could be read in them."""
    return words_shown(text, by) if holds_number(text, numbers) else text


def lead_row(listed: ListedLead, by: Operator) -> LeadRow:
    """A lead in a list."""
    lead, contact = listed.lead, listed.lead.contact
    numbers = [phone.e164 for phone in contact.phones]
    return LeadRow(
        lead=lead.id,
        key=name_shown(contact.key, numbers, by),
        campaign=lead.campaign,
        name=words_shown(contact.name, by),
        phone=number_shown(listed.last_phone or contact.number or "", by),
        state=lead.state,
        outcome=lead.outcome,
        label=lead.label,
        attempts=listed.tries,
        reason=words_shown(lead.reason, by),
        rule=lead.rule,
        next_at=lead.due_at if lead.state is not LeadState.CLOSED else None,
        closed_at=lead.closed_at,
        warning=words_shown(lead.warning, by),
        person=name_shown(contact.person, numbers, by),
    )


def attempt_view(
    attempt: Attempt, by: Operator, moves: Sequence[tuple[datetime, str, str]] = (), key: str = ""
) -> AttemptView:
    """With what is known of the call."""
    report, whole = attempt.report or CallReport(""), sees_people(by)
    return AttemptView(
        attempt=attempt.id,
        lead=attempt.lead_id,
        campaign=attempt.campaign,
        ordinal=attempt.ordinal,
        phone=number_shown(attempt.phone, by),
        provider=attempt.provider,
        call_id=attempt.call_id if whole else None,  # some vendors' hold the number
        state=attempt.state,
        disposition=attempt.disposition,
        intent_at=attempt.created_at,
        placed_at=attempt.placed_at,
        ended_at=attempt.ended_at,
        talk_seconds=report.talk_seconds,
        cost=report.cost,
        summary=report.summary if whole else "",
        transcript=report.transcript if whole else "",
        analysis=report.analysis if whole else {},
        recording=report.recording if whole else "",
        reason=words_shown(attempt.reason, by),
        moves=tuple((at, to, words_shown(why, by)) for at, to, why in moves),
        key=key,
        incidents=incidents(attempt),
        other_calls=report.others if whole else (),
    )


def suppression_view(entry: Suppression, by: Operator) -> SuppressionView:
    """An entry of the do-not-call list."""
    return SuppressionView(
        id=entry_id(entry.phone_key, entry.scope),
        shown=entry.shown,
        scope=entry.scope,
        who=entry.who,
        why=words_shown(entry.why, by),
        proof=words_shown(entry.proof, by),
        created_at=entry.created_at,
    )
