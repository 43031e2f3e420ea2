"""Durations as people write them in files: `90s`, `20m`, `2h`, `3d`, `1h30m`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PATTERN = r"(?:[0-9]+(?:\.[0-9]+)?\s*[wdhms]\s*)+"
_FORMS = "Write a number and a unit, such as 90s, 20m, 2h, 3d or 1h30m."

LONGEST = timedelta(days=3660)
"""Ten years: what is longer is a slip, and would lead beyond the calendar."""


def parse_duration(text: object) -> timedelta:
    """`"1h30m"` → timedelta, at most ten years. Raises ValueError with the forms that are understood."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise ValueError(f"This is not a duration. {_FORMS}")
    compact = text.strip()
    if re.fullmatch(r"[0-9.]+", compact):
        raise ValueError(f"'{compact[:40]}' has no unit. {_FORMS}")
    if not re.fullmatch(_PATTERN, compact):
        raise ValueError(f"'{compact[:40]}' is not a duration. {_FORMS}")
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)\s*([wdhms])", compact)
    try:
        total = sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        total = timedelta.max
    if total > LONGEST:
        raise ValueError(f"'{compact[:40]}' is longer than ten years. Write a shorter duration.")
    return total


def format_duration(value: timedelta) -> str:
    """timedelta → the shortest exact form, such as `1h30m`; `0s` for what is not positive."""
    rest = value // timedelta(microseconds=1)
    if rest <= 0:
        return "0s"
    out = ""
    for unit, size in (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000)):
        count, rest = divmod(rest, size)
        out += f"{count}{unit}" if count else ""
    seconds = f"{rest // 1_000_000}.{rest % 1_000_000:06}".rstrip("0").rstrip(".")
    return out + (f"{seconds}s" if rest else "")


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}$", "examples": ["20m", "2h", "3d"]}),
]
