"""Where a page ends, as an opaque word that leads to the next one."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from campaigns.domain.errors import InputError
from campaigns.ports.pages import AttemptPlace, SuppressionPlace

_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def lead_word(place: int) -> str:
    """After a lead's place in its list."""
    return _word([place])


def lead_place(word: str | None) -> int:
    """The reverse; 0: from the beginning. Raises InputError."""
    (place,) = _read(word, (int,)) if word is not None else (0,)
    return int(place)


def attempt_word(place: AttemptPlace) -> str:
    """After an attempt of a campaign."""
    return _word([_ticks(place.created_at), _ticks(place.send_at), place.id])


def attempt_place(word: str | None) -> AttemptPlace | None:
    """The reverse; None: from the beginning. Raises InputError."""
    if word is None:
        return None
    created, send, name = _read(word, (int, int, str))
    return AttemptPlace(_at(created), _at(send), str(name))


def suppression_word(place: SuppressionPlace) -> str:
    """After an entry of the do-not-call list."""
    return _word([_ticks(place.created_at), place.phone_key, place.scope])


def suppression_place(word: str | None) -> SuppressionPlace | None:
    """The reverse; None: from the beginning. Raises InputError."""
    if word is None:
        return None
    created, key, scope = _read(word, (int, str, str))
    return SuppressionPlace(_at(created), str(key), str(scope))


def _word(parts: Sequence[int | str]) -> str:
    return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(word: str, kinds: Sequence[type]) -> list[int | str]:
    """What a word of ours holds; anything else came from elsewhere."""
    try:
        parts = json.loads(urlsafe_b64decode(word + "=" * (-len(word) % 4)))
    except ValueError:
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds) or not _is_small(parts):
        raise InputError("This is no place in a list. Begin without one, then give what the last page said comes next.")
    return parts


def _is_small(parts: Sequence[int | str]) -> bool:
    """Whether every number is one that a database, and a calendar, can hold."""
    return all(-1 < part < 2**57 for part in parts if isinstance(part, int))


def _ticks(at: datetime) -> int:
    return (at - _EPOCH) // _TICK


def _at(ticks: int | str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(ticks))
