"""What changed between two versions of a campaign file, for people; and whether leads must be planned anew for it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from difflib import SequenceMatcher
from itertools import zip_longest

from pydantic import BaseModel

from .campaign import Campaign
from .contact import mask
from .durations import format_duration

LONGEST = 120
"""Letters of a value that are shown."""
_NUMBERS = re.compile(r"\+?\d{7,15}(?!\d)")
_QUIET = (
    "agent", "variables", "assistant", "tools", "outcomes", "pacing", "budget", "priority", "write_back", "contacts",
    "exclude", "attempts.uncertain",
)  # fmt: skip
"""Keys that move nobody: what a call says, how fast calls go. What lists change is planned anew row by row.
Numbers shown are not among them: people wait for tomorrow where their caps are full."""


@dataclass(frozen=True, slots=True)
class Change:
    """One key of the file; None: it is not there. Numbers are masked."""

    key: str
    old: str | None
    new: str | None


def difference(old: Campaign, new: Campaign) -> list[Change]:
    """Every key that differs, in the order of the file's documentation."""
    return list(_compare("", old, new))


def moves_leads(changes: Sequence[Change]) -> bool:
    """Whether somebody may be called at another time, or not at all, by what changed. In doubt: yes."""
    return any(not _is_quiet(change.key) for change in changes)


def _is_quiet(key: str) -> bool:
    return any(key == quiet or key.startswith((f"{quiet}.", f"{quiet}[")) for quiet in _QUIET)


def _compare(key: str, old: object, new: object) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, BaseModel) and type(old) is type(new):
        for name in type(old).model_fields:
            yield from _compare(f"{key}.{name}".lstrip("."), getattr(old, name), getattr(new, name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*old, *new]):
            yield from _compare(f"{key}.{name}", old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and _have_parts(old + new):
        yield from _compare_lists(key, old, new)
    else:
        yield Change(key, _shown(old), _shown(new))


def _have_parts(items: list[object]) -> bool:
    return any(isinstance(item, BaseModel) for item in items)


def _compare_lists(key: str, old: Sequence[object], new: Sequence[object]) -> Iterator[Change]:
    """A part that was put in or taken out is one change, and no change of all that follow it."""
    matcher = SequenceMatcher(None, [repr(item) for item in old], [repr(item) for item in new], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        for n, (before, after) in enumerate(zip_longest(old[a:b], new[c:d])):
            yield from _compare(f"{key}[{(a if b > a else c) + n}]", before, after)


def _shown(value: object) -> str | None:
    if value is None or value in ([], {}):
        return None
    text = _NUMBERS.sub(lambda found: mask(found[0]), _words(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _words(value: object) -> str:
    """As its author would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else value.isoformat(timespec="minutes")
    if isinstance(value, BaseModel):
        set_ = {name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
        return _words(set_)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_words(part)}" for name, part in value.items() if part is not None)
    if isinstance(value, list | tuple):
        return ", ".join(_words(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
