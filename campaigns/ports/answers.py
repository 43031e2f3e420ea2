"""The seam to what was answered to requests that may come twice."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

KEPT = timedelta(days=1)
"""So long an answer is given again."""
UNDER_WAY = timedelta(minutes=15)
"""After it a request that has no answer counts as cut off, and may be made anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    who: str
    """Whose key it is: no two who ask share their keys."""
    key: str
    request: str
    """A hash of all that it says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to it."""

    status: int
    kind: str
    """The media type."""
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Before:
    """The key is known."""

    request: str
    """Of the request that came with it first."""
    answer: Answer | None
    """None: it is under way."""


class AnswerStore(Protocol):
    """Answers by their keys."""

    async def ask(self, asked: Asked, *, now: datetime) -> Before | None:
        """Note that a request is under way; None: it is the first with this key. Of two at once one is."""

    async def answer(self, asked: Asked, answer: Answer | None) -> None:
        """Keep what was said; None: nothing was done, so that the key is free again."""
