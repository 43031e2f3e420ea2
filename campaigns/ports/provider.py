"""The seam to whoever places calls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from campaigns.domain.call import CallOrder, CallReport, Notice, Placement, Webhook


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What the dispatch protocol must know of a provider."""

    documented_per_minute: int | None
    """The API's own request budget, as the vendor documents it."""
    lookup_by_own_id: bool = False
    """Whether listed calls carry our attempt id for certain; else number and time decide."""
    queue: timedelta = timedelta()
    """How long the provider may hold a call before it dials."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of the provider's calls."""

    reports: tuple[CallReport, ...]
    total: int | None
    has_more: bool


class CallProvider(Protocol):
    """Places phone calls, and says what became of them. Vendor words end here."""

    facts: ProviderFacts

    def encode(self, order: CallOrder) -> bytes:
        """The exact request body, frozen before anything is sent."""

    async def prepare(self, caller_ids: list[str]) -> None:
        """Look up what dials need, such as the ids of caller numbers. Raises AccountRefused, VendorError."""

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:
        """Ask once for a call. Never raises for what the network does; cancellation leaves the attempt unclear."""

    async def page(self, *, since: datetime, offset: int, limit: int) -> CallPage:
        """Calls created at or after `since`, in no certain order. Raises VendorError, AccountRefused."""

    async def fetch(self, call_id: str) -> CallReport | None:
        """One call by its id; None: the provider knows no such call. Raises VendorError, AccountRefused."""

    def read(self, webhook: Webhook, *, now: datetime) -> Notice:
        """Prove and translate a webhook. Raises ProofError for whatever cannot be proved."""

    async def aclose(self) -> None:
        """Close what it holds open."""
