"""JSON of strangers: what a forger may play with is found, whatever it is spaced or nested like."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaigns.vendors.json_text import DEEPEST, read_json

spaces = some.text(" \t\r\n", max_size=3)
strings = some.text('a":\\ \n\t{}', max_size=4).map(json.dumps)
values = some.recursive(
    strings | some.integers().map(str),
    lambda inner: (
        some.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | some.lists(some.tuples(strings, spaces, spaces, inner), max_size=3).map(
            lambda members: "{%s}" % ",".join(f"{k}{a}:{b}{v}" for k, a, b, v in members)  # noqa: UP031
        )
    ),
    max_leaves=12,
)


def has_twins(text: str) -> bool:
    found = []
    json.loads(text, object_pairs_hook=lambda pairs: found.append(len(dict(pairs)) < len(pairs)))
    return any(found)


@given(values)
def test_a_key_that_stands_twice_is_refused_and_nothing_else_is(text: str) -> None:
    if has_twins(text):
        with pytest.raises(ValueError, match="twice"):
            read_json(text.encode(), strict=True)
    else:
        assert read_json(text.encode(), strict=True) == json.loads(text)
    assert read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": 1e999}', '{"a": -Infinity}', '{"a": 1, "a" : 2}'])
def test_what_no_honest_writer_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no number|twice"):
        read_json(text.encode(), strict=True)


def test_a_patient_reading_takes_the_last_of_two_and_no_number_for_none() -> None:
    assert read_json(b'{"a": 1, "a": NaN, "b": [1e999]}') == {"a": None, "b": [None]}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_only_so_many_levels_are_read(opens: str, closes: str, *, strict: bool) -> None:
    read_json((opens * DEEPEST + "1" + closes * DEEPEST).encode(), strict=strict)
    for levels in (DEEPEST + 1, 100_000):
        with pytest.raises(ValueError, match="too deeply"):
            read_json((opens * levels + "1" + closes * levels).encode(), strict=strict)
