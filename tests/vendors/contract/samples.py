"""What each vendor must show of itself so that one contract can be held against all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaigns.domain.call import Disposition, Webhook

Json = dict[str, Any]
TOKEN = "t0ken-" + "x" * 26
SECRET = "a secret of the account"
PHONE, OTHER, CALLER = "+442079460123", "+442079460124", "+442079460199"


@dataclass(frozen=True)
class ProviderSample:
    """One kind of provider, in its own words."""

    kind: str
    accepted: Callable[[str], Json]
    """The answer to a dial that made the call of this id."""
    record: Callable[[str, str, str], Json]
    """(call id, number, word) → what GET of one call answers, where `word` is a status or an end reason."""
    words: Mapping[str, Disposition | None]
    """Every status and end reason that the notes name → what it comes to; None: such a call is not over."""
    honest: Mapping[str, Callable[[datetime, str], Webhook]]
    """Event → (now, call id) → a delivery that must be believed or hinted at, to an account with TOKEN and SECRET."""
    signs: bool
    """Whether deliveries are signed, so that an unsigned one is refused."""
    path: str = "/"
    """Below which its simulator serves the API."""
    doubts: Mapping[str, tuple[int, Json]] = field(default_factory=dict)
    """Further answers to a dial that prove nothing."""
    refusals: Mapping[str, tuple[int, Json, str]] = field(default_factory=dict)
    """Further answers that prove that nothing was dialled: status, body, `account` or `bad_data`."""


def header_case(headers: Mapping[str, str]) -> dict[str, str]:
    """As the receiver hands them on: lower-case names."""
    return {name.lower(): value for name, value in headers.items()}
