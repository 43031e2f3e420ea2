"""The people whom a simulator rings: what each does with the n-th call, decided by hashes alone.

Nothing depends on the order in which calls arrive: seed, number, which call it is and the local hour settle it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as phone_zones

from campaigns.domain.lead import spread


class How(StrEnum):
    """What became of a call, in truth."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    BAD_NUMBER = "bad_number"
    PROVIDER_ERROR = "provider_error"


class Goodbye(StrEnum):
    """Who ended a conversation, in truth."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    SILENCE = "silence"
    FORWARDED = "forwarded"


_RING_SECONDS = {
    How.ANSWERED: (4, 20),
    How.VOICEMAIL: (18, 28),
    How.NO_ANSWER: (24, 36),
    How.BUSY: (1, 3),
    How.DECLINED: (3, 14),
}
_TO_ANSWER = {8: 0.30, 9: 0.40, 10: 0.44, 11: 0.42, 12: 0.36, 13: 0.36, 14: 0.36, 15: 0.36, 16: 0.38,
              17: 0.48, 18: 0.54, 19: 0.54, 20: 0.42, 21: 0.28}  # fmt: skip
"""How many in a hundred pick up, by local hour; at all other hours `_ASLEEP`."""
_ASLEEP = 0.12
_BAD_NUMBERS = 0.03
_PROVIDER_ERRORS = 0.01
CALLERS_BACK = 0.10
"""The share of missed calls after which the person calls us, in waking hours."""
_TROUBLED = 0.01
"""Answered calls whose status webhook ends `ended-with-debugging`."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What will happen to one call. Times in seconds, each from the end of the one before."""

    how: How
    queued: float
    rings: float | None
    """None: it never rang."""
    talks: float
    goodbye: Goodbye | None = None
    """None: nobody spoke."""
    analysis: dict[str, Any] = field(default_factory=dict, repr=False)
    calls_back_after: float | None = None
    """From the end of the call."""
    troubled: bool = False
    """The platform adds a debugging note to it."""


@dataclass(frozen=True)
class Person:
    """Whoever answers one phone number."""

    seed: int
    phone: str = field(repr=False)

    def roll(self, what: str) -> float:
        """A fraction in [0, 1) that this person always gives for `what`."""
        return spread(f"{self.seed}|{self.phone}|{what}")

    @cached_property
    def zone(self) -> ZoneInfo:
        return _zone_of(self.phone)

    @property
    def is_bad_number(self) -> bool:
        return self.roll("bad number") < _BAD_NUMBERS

    @property
    def has_voicemail(self) -> bool:
        return self.roll("voicemail box") < 0.6

    def chance_of_answer(self, hour: int) -> float:
        """How likely they pick up at this local hour: its habit, their temper, whether they like mornings."""
        temper = 0.6 + 0.8 * self.roll("temper")
        lean = 0.3 * (self.roll("lean") - 0.5) * (1 if hour >= 17 else -1 if hour < 12 else 0)
        return min(0.95, _TO_ANSWER.get(hour, _ASLEEP) * temper * (1 + lean))

    def fate(self, ordinal: int, at: datetime) -> Fate:
        """What the `ordinal`-th call to them, made at `at`, comes to."""

        def roll(what: str) -> float:
            return self.roll(f"{ordinal}|{what}")

        how = self._how(roll, at.astimezone(self.zone).hour)
        queued = 0.3 + 1.7 * roll("queued")
        if how not in _RING_SECONDS:
            return Fate(how, queued, None, 0.0)
        low, high = _RING_SECONDS[how]
        rings = low + (high - low) * roll("rings")
        if how is How.ANSWERED:
            return self._conversation(roll, queued, rings, at)
        talks = 15 + 15 * roll("talks") if how is How.VOICEMAIL else 0.0
        return Fate(how, queued, rings, talks, calls_back_after=self._calls_back(roll, how, at))

    def calls_us(self, ordinal: int, at: datetime) -> Fate:
        """Their own `ordinal`-th call to us, which the assistant takes at once."""
        return self._conversation(lambda what: self.roll(f"in {ordinal}|{what}"), 0.0, 1.5, at)

    def _how(self, roll: Callable[[str], float], hour: int) -> How:
        if self.is_bad_number:
            return How.BAD_NUMBER
        if roll("provider error") < _PROVIDER_ERRORS:
            return How.PROVIDER_ERROR
        if roll("picks up") < self.chance_of_answer(hour):
            return How.ANSWERED
        other = roll("else")
        if other < 0.14:
            return How.BUSY
        if other < 0.22:
            return How.DECLINED
        return How.VOICEMAIL if self.has_voicemail and other < 0.75 else How.NO_ANSWER

    def _conversation(self, roll: Callable[[str], float], queued: float, rings: float, at: datetime) -> Fate:
        analysis = self._says(roll, at)
        is_short = any(analysis[key] for key in ("opt_out", "refused", "wrong_person"))
        talks = 15 + (30 if is_short else 225) * roll("talks") ** 2
        troubled = roll("debugging") < _TROUBLED
        return Fate(How.ANSWERED, queued, rings, talks, _goodbye(roll("goodbye")), analysis, troubled=troubled)

    def _says(self, roll: Callable[[str], float], at: datetime) -> dict[str, Any]:
        """The structured data that the assistant draws from the talk; at most one of the rare wishes."""
        wish = roll("wish")
        asks_later = 0.11 <= wish < 0.17
        said: dict[str, Any] = {
            "opt_out": wish < 0.02,
            "wrong_person": 0.02 <= wish < 0.03,
            "refused": 0.03 <= wish < 0.11,
            "confirmed": wish >= 0.17 and roll("confirms") < 0.8,
            "language": self._language(),
            "score": 1 + int(5 * roll("score")),
        }
        return said | ({"call_back_at": self._better_moment(roll, at)} if asks_later else {})

    def _better_moment(self, roll: Callable[[str], float], at: datetime) -> str:
        """`2h`, or a local time of the next day without offset, as assistants write it."""
        if roll("callback form") < 0.4:
            return f"{1 + int(4 * roll('callback hours'))}h"
        tomorrow = (at.astimezone(self.zone) + timedelta(days=1)).date()
        return f"{tomorrow.isoformat()}T{10 + int(6 * roll('callback hour')):02}:{('00', '30')[roll('half') < 0.5]}"

    def _calls_back(self, roll: Callable[[str], float], how: How, at: datetime) -> float | None:
        if how is How.DECLINED or roll("calls back") >= CALLERS_BACK:
            return None
        after = 600 + 4800 * roll("calls back after")
        hour = (at + timedelta(seconds=after)).astimezone(self.zone).hour
        return after if 8 <= hour < 21 else None

    def _language(self) -> str:
        codes = {"+31": "nl", "+32": "nl", "+49": "de", "+33": "fr"}
        return codes.get(self.phone[:3], "en")


def _goodbye(roll: float) -> Goodbye:
    if roll < 0.55:
        return Goodbye.CUSTOMER
    if roll < 0.95:
        return Goodbye.ASSISTANT
    return Goodbye.SILENCE if roll < 0.98 else Goodbye.FORWARDED


@lru_cache(maxsize=100_000)
def _zone_of(phone: str) -> ZoneInfo:
    """The first zone of the number; UTC when the number names none."""
    try:
        zones = phone_zones.time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return ZoneInfo("UTC")
    known = zones and zones[0] != phone_zones.UNKNOWN_TIMEZONE
    return ZoneInfo(zones[0] if known else "UTC")
