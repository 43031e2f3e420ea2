"""The seam to what is measured of the database: how much waits, and since when."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from campaigns.domain.lead import AttemptState


@dataclass(frozen=True, slots=True)
class Gauges:
    """How much waits now."""

    attempts: dict[tuple[str, AttemptState], int] = field(default_factory=dict)
    """Not settled, by provider and state."""
    inbox: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """Webhooks that are not applied, and when the oldest came, by provider."""
    due_since: dict[str, datetime] = field(default_factory=dict)
    """By active campaign: since when the lead that has waited longest might be called, as far as is known."""


class GaugeStore(Protocol):
    """Read along indexes alone, aside of the calls."""

    async def gauges(self, *, now: datetime) -> Gauges: ...
