"""Every seam of the house as a Protocol: the clock, the store, providers, contact lists."""

from campaigns.domain.rows import BadRow, Row

from .clock import Clock
from .lists import ContactList
from .provider import CallPage, CallProvider, ProviderFacts

__all__ = ["BadRow", "CallPage", "CallProvider", "Clock", "ContactList", "ProviderFacts", "Row"]
