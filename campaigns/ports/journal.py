"""The journal of every decision about a person, for whoever must answer for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line: ids and keyed hashes, no number, no name of anybody who is called."""

    line: int
    """Its place; never given twice."""
    at: datetime
    subject: str
    """`attempt:ID`, `lead:ID`, `campaign:NAME`, `person:KEYED-HASH`, `token:NAME` or `rules:CODE`."""
    campaign: str
    """Empty: it is about no single campaign."""
    before: str
    after: str
    """What it became: a state, or suppressed, lifted, consented, withdrawn, erased, edited, added, revoked..."""
    why: str
    who: str
    """The person who said so; empty: the program, by its rules."""
    permit: str
    """Of an intent, JSON: the rules by which the call was allowed, zones and local times; else empty."""


class JournalStore(Protocol):
    """Reads the journal in its order."""

    async def journal(
        self, *, after: int, limit: int, campaign: str | None = None, since: datetime | None = None
    ) -> Sequence[JournalEntry]:
        """The next lines behind the place `after`, of one campaign or all; none: that was the end."""
