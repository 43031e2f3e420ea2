"""The rows of the law as data: every one is whole, names its sources, and own rows only add."""

from pathlib import Path

import pytest

from campaigns.domain.errors import InputError
from campaigns.domain.legal import FALLBACK
from campaigns.rules import load_rules

BOOK = load_rules()

OWN = """
- id: own-nl-lunch
  jurisdiction: NL
  name: Our own promise
  scope: [telemarketing, informational]
  voice: any
  binding: default
  hours_source: product_default
  consent: not_applicable
  hours: {mon: ['14:00-17:00'], tue: ['14:00-17:00'], wed: [], thu: [], fri: [], sat: [], sun: []}
  consent_artificial: none
  instrument: none
  effective: null
  source: []
  source_kind: none
  confidence: low
"""


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "own.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_every_row_has_its_sources_and_a_readable_instrument(rule) -> None:
    assert rule.source or rule.confidence == "low"
    assert all(address.startswith("http") for address in rule.source)
    assert rule.name
    assert rule.instrument
    assert rule.hours is None or any(rule.hours.values()), "a row that sets hours has some"
    assert all(parent in {other.id for other in BOOK.rules} for parent in rule.inherits)


def test_there_is_one_fallback_and_the_version_names_the_day_and_the_text() -> None:
    assert [rule.id for rule in BOOK.rules if rule.jurisdiction == "ZZ"] == [FALLBACK]
    assert BOOK.version.startswith("2026-")
    assert len({rule.id for rule in BOOK.rules}) == len(BOOK.rules) == 93


def test_own_rows_come_on_top_and_change_the_version(tmp_path: Path) -> None:
    book = load_rules(own(tmp_path, OWN))
    assert book.rule("own-nl-lunch") is not None
    assert len(book.rules) == len(BOOK.rules) + 1
    assert book.version.startswith(BOOK.version + "+")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("own-nl-lunch", "nl-telemarketing"), "this id is taken"),
        (("14:00-17:00", "17:00-14:00"), "own-nl-lunch"),
        (("jurisdiction: NL", "jurisdiction: Holland"), "jurisdiction"),
        (("voice: any", "voice: loud"), "voice"),
        (("effective: null", "effective: yesterday"), "effective"),
        (("confidence: low", "confidence: high"), "without a source"),
        (("hours_source: product_default", "hours_source: product_default\n  inherits: [nobody]"), "nobody"),
        (("- id: own-nl-lunch", "id: own-nl-lunch"), "own.yaml"),
        (("  name: Our own promise", "  name: Our own promise\n  colour: red"), "colour"),
        (("mon: ['14:00-17:00'], ", ""), "every day"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as error:
        load_rules(own(tmp_path, OWN.replace(*change)))
    assert "own.yaml" in str(error.value)


def test_a_file_of_rules_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.yaml"):
        load_rules(tmp_path / "nothing.yaml")
