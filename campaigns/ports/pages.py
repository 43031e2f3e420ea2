"""The seam to long lists, a page at a time: each page is found along an index, however long the list is."""

from dataclasses import dataclass

from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, LeadState, Outcome


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads of a campaign; None: all."""

    state: LeadState | None = None
    outcome: Outcome | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """Which attempts of a campaign; None: all."""

    state: AttemptState | None = None
    disposition: Disposition | None = None
    newest_first: bool = False
