"""Reads JSON that strangers wrote: it becomes plain values that can be stored and written again, or a ValueError."""

import json
import re
from collections.abc import Iterable
from itertools import chain
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
    number, pairs = (_number_or_error, _no_twins) if strict else (_number_or_none, None)
    try:
        data = json.loads(text, parse_constant=number, parse_float=number, object_pairs_hook=pairs)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(data)
    return _plain(data) if _ODD.search(text) else data


_ODD = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
"""Only escapes can bring NULs and half characters into a text of UTF-8; hardly any text has them."""


def _check_depth(data: Any) -> None:
    level: Iterable[Any] = [data]
    for _ in range(DEEPEST + 1):
        nests = [value for value in level if isinstance(value, _NESTS)]
        if not nests:
            return
        level = chain.from_iterable(nest.values() if isinstance(nest, dict) else nest for nest in nests)
    raise ValueError("nested too deeply")


_NESTS = (dict, list)


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


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, dict):
        return {_storable(key): _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")
