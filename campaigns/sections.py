"""The sections of the settings: what each may hold."""

import binascii
import re
from base64 import b64decode
from datetime import timedelta
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from campaigns.domain.addresses import is_loopback
from campaigns.domain.durations import Duration, parse_duration
from campaigns.domain.retention import Keeping
from campaigns.ports.outbox import Event

SIMULATOR = "simulator"
"""Stands where an address would: the built-in simulator of that vendor."""


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("This must be a number.")
    return value


def _some(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("This must be longer than nothing.")
    return value


def _off_or_duration(value: object) -> timedelta | None:
    return None if value in (None, "off") else parse_duration(value)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


def _not_blank(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("This secret is empty. Give it a value, or remove the key.")
    return value


def _signing_key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().removeprefix("whsec_")
    try:
        known = len(b64decode(text + "=" * (-len(text) % 4), validate=True))
    except binascii.Error:
        known = 0
    if known < 24:
        raise ValueError("This is no key to sign with. Write whsec_ and at least 24 bytes in base64.")
    return value


def _address(value: str) -> str:
    """`https://host[:port][/path]`; http only on loopback. Nothing that two readers could take for different hosts."""
    matched = re.fullmatch(r"(?ai)https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?(/[!-~]*)?", value)
    if not matched or set(value) & set("@\\?#"):
        raise ValueError("This is not a plain web address. Write https://host/path, without user, password, ? or #.")
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("This is not a web address: its host or port is wrong. Write https://host/path.") from None
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("Beyond this machine only https is used: keys and numbers travel here. Write https://…")
    return value.rstrip("/")


Whole = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=1_000_000)]
Rate = Annotated[float, BeforeValidator(_no_bool), Field(gt=0, le=10_000)]
Span = Annotated[Duration, AfterValidator(_some)]
Secret = Annotated[SecretStr, AfterValidator(_not_blank)]
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(_listed), Field(min_length=1)]
"""One; or several while a vendor is moved from one to the next, the newest first."""
Address = Annotated[str, AfterValidator(_address)]
Place = Annotated[str, AfterValidator(lambda value: value if value == SIMULATOR else _address(value))]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class PeopleSettings(Section):
    """Limits per person over all campaigns of the database; None: none."""

    per_day: Whole | None = None
    gap: Duration | None = None


class RetentionSettings(Section):
    """How long after a lead was closed, and its last call was over; None: for good. See `domain.retention`."""

    transcripts: Span | None = None
    """Summaries and recordings too."""
    numbers: Span | None = None
    """Names and variables too."""

    @property
    def keeping(self) -> Keeping:
        return Keeping(words=self.transcripts, numbers=self.numbers)


class ProviderSettings(Section):
    """One account at a provider; `at_once` and `per_second` are shared by all campaigns and workers."""

    kind: Annotated[str, Field(min_length=1)]
    """The vendor; default: the section's name."""
    base_url: Place | None = None
    """None: the vendor's own, where it has one; `simulator`: the built-in one."""
    api_key: Secret | None = None
    webhook_secret: Secrets = ()
    """Where the vendor signs."""
    webhook_token: Secrets = ()
    """The unguessable part of the webhook's address; none: it follows from the hash key."""
    at_once: Whole = 10
    per_second: Rate = 1.0
    requests_per_minute: Whole | None = None
    """For everything that is asked of the vendor; None: what it documents."""
    poll_every: Span = timedelta(seconds=5)
    lookups: Annotated[list[Span], BeforeValidator(_split)] = [
        timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600)
    ]
    """When an unclear dial is looked for, from the dial on; after the last it is uncertain."""
    absence_after: Annotated[timedelta | None, BeforeValidator(_off_or_duration)] = None
    """From when two empty look-ups prove that nothing was created; None (`off`): never."""
    ring: Span = timedelta(seconds=60)
    longest_call: Span = timedelta(minutes=30)
    """With ringing; after it a silent call is `unknown` and holds no line."""
    book_ahead: Span = timedelta(minutes=30)
    """How far ahead calls are handed to the vendor, with `dialing: scheduled`."""
    price_per_minute: Annotated[float, BeforeValidator(_no_bool), Field(ge=0)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    routes: dict[str, str] = {}
    """Corrections to the vendor's assumed routes."""
    facts: dict[str, Any] = {}
    """Corrections to whatever else is assumed of the vendor."""

    @field_validator("lookups")
    @classmethod
    def _rise(cls, value: list[timedelta]) -> list[timedelta]:
        if not value or sorted(set(value)) != value:
            raise ValueError("The look-ups do not come one after the other. Write some, from short to long.")
        return value

    @model_validator(mode="after")
    def _call_outlasts_ringing(self) -> Self:
        if self.longest_call <= self.ring:
            raise ValueError("`longest_call` includes ringing and must be longer than `ring`.")
        return self

    def is_loopback(self) -> bool:
        """Whether its address is this machine, so that nobody real can be rung; False where none is given."""
        return self.is_simulated or bool(self.base_url and is_loopback(urlsplit(self.base_url).hostname or ""))

    @property
    def is_simulated(self) -> bool:
        """Whether the built-in simulator answers for the vendor."""
        return self.base_url == SIMULATOR


class NotifySettings(Section):
    """Somebody who is told what happens, by webhooks signed as Standard Webhooks says."""

    url: Address
    secret: Annotated[SecretStr, AfterValidator(_signing_key)]
    """`whsec_…`, which the receiver has too."""
    events: Annotated[list[Event], BeforeValidator(_split), Field(min_length=1)] = list(Event)


class ListSettings(Section):
    """A system that holds contacts."""

    kind: Annotated[str, Field(min_length=1)]
    """The vendor; default: the section's name."""
    base_url: Place | None = None
    """None: the vendor's own, where it has one; `simulator`: the built-in one."""
    api_key: Secret | None = None
    requests_per_minute: Whole | None = None
    """None: what the vendor documents."""
    routes: dict[str, str] = {}
    """Corrections to the vendor's assumed routes."""
    facts: dict[str, Any] = {}
    """Corrections to whatever else is assumed of the vendor."""

    @property
    def is_simulated(self) -> bool:
        """Whether the built-in simulator answers for the system."""
        return self.base_url == SIMULATOR

    def is_loopback(self) -> bool:
        """Whether its address is this machine; False where none is given."""
        return self.is_simulated or bool(self.base_url and is_loopback(urlsplit(self.base_url).hostname or ""))
