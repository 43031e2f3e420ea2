"""How the HMS Sovereign simulator is set up, and its fault file."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.vendors.simulated.faults import Rule, read_faults
from campaigns.vendors.simulated.setup import Setup


class Options(Setup):
    """How the simulated platform is set up; `credits` are the minutes that are left."""

    per_minute: int | None = Field(default=100, ge=1)
    """As the vendor documents."""
    errors: Literal["flat", "nested"] = "flat"
    """`{"error": text}` of production, or `{"error": {code, message, param, type}}` of the guide."""
    casing: Literal["snake", "camel", "flat"] = "snake"
    """Of webhooks: 2026, 2025, or 2025 without an envelope."""
    secret: str = Field(default="", repr=False)
    """Which signs the webhooks of assistants that have none of their own; empty: those are unsigned."""
    tools: tuple[str, ...] = ()
    """Names of the tools of assistants that nobody has described."""
    caller_is: Literal["person", "us"] = "person"
    """Who `caller_phone` is on outbound calls: that it is the person is assumed."""
    metadata_in_calls: bool = False
    """Whether records show the metadata of the override; no document says so."""
    says_why: bool = True
    """Whether a call that was not answered has an `error` with the carrier's words."""
    numbers_kept_days: float | None = None
    """After which `caller_phone` is null; None: for ever."""


class Faults(BaseModel):
    """A fault file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ()
    options: Options = Options()


def load_faults(path: Path) -> Faults:
    """Read a fault file (YAML, JSON or TOML). Raises InputError with every problem found."""
    return read_faults(path, Faults)
