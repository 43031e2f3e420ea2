"""What a vendor's client is given of the settings: one account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from campaigns.ports import Clock

Gate = Callable[[], Awaitable[None]]
"""Awaited before every request that is no dial: the account's request budget."""


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """Where a vendor is, and the secrets to speak with it."""

    name: str
    """As campaign files call it."""
    base_url: str
    api_key: str = field(default="", repr=False)
    webhook_token: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    routes: dict[str, str] = field(default_factory=dict)
    """Corrections to ASSUMED routes."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a vendor's client needs of the running program."""

    clock: Clock
    gate: Gate
