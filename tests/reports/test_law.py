"""Which rows the report names: those of the permits, with the words of today."""

import json

from campaigns.planner.lawful import Permit
from campaigns.reports.law import Permits
from campaigns.rules import load_rules
from campaigns.testing import instant

BOOK = load_rules()
NOW = instant("2026-11-23T12:00Z")


def counted(*permits: str) -> Permits:
    found = Permits()
    for permit in permits:
        found.add(permit)
    return found


def permit(*rules: str, data: str = "2026-11-20.a", off: str = "") -> str:
    return Permit(rules, data, ("Europe/Berlin",), NOW, off).as_json()


def test_rows_are_counted_by_calls_and_told_in_words() -> None:
    both = permit("eu-ai-disclosure", "de-telemarketing")
    found = counted(both, both, permit("us-debt", data="2026-12-01.b"))
    assert [(row.id, row.calls) for row in found.applied(BOOK)] == [
        ("eu-ai-disclosure", 2), ("de-telemarketing", 2), ("us-debt", 1),
    ]  # fmt: skip
    (debt,) = [row for row in found.applied(BOOK) if row.id == "us-debt"]
    assert debt.hours == "Mon-Sun 08-21"
    assert debt.limits == "7 attempts/7 d per debt; after conversation: 7 d"
    assert set(found.data) == {"2026-11-20.a", "2026-12-01.b"}
    assert found.duties(BOOK) == ("say at the start, in the language of the call, that it is an AI",)


def test_calls_without_a_row_and_rows_that_are_gone_are_no_fault() -> None:
    found = counted("", "{}", permit(off="our own staff"), permit("gone-row"))
    assert [(row.id, row.name, row.calls) for row in found.applied(BOOK)] == [("gone-row", "", 1)]
    assert json.loads(permit("x"))["rules"] == ["x"]
    assert found.duties(BOOK) == ()
