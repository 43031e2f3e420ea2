"""Every seam of the house as a Protocol: the clock, the store, providers, contact lists."""

from campaigns.domain.rows import BadRow, Row

from .clock import Clock
from .lists import ContactList
from .provider import BookingPage, CallPage, CallProvider, ProviderFacts, Scheduler, schedules

__all__ = [
    "BadRow", "BookingPage", "CallPage", "CallProvider", "Clock", "ContactList", "ProviderFacts", "Row", "Scheduler",
    "schedules",
]  # fmt: skip
