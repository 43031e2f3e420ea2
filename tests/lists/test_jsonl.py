"""JSON Lines: values as text, damage told by line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.errors import InputError
from campaigns.lists import open_list
from campaigns.ports import BadRow, Row


def save(folder: Path, text: str | bytes) -> Path:
    path = folder / "list.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def only_row(path: Path) -> Row:
    (row,) = open_list(path).rows()
    assert isinstance(row, Row)
    return row


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('" x\u00a0"', "x"),
        ("31201234567.0", "31201234567.0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1.10", "1.10"),
        ("NaN", "NaN"),
        ("null", ""),
        ("true", "true"),
        ('{"b": [1.50, null, "\u00e9"]}', '{"b": ["1.50", null, "\u00e9"]}'),
    ],
)
def test_values_are_text(tmp_path: Path, value: str, text: str) -> None:
    assert only_row(save(tmp_path, f'\ufeff{{"a": {value}}}\n')).cells == {"a": text}


def test_the_header_is_every_key_of_the_first_lines(tmp_path: Path) -> None:
    found = open_list(save(tmp_path, '\n{"a": 1}\nrubbish\n{"b": 2}\n' + '{"a": 1}\n' * 100 + '{"c": 3}\n'))
    assert found.header() == ["a", "b"]
    rows = list(found.rows())
    assert rows[0] == Row(2, {"a": "1", "b": ""})
    assert rows[-1] == Row(105, {"a": "", "b": "", "c": "3"})


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": "\\ud800"}', "no text"),
        ('{"a": "\\u0000"}', "NUL"),
        ('{"a": "\0"}', "NUL"),
        ('{"a": ' + "[" * 100_000 + "}", "nested too deep"),
        ('{"a": "' + "x" * 100_001 + '"}', "longer than"),
        ('{"a": "' + "x" * 2_000_001 + '"}', "too long"),
        ("\udcff", "no text"),
    ],
)
def test_a_bad_line_is_told_and_the_others_stay(tmp_path: Path, line: str, reason: str) -> None:
    raw = f'{{"a": "é"}}\n{line}\n{{"a": "é"}}\n'.encode("utf-8", "surrogateescape")
    first, bad, last = open_list(save(tmp_path, raw)).rows()
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert reason in bad.reason


def test_a_file_without_objects_is_refused(tmp_path: Path) -> None:
    for text in ("", "\n", "[]\n", "{}\n"):
        with pytest.raises(InputError, match="no JSON object"):
            open_list(save(tmp_path, text)).header()


@pytest.mark.row("I1")
@given(st.lists(st.text(max_size=30) | st.dictionaries(st.text(max_size=3), st.integers()).map(str), max_size=5))
def test_any_lines_give_rows(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = save(tmp_path_factory.getbasetemp(), '{"a": 1}\n' + "\n".join(lines))
    assert all(isinstance(row, Row | BadRow) for row in open_list(path).rows())
