"""How the Callab simulator is set up, and its fault file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.vendors.simulated.faults import Rule
from campaigns.vendors.simulated.setup import Setup


class Options(Setup):
    """How the simulated platform is set up. `order` is not used: Callab's lists are sorted as they are asked to be."""

    default_per_page: int = Field(default=10, ge=1)
    """Of contacts the documents say 10 and 20."""
    most_per_page: int = Field(default=100, ge=1)
    """More is cut down to this (assumed)."""
    campaign_ids: bool = False
    """Whether campaigns are shown with their id: in the documents they are not."""
    number_ids: bool = True
    """The same of phone numbers; the documents show none, though campaigns want them (assumed)."""
    agent_ids: bool = True
    """The same of agents; only the newest documents show it."""
    workspaces: tuple[str, ...] = ("default",)
    analysis_lag: float = Field(default=0.0, ge=0)
    """Seconds after a call's end before its record has transcript, feedback and outcomes."""
    webhook_body: Literal["event", "flat"] = "event"
    """What the user wrote into the flow: the whole event, or a few values of their own choice."""
    people: int = Field(default=60, ge=0)
    """Contacts that are there from the start."""


class Faults(BaseModel):
    """A fault file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ()
    options: Options = Options()
