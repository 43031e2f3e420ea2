"""Where a simulator sends what it tells: to this machine, and where whoever started it said; nowhere else.

Addresses come to it in campaign files and requests, which somebody else may have written, and what it tells may hold
the numbers of a real list.
"""

from collections.abc import Awaitable, Callable

import httpx

from campaigns.domain.addresses import host_of, is_loopback


def staying(named: str | None) -> dict[str, list[Callable[[httpx.Request], Awaitable[None]]]]:
    """Hooks of a client that leaves this machine for the server of `named` alone; else httpx.ConnectError."""
    own = _server(httpx.URL(named)) if named else None

    async def stay(request: httpx.Request) -> None:
        if not is_loopback(host_of(str(request.url))) and _server(request.url) != own:
            raise httpx.ConnectError("a simulator sends nothing there", request=request)

    return {"request": [stay]}


def _server(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
