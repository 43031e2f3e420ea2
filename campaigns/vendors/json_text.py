"""Reads JSON that strangers wrote: it becomes plain values that can be stored and written again, or a ValueError."""

import json
import re
from math import isfinite
from typing import Any

DEEPEST = 32
"""Levels of nesting; no vendor needs a third of it, and more could end in a RecursionError elsewhere."""


def read_json(body: bytes, *, strict: bool = False) -> Any:
    """The value of `body`. Raises ValueError when it is no JSON, or nested too deeply.

    Half characters (a vendor cut a text inside an emoji) become `?` and NULs vanish: neither can be stored. With
    `strict`, where a forger may have written it, keys that stand twice, NaN and infinity are refused; else they are
    the last of the two, and None.
    """
    text = body.decode("utf-8" if strict else "utf-8-sig")
    try:
        data = (_STRICT if strict else _PATIENT).decode(text)
        members = _members(data)
        if strict and members < _colons(text):  # a text may hold such a colon too
            _TWINLESS.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return _plain(data) if _ODD.search(text) else data


_ODD = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
"""Only escapes can bring NULs and half characters into a text of UTF-8; hardly any text has them."""


def _members(data: Any) -> int:
    """How many members all objects have together. Raises ValueError when it is nested too deeply."""
    found, level = 0, [data]
    for _ in range(DEEPEST + 1):
        nests = [value for value in level if isinstance(value, _NESTS)]
        if not nests:
            return found
        level = []
        for nest in nests:
            if isinstance(nest, dict):
                found += len(nest)
                level += nest.values()
            else:
                level += nest
    raise ValueError("nested too deeply")


_NESTS = (dict, list)


def _colons(text: str) -> int:
    """At least as many as members are written: the colon of each follows its key's quotation mark, or a space."""
    return sum(map(text.count, ('":', " :", "\n:", "\r:", "\t:")))


def _number_or_none(word: str) -> float | None:
    value = float(word)
    return value if isfinite(value) else None


def _number_or_error(word: str) -> float:
    value = float(word)
    if not isfinite(value):
        raise ValueError(f"{word[:20]} is no number")
    return value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


_PATIENT = json.JSONDecoder(parse_constant=_number_or_none, parse_float=_number_or_none)
_STRICT = json.JSONDecoder(parse_constant=_number_or_error, parse_float=_number_or_error)
_TWINLESS = json.JSONDecoder(parse_constant=_number_or_error, parse_float=_number_or_error, object_pairs_hook=_no_twins)
"""Costs a call for each object, so it is asked only where a key may stand twice."""


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, dict):
        return {_storable(key): _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")
