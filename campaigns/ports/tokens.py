"""The seam to who may come in: names and roles by the hash of a secret, which itself is nowhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """Somebody who may come in."""

    name: str
    role: str
    """`read`, `operate` or `admin`."""
    who: str
    """Who let them in."""
    created_at: datetime


class TokenStore(Protocol):
    """Who may come in."""

    async def add_token(self, record: TokenRecord, digest: str) -> bool:
        """Let somebody in by the hash of a secret; False: the name is taken."""

    async def revoke_token(self, name: str, *, by: str = "", now: datetime) -> bool:
        """False: nobody has that name."""

    async def tokens(self) -> list[TokenRecord]:
        """Everybody who may come in, by name."""

    async def token_of(self, digest: str) -> TokenRecord | None:
        """Whose secret has this hash."""
