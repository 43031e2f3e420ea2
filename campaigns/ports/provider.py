"""The seam to whoever places calls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeGuard

from campaigns.domain.call import (
    Booking,
    CallOrder,
    CallReport,
    Handover,
    Notice,
    Placement,
    Question,
    Reply,
    Webhook,
)

from .health import Finding, Needs


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What the dispatch protocol must know of a provider."""

    documented_per_minute: int | None
    """The API's own request budget, as the vendor documents it."""
    lookup_by_own_id: bool = False
    """Whether listed calls carry our attempt id for certain; else number and time decide."""
    queue: timedelta = timedelta()
    """How long the provider may hold a call before it dials."""
    schedules: bool = False
    """Whether it can be asked now for a call at a later time: then it is a `Scheduler`."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of the provider's calls."""

    reports: tuple[CallReport, ...]
    total: int | None
    has_more: bool


@dataclass(frozen=True, slots=True)
class BookingPage:
    """One page of what the provider was asked to call later, whatever became of it."""

    bookings: tuple[Booking, ...]
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

    def addressed(self, token: str) -> bool:
        """Whether the secret part of a webhook's address is right; looked at before anything else of it is read."""

    def read(self, webhook: Webhook, *, now: datetime) -> Notice:
        """Prove and translate a webhook. Raises ProofError for whatever cannot be proved."""

    def answer(self, question: Question, reply: Reply) -> dict[str, Any]:
        """The JSON body by which a question is answered in the vendor's words."""

    async def health(self, needs: Needs) -> list[Finding]:
        """Whether the account can do what is needed; asks little, changes nothing, raises nothing."""

    async def erase(self, call_id: str) -> bool:
        """Have the vendor delete what it keeps of a call, also when it is gone already; False: it offers no such thing.

        Raises VendorError, AccountRefused.
        """

    async def aclose(self) -> None:
        """Close what it holds open."""


class Scheduler(CallProvider, Protocol):
    """A provider that also holds calls for later, and fires each at its time within `FIRES_WITHIN`."""

    def encode_booking(self, order: CallOrder, fires_at: datetime) -> bytes:
        """The exact request body of a call at `fires_at`."""

    async def book(self, body: bytes, *, attempt_id: str) -> Handover:
        """Ask once for a call later; as `place` in every other way."""

    async def bookings(self, *, offset: int, limit: int) -> BookingPage:
        """Everything that was ever booked and is still shown, in no certain order. Raises as `page` does."""

    async def booking(self, booking_id: str) -> Booking | None:
        """One booking by its id; None: the provider knows no such booking. Raises VendorError, AccountRefused."""

    async def cancel(self, booking_id: str) -> Booking | None:
        """Ask for a cancellation, and return the booking as it is then: too late, and it has fired.

        May be asked again. None: the provider knows no such booking. Raises as `booking` does: then nobody knows.
        """


def schedules(provider: CallProvider) -> TypeGuard[Scheduler]:
    """Whether the provider holds calls for later."""
    return provider.facts.schedules
