"""The seam to what the database knows of outcomes on their way back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from campaigns.domain.lead import Attempt, Lead, Outcome

SHOWN = 3
"""Reasons that are told."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A lead with an outcome, and how far that outcome is on its way back."""

    seq: int
    """Its place in the campaign."""
    source: int
    """Which of the campaign's lists, from 0."""
    lead: Lead
    attempts: tuple[Attempt, ...]
    opted_out: bool
    """They are on everybody's do-not-call list, perhaps since the lead was closed."""
    stamp: str
    """Names the outcome as it is now: whatever has landed under another stamp goes back again."""
    written: bool
    """It has landed as it is now."""
    tries: int = 0
    first_tried_at: datetime | None = None
    """When this outcome was first on its way; None: it never was."""

    @property
    def outcome(self) -> Outcome:
        """An opt-out comes before anything else."""
        return Outcome.DO_NOT_CALL if self.opted_out or self.lead.outcome is None else self.lead.outcome


@dataclass(frozen=True, slots=True)
class DueReturns:
    """What may be tried now, opt-outs first, then by age."""

    closed: tuple[Closed, ...]
    next_at: datetime | None = None
    """When the next of those may be that were put off."""


@dataclass(frozen=True, slots=True)
class ReturnCounts:
    """Where a campaign's outcomes are on their way back."""

    landed: int = 0
    waiting: int = 0
    unwritable: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    """Why some wait or can never be written, the most frequent first."""

    def as_json(self) -> dict[str, int]:
        """As the contract with users pins it."""
        return {"landed": self.landed, "waiting": self.waiting, "unwritable": self.unwritable}

    def told(self) -> str:
        """In one line, for people, with the first reasons."""
        counted = [f"{n:,} {word}" for word, n in self.as_json().items() if n]
        why = "; ".join(f"{reason} ({n:,})" for reason, n in self.reasons[:SHOWN])
        return (", ".join(counted) or "none yet") + (f": {why}" if why else "")


class ReturnStore(Protocol):
    """Outcomes on their way back. What is closed and has not landed as it is now waits by itself."""

    async def return_lists(self, name: str) -> list[str]:
        """The lists in the settings whose contacts' outcomes have not landed."""

    async def due_returns(self, name: str, list_name: str, *, limit: int, now: datetime) -> DueReturns:
        """Outcomes of one list's contacts that may be tried now."""

    async def start_return(self, closed: Closed, *, until: datetime, now: datetime) -> bool:
        """Write down, durably, that it is tried; False: another does, or it changed. Not tried again before `until`."""

    async def put_off_return(self, closed: Closed, *, until: datetime, reason: str) -> None:
        """Not before `until`, and why."""

    async def give_up_return(self, closed: Closed, reason: str) -> None:
        """It can never be written; another outcome of the lead is tried again."""

    async def landed(self, stamps: Mapping[str, str]) -> None:
        """Where they belong: the outcomes of these leads, by their stamps."""

    async def unwritten(self, name: str, sources: Collection[int], *, others: bool = False) -> Closed | None:
        """One outcome that has not landed, of these lists or of all others.

        Without those of a system in the settings.
        """

    async def closed_page(self, name: str, source: int, *, after: int, limit: int) -> list[Closed]:
        """The next leads of a list that are closed, landed or not, in the order of the list; none: that was all.

        Without those of a system in the settings.
        """

    async def returns(self, name: str) -> ReturnCounts: ...
