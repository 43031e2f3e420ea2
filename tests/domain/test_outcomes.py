"""Outcome rules: what is refused at load, what a report means to them, and what can never stop a night."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.domain.campaign import OutcomeRule
from campaigns.domain.lead import Outcome
from campaigns.domain.outcomes import (
    MAX_LENGTH,
    callback_time,
    check_rule,
    is_yes,
    judge,
    opted_out,
    report_for_rules,
    without_nulls,
)
from campaigns.testing import instant

NOW = instant("2026-11-23T10:00Z")
AMSTERDAM, NEW_YORK, KATHMANDU = "Europe/Amsterdam", "America/New_York", "Asia/Kathmandu"


def rule(when: str, **decides: object) -> OutcomeRule:
    return OutcomeRule.model_validate({"when": when, **(decides or {"outcome": "refused"})})


def report(disposition: Disposition | None = Disposition.ANSWERED, **changes: object) -> CallReport:
    return CallReport("call-1", **{"disposition": disposition, "ended": True, "talk_seconds": 40.0, **changes})


def holds(when: str, told: CallReport) -> bool:
    return judge([rule(when)], told, ordinal=2).outcome is Outcome.REFUSED


# Refused at load


@pytest.mark.parametrize(
    "text",
    [
        'report.disposition == "answered" && report.talk_seconds < 8',
        "report.analysis.refused == true",
        'report.analysis.items.exists(item, item.name == "x")',
        'report.summary.matches("(?i)no interest")',
        "size(report.analysis) > 0 || has(report.analysis.x)",
        "report.analysis.a.all(x, report.analysis.b.exists(y, y == x))",
        "report.attempt in [1, 2]",
        "int(report.cost) > 1 && string(report.attempt) == '1'",
        'timestamp(report.analysis.at) > timestamp("2026-01-01T00:00:00Z")',
    ],
)
def test_expressions_over_the_report_are_accepted(text: str) -> None:
    check_rule(text)


@pytest.mark.row("X5")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("report.disposition = 'answered'", "not a CEL expression"),
        ("report.", "not a CEL expression"),
        ("", "not a CEL expression"),
        ("((((", "not a CEL expression"),
        ("disposition == 'answered'", "'disposition' is unknown"),
        ("report.talk_seconds > 3 and report.attempt == 1", "not a CEL expression"),
        ("lead.name == 'x'", "'lead' is unknown"),
        ("report.analysis.a.exists(x, y == 1)", "'y' is unknown"),
        ("lower(report.summary) == 'x'", "not a function"),
        ("report.analysis.a.all(x, report.analysis.b.all(y, report.analysis.c.all(z, x == z)))", "more than 2"),
        ("report.a.map(x, x).filter(y, y).exists (z, z)", "more than 2"),
        (" || ".join(["report.attempt == 1"] * 100), f"longer than {MAX_LENGTH}"),
    ],
)
def test_what_would_fail_or_hang_at_night_is_refused_at_load(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        check_rule(text)


@given(st.text(alphabet="report.analysis()[]{}\"'&|!=<>+-*/ 0129xy,?:\\\x00é", max_size=60))
def test_no_text_at_all_breaks_the_check(text: str) -> None:
    with suppress(ValueError):  # and nothing else
        check_rule(text)


@pytest.mark.parametrize(
    "decides",
    [{}, {"outcome": "reached", "retry": "2h"}, {"retry": "2h", "callback": "report.x"}, {"label": "only"}],
)
def test_a_rule_decides_exactly_one_thing(decides: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exactly one thing"):
        OutcomeRule.model_validate({"when": "true", **decides})


def test_the_callback_of_a_rule_is_checked_like_its_condition() -> None:
    with pytest.raises(ValidationError, match="'analysis' is unknown"):
        OutcomeRule.model_validate({"when": "true", "callback": "analysis.back"})


# What a rule sees


def test_a_rule_sees_every_promised_member_even_of_an_empty_report() -> None:
    seen = report_for_rules(CallReport("call-1"), ordinal=3)
    assert seen == {
        "disposition": "unknown", "talk_seconds": 0.0, "direction": "outbound", "message_left": False,
        "ended_reason": "", "summary": "", "cost": 0.0, "attempt": 3, "analysis": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("when", "changes", "expected"),
    [
        ('report.disposition == "voicemail" && report.message_left', {"message_left": True}, False),
        ('report.direction == "inbound"', {"direction": Direction.INBOUND}, True),
        ("report.talk_seconds < 8.0", {"talk_seconds": 3}, True),
        ("report.talk_seconds < 8", {"talk_seconds": 3.5}, True),
        ("report.attempt == 2", {}, True),
        ("report.cost > 0.1", {"cost": 0.25}, True),
        ('report.ended_reason == "hangup"', {"ended_reason": "hangup"}, True),
        ('report.analysis["two words"] == 1', {"analysis": {"two words": 1}}, True),
        ("report.analysis.deep.er == [1, 2]", {"analysis": {"deep": {"er": [1, None, 2]}}}, True),
        ('report.summary.contains("busy")', {"summary": "was busy"}, True),
    ],
)
def test_rules_hold_where_the_report_says_so(when: str, changes: dict[str, object], expected: bool) -> None:
    assert holds(when, report(**changes)) is expected


@pytest.mark.parametrize(
    "when",
    [
        "report.analysis.x == true",
        "report.analysis.x != true",
        "!(report.analysis.x == true)",
        'report.analysis.x != ""',
        "report.analysis.x.y.z == 1",
        "report.analysis.list[3] == 1",
        "report.nothing == 1",
    ],
)
def test_a_missing_key_makes_a_rule_false_without_a_warning(when: str) -> None:
    verdict = judge([rule(when)], report(analysis={"list": [1]}), ordinal=1)
    assert not verdict.decides
    assert verdict.warning == ""


@pytest.mark.parametrize("when", ["report.analysis.x == null", 'report.analysis.x != ""', "has(report.analysis.x)"])
def test_a_null_member_is_a_missing_one(when: str) -> None:
    assert not holds(when, report(analysis={"x": None}))


@pytest.mark.parametrize("when", ["1", '"true"', "report.analysis.yes", "report.attempt", "[true]", "null"])
def test_only_true_holds(when: str) -> None:
    assert not holds(when, report(analysis={"yes": "true"}))


@pytest.mark.parametrize(
    "when",
    [
        "report.analysis.n > 3",
        "report.summary + 1 == 2",
        "1 / (report.attempt - 2) == 1",
        "9223372036854775807 + report.attempt > 0",
        'report.summary.matches("(")',
        "int(report.summary) == 1",
        "timestamp(report.summary) == timestamp(report.summary)",
    ],
)
def test_a_type_error_is_a_warning_and_the_next_rule_is_asked(when: str) -> None:
    rules = [rule(when), rule("true", outcome="reached", label="next")]
    verdict = judge(rules, report(analysis={"n": "three"}, summary="x"), ordinal=2)
    assert (verdict.outcome, verdict.label) == (Outcome.REACHED, "next")
    assert verdict.warning.startswith("outcomes[0].when: ")


def test_the_first_rule_that_holds_decides() -> None:
    rules = [rule("false", outcome="exhausted"), rule("true", outcome="reached"), rule("true", outcome="refused")]
    assert judge(rules, report(), ordinal=1).outcome is Outcome.REACHED


def test_no_rules_decide_nothing() -> None:
    assert not judge([], report(), ordinal=1).decides


def deep(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("analysis", [{"x": "\ud800"}, deep(5_000), {"n": 10**40}, {"n": float("nan")}, {"": {"": []}}])
def test_an_odd_report_is_at_worst_a_warning(analysis: dict[str, object]) -> None:
    verdict = judge([rule("report.analysis.zzz == 1")], report(analysis=analysis), ordinal=1)
    assert not verdict.decides


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["x", "y", "opt_out"]), json_values))
def test_whatever_a_vendor_analyses_rules_give_a_verdict(analysis: dict[str, object]) -> None:
    rules = [rule("report.analysis.x > 1"), rule("report.analysis.y == 'a'", callback="report.analysis.x")]
    verdict = judge(rules, report(analysis=analysis), ordinal=1)
    assert verdict.outcome in (None, Outcome.REFUSED, Outcome.DO_NOT_CALL)


@given(json_values)
def test_nulls_are_removed_at_every_depth(value: object) -> None:
    def has_null(item: object) -> bool:
        if isinstance(item, dict):
            return any(inner is None or has_null(inner) for inner in item.values())
        return isinstance(item, list) and any(inner is None or has_null(inner) for inner in item)

    assert not has_null(without_nulls(value))


# The built-in rule


@pytest.mark.parametrize("word", [True, "true", "True", " TRUE ", "yes", "Yes", "ja", "JA", "1", 1, 1.0])
@pytest.mark.parametrize("key", ["opt_out", "do_not_call"])
def test_an_opt_out_is_obeyed_however_it_is_written(key: str, word: object) -> None:
    told = report(analysis={key: word})
    assert opted_out(told)
    assert judge([rule("true", outcome="reached")], told, ordinal=1).outcome is Outcome.DO_NOT_CALL


@pytest.mark.parametrize(
    "word", [False, "false", "no", "nee", "", None, 0, 0.0, 2, "0", [], {}, [True], "not yes", "n/a"]
)
def test_what_is_no_yes_is_no_opt_out(word: object) -> None:
    assert not is_yes(word)
    assert not opted_out(report(analysis={"opt_out": word, "do_not_call": word}))


# Callbacks


@pytest.mark.parametrize(
    ("value", "zones", "expected"),
    [
        ("2026-11-24T09:30:00Z", (AMSTERDAM,), "2026-11-24T09:30Z"),
        ("2026-11-24T09:30:00+05:30", (AMSTERDAM,), "2026-11-24T04:00Z"),
        ("2026-11-24T09:30", (AMSTERDAM,), "2026-11-24T08:30Z"),
        ("2026-11-24 09:30", (KATHMANDU,), "2026-11-24T03:45Z"),
        ("2026-11-24", (AMSTERDAM,), "2026-11-23T23:00Z"),
        ("2026-11-24T09:30", (AMSTERDAM, NEW_YORK), "2026-11-24T14:30Z"),
        ("2026-11-24T09:30", (NEW_YORK, AMSTERDAM), "2026-11-24T14:30Z"),
        (" 2h ", (AMSTERDAM,), "2026-11-23T11:58Z"),
        ("1h30m", (), "2026-11-23T11:28Z"),
        (timedelta(hours=1), (), "2026-11-23T10:58Z"),
        (instant("2026-11-25T09:00Z"), (), "2026-11-25T09:00Z"),
        ("2026-11-23T09:00Z", (AMSTERDAM,), "2026-11-23T10:00Z"),
        ("0s", (AMSTERDAM,), "2026-11-23T10:00Z"),
        ("2027-03-28T02:30", (AMSTERDAM,), "2027-03-28T01:30Z"),
        ("2027-10-31T02:30", (AMSTERDAM,), "2027-10-31T00:30Z"),
    ],
)
def test_a_callback_is_a_time_in_the_persons_zone_or_a_duration(value, zones, expected) -> None:
    at = callback_time(value, zones=zones, ended_at=NOW - timedelta(minutes=2), now=NOW)
    assert at == instant(expected)


@pytest.mark.parametrize(
    "value",
    [
        "", "soon", "tomorrow", "17:00", "2026-02-30", None, True, 5, [], {}, "24", "9999-12-31T23:59:59", "4000d",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2126-01-01T00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(value: object) -> None:
    assert callback_time(value, zones=(AMSTERDAM,), ended_at=NOW, now=NOW) is None


def test_a_time_without_an_offset_needs_a_zone() -> None:
    assert callback_time("2026-11-24T09:30", zones=(), ended_at=NOW, now=NOW) is None


@given(json_values | st.datetimes() | st.timedeltas())
def test_whatever_is_asked_for_is_a_time_from_now_on_or_none(value: object) -> None:
    at = callback_time(value, zones=(AMSTERDAM, NEW_YORK), ended_at=NOW, now=NOW)
    assert at is None or NOW <= at <= NOW + timedelta(days=3660)


@pytest.mark.parametrize(
    ("callback", "value"),
    [
        ("report.analysis.back", "2h"),
        ("report.analysis.missing", ""),
        ('duration("90m")', timedelta(minutes=90)),
        ('timestamp("2026-11-24T09:00:00Z")', instant("2026-11-24T09:00Z")),
    ],
)
def test_a_callback_rule_yields_what_its_expression_says(callback: str, value: object) -> None:
    verdict = judge([rule("true", callback=callback)], report(analysis={"back": "2h"}), ordinal=1)
    assert verdict.callback == value
    assert verdict.decides


# What a report cannot do to the process


@pytest.mark.row("X5")
@pytest.mark.parametrize(
    "when",
    [
        "report.analysis.a.all(x, report.analysis.a.exists(y, y == x))",
        "report.analysis.a.map(x, report.summary + report.summary) != []",
        "report.analysis.a.map(x, report.analysis.a.map(y, report.summary + report.summary)) != []",
        "report.analysis.a.filter(x, true).filter(y, true) != []",
    ],
)
def test_a_report_that_would_keep_a_rule_busy_is_told_and_decides_nothing(when: str) -> None:
    told = report(analysis={"a": list(range(20_000))}, summary="x" * 20_000)
    verdict = judge([rule(when), rule("report.attempt == 2", outcome="reached")], told, ordinal=2)
    assert verdict.outcome is Outcome.REACHED  # the rules without macros are judged all the same
    assert "too large for all, exists, map and filter" in verdict.warning


@pytest.mark.row("X5")
def test_a_report_of_the_usual_size_is_judged_by_every_macro() -> None:
    told = report(analysis={"a": [{"k": n} for n in range(50)]}, summary="x" * 2_000)
    assert holds("report.analysis.a.all(x, report.analysis.a.exists(y, y.k == x.k))", told)
