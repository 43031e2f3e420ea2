"""Every seam of the house as a Protocol: the clock, the store, providers, contact lists."""

from campaigns.domain.rows import BadRow, Row

from .clock import Clock, Follower
from .lists import ContactList
from .provider import BookingPage, CallPage, CallProvider, ProviderFacts, Scheduler, schedules

__all__ = [
    "BadRow", "BookingPage", "CallPage", "CallProvider", "Clock", "ContactList", "Follower", "ProviderFacts", "Row",
    "Scheduler", "schedules",
]  # fmt: skip
