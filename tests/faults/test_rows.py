"""Every row of the failure list is tried by a test, or it is said why one machine cannot show it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from rows import ELSEWHERE, ROWS
from table import lines

TESTS = Path(__file__).parents[1]


def tried() -> Iterator[tuple[str, str]]:
    """Each (row, file) of a mark `row`."""
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.row":
                names = [each.value for each in node.args if isinstance(each, ast.Constant)]
                yield from ((str(name), path.name) for name in names)


def test_every_row_is_tried_and_no_other_is_named() -> None:
    named = {row for row, _ in tried()}
    assert sorted(set(ROWS) - named - set(ELSEWHERE)) == []
    assert sorted(named - set(ROWS)) == []
    assert sorted(set(ELSEWHERE) - set(ROWS)) == []


def test_figures_are_shown_in_the_order_of_the_list_and_the_last_counts() -> None:
    noted = [
        {"row": "N1", "what": "called twice", "value": 0, "of": {"calls": 1200}, "test": "tests/a.py::b[x]"},
        {"row": "K2", "what": "seconds to recover", "value": 1.23456, "of": {}, "test": "tests/a.py::c"},
        {"row": "K2", "what": "seconds to recover", "value": 2.0, "of": {}, "test": "tests/a.py::c"},
    ]
    assert lines(noted)[2:] == [
        "| K2 | seconds to recover | 2 |  | `pytest --long 'tests/a.py::c'` |",
        "| N1 | called twice | 0 | 1,200 calls | `pytest --long 'tests/a.py::b'` |",
    ]
