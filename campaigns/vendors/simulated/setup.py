"""How a simulated account is set up, whoever the vendor is."""

from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, ConfigDict, Field


def own_numbers(*numbers: str) -> dict[str, str]:
    """Caller numbers (E.164) under ids made from them, for `Setup.numbers`."""
    return {str(uuid5(NAMESPACE_URL, f"simulator:number:{number}")): number for number in numbers}


class Setup(BaseModel):
    """What every voice vendor's account has; None switches a limit off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: str | None = Field(default=None, repr=False)
    credits: int | None = None
    """One is spent for each minute of talk begun, counted when the call is created."""
    assistants: frozenset[str] | None = None
    """The agents that exist; None: any."""
    numbers: dict[str, str] = Field(default_factory=lambda: own_numbers("+31200000001"))
    """Our caller numbers by id; the first is used when a call names none."""
    per_minute: int | None = Field(default=None, ge=1)
    """Requests."""
    at_once: int | None = Field(default=None, ge=1)
    """More calls than this are answered 429."""
    order: Literal["newest", "oldest", "shuffled"] = "newest"
    """Of lists."""
