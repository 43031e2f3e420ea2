"""Counts who fails to prove themselves, by where they come from: beyond so many a minute they are told to wait.

Whoever has the right secret is never kept out by those who guess from the same address, such as a proxy's: an address
of the webhooks that is right is always let through, and so is a token that has opened before.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from math import ceil
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.types import Scope

T = TypeVar("T")

MOST = 30
"""Failures that one address may have at one door in a minute."""
MINUTE = timedelta(minutes=1)
KEPT = 4096
"""Addresses that are remembered, those that were last seen; more would be a way to fill the memory."""


class Knocked(Exception):
    """Too many failures: nothing is looked at before `wait` seconds have passed."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"too many failures, wait {wait} s")
        self.wait = wait


@dataclass(slots=True)
class _Failures:
    since: datetime
    count: int = 0


class Knocks:
    """What one process knows of those who failed. `now`: real time, whatever the campaigns' own is."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._failed: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._opened: set[bytes] = set()
        """Hashes of secrets that have opened; there are never more than tokens were made."""

    def __len__(self) -> int:
        return len(self._failed)

    def wait(self, scope: Scope, door: str) -> int:
        """Seconds until whoever asks may fail again; 0: now."""
        found = self._failed.get((door, came_from(scope)))
        left = found.since + MINUTE - self._now() if found and found.count >= MOST else timedelta()
        return ceil(left.total_seconds()) if timedelta() < left <= MINUTE else 0

    def fail(self, scope: Scope, door: str) -> int:
        """Count one more failure; returns what `wait` says before it."""
        wait, key, now = self.wait(scope, door), (door, came_from(scope)), self._now()
        known = self._failed.pop(key, None)
        if known is None or not timedelta() <= now - known.since < MINUTE:
            known = _Failures(now)
        known.count += 1
        self._failed[key] = known
        if len(self._failed) > KEPT:
            self._failed.popitem(last=False)
        return wait

    async def admit(self, scope: Scope, secret: str, ask: Callable[[str], Awaitable[T | None]]) -> T | None:
        """What `ask` makes of a secret that may be guessed. Raises Knocked: it was not asked."""
        mark = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        if mark not in self._opened and (wait := self.wait(scope, "secrets")):
            raise Knocked(wait)
        found = await ask(secret)
        if found is None:
            self._opened.discard(mark)
            self.fail(scope, "secrets")
        else:
            self._opened.add(mark)
        return found


def came_from(scope: Scope) -> str:
    """Where a request came from, coarse enough that one sender is one address.

    Of a proxy on a private network it is the proxy, and whom it names last: one guesser behind it is not all of them.
    """
    peer = (scope.get("client") or ("",))[0]
    named = Headers(scope=scope).get("x-forwarded-for", "").rpartition(",")[2].strip()
    return f"{_coarse(peer)} {_coarse(named)}" if named and _is_near(peer) else _coarse(peer)


def _coarse(address: str) -> str:
    """A household's or server's own network of IPv6 counts as one."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return str(ip) if ip.version == 4 else str(ip_network((ip, 64), strict=False))


def _is_near(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip.version == network.version and ip in network for network in _NEAR)


_NEAR = [
    ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
]
"""Where a proxy of ours may stand."""
