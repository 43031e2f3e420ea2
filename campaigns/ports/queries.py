"""The seam to what the faces show of campaigns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from campaigns.domain.budget import Spent
from campaigns.domain.lead import Attempt, Lead


@dataclass(frozen=True, slots=True)
class Counts:
    """Where a campaign stands."""

    states: dict[str, int]
    outcomes: dict[str, int]
    dispositions: dict[str, int]
    attempts: dict[str, int]
    """By state."""
    reasons: list[tuple[str, str, int, datetime | None]]
    """Why leads wait: reason, rule, how many, when the first of them is due."""
    warnings: int = 0
    spent: Spent = Spent()  # noqa: RUF009 - frozen
    """Of the budget, with what open calls hold."""


class QueryStore(Protocol):
    """What the faces show."""

    async def counts(self, name: str) -> Counts: ...
    async def people(self, name: str) -> tuple[int, int]:
        """How many people a campaign's leads are, and how many of them were reached; this reads them all."""

    async def lead_page(self, name: str, *, after: int, limit: int) -> list[tuple[int, Lead, list[Attempt]]]:
        """The next leads of a campaign in list order, each with its place and its attempts; empty at the end."""

    async def sample(self, name: str, *, limit: int) -> tuple[list[str], int]:
        """Ids of leads that wait or are ready, picked evenly and always the same; and how many there are."""

    async def undecided(self, name: str, *, limit: int) -> list[str]:
        """Ids of leads that wait or are ready, at most so many; in order, so that they are always the same."""

    async def calls_left(self, name: str, *, most: int) -> tuple[int, Spent]:
        """The calls that leads without an outcome may still get: `most` each, and those promised. And what is spent."""

    async def attempts(self, name: str) -> list[Attempt]: ...
    async def uncertain(self, *, before: datetime | None = None) -> list[Attempt]: ...
    async def last_moment(self) -> datetime | None:
        """The latest instant that the database knows of: where virtual time must go on."""
