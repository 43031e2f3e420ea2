"""Calls that ring, are answered or not, and end, in real seconds that a test gives; for the stand-ins that dial."""

import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SILENT = ("no_answer", "busy", "failed")


@dataclass(frozen=True, slots=True)
class Course:
    """How calls go; seconds."""

    ring: tuple[float, float] = (0.05, 0.15)
    talk: tuple[float, float] = (0.05, 0.2)
    fates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of numbers that end so, one word a call, the last for all later ones: answered, voicemail, broke (was
    answered, and ended by a fault), no_answer, busy, failed. Everybody else answers."""
    said: dict[str, dict[str, object]] = field(default_factory=dict)
    """What the agent understood in answered calls to numbers that end so."""


SWIFT = Course()


@dataclass(slots=True)
class Call:
    """One call that truly exists: somebody's telephone rang."""

    call_id: str
    to: str
    sender: str
    fate: str
    made_at: float
    """Seconds since the epoch, as all three."""
    answer_at: float
    """Equal to end_at where nobody answers."""
    end_at: float
    asked: dict[str, Any]
    """The body of the request that made it."""
    said: dict[str, object] = field(default_factory=dict)

    @property
    def answered(self) -> bool:
        return self.fate not in SILENT

    def phase(self) -> str:
        """ringing | talking | over, by the clock of this machine."""
        now = time.time()
        return "over" if now >= self.end_at else "talking" if now >= self.answer_at else "ringing"

    @property
    def talked(self) -> float:
        return self.end_at - self.answer_at

    def pick_up(self) -> None:
        """Answer it now, and talk as long as was meant."""
        talk, self.answer_at = self.end_at - self.answer_at, time.time()
        self.end_at = self.answer_at + talk

    def hang_up(self) -> None:
        """End it now."""
        self.end_at = min(self.end_at, time.time())


def placed(earlier: Sequence[Call], to: str, sender: str, asked: dict[str, Any], course: Course, seed: int) -> Call:
    """One more call, beginning now; its fate, id and times follow from the seed and from how many there were."""
    before = sum(call.to == to for call in earlier)
    dice = random.Random(f"{seed}|{to}|{before}")
    words = next((words for ending, words in course.fates.items() if to.endswith(ending)), ("answered",))
    fate = words[min(before, len(words) - 1)]
    now = time.time()
    answer_at = now + dice.uniform(*course.ring)
    end_at = answer_at + (0 if fate in SILENT else dice.uniform(*course.talk))
    said = next((each for ending, each in course.said.items() if to.endswith(ending)), {}) if fate == "answered" else {}
    return Call(str(uuid.UUID(int=dice.getrandbits(128))), to, sender, fate, now, answer_at, end_at, asked, said)


def iso(at: float | None) -> str | None:
    """Seconds since the epoch as the vendors write them."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
