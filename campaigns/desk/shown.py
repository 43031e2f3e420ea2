"""An attempt as whoever asks may see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from campaigns.domain.call import CallReport
from campaigns.domain.contact import ERASED, mask
from campaigns.domain.lead import Attempt
from campaigns.reports.discreet import without_numbers

from .access import Operator, Role
from .views import AttemptView


def number_shown(phone: str, by: Operator) -> str:
    """Whole, or masked for whoever may only read."""
    return (phone or ERASED) if by.role.allows(Role.OPERATE) else mask(phone)


def attempt_view(attempt: Attempt, by: Operator, moves: Sequence[tuple[datetime, str, str]] = ()) -> AttemptView:
    """With what is known of the call; transcript and recording only for whoever may do more than read."""
    report, whole = attempt.report or CallReport(""), by.role.allows(Role.OPERATE)
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
        summary=report.summary if whole else without_numbers(report.summary),
        transcript=report.transcript if whole else "",
        analysis=report.analysis if whole else _without_numbers(report.analysis),
        recording=report.recording if whole else "",
        reason=attempt.reason if whole else without_numbers(attempt.reason),
        moves=tuple(moves),
    )


def _without_numbers(value: Any) -> Any:
    if isinstance(value, str):
        return without_numbers(value)
    if isinstance(value, dict):
        return {name: _without_numbers(each) for name, each in value.items()}
    return [_without_numbers(each) for each in value] if isinstance(value, list) else value
