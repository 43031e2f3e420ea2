"""What a vendor's client is given of the settings: one account."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaigns.clock import SystemClock
from campaigns.domain.errors import InputError
from campaigns.ports import Clock

Gate = Callable[[], Awaitable[None]]
"""Awaited before every request that is no dial: the account's request budget."""


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """Where a vendor is, and the secrets to speak with it."""

    name: str
    """As campaign files or settings call it."""
    base_url: str
    api_key: str = field(default="", repr=False)
    webhook_token: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    older_tokens: tuple[str, ...] = field(default=(), repr=False)
    older_secrets: tuple[str, ...] = field(default=(), repr=False)
    """What is still believed while the vendor is moved to a new one."""
    routes: Mapping[str, str] = field(default_factory=dict)
    """Corrections to routes: operation → `/path`, or `METHOD /path`."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Corrections to whatever else is ASSUMED of the vendor: the fields of its `Facts`."""
    section: str = "providers"
    """Of the settings, for messages."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every secret part of an address that is good, the newest first."""
        return tuple(filter(None, (self.webhook_token, *self.older_tokens)))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret by which a webhook may be signed, the newest first; none: nothing is signed."""
        return tuple(filter(None, (self.webhook_secret, *self.older_secrets)))

    def __post_init__(self) -> None:
        """Raises InputError for a key that no header can carry, such as one read with the end of its line."""
        if not (self.api_key.isascii() and (self.api_key.isprintable() or not self.api_key)):
            raise InputError(
                f"[{self.section}.{self.name}] api_key holds a line break or another character that cannot be sent. "
                "Write it again, without anything before or after it."
            )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a vendor's client needs of the running program; by default it stands alone, in real time."""

    clock: Clock = field(default_factory=SystemClock)
    gate: Gate | None = None
    """None: the client keeps the vendor's documented budget by itself."""
    patient: bool = True
    """Whether a request that may be repeated is repeated; the engine has a patience of its own."""
    webhooks: str | None = None
    """Where this account's reports reach us, without the secret part: `https://host/webhooks/NAME`; None: nowhere."""
