"""The legal rules in words, against the table of the research; and as data that can be read again."""

import pytest

from campaigns.domain.rules import Rule
from campaigns.domain.rules_text import (
    consent_in_words,
    hours_in_words,
    in_force_in_words,
    limits_in_words,
    rule_data,
    special_days_in_words,
)
from campaigns.rules import load_rules

BOOK = load_rules()


def row(name: str) -> Rule:
    found = BOOK.rule(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("zz-fallback", "Mon-Fri 10-13 14-18; Sat-Sun closed"),
        ("us-telemarketing", "Mon-Sun 08-21"),
        ("ca-telemarketing", "Mon-Fri 09-21:30; Sat-Sun 10-18"),
        ("sa-telemarketing", "Mon-Thu 09-20; Fri closed; Sat 10-16; Sun 09-20"),
        ("us-ai-voice-exempt", "none set"),
    ],
)
def test_hours_are_written_as_in_the_table(name: str, words: str) -> None:
    assert hours_in_words(row(name)) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("us-debt", "7 attempts/7 d per debt; after conversation: 7 d"),
        ("us-me-ai", "1 conversation/8 h per number"),
        ("us-wa-debt", "3 contacts/7 d per person (calendar week)"),
        ("cl-debt", "1 attempt/7 d per person (calendar week); at least 2 d between calls"),
        ("jp-telemarketing", "after refusal: permanent"),
        ("ca-bc-telemarketing", "1 contact/30 d per subject, unless consent"),
        ("us-telemarketing", ""),
    ],
)
def test_caps_gaps_and_cool_downs_are_written_as_in_the_table(name: str, words: str) -> None:
    assert limits_in_words(row(name)) == words


def test_consents_special_days_and_dates_are_told() -> None:
    assert consent_in_words(row("us-ai-voice-exempt")) == "artificial voice: prior consent"
    assert consent_in_words(row("de-telemarketing")) == "prior consent; artificial voice: prior consent"
    assert "research: nothing more" in consent_in_words(row("eu-ai-disclosure"))
    assert special_days_in_words(row("us-ne-ai")) == "public holiday 13-21"
    assert in_force_in_words(row("fr-telemarketing-2023")).endswith("until 2026-08-11 (that day excluded)")


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_every_row_as_data_is_the_row(rule: Rule) -> None:
    assert Rule.model_validate(rule_data(rule)) == rule
