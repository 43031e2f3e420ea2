"""What a vendor's client is given of the settings: one account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from campaigns.domain.errors import InputError
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

    def __post_init__(self) -> None:
        """Raises InputError for a key that no header can carry, such as one read with the end of its line."""
        if not (self.api_key.isascii() and (self.api_key.isprintable() or not self.api_key)):
            raise InputError(
                f"[providers.{self.name}] api_key holds a line break or another character that cannot be sent. "
                "Write it again, without anything before or after it."
            )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a vendor's client needs of the running program."""

    clock: Clock
    gate: Gate
