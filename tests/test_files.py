"""Campaign files: what is read from them, and the one plain message for everything that is wrong."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from campaigns.domain.errors import InputError, Problem
from campaigns.domain.sources import FileList
from campaigns.files import MAX_BYTES, Loaded, load_campaign, parse_campaign
from campaigns.schema import campaign_schema

LEAST = """\
campaign: a
purpose: research
contacts:
  - file: a.csv
    columns: {phone: Mobile}
calling_hours: "Mo-Fr 09:00-17:00"
"""
FULL = """\
campaign: dentist-reminders
purpose: informational
subject: check-up
provider: simulator
agent: 6b0a5a51-7d
voice: ai
caller_ids: ["+31200000001", {number: "+31200000002", per_day: 100}]
dialing: scheduled
priority: 2
contacts:
  - file: appointments.csv
    columns:
      phone: [Mobile, Home, {column: Work, kind: work}]
      name: Naam
      id: PatientNo
      key: AppointmentId
      timezone: TZ
      country: Land
      state: Staat
      postal_code: PC
      language: Taal
      hours: OK to call
      rank: Risk
      consent: Consent
      consent_at: ConsentAt
      consent_proof: ConsentRef
      debt: Account
      last_attempts: Earlier
    region: NL
    consent: {basis: prior_written, proof: "intake form, clause 12"}
    call_from: "Appointment - 3d"
    call_by: "Appointment - 4h"
    refresh: 15m
    removed: stop
  - {list: crm, where: {tags: [to-call]}}
  - {campaign: wave-1, where: {outcome: exhausted}}
exclude: [{file: returned.csv, columns: {id: PatientNo}}]
calling_hours: "Mo-Fr 09:00-12:30,13:30-17:30"
timezone: contact
legal_hours: {fallback: true, mobiles: strict, also: [one], waive: [two]}
starts: 2026-11-23
ends: 2026-12-18T17:00
pacing: {at_once: 5, per_second: 1, ramp_up: 5m}
attempts:
  max: 3
  per_day: 1
  gap: 2h
  retry: {no_answer: 3h, busy: 20m, failed: [10m, next_day]}
  uncertain: hold
variables: {first_name: "{{ name }}", note: "{{ remark | default('') }}"}
outcomes:
  - {when: 'report.analysis.refused == true', outcome: refused}
  - {when: 'report.analysis.call_back_at != ""', callback: 'report.analysis.call_back_at'}
  - {when: 'report.disposition == "answered" && report.talk_seconds < 8', retry: 2h}
budget: {attempts: 2000, talk_minutes: 600, cost: 250}
write_back: true
"""


def parsed(text: str) -> Loaded:
    return parse_campaign(text, name="c.yaml")


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        parsed(text)
    return caught.value.problems


def test_a_file_is_read_with_its_folder_text_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(FULL)
    loaded = load_campaign(path)
    assert (loaded.campaign.campaign, loaded.path, loaded.folder) == ("dentist-reminders", path, tmp_path)
    assert loaded.text == FULL
    assert loaded.campaign.attempts.retry.failed == [timedelta(minutes=10), "next_day"]


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        (("contacts", 0, "columns", "phone"), "c.yaml:13: contacts[0].columns.phone"),
        (("contacts", 0, "columns", "phone", 2, "kind"), "c.yaml:13: contacts[0].columns.phone[2].kind"),
        (("contacts", 1, "list"), "c.yaml:35: contacts[1].list"),
        (("pacing", "unwritten"), "c.yaml:43: pacing"),
        (("unwritten",), "c.yaml:1"),
        ((), "c.yaml:1"),
    ],
)
def test_a_key_is_found_by_its_line(keys: tuple[str | int, ...], where: str) -> None:
    assert parsed(FULL).where(*keys) == where


def test_text_fields_keep_what_was_written() -> None:
    loaded = parsed(
        LEAST + "agent: 007\ncaller_ids: [+31200000001]\nvariables: {a: 1.50, b: yes, c: 2026-01-01, d: ''}\n"
    )
    assert loaded.campaign.agent == "007"
    assert loaded.campaign.caller_ids[0].number == "+31200000001"
    assert loaded.campaign.variables == {"a": "1.50", "b": "yes", "c": "2026-01-01", "d": ""}


def test_below_assistant_numbers_are_numbers_and_what_a_number_would_not_keep_is_text() -> None:
    written = """
assistant:
  max: 600
  warmth: 0.25
  below: -3
  record: true
  stop: False
  quoted: "600"
  phone: +442079460001
  code: 007
  long: 12345678901234567890
  words: [1, one]
tools: {age: 7}
"""
    campaign = parse_campaign(LEAST + written, name="c.yaml").campaign
    assert campaign.assistant == {
        "max": 600, "warmth": 0.25, "below": -3, "record": True, "stop": False, "quoted": "600",
        "phone": "+442079460001", "code": "007", "long": "12345678901234567890", "words": [1, "one"],
    }  # fmt: skip
    assert campaign.tools == {"age": "7"}


def test_norwegian_is_a_language_and_quoted_null_a_text() -> None:
    loaded = parsed(LEAST + "agent: {by: language, no: 'null'}\n")
    assert loaded.campaign.agent.of("no") == "null"  # type: ignore[union-attr]


def test_an_alias_stands_for_what_it_names() -> None:
    text = LEAST + "exclude:\n  - &out {file: b.csv, columns: {id: I}}\n  - *out\n"
    assert parsed(text).campaign.exclude[0] == parsed(text).campaign.exclude[1]


@pytest.mark.parametrize("text", ["\ufeff" + LEAST, LEAST.replace("\n", "\r\n"), "%YAML 1.2\n---\n" + LEAST + "...\n"])
def test_other_ways_to_save_the_same_text_are_fine(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(text.encode())
    assert load_campaign(path).campaign == parsed(text).campaign == parsed(LEAST).campaign


BOMB = "a0: &a0 [1,1,1,1,1,1,1]\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n},' * 7}]\n" for n in range(9))
SYNTAX = [
    ("", "c.yaml:1", "empty"),
    ("# nothing\n", "c.yaml:1", "empty"),
    ("---\n", "c.yaml:1", "empty"),
    ("~", "c.yaml:1", "empty"),
    ("- a\n", "c.yaml:1", "not a campaign"),
    ("words\n", "c.yaml:1", "not a campaign"),
    ("pacing:\n\tat_once: 3\n", "c.yaml:2", "A tab stands where only spaces may. Indent with spaces."),
    ("pacing:\n  at_once: 3\n\tper_second: 1\n", "c.yaml:3", "A tab stands"),
    (LEAST + "---\ncampaign: b\n", "c.yaml:7", "second document"),
    (LEAST + "agent: 'x\nvoice: ai\n", "c.yaml:7", "A quote is opened here and never closed"),
    (LEAST + "caller_ids: [1, 2\nvoice: ai\n", "c.yaml:7", "A bracket or brace is opened here"),
    (LEAST + "agent: a: b\n", "c.yaml:7", "A colon stands where none is expected"),
    (LEAST + "agent\n", "c.yaml:7", "Write `key: value`"),
    (LEAST + "agent: @home\n", "c.yaml:7", "Put it in quotes"),
    (LEAST + "agent: *\n", "c.yaml:7", "Put it in quotes"),
    (LEAST + 'agent: "\\d"\n', "c.yaml:7", "single quotes"),
    (LEAST + 'agent: "\\U00110000"\n', "c.yaml:1", "not YAML that can be read"),
    (LEAST + "variables:\n   a: 1\n  b: 2\n", "c.yaml:9", "Mend the indentation"),
    (LEAST + "variables:\n  a: {{ name }} x\n", "c.yaml:8: variables.a", "Put {{ … }} in quotes"),
    (LEAST + "variables:\n  a: x {{ name }}: y\n", "c.yaml:8", "Put a text with {{ … }} in quotes"),
    (LEAST + "%TAG\n---\n", "c.yaml:7", "This"),
    ("a: x\0y", "c.yaml:1", "no text"),
    ("a: b\nc: \x1b[0m", "c.yaml:2", "no text"),
    ("a: \ud800", "c.yaml:1", "no text"),
    ("[" * 5000, "c.yaml:1", "not a campaign"),
    ("a: " + "[" * 5000, "c.yaml:1", "nested too deeply"),
    ("a: " + "{b: " * 5000, "c.yaml:1", "nested too deeply"),
    ("a: &a [" + "x," * 900 + "]\nb: [" + "*a," * 900 + "]", "c.yaml:2", "too large"),
    (BOMB, "c.yaml:5", "too large"),
]


@pytest.mark.row("I1")
@pytest.mark.parametrize(("text", "where", "message"), SYNTAX, ids=range(len(SYNTAX)))
def test_what_cannot_be_read_gets_one_plain_message(text: str, where: str, message: str) -> None:
    (problem,) = problems(text)
    assert (problem.where, message in f"{problem.what} {problem.mend}") == (where, True), str(problem)
    assert problem.mend


KEYS = [
    ("campain: b\n", "7: campain", "unknown. Did you mean `campaign`?"),
    ("pacing: {at_one: 3}\n", "7: pacing.at_one", "Did you mean `at_once`?"),
    ("attempts:\n  retry: {bussy: 3h}\n", "8: attempts.retry.bussy", "Did you mean `busy`?"),
    ("outcomes: [{when: 'true', outcome: reached, lable: x}]\n", "7: outcomes[0].lable", "Did you mean `label`?"),
    ("exclude: [{file: x, columns: {id: I, nmae: x}}]\n", "7: exclude[0].columns.nmae", "Known here: phone, id, key."),
    ("caller_ids: [{number: 1, perday: 2}]\n", "7: caller_ids[0].perday", "Did you mean `per_day`?"),
    ('assistant:\n  model: [{content: "{{ x }}"}]\n', "8: assistant.model[0].content", "none of the campaign's"),
    ('variables: {name: y}\ntools: {a: "{{ nam }}"}\n', "8: tools.a", "Did you mean `name`?"),
    ("campaign: b\n", "7: campaign", "stands twice, first on line 1"),
    ("pacing: {at_once: 1, at_once: 2}\n", "7: pacing.at_once", "stands twice, first on line 7"),
    ("<<: {voice: ai}\n", "7", "`<<` does not merge"),
    ("variables: &x {a: *x}\n", "7: variables.a", "`*x` contains itself"),
    ("agent: *nobody\n", "7: agent", "`*nobody` was never named"),
    ("priority: !!int 3\n", "7: priority", "is a tag"),
    ("agent: !secret x\n", "7: agent", "is a tag"),
    ("variables: {a: {{ name }}}\n", "7: variables.a", "Put {{ … }} in quotes"),
    ("? [a]\n: b\n", "7", "Put {{ … }} in quotes"),
    ("~: b\n", "7", "A key is empty"),
    ('agent: "\\ud800"\n', "7: agent", "no text"),
    ('agent: "a\\0"\n', "7: agent", "no text"),
    ('"\\e": 1\n', "7", "no text"),
    ("agent:\n", "7: agent", "There is nothing here"),
    ("pacing:\n", "7: pacing", "There is nothing here"),
    ("exclude: [null]\n", "7: exclude[0]", "There is nothing here"),
    ("attempts: {retry: {busy: [2h, soon]}}\n", "7: attempts.retry.busy[1]", "'soon' is not a duration. Write"),
    ("attempts: {gap: 90}\n", "7: attempts.gap", "'90' has no unit"),
    ("attempts: {max: many}\n", "7: attempts.max", "not a whole number. Write digits only"),
    ("attempts: {max: 0}\n", "7: attempts.max", "too small. Write 1 or more."),
    ("attempts: {max: 1.5}\n", "7: attempts.max", "not a whole number"),
    ("priority: 6\n", "7: priority", "too large. Write 5 or less."),
    ("pacing: {per_second: 0}\n", "7: pacing.per_second", "too small. Write more than 0."),
    ("pacing: {per_second: fast}\n", "7: pacing.per_second", "not a number"),
    ("budget: {cost: .inf}\n", "7: budget.cost", "not a number"),
    ("voice: robot\n", "7: voice", "'robot' is not a word that is known here. Write ai or human."),
    ("dialing: later\n", "7: dialing", "Write direct or scheduled."),
    ("voice: [ai]\n", "7: voice", "This is not a word that is known here. Write ai or human."),
    ("pacing: 5\n", "7: pacing", "must be keys with values"),
    ("variables: [a]\n", "7: variables", "must be keys with values"),
    ("exclude: {file: x}\n", "7: exclude", "must be a list. Begin each item"),
    ("agent: [a]\n", "7: agent", "must be one text"),
    ("agent: {by: language, nl: [a]}\n", "7: agent.nl", "must be one text"),
    ("provider: acme\n", "1", "`agent` is missing"),
    ("timezone: Amsterdam\n", "7: timezone", "Did you mean Europe/Amsterdam?"),
    ("legal_hours: off\n", "7: legal_hours", 'Write auto, or {off: "reason"}.'),
    ("legal_hours: {mobiles: lax}\n", "7: legal_hours.mobiles", "Write strict."),
    ("starts: tomorrow\n", "7: starts", "Write 2026-11-23 or 2026-11-23T17:00."),
    ('"ev\\nil": 1\n', "7: ['ev\\nil']", "unknown"),
]


@pytest.mark.parametrize(
    ("basis", "mend"),
    [("prior_writen", "Did you mean prior_written?"), ("[prior, yes]", "Known are: customer, prior, prior_written,")],
)
def test_what_a_list_states_is_a_known_kind_of_consent(basis: str, mend: str) -> None:
    (problem,) = problems(LEAST.replace("columns:", f"consent: {{basis: {basis}}}\n    columns:"))
    assert "contacts[0].consent.basis" in problem.where
    assert mend in str(problem)


@pytest.mark.parametrize(("text", "where", "message"), KEYS, ids=[text.strip() for text, _, _ in KEYS])
def test_a_wrong_key_is_named_with_its_line_and_the_mend(text: str, where: str, message: str) -> None:
    (problem,) = problems(LEAST + text)
    assert problem.where == f"c.yaml:{where}"
    assert message in f"{problem.what} {problem.mend}"
    assert "\n" not in str(problem)
    assert "\x1b" not in str(problem)


LISTS = [
    ("contacts: {file: a.csv}", "2: contacts", "must be a list"),
    ("contacts: []", "2: contacts", "This list is empty"),
    ("contacts: [a.csv]", "2: contacts[0]", "must be keys with values"),
    ("contacts: [{file: a.csv}]", "2: contacts[0]", "The key `columns` is missing"),
    ("contacts: [{columns: {phone: P}}]", "2: contacts[0]", "The key `file` is missing"),
    ("contacts: [{file: a.csv, columns: {name: N}}]", "2: contacts[0].columns", "The key `phone` is missing"),
    ("contacts: [{file: a.csv, columns: {phone: P, fone: Q}}]", "2: contacts[0].columns.fone", "Did you mean `phone`?"),
    ("contacts: [{file: a.csv, columns: {phone: ''}}]", "2: contacts[0].columns.phone", "blank"),
    (
        "contacts: [{file: a.csv, columns: {phone: [P, {kind: work}]}}]",
        "2: contacts[0].columns.phone[1]",
        "`column` is",
    ),
    ("contacts: [{file: a.csv, colums: {phone: P}, columns: {phone: P}}]", "2: contacts[0].colums", "`columns`?"),
    ("contacts: [{list: crm, were: {}}]", "2: contacts[0].were", "Did you mean `where`?"),
    ("contacts: [{list: crm, file: a.csv}]", "2: contacts[0].file", "Known here: list, where"),
    ("contacts: [{campaign: b, where: {outcom: x}}]", "2: contacts[0].where.outcom", "Did you mean `outcome`?"),
    ("contacts: [{campaign: b, where: {outcome: x}}]", "2: contacts[0].where.outcome", "Write reached, refused"),
    (
        "contacts: [{file: a.csv, columns: {phone: P}, refresh: 0s}]",
        "2: contacts[0].refresh",
        "too often. Write 1s or more.",
    ),
]


@pytest.mark.parametrize(("contacts", "where", "message"), LISTS, ids=[text for text, _, _ in LISTS])
def test_a_wrong_list_is_judged_by_the_kind_it_is(contacts: str, where: str, message: str) -> None:
    (problem,) = problems(f"campaign: a\n{contacts}\npurpose: research\ncalling_hours: 24/7\n")
    assert problem.where == f"c.yaml:{where}"
    assert message in f"{problem.what} {problem.mend}"


@pytest.mark.parametrize("key", ["campaign", "purpose", "contacts", "calling_hours"])
def test_a_required_key_is_asked_for(key: str) -> None:
    whole = {"campaign": "a", "purpose": "research", "contacts": "[{list: crm}]", "calling_hours": "24/7"}
    (problem,) = problems("".join(f"{name}: {value}\n" for name, value in whole.items() if name != key))
    assert str(problem) == f"c.yaml:1: The key `{key}` is missing. Add it."


@pytest.mark.parametrize("hours", ["Mo-Fr 9-25", "sunrise-sunset", "Feb 30 09:00-10:00", "whenever", "09:00-09:00"])
def test_hours_that_cannot_be_trusted_are_refused(hours: str) -> None:
    (problem,) = problems(LEAST.replace("Mo-Fr 09:00-17:00", hours))
    assert problem.where == "c.yaml:6: calling_hours"


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        "priority: 9\npurpose: x\ncolour: red\nagent:\ncampaign: a\nvoice: robot\ncampaign: b\nagent2: !x y\n"
    )
    lines = [int(problem.where.split(":")[1]) for problem in found]
    assert lines == sorted(lines)
    assert set(lines) == {1, 2, 3, 4, 6, 7, 8}
    assert sum("missing" in problem.what for problem in found) == 2


def test_the_same_wrong_alias_is_told_at_both_places() -> None:
    found = problems(LEAST + "exclude:\n  - &out {file: b.csv, colums: {}, columns: {id: I}}\n  - *out\n")
    assert [problem.where for problem in found] == ["c.yaml:8: exclude[0].colums", "c.yaml:9: exclude[1]"]
    assert all("Did you mean `columns`?" in problem.mend for problem in found)


def test_a_caller_id_is_never_shown_in_a_message() -> None:
    assert "0000001" not in str(problems(LEAST + "caller_ids: [{number: +31200000001, per_day: 0}]\n"))


BYTES = [
    (b"\xff\xfec\x00", "UTF-8"), (b"campaign: a\nagent: caf\xe9\n", "c.yaml:2: This is not text in UTF-8"),
    (b"\x7fELF\x00\x01", "no text"), (b"\x89PNG\r\n", "UTF-8"), (b"a" * (MAX_BYTES + 1), "larger than 1 MB"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "message"), BYTES, ids=range(len(BYTES)))
def test_a_file_that_is_no_text_is_refused(raw: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=message):
        load_campaign(path)


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(LEAST)
    for path, message in [
        (tmp_path / "none.yaml", "There is no such file. Check the path."),
        (tmp_path, "This is a directory"),
        (file / "below", "cannot be read"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (Path("a\0b"), "cannot be read"),
    ]:
        with pytest.raises(InputError, match=message):
            load_campaign(path)


@pytest.mark.row("I1")
@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
@example(b"a: &a\n  b: *a\n")
def test_no_bytes_give_a_traceback(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(raw)
    with pytest.raises(InputError):
        load_campaign(path)


@pytest.mark.row("I1")
@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab:-#&*!|>'\"%@`{}[],?<~\n\t \\0\ufeff\x85é"), max_size=60), st.booleans())
def test_no_text_gives_a_traceback(text: str, after: bool) -> None:
    found = told(LEAST + text if after else text)
    assert all(problem.where.startswith("c.yaml:") for problem in found)


def told(text: str) -> tuple[Problem, ...]:
    try:
        parsed(text)
    except InputError as error:
        return error.problems
    return ()


_KEYS = st.sampled_from(["campaign", "file", "columns", "phone", "retry", "busy", "by", "nl", "off", "where", "<file>"])
_VALUES: Any = st.recursive(
    st.sampled_from(["a", "3", "2h", "", "true", "24/7", "*"]) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(parsed(LEAST).campaign.__class__.model_fields)), _VALUES)
def test_no_value_gives_a_traceback(key: str, value: object) -> None:
    least = {"campaign": "a", "purpose": "research", "calling_hours": "24/7", "contacts": [{"list": "x"}]}
    for problem in told(json.dumps({**least, key: value}, ensure_ascii=False)):
        assert "\n" not in str(problem)
        assert not any(word in problem.what for word in ("function-", "literal[", "pydantic"))


def fits(value: object, schema: dict[str, Any], whole: dict[str, Any]) -> bool:
    """As much of JSON Schema as ours uses."""
    if "$ref" in schema:
        return fits(value, whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return any(fits(value, option, whole) for option in options)
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds = schema.get("type", [])
    if kinds and not any(isinstance(value, _TYPES[kind]) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    if isinstance(value, dict):
        inside = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        return set(schema.get("required", [])) <= set(value) and all(
            fits(item, inside[key], whole)
            if key in inside
            else others is True or (others and fits(item, others, whole))
            for key, item in value.items()
        )
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(
            fits(item, schema.get("items", {}), whole) for item in value
        )
    return not isinstance(value, int) or schema.get("minimum", value) <= value <= schema.get("maximum", value)


_TYPES: dict[str, Any] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict, "null": (),
}  # fmt: skip


def in_json(value: object) -> object:
    """What an editor sees: dates are text."""
    if isinstance(value, dict):
        return {key: in_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_json(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (FULL, True), (LEAST, True), (LEAST + "agent: 007\n", True), (LEAST + "legal_hours: auto\n", True),
        (LEAST + "caller_ids: x\n", True), (LEAST + "agent: {by: language, nl: 1}\n", True),
        (LEAST + "colour: red\n", False), (LEAST + "priority: 9\n", False), (LEAST + "voice: robot\n", False),
        (LEAST + "attempts: {gap: 90}\n", False), (LEAST + "pacing: 5\n", False), ("campaign: a\n", False),
        (LEAST + "exclude: {file: x}\n", False), (LEAST + "contacts2: []\n", False),
    ],
    ids=range(14),
)  # fmt: skip
def test_the_schema_serves_editors(text: str, valid: bool) -> None:
    schema = campaign_schema()
    document = in_json(YAML(typ="safe", pure=True).load(text))
    assert fits(document, schema, schema) is valid


def test_the_schema_says_what_it_is() -> None:
    schema = campaign_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Campaign"
    assert schema["properties"]["calling_hours"]["description"]
    assert schema["$defs"]["Attempts"]["properties"]["gap"]["default"] == "2h"


def test_a_text_from_elsewhere_keeps_its_folder() -> None:
    loaded = parse_campaign(LEAST, name="lists/c.yaml")
    assert (loaded.path, loaded.folder) == (Path("lists/c.yaml"), Path("lists"))
    assert isinstance(loaded.campaign.contacts[0], FileList)
    assert loaded.text not in repr(loaded)
