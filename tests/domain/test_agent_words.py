"""What agents are told while somebody is on the line: filled from variables, and from nothing else."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.domain.agent_words import LONGEST
from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Contact
from campaigns.domain.templates import VALUE_LIMIT
from campaigns.testing import a_campaign, a_contact

VARIABLES = {"first_name": "{{ name }}", "when": "{{ at | default('') }}"}
SECRETS = {"name": "Secret Name", "person": "secret-person", "debt": "secret debt", "language": "xx"}


def campaign(**keys: Any) -> Campaign:
    return a_campaign(variables=VARIABLES, **keys)


def contact(**variables: str) -> Contact:
    return a_contact(1, **SECRETS, variables=variables)


def said(text: str, **variables: str) -> Any:
    return campaign(assistant={"x": text}).assistant_for(contact(**variables)).get("x")


def faults(**keys: Any) -> dict[tuple[Any, ...], str]:
    with pytest.raises(ValidationError) as caught:
        campaign(**keys)
    return {error["loc"]: error["msg"] for error in caught.value.errors()}


def test_texts_are_filled_in_every_nesting_and_all_else_stays_as_it_is() -> None:
    written = {
        "firstMessage": "Hello {{ first_name }}",
        "maxDurationSeconds": 600,
        "model": {"messages": [{"role": "system", "content": "It is {{ when | upper }}."}], "temperature": 0.2},
        "record": False,
    }
    assert campaign(assistant=written).assistant_for(contact(first_name="Ann", when="noon")) == {
        "firstMessage": "Hello Ann",
        "maxDurationSeconds": 600,
        "model": {"messages": [{"role": "system", "content": "It is NOON."}], "temperature": 0.2},
        "record": False,
    }


def test_a_campaign_that_writes_neither_says_nothing() -> None:
    assert campaign().assistant_for(contact()) == {}
    assert campaign().tool_answers(contact()) == {}


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("Hello {{ first_name }}!", {}, "Hello !"),
        ("Hello {{ first_name | default('there') }}!", {"first_name": ""}, "Hello there!"),
        ("Hello {{ first_name | default('there') }}!", {"first_name": "Ann"}, "Hello Ann!"),
        ("Hello {{ nobody | default('there') }}!", {}, "Hello there!"),
        ("{{ 'soon' if when == '' else when }}", {}, "soon"),
        ("one\ntwo {{ first_name }}", {"first_name": "Ann"}, "one\ntwo Ann"),
        ("{{ first_name - 1 }}", {"first_name": "Ann"}, None),
        ("{{ first_name['upper'] }}", {"first_name": "Ann"}, None),
        ("{{ first_name['format'] }}", {"first_name": "Ann"}, None),
        ("{{ first_name['__class__'] }}", {"first_name": "Ann"}, None),
        ("{{ first_name }}", {"first_name": "{{ when }}", "when": "noon"}, "{{ when }}"),
    ],
)
def test_a_text_is_filled_with_what_is_known(text: str, variables: dict[str, str], expected: str | None) -> None:
    assert said(text, **variables) == expected


def test_a_text_that_cannot_be_filled_is_left_out_and_the_rest_is_said() -> None:
    tools = {"good": "It is {{ when }}.", "bad": "{{ first_name - 1 }}", "empty": "{{ when }}"}
    assert campaign(tools=tools).tool_answers(contact(first_name="Ann")) == {"good": "It is ."}


def test_what_a_tool_answers_is_one_short_line() -> None:
    answers = campaign(tools={"t": "a\n{{ when }}"}).tool_answers(contact(when="x" * 3_000))
    assert answers["t"].startswith("a x")
    assert len(answers["t"]) == VALUE_LIMIT


def test_a_filled_text_is_cut() -> None:
    assert len(said("{{ when }}" * 100, when="x" * VALUE_LIMIT)) == LONGEST


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ frist_name }}", "Did you mean `first_name`?"),
        ("{{ zzz }}", "`zzz` is none of the campaign's `variables`"),
        ("{{ first_name | default(zzz) }}", "`zzz` is none"),
        ("{{ name }}", "`name` is none"),
        ("{{ phone }}", "`phone` is none"),
        ("{{ row['Mobile'] }}", "`row` is not known here"),
        ("{{ row['Mobile'] | default('') }}", "`row` is not known here"),
        ("{{ row }}", "`row` needs"),
        ("{{ self }}", "`self` is none"),
        ("{{ first_name.upper() }}", "is not allowed here"),
        ("{% for x in first_name %}x{% endfor %}", "'for' is not allowed here"),
        ("{% include 'x' %}", "'include' is not allowed here"),
        ("{{ cycler }}", "`cycler` is none"),
        ("{{ 9 ** 9 ** 9 }}", "is not allowed here"),
        ("{{ first_name", "end of"),
        ("x" * (LONGEST + 1), "longer than"),
    ],
)
def test_a_template_that_is_wrong_is_an_error_of_the_file_at_its_place(text: str, told: str) -> None:
    found = faults(assistant={"model": {"messages": [{"content": text}]}, "good": "yes"}, tools={"t": text})
    assert set(found) == {("assistant", "model", "messages", 0, "content"), ("tools", "t")}
    assert all(told in message for message in found.values())


def test_wrong_variables_are_told_alone() -> None:
    with pytest.raises(ValidationError) as caught:
        a_campaign(variables="x", tools={"t": "{{ first_name }}"})
    assert [error["loc"] for error in caught.value.errors()] == [("variables",)]


NAMES = st.sampled_from(["first_name", "when", "name", "phone", "person", "row", "self", "variables", "contact"])
ATOMS = st.one_of(NAMES, st.sampled_from(["'x'", "1", "-1"]))
STEPS = st.sampled_from(
    ["['__class__']", "['name']", "[0]", "[1:]", ".name", "()", " | upper", " | join(',')", " | default('d')",
     " ~ name", " + phone", " | first", " | attr('x')", " is defined", " | map('x')", " if name else 'y'"]
)  # fmt: skip


@given(st.lists(st.tuples(ATOMS, st.lists(STEPS, max_size=4)), min_size=1, max_size=3))
@example([("first_name", ["['format']"])])
def test_no_template_that_is_accepted_reaches_beyond_the_variables(parts: list[tuple[str, list[str]]]) -> None:
    text = " ".join(f"{{{{ {atom}{''.join(steps)} }}}}" for atom, steps in parts)
    try:
        written = campaign(assistant={"x": text})
    except ValidationError:
        return
    told = str(written.assistant_for(contact(first_name="Ann", when="noon"))).lower()
    assert not any(secret in told for secret in ("secret", "+31", "xx", " object", "<", "0x"))


@given(st.dictionaries(st.sampled_from(["first_name", "when", "other"]), st.text(), max_size=3))
def test_whatever_the_variables_are_the_configuration_keeps_its_shape(variables: dict[str, str]) -> None:
    written = {"a": "{{ first_name }} {{ when | default('soon') }}", "b": [1, "{{ when }}", {"c": True}]}
    found = campaign(assistant=written).assistant_for(contact(**variables))
    assert found["b"] == [1, variables.get("when", ""), {"c": True}]
    assert found["a"] == f"{variables.get('first_name', '')} {variables.get('when') or 'soon'}"
