"""How the simulated account of Callbell behaves where the documents leave it open, or contradict themselves."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.vendors.simulated.faults import Rule


class Options(BaseModel):
    """Each default is what was observed, else what the documentation says, else a guess."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: str | None = Field(default=None, repr=False)
    """None: any is accepted."""
    envelope: Literal["object", "array"] = "object"
    """Of one contact: observed, or documented."""
    meta: Literal["cursor", "pages", "none"] = "cursor"
    """Of GET /contacts: documented since 2026-08, observed before, documented before."""
    message_meta: bool = True
    """Of the messages of a contact: observed, not documented."""
    cursor_lives: int | None = Field(default=None, ge=1)
    """Requests after which a walk's cursor is no longer taken; None: it stays good."""
    stir: int = Field(default=0, ge=0)
    """So many conversations move to the front before each page of contacts."""
    several_tags: Literal["or", "and"] = "or"
    teams_shown: bool = True
    """False: a contact's `team` is `{}`, as in the documentation's examples."""
    unknown: Literal["refuse", "drop"] = "refuse"
    """What becomes of tags and fields that the account does not have."""
    custom_fields: Literal["merge", "replace"] = "merge"
    per_second: int | None = Field(default=None, ge=1)
    """Requests in one second of the clock; the documented limit is 300."""
    retry_after: str | None = None
    """What a 429 says of it; nothing is documented."""
    wallet: bool = True
    """False: templates are answered 402."""
    echo: bool = True
    """Whether changes by the API come back as webhook events."""


class Faults(BaseModel):
    """A file of faults. Writing is `create`, a list is `list`, one thing is `get`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ()
    options: Options = Options()
