"""The seam to the erasure of one person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from campaigns.domain.lead import Attempt, Lead


@dataclass(frozen=True, slots=True)
class Belongings:
    """What the database holds of the people with one number."""

    people: int
    leads: tuple[Lead, ...]
    attempts: tuple[Attempt, ...]
    """Of these leads, and those of others to this number."""
    phone_keys: tuple[str, ...]
    """Of all their numbers."""


class ErasingStore(Protocol):
    """The erasure of one person."""

    async def is_erased(self, phone_key: str) -> bool:
        """Whether its owner was erased at their request, and still is not to be called by anybody."""

    async def belongings(self, phone_key: str) -> Belongings: ...
    async def forget_person(self, phone_key: str, *, who: str, now: datetime) -> Belongings | None:
        """Take away whatever tells who they are, and put the hashes of all their numbers on the do-not-call list.

        Returns what there was. None: one of their calls is not settled, and nothing was done.
        """

    async def forget_words(self, subjects: Collection[str], call_ids: Collection[str], numbers: Collection[str]) -> int:
        """Blank what journal and webhooks say of these attempts and leads, calls and numbers; of how many lines."""

    async def note(self, said: Mapping[str, Sequence[str]], *, now: datetime) -> None:
        """Write lines into the journal: by attempt id, what is said."""
