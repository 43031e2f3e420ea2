"""How long people's words and numbers are kept: what is taken away when, and what stays for outcomes, caps and figures.

Words are transcripts, summaries, recordings, and what the analysis says beside what the outcome rules ask. Numbers are
the phone numbers, names, variables and every other value of a contact list's row. What stays for good: outcome, label
and reasons, dispositions, times, talk, cost, the permit, subject and debt, the list's own key where it is no number,
zones and jurisdictions, and the keyed hashes of number and person, by which caps, cool-downs, suppression and "nobody
is called twice" go on counting.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from .call import CallReport
from .campaign import OutcomeRule
from .contact import ERASED, Contact
from .lead import Attempt, Lead, LeadState
from .outcomes import is_yes

BUILT_IN = frozenset({"opt_out", "do_not_call"})
"""Analysis that the built-in outcome rules ask for."""
TELLING = 7
"""So many digits at the end of a number name its owner to whoever knows where they live."""


class Erased(StrEnum):
    """What of a lead is gone."""

    NOTHING = ""
    WORDS = "words"
    NUMBERS = "numbers"
    """The words too."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long after a lead was closed, and its last call was over; None: for good."""

    words: timedelta | None = None
    numbers: timedelta | None = None

    @property
    def shortest(self) -> timedelta | None:
        """Nothing younger is ever touched; None: nothing is."""
        return min((span for span in (self.words, self.numbers) if span is not None), default=None)


@dataclass(frozen=True, slots=True)
class Kept:
    """A closed lead as the database has it."""

    lead: Lead
    rev: int
    attempts: tuple[Attempt, ...]
    erased: Erased
    is_returned: bool
    """Its outcome is where it belongs, or can never get there."""


def due(kept: Kept, keeping: Keeping, *, waits_for_return: bool, now: datetime) -> Erased:
    """What of the lead is to be gone by now. Nothing, while it is open or its outcome has still to go back.

    `waits_for_return`: its campaign writes outcomes back.
    """
    lead = kept.lead
    if lead.state is not LeadState.CLOSED or lead.closed_at is None or any(each.open for each in kept.attempts):
        return Erased.NOTHING
    if waits_for_return and not kept.is_returned:
        return Erased.NOTHING
    over = max([lead.closed_at, *(each.ended_by for each in kept.attempts)])
    if keeping.numbers is not None and over + keeping.numbers <= now:
        return Erased.NUMBERS
    return Erased.WORDS if keeping.words is not None and over + keeping.words <= now else Erased.NOTHING


def without(kept: Kept, what: Erased, used: frozenset[str]) -> Kept:
    """The lead without it; `used`: the analysis that outcome rules ask for, see `asked_by`."""
    if what is Erased.NUMBERS:
        lead = replace(kept.lead, contact=nameless(kept.lead.contact), warning="")
        return replace(kept, lead=lead, erased=what, attempts=tuple(numberless(each, used) for each in kept.attempts))
    return replace(kept, erased=what, attempts=tuple(_wordless_attempt(each, used) for each in kept.attempts))


def asked_by(rules: Iterable[OutcomeRule]) -> frozenset[str]:
    """Every name in outcome rules: analysis under one of them may have decided an outcome."""
    texts = [text for rule in rules for text in (rule.when, rule.callback) if text]
    return BUILT_IN.union(*(re.findall(r"\w+", text) for text in texts))


def nameless(contact: Contact) -> Contact:
    """What is left of a contact: where they are, and the key by which their list knows them unless it is a number."""
    numbers = [phone.e164 for phone in contact.phones]
    origin = contact.origin
    return Contact(
        person=ERASED, key=ERASED if holds_number(contact.key, numbers) else contact.key, phones=(), name=ERASED,
        zones=contact.zones, country=contact.country, state=contact.state, jurisdictions=contact.jurisdictions,
        origin=(origin[0], "" if holds_number(origin[1], numbers) else origin[1]) if origin else None,
    )  # fmt: skip


def numberless(attempt: Attempt, used: frozenset[str]) -> Attempt:
    """An attempt without number, request and words. Some vendors' call ids hold the number: those go too."""
    numbers = [attempt.phone]
    report = attempt.report and replace(
        _wordless(attempt.report, used), phone=None, call_id=_unless(attempt.report.call_id, numbers) or "",
        ended_reason=one_word(attempt.report.ended_reason),
        analysis=flags(attempt.report.analysis),
        others=tuple(name for name in attempt.report.others if not holds_number(name, numbers)),
    )  # fmt: skip
    return replace(
        attempt, phone="", body=b"", report=report, call_id=_unless(attempt.call_id, numbers),
        booking_id=_unless(attempt.booking_id, numbers),
    )  # fmt: skip


def holds_number(text: str, numbers: Sequence[str]) -> bool:
    """Whether somebody could read one of the numbers out of the text, however it is spelt there."""
    digits = re.sub(r"\D", "", text)
    return any(number[-TELLING:] in digits for number in numbers if number)


def one_word(text: str) -> str:
    """A vendor's word for how a call ended; a sentence may tell of the person, and is left out."""
    return text if re.fullmatch(r"[A-Za-z][\w.:/-]{,59}", text, re.ASCII) else ""


def flags(analysis: Mapping[str, object]) -> dict[str, bool]:
    """What says yes or no, and nothing that could be a name."""
    return {
        name: is_yes(value) for name, value in analysis.items() if isinstance(value, bool) or name in BUILT_IN
    }  # fmt: skip


def _unless(name: str | None, numbers: Sequence[str]) -> str | None:
    return None if name is None or holds_number(name, numbers) else name


def _wordless_attempt(attempt: Attempt, used: frozenset[str]) -> Attempt:
    return replace(attempt, report=attempt.report and _wordless(attempt.report, used))


def _wordless(report: CallReport, used: frozenset[str]) -> CallReport:
    analysis = {name: value for name, value in report.analysis.items() if name in used}
    return replace(report, transcript="", summary="", recording="", analysis=analysis)
