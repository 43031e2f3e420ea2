"""What a list says of consents and of earlier calls: strict readings, because a guess here would be a call too many."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from .call import Disposition
from .contact import Basis, Consent, Earlier
from .moments import instants, is_date, written

NO_CONSENT = frozenset({"", "none", "no", "-"})
REFUSED = "refused"
MESSAGE = "message"
_BETWEEN = re.compile(r"[\s,;/]+")
_LAST_MOMENT = timedelta(days=1) - timedelta(microseconds=1)
KNOWN = ", ".join(Basis)


@lru_cache(maxsize=1024)
def bases(text: str) -> tuple[Basis, ...]:
    """The words of a consent cell: of `Basis`, several between commas, or one that says there is none.

    No other word is understood: a `yes` says not to what. Raises ValueError naming the known words.
    """
    said = text.strip().lower().replace("prior-written", Basis.PRIOR_WRITTEN)
    if said in NO_CONSENT:
        return ()
    words = [word for word in _BETWEEN.split(said) if word]
    if not set(words) <= set(Basis):  # never quoted: in a list whose columns slipped it is a name
        raise ValueError(f"not a kind of consent. Known are: {KNOWN}; none where there is none")
    return tuple(Basis(word) for word in dict.fromkeys(words))


@lru_cache(maxsize=4096)
def consents(kinds: tuple[Basis, ...], *, given: str, proof: str, zones: tuple[str, ...]) -> tuple[Consent, ...]:
    """The consents of a row.

    Args:
        kinds: What they agreed to, as `bases` reads it.
        given: When it was given; empty: the list does not say. Local time is read as early as it can be meant, because
            a withdrawal beats what was given before it.
        proof: Where that is written down.
        zones: Where the person may be.

    Raises:
        ValueError: `given` is no moment.
    """
    return tuple(Consent(kind, proof, _earliest(given, zones)) for kind in kinds)


def _earliest(text: str, zones: Sequence[str]) -> datetime | None:
    return min(_meant(text, timedelta(), zones)) if text else None


def earlier_calls(text: str, zones: Sequence[str]) -> tuple[Earlier, ...]:
    """Calls that others made: `2026-11-01 10:00 no_answer; 2026-11-03T09:15 refused; 2026-11-04`.

    Each is a moment, and perhaps how it ended: a disposition, `refused`, or `message` for one that was left. Local time
    is read as late as it can be meant, a date alone as its last moment: caps and cool-downs then end later. Raises
    ValueError: a cap that cannot be counted must not be guessed.
    """
    return tuple(_earlier(part.strip(), zones) for part in text.split(";") if part.strip())


_ENDINGS = f"Known endings: {', '.join([*Disposition, REFUSED, MESSAGE])}"


def _earlier(part: str, zones: Sequence[str]) -> Earlier:
    match = re.fullmatch(r"(?P<moment>\S+(?:[ ]+\d\d:\S+)?)(?:\s+(?P<word>[A-Za-z_-]+))?", part)
    if not match:
        raise ValueError(f"not a list of calls. Write 2026-11-01 10:00 no_answer; 2026-11-03. {_ENDINGS}")
    moment, word = match["moment"], (match["word"] or "").lower().replace("-", "_")
    if word and word not in {*Disposition, REFUSED, MESSAGE}:
        raise ValueError(f"not a way a call ends. {_ENDINGS}")
    at = max(_meant(moment, _LAST_MOMENT if is_date(moment) else timedelta(), zones))
    if word == REFUSED:
        return Earlier(at, Disposition.ANSWERED, refused=True)
    # Of a voicemail elsewhere nobody knows whether a message was left, so it is counted as if one was.
    return Earlier(at, Disposition.VOICEMAIL if word == MESSAGE else Disposition(word) if word else None)


def _meant(text: str, offset: timedelta, zones: Sequence[str]) -> list[datetime]:
    """The instants that a moment may mean. Raises ValueError."""
    try:
        # Moved on the wall: the last moment of a day is before its midnight, however long the day is.
        found = list(instants(written(" ".join(text.split())) + offset, timedelta(), zones))
    except (ValueError, OverflowError):
        raise ValueError("not a date or time such as 2026-11-23 or 2026-11-23 17:00") from None
    if not found:
        raise ValueError("local time, and the person's zone is not known")
    return found
