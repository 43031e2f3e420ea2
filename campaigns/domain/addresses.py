"""What can be seen of an address: whether it leads to this machine, and whether it is fit to be shown as a link."""

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """True only where no name server can lead elsewhere: 127.0.0.0/8, ::1 and the word localhost."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address in ip_network("127.0.0.0/8") or address == ip_address("::1")


def host_of(url: str) -> str:
    """The host of a web address; empty: it is none, or two readers could take it for different ones."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \\<>\"'`") and "@" not in parts.netloc
    return host if plain and parts.scheme in ("http", "https") else ""


def shown_link(url: str) -> str:
    """The address, where a person may be offered to go there; empty: it is shown as no link."""
    return url if host_of(url) else ""
