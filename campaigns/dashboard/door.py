"""Who may come in: tokens for a signed session cookie, and one-time links that are good for this process."""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from campaigns.desk.access import Operator, Role
from campaigns.vendors.signatures import same

COOKIE = "campaigns_session"
GOOD_FOR = timedelta(days=7)
LINK_GOOD_FOR = timedelta(minutes=15)
_DOOR = Operator("dashboard", Role.ADMIN)
"""Asks who may come in."""
HERE = Operator("this machine", Role.ADMIN)
"""Whoever came by a one-time link: it was printed for whoever started the process."""


class Tokens(Protocol):
    """What `desk.acts` knows of tokens."""

    async def operator(self, secret: str) -> Operator | None:
        """Whose token this is."""

    async def tokens(self, *, by: Operator) -> Sequence[Any]:
        """Every token that is not revoked, with `name`, `role` and `created_at`."""


class Door:
    """Checks whoever comes.

    A cookie names its token, and when that was made: once it is revoked it opens nothing, nor does it when another of
    its name is made. Whoever leaves takes their cookie out of use, as long as this process lasts.
    """

    def __init__(self, tokens: Tokens, key: bytes, now: Callable[[], datetime]) -> None:
        self._tokens, self._now = tokens, now
        self._key = hmac.new(key, b"dashboard session", hashlib.sha256).digest()
        self._here = secrets.token_hex(8)
        """Names this process: links made here are good here."""
        self._links: dict[str, datetime] = {}
        self._left: dict[str, datetime] = {}
        """Cookies that were left behind, by their marks."""

    def link(self) -> str:
        """A path that lets one person in once, as administrator of this process."""
        secret = secrets.token_urlsafe(32)
        self._links[_hashed(secret)] = self._now() + LINK_GOOD_FOR
        return f"/login?once={secret}"

    async def anybody(self) -> bool:
        """Whether there is any token to come in with."""
        return bool(await self._tokens.tokens(by=_DOOR))

    async def enter(self, secret: str) -> str | None:
        """A cookie for a token or a one-time secret; None: it is not known."""
        until = self._links.pop(_hashed(secret), None)
        if until is not None and self._now() <= until:
            return self._signed(HERE, self._here)
        operator = await self._tokens.operator(secret) if secret else None
        made = await self._made(operator) if operator else None
        return self._signed(operator, made) if operator and made else None

    async def operator(self, cookie: str) -> Operator | None:
        """Who comes with this cookie; None: it is forged, too old, or its token is gone."""
        body, _, mark = cookie.partition(".")
        if not same(mark, self._mark(body)):
            return None
        name, role, at, good = json.loads(urlsafe_b64decode(body))
        if self._now() - datetime.fromisoformat(at) > GOOD_FOR or mark in self._left:
            return None
        operator = Operator(name, Role(role))
        return operator if good == (self._here if operator == HERE else await self._made(operator)) else None

    def leave(self, cookie: str) -> None:
        """Whoever comes with a copy of this cookie is nobody any more; it must be one that opens."""
        now = self._now()
        self._left = {mark: at for mark, at in self._left.items() if now - at <= GOOD_FOR}
        self._left[cookie.partition(".")[2]] = now

    async def still(self, operator: Operator) -> bool:
        """Whether a token of this name and role is there; who came by a link stays."""
        return operator == HERE or bool(await self._made(operator))

    async def _made(self, operator: Operator) -> str:
        """When the token of this name and role was made; empty: there is none."""
        wanted, known = (operator.name, operator.role), await self._tokens.tokens(by=_DOOR)
        return next((str(one.created_at) for one in known if (one.name, one.role) == wanted), "")

    def _signed(self, operator: Operator, good: str) -> str:
        """`good`: what must still be so, the token's moment or this process."""
        said = json.dumps([operator.name, operator.role, self._now().isoformat(), good])
        body = urlsafe_b64encode(said.encode()).decode()
        return f"{body}.{self._mark(body)}"

    def _mark(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
