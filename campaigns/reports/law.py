"""What the law had to do with a campaign's calls, by the permits that are kept with them: rows, sources, hours kept."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.lead import Attempt
from campaigns.domain.legal import Law, RuleBook
from campaigns.domain.rules import Duty, Rule
from campaigns.domain.rules_text import DUTIES, hours_in_words, limits_in_words

_SECOND = timedelta(seconds=1)
"""A permit's local times are whole seconds."""


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """A row that bound calls, or lent them its hours."""

    id: str
    name: str
    hours: str
    limits: str
    calls: int
    instrument: str = ""
    sources: tuple[str, ...] = ()
    confidence: str = ""
    """How sure those are who wrote the row: `high`, `medium`, `low`."""


@dataclass
class Permits:
    """What the permits of calls say, counted."""

    rows: Counter[str] = field(default_factory=Counter)
    data: Counter[str] = field(default_factory=Counter)
    """Versions of the rows → calls that were judged by them."""
    held: int = 0
    """Calls that began while their permit held."""
    outside: int = 0
    """Calls that began before or after it."""
    without: int = 0
    """Calls with which no permit is kept."""

    def add(self, attempt: Attempt) -> None:
        """Count one call that was dialled; its rows count where any row was asked."""
        said = json.loads(attempt.permit or "{}")
        if "data" not in said:
            self.without += 1
            return
        is_held = _is_held(attempt, said)
        self.held += is_held
        self.outside += not is_held
        if not said.get("off"):
            self.data[said["data"]] += 1
            self.rows.update(said["rules"])

    def applied(self, book: RuleBook) -> tuple[AppliedRow, ...]:
        """The rows, those of most calls first; of one that is no row any more the id alone."""
        return tuple(_row(name, book.rule(name), calls) for name, calls in self.rows.most_common())

    def duties(self, book: RuleBook) -> tuple[str, ...]:
        """What an artificial voice had to do in some of these calls, in words."""
        named: set[Duty] = {duty for name in self.rows if (rule := book.rule(name)) for duty in rule.duties}
        return tuple(text for duty, text in DUTIES.items() if duty in named)


def law_statement(campaign: Campaign, law: Law) -> str:
    """What is checked of the law, in one sentence; whoever shows it adds that it is no legal advice."""
    off = campaign.legal_hours.off
    if off:
        return f"No legal rule is applied (legal_hours off: {off})."
    return f"Every call is judged by the legal rules of {law.book.version}: hours, consent, caps and cool-downs."


def _is_held(attempt: Attempt, said: dict[str, Any]) -> bool:
    """A permit is given for an instant, whose local times it names; the dial must follow before it lapses."""
    begins = [datetime.fromisoformat(text) for text in said.get("local", ())]
    if begins and attempt.rings_from < min(begins) - _SECOND:
        return False
    return attempt.fires_at is not None or attempt.rings_from <= attempt.dial_before


def _row(name: str, rule: Rule | None, calls: int) -> AppliedRow:
    if rule is None:
        return AppliedRow(name, "", "", "", calls)
    return AppliedRow(
        id=name,
        name=rule.name,
        hours=hours_in_words(rule),
        limits=limits_in_words(rule),
        calls=calls,
        instrument="" if rule.instrument == "none" else rule.instrument,
        sources=rule.source,
        confidence=rule.confidence,
    )
