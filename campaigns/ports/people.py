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


SAID_IN_A_CALL = "the called person"
SAID_IN_A_CALL_TO_US = "the person, who called us"
"""Who put a number on the do-not-call list, where that was its owner."""


@dataclass(frozen=True, slots=True)
class OptOuts:
    """People of one campaign who are not to be called, and whether that was kept."""

    asked: int
    """People who said so themselves, in a call."""
    listed: int
    """People with a number on the do-not-call list, whoever put it there."""
    called_after: int
    """Calls of the campaign to such a number that began after it was put there."""


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

    async def suppress(self, entries: Sequence[Suppression], *, by: str = "") -> int:
        """How many are new. `by`, here and below: the person who says so, for the journal."""

    async def unsuppress(self, phone_key: str, scope: str | None, *, by: str = "", now: datetime) -> int:
        """How many are gone."""

    async def suppressions(self) -> list[Suppression]: ...
    async def opt_outs(self, campaign: str) -> OptOuts:
        """Counted call by call from the do-not-call list as it is now; entries for other purposes do not count."""

    async def suspend(self, record: SuspensionRecord, *, by: str = "") -> None:
        """Close a jurisdiction at once: permits that were given and not used fall."""

    async def resume(self, code: str, *, by: str = "", now: datetime) -> bool:
        """Open it again, and look at those who wait for it; False: it was not closed."""

    async def suspensions(self, *, now: datetime) -> list[SuspensionRecord]: ...
