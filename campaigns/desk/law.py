"""The legal rules as people look them up: by jurisdiction or row. Data with sources, never legal advice."""

from collections.abc import Iterable, Sequence
from datetime import date

from campaigns.domain.campaign import Campaign
from campaigns.domain.legal import RuleBook, lineage_of
from campaigns.domain.rules import Rule
from campaigns.domain.rules_text import (
    DUTIES,
    SOURCES,
    consent_in_words,
    hours_in_words,
    in_force_in_words,
    limits_in_words,
    special_days_in_words,
)
from campaigns.ports.people import SuspensionRecord
from campaigns.rules import AS_OF, known_code, load_rules

from .views import RuleView


def rows_of(wanted: str, book: RuleBook) -> list[Rule]:
    """A row, or all rows of a jurisdiction, those above it and those within it that a city has. Raises InputError."""
    row = book.rule(wanted.strip().lower())
    if row is not None:
        return [row, *_inherited(book, [row])]
    code = known_code(wanted, book)
    own = [rule for rule in book.rules if rule.code in lineage_of(code) or rule.jurisdiction == code]
    own.sort(key=lambda rule: -len(rule.code))  # what is nearest first
    return [*own, *_inherited(book, own)]


def in_force(campaign: Campaign, codes: Iterable[str], book: RuleBook, *, day: date) -> list[Rule]:
    """The rows that bind calls of this campaign to people who may be in these jurisdictions, or lend them their hours.

    None where its file switches the law off, or for an emergency.
    """
    if campaign.legal_hours.off:
        return []
    found: dict[str, Rule] = {}
    for code in sorted(codes):
        lent, _ = book.hour_rows(code, campaign.ground, day)
        found |= {rule.id: rule for rule in (*book.binding(code, campaign.ground, day), *lent)}
    return list(found.values())


def rule_view(rule: Rule, closed: Iterable[SuspensionRecord]) -> RuleView:
    """A row with its words, and whether a person has closed the place."""
    above = lineage_of(rule.code)
    shut = [f"{one.why}; {one.who}" for one in closed if one.code in above]
    return RuleView(
        code=rule.id,
        place=rule.code,
        binds=binding_in_words(rule),
        text=(rule.name, *(f"{title}: {line}" for title, line in everything(rule) if title != "source")),
        sources=rule.source,
        confidence=rule.confidence,
        checked=AS_OF if load_rules().rule(rule.id) else None,  # of a user's own row, nobody says
        suspended="; ".join(shut),
    )


def _inherited(book: RuleBook, rows: Sequence[Rule]) -> list[Rule]:
    found = {rule.id: rule for rule in rows}
    waiting = list(rows)
    while waiting:
        for name in waiting.pop().inherits:
            parent = book.rule(name)
            if parent is not None and name not in found:
                found[name] = parent
                waiting.append(parent)
    return list(found.values())[len(rows) :]


def everything(rule: Rule) -> list[tuple[str, str]]:
    """A row in words, in pairs of a title and a line; what it does not say is left out."""
    duties = "; ".join(DUTIES[duty] for duty in rule.duties)
    lines = [
        ("where", rule.code),
        ("binds", binding_in_words(rule)),
        ("hours", f"{hours_in_words(rule)} (from: {SOURCES[rule.hours_source]})"),
        ("clock", "" if rule.clock == "called_party" else rule.clock),
        ("holidays", "" if rule.holidays == "open" else f"{rule.holidays}, by {', '.join(rule.calendars)}"),
        ("days", special_days_in_words(rule)),
        ("lifted by", ", ".join(rule.hours_waived_by).replace("_", " ")),
        ("limits", limits_in_words(rule) or "none"),
        ("consent", consent_in_words(rule)),
        ("duties", duties or "none named, with an artificial voice"),
        ("voices", rule.ai_voice or ""),
        ("inherits", ", ".join(rule.inherits)),
        *(("suspended", f"{event.trigger}, by {event.authority}") for event in rule.suspensions),
        ("in force", in_force_in_words(rule)),
        ("text", rule.instrument),
        ("confidence", f"{rule.confidence}; source: {rule.source_kind}"),
        *(("source", url) for url in rule.source),
        ("notes", rule.notes),
    ]
    return [(title, text) for title, text in lines if text]


def binding_in_words(rule: Rule) -> str:
    """`law; telemarketing, artificial voices only`."""
    return f"{rule.binding}; {scope_in_words(rule)}" + ("; only where a campaign names it" if rule.optional else "")


def scope_in_words(rule: Rule) -> str:
    """For what it is law: `telemarketing+research`."""
    purposes = "+".join(word.replace("_", " ") for word in rule.scope if word != "ai_voice")
    return f"{purposes}, artificial voices only" if rule.voice == "artificial" else purposes
