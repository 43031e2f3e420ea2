"""What is kept of people over all campaigns: whom nobody may call, and the law that a person has closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Suppression:
    """One entry of the do-not-call list."""

    phone_key: str
    scope: str
    """`all`, or a purpose."""
    shown: str
    """The masked number."""
    who: str
    why: str
    proof: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SuspensionRecord:
    """A jurisdiction that a person has closed."""

    code: str
    who: str
    why: str
    since: datetime
    until: datetime | None = None


class PeopleStore(Protocol):
    """People over all campaigns, and the law that a person has closed."""

    async def suppress(self, entries: Sequence[Suppression]) -> int: ...
    async def unsuppress(self, phone_key: str, scope: str | None) -> int: ...
    async def suppressions(self) -> list[Suppression]: ...
    async def suspend(self, record: SuspensionRecord) -> None:
        """Close a jurisdiction at once: permits that were given and not used fall."""

    async def resume(self, code: str) -> bool:
        """Open it again, and look at those who wait for it; False: it was not closed."""

    async def suspensions(self, *, now: datetime) -> list[SuspensionRecord]: ...
