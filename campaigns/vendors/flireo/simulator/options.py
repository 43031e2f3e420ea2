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
    """What GET /contacts lists."""


class Faults(BaseModel):
    """A fault file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ()
    options: Options = Options()


def load_faults(path: Path) -> Faults:
    """Read a fault file (YAML, JSON or TOML). Raises InputError with every problem found."""
    return read_faults(path, Faults)
