"""A person who is erased at their request: what is left of them, and of what is still told of their calls later.

More goes than by the end of a retention (see `domain.retention`): the list's own key, the debt, every reason in
somebody's words. What stays are outcomes, dispositions, times, talk, cost, zones, the permits of calls that were made,
and the keyed hashes by which nobody calls them again.
"""

from dataclasses import replace
from datetime import datetime

from .call import CallReport
from .contact import ERASED, Contact
from .lead import Attempt, Lead, LeadState, Outcome
from .retention import flags, nameless, numberless, one_word
from .transitions import close

WHY = "erased at their request"


def forgotten(lead: Lead, *, now: datetime) -> Lead:
    """A lead of whom nobody can tell who it was; one that was open is closed, and never called."""
    closed = lead if lead.state is LeadState.CLOSED else close(lead, Outcome.DO_NOT_CALL, reason=WHY, now=now)
    return replace(closed, contact=_nobody(lead.contact), reason=WHY, warning="")


def _nobody(contact: Contact) -> Contact:
    origin = contact.origin and (contact.origin[0], "")
    return replace(nameless(contact), key=ERASED, origin=origin)


def forgotten_attempt(attempt: Attempt) -> Attempt:
    """One of their calls without number, request, words and debt."""
    return replace(numberless(attempt, frozenset()), debt="", reason="")


def is_erased(attempt: Attempt) -> bool:
    """Whether it is not kept any more who was called."""
    return not attempt.phone


def discreet(report: CallReport, call_id: str) -> CallReport:
    """What is told late of an erased call, as far as it is kept: how and when it ended, and a no to further calls.

    `call_id`: what of the call's id is kept.
    """
    return replace(
        report, call_id=call_id, booking_id=None, phone=None, transcript="", summary="", recording="",
        ended_reason=one_word(report.ended_reason), analysis=flags(report.analysis),
        others=(),
    )  # fmt: skip
