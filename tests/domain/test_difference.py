"""What changed between two versions of a file, in words; and whether anybody is moved by it."""

import pytest

from campaigns.domain.difference import Change, difference, moves_leads
from campaigns.testing import a_campaign

RULE = {"when": "report.talk_seconds < 8", "retry": "2h"}
OTHER = {"when": "report.analysis.confirmed == true", "outcome": "reached"}


def changed(old: dict, new: dict) -> list[tuple]:
    found = difference(a_campaign(**old), a_campaign(**new))
    return [(one.key, one.old, one.new) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, []),
        ({}, {"attempts": {"max": "4"}}, [("attempts.max", "3", "4")]),
        ({"attempts": {"gap": "90m"}}, {}, [("attempts.gap", "1h30m", "2h")]),
        (
            {},
            {"attempts": {"retry": {"busy": ["20m", "next_day"]}}},
            [
                ("attempts.retry.no_answer", "3h", None),
                ("attempts.retry.busy", "20m", "20m, next_day"),
                ("attempts.retry.failed", "10m", None),
            ],
        ),
        ({"ends": "2026-12-01"}, {"ends": "2026-12-01T17:00"}, [("ends", "2026-12-01", "2026-12-01T17:00")]),
        ({}, {"ends": "2026-12-01"}, [("ends", None, "2026-12-01")]),
        ({}, {"pacing": {"at_once": "100", "per_second": "0.5"}}, [("pacing.per_second", "100", "0.5")]),
        (
            {"variables": {"a": "x"}},
            {"variables": {"b": "y"}},
            [("variables.a", "x", None), ("variables.b", None, "y")],
        ),
        (
            {},
            {"outcomes": [OTHER]},
            [("outcomes[0]", None, "when: report.analysis.confirmed == true, outcome: reached")],
        ),
        ({"outcomes": [RULE]}, {"outcomes": [{**RULE, "retry": "3h"}]}, [("outcomes[0].retry", "2h", "3h")]),
        ({}, {"budget": {"attempts": "5"}}, [("budget", None, "attempts: 5")]),
        ({}, {"voice": "human"}, [("voice", "ai", "human")]),
        ({}, {"write_back": "true"}, [("write_back", "false", "true")]),
        ({"calling_hours": "Mo 09:00-10:00"}, {}, [("calling_hours", "Mo 09:00-10:00", "24/7")]),
    ],
)
def test_each_key_that_differs_is_told_as_its_author_writes_it(old, new, expected) -> None:
    assert changed(old, new) == expected


def test_a_rule_put_in_front_is_one_change() -> None:
    found = changed({"outcomes": [RULE]}, {"outcomes": [OTHER, RULE]})
    assert [(key, old) for key, old, _ in found] == [("outcomes[0]", None)]


def test_numbers_are_never_shown_whole() -> None:
    old, new = (
        {"caller_ids": ["+442079460001"]},
        {"caller_ids": ["+442079460002"], "variables": {"call": "02079460003"}},
    )
    told = repr(changed(old, new))
    assert "caller_ids[0].number" in told
    for end in ("01", "02", "03"):
        assert f"2079460{end}" not in told
    assert "+442*******01" in told


def test_a_long_value_is_cut() -> None:
    ((_, _, new),) = changed({}, {"variables": {"a": "word " * 100}})
    assert len(new) == 120


@pytest.mark.parametrize(
    ("keys", "moves"),
    [
        ({"attempts": {"max": "4"}}, True),
        ({"attempts": {"uncertain": "drop"}}, False),
        ({"calling_hours": "Mo-Fr 09:00-17:00"}, True),
        ({"legal_hours": "auto"}, True),
        ({"timezone": "contact"}, True),
        ({"starts": "2026-12-01"}, True),
        ({"purpose": "research"}, True),
        ({"subject": "other"}, True),
        ({"voice": "human"}, True),
        ({"agent": "other"}, False),
        ({"variables": {"a": "b"}}, False),
        ({"assistant": {"firstMessage": "Hello"}}, False),
        ({"tools": {"when": "soon"}}, False),
        ({"pacing": {"at_once": "7"}}, False),
        ({"budget": {"attempts": "9"}}, False),
        ({"caller_ids": ["+442079460001"]}, True),
        ({"outcomes": [RULE]}, False),
        ({"outcomes": [RULE], "ends": "2026-12-01"}, True),
    ],
)
def test_only_what_decisions_ask_moves_leads(keys, moves) -> None:
    assert moves_leads(difference(a_campaign(), a_campaign(**keys))) is moves


def test_a_key_of_which_nobody_thought_moves_leads() -> None:
    assert moves_leads([Change("new_key", None, "1")])
    assert moves_leads([Change("contacts_of_tomorrow", None, "1")])


def test_what_is_said_during_a_call_is_told_by_its_key() -> None:
    old, new = {"firstMessage": "Hello", "max": 600}, {"firstMessage": "Good day", "max": 600}
    found = changed({"assistant": old, "tools": {"when": "soon"}}, {"assistant": new})
    assert found == [("assistant.firstMessage", "Hello", "Good day"), ("tools.when", "soon", None)]
