"""The names that a process on loopback answers to.

A page on the web may have its own name lead to 127.0.0.1, and its script then asks this process as if it were the
page's own server. Such a request bears the page's name, and is turned away.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope


def names_of(listen_host: str, public_url: str | None) -> frozenset[str]:
    """What the settings call this process."""
    return frozenset({"localhost", listen_host.lower(), urlsplit(public_url or "").hostname or "localhost"})


def is_called(scope: Scope, names: Iterable[str]) -> bool:
    """Whether a request is meant for one of these names, or for an address: no name server is between."""
    said = Headers(scope=scope).getlist("host")
    host = _host(said[0]) if len(said) == 1 else ""
    try:
        ip_address(host)
    except ValueError:
        return host.rstrip(".") in names
    return True


def _host(said: str) -> str:
    try:
        return urlsplit(f"//{said}").hostname or ""
    except ValueError:
        return ""
