"""Which rows of the law permitted the calls of a campaign, by the permits that are kept with them."""

import json
from collections import Counter
from dataclasses import dataclass, field

from campaigns.domain.legal import RuleBook
from campaigns.domain.rules import Duty, Rule
from campaigns.domain.rules_text import DUTIES, hours_in_words, limits_in_words


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """A row that bound calls, or lent them its hours."""

    id: str
    name: str
    hours: str
    limits: str
    calls: int


@dataclass
class Permits:
    """What the permits of calls say, counted."""

    rows: Counter[str] = field(default_factory=Counter)
    data: Counter[str] = field(default_factory=Counter)
    """Versions of the rows → calls that were judged by them."""

    def add(self, permit: str) -> None:
        """Count one call; one for which no row was asked does not count."""
        said = json.loads(permit or "{}")
        if "data" in said and not said.get("off"):
            self.data[said["data"]] += 1
            self.rows.update(said["rules"])

    def applied(self, book: RuleBook) -> tuple[AppliedRow, ...]:
        """The rows, those of most calls first; of one that is no row any more the id alone."""
        return tuple(_row(name, book.rule(name), calls) for name, calls in self.rows.most_common())

    def duties(self, book: RuleBook) -> tuple[str, ...]:
        """What an artificial voice had to do in some of these calls, in words."""
        named: set[Duty] = {duty for name in self.rows if (rule := book.rule(name)) for duty in rule.duties}
        return tuple(text for duty, text in DUTIES.items() if duty in named)


def _row(name: str, rule: Rule | None, calls: int) -> AppliedRow:
    if rule is None:
        return AppliedRow(name, "", "", "", calls)
    return AppliedRow(name, rule.name, hours_in_words(rule), limits_in_words(rule), calls)
