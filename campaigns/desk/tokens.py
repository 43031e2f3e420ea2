"""Who may come in: a name, a role, and a secret that is shown once and kept nowhere."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from campaigns.domain.errors import InputError, Unknown
from campaigns.ports.tokens import TokenRecord

from .access import Operator, Role, demand
from .part import Part

PREFIX = "campaigns_"
"""By which people and secret scanners know what they see."""
_NAME = re.compile(r"[^\W_][\w.@ -]{0,59}")


@dataclass(frozen=True, slots=True)
class TokenView:
    """Somebody who may come in. The secret is nowhere."""

    name: str
    role: Role
    who: str
    """Who let them in."""
    created_at: datetime


class Tokens(Part):
    """Hands out and takes back, and knows whose secret it is."""

    async def tokens(self, *, by: Operator) -> tuple[TokenView, ...]:
        """Who may come in, by name."""
        demand(by, Role.ADMIN, "see who may come in")
        return tuple([_view(record) for record in await self._session.store.tokens()])

    async def add_token(self, name: str, role: Role, *, by: Operator, secret: str = "") -> str:
        """Let somebody in; returns the secret, which is kept nowhere.

        `secret`: from `new_secret`, where the same is to open several databases; empty: a new one.
        """
        demand(by, Role.ADMIN, "hand out tokens")
        if not _NAME.fullmatch(name):
            raise InputError("NAME: write up to 60 letters, digits, blanks and . @ _ -, beginning with a letter.")
        secret = secret or new_secret()
        record = TokenRecord(name, role, by.name, self._session.clock.now())
        if not await self._session.store.add_token(record, _digest(secret)):
            raise InputError(f"There is a token '{name}' already. Revoke it first, or take another name.")
        return secret

    async def revoke_token(self, name: str, *, by: Operator) -> None:
        """Let them in no more, from the next request on. Raises Unknown."""
        demand(by, Role.ADMIN, "revoke tokens")
        if not await self._session.store.revoke_token(name, by=by.name, now=self._session.clock.now()):
            known = ", ".join([record.name for record in await self._session.store.tokens()])
            raise Unknown(f"There is no token '{name}'. There are: {known or 'none'}.")

    async def operator(self, secret: str) -> Operator | None:
        """Whose secret it is; None: nobody's."""
        if not secret.startswith(PREFIX):
            return None
        record = await self._session.store.token_of(_digest(secret))
        return Operator(record.name, Role(record.role)) if record else None


def new_secret() -> str:
    """32 random bytes that can stand in a header and an address."""
    return PREFIX + secrets.token_urlsafe(32)


def _digest(secret: str) -> str:
    # Of 32 random bytes nobody tries all: no salt and no slow hash are needed.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _view(record: TokenRecord) -> TokenView:
    return TokenView(record.name, Role(record.role), record.who, record.created_at)
