"""Contact lists in JSON Lines: one object on each line, every value as text."""

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from campaigns.domain.errors import InputError, Problem
from campaigns.ports import BadRow, Row

from .lines import read_lines
from .table import clean, damage, flaw

_LOOKED_AT = 100


class JsonLines:
    """Its columns are the keys of the first 100 lines; later keys are in the rows all the same."""

    def __init__(self, path: Path, *, encoding: str | None) -> None:
        self.name = path.name
        self._path = path
        self._encoding = encoding

    def header(self) -> list[str]:
        """The keys in the order met. Raises InputError when no line has an object."""
        with closing(self._objects()) as objects:
            found = [item.cells for item in islice(objects, _LOOKED_AT) if isinstance(item, Row)]
        if names := list(dict.fromkeys(name for cells in found for name in cells)):
            return names
        mend = 'Write one object on each line, such as {"name": "…", "phone": "…"}.'
        raise InputError([Problem(str(self._path), f"has no JSON object on its first {_LOOKED_AT} lines.", mend)])

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row once, in order; keys that a row does not have are empty."""
        blank = dict.fromkeys(self.header(), "")
        with closing(self._objects()) as objects:
            for item in objects:
                yield Row(item.line, blank | item.cells) if isinstance(item, Row) else item

    def _objects(self) -> Generator[Row | BadRow, None, None]:
        with closing(read_lines(self._path, self._encoding)) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _read(number, line)


def _read(number: int, line: str) -> Row | BadRow:
    if reason := damage(line):
        return BadRow(number, reason)
    try:
        found = json.loads(line, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_Pairs)
        if not isinstance(found, _Pairs):
            return BadRow(number, "not a JSON object")
        cells = {clean(name): clean(_text(value)) for name, value in found}
    except RecursionError:
        return BadRow(number, "JSON that is nested too deep")
    except ValueError:
        return BadRow(number, "not JSON")
    if len(cells) < len(found):
        return BadRow(number, "a key that stands there twice")
    reason = flaw([*cells, *cells.values()])
    return BadRow(number, reason) if reason else Row(number, cells)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it stands, double keys too."""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, _Pairs):
        return {name: _plain(inner) for name, inner in value}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
