"""How the Flireo simulator is set up, and its fault file."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.vendors.simulated.exchange import Order
from campaigns.vendors.simulated.faults import Rule, read_faults
from campaigns.vendors.simulated.setup import Setup


class DirectCall(Order):
    """The body of POST /calls/direct (assumed); unknown members are ignored."""

    first_message: str | None = None


class Options(Setup):
    """How the simulated platform is set up."""

    envelope: Literal["named", "guide"] = "named"
    """Of lists: `{"calls", "pagination"}`, or `{"data", "meta"}` of the older guide."""
    errors: Literal["nested", "flat"] = "nested"
    fire_lag: float = Field(default=50.0, ge=0)
    """Seconds by which scheduled calls start late at most."""
    analysis_in_calls: bool = True
    analysis_lag: float = Field(default=0.0, ge=0)
    """Seconds after a call's end before its record has transcript, summary and analysis."""
    metadata_in_calls: bool = True
    metadata_in_webhooks: bool = False
    other_webhook_ids: bool = False
    """Webhooks name calls by another id than the API does: that they are equal is not documented."""
    contacts: tuple[dict[str, Any], ...] = Field(default=(), repr=False)
    """Who is in the contact book at first."""
    unique_contacts: bool = True
    """Whether a second contact with the same number is refused: not documented."""
    contacts_patchable: bool = True
    """Whether PATCH exists for contacts: assumed."""
    logs_writable: bool = True
    """Whether PATCH takes `logs`: assumed, for the one sample of an update does not show it."""
    external: bool = False
    """Assistants that nobody made by the API ask us who is to talk, at inbound calls."""
    tools: tuple[str, ...] = ()
    """What such assistants ask us for while they talk."""
    shared: dict[str, str] = Field(default_factory=dict)
    """Numbers of the platform that several accounts may use, by id."""
    order_lag: float = Field(default=60.0, ge=0)
    """Seconds until an ordered number is there."""
    failing_numbers: frozenset[str] = frozenset()
    """Orders of these end failed."""
    review_lag: float = Field(default=3600.0, ge=0)
    """Seconds from handing in a verification group to its approval."""


class Faults(BaseModel):
    """A fault file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ()
    options: Options = Options()


def load_faults(path: Path) -> Faults:
    """Read a fault file (YAML, JSON or TOML). Raises InputError with every problem found."""
    return read_faults(path, Faults)
