"""Addresses that lead inside, in every disguise that we know, and somebody who listens there."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

HOSTS = [
    "127.0.0.1", "127.1", "127.0.0.2", "0.0.0.0", "0",  # noqa: S104 - nobody binds to it
    "[::1]", "[::]", "localhost", "localhost.", "LOCALHOST",
    "localhost.localdomain", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.0.0.1.",
    "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "169.254.170.2", "192.0.0.192",
    "[fe80::1]", "[fe80::1%25lo]", "[fd00:ec2::254]", "[fc00::1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2002:a9fe:a9fe::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]",
    "[2001:0:7f00:1::]", "[ff02::1]", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "metadata.google.internal", "instance-data", "rebound.example", "127.0.0.1.example", "spoofed.invalid",
    "user@127.0.0.1", "user:pw@[::1]", "good.example@127.0.0.1", "127.0.0.1#@good.example", "good.example%2f@[::1]",
    "127.0.0.1\\@good.example", "\u2460\u2461\u2466.0.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021",
]  # fmt: skip
"""This machine, its network, its provider's machine, and whatever is read as such by somebody."""
OTHERS = ["javascript:fetch('//127.0.0.1:{}')", "data:text/html,<script src=//127.0.0.1:{}>", "file:///etc/passwd",
          "gopher://127.0.0.1:{}/_x", "ftp://127.0.0.1:{}/", "//127.0.0.1:{}/", "\\\\127.0.0.1@{}\\x",
          "ws://127.0.0.1:{}/", " http://127.0.0.1:{}/", "http:/127.0.0.1:{}/", "HTTP://127.0.0.1:{}/",
          "http://[", "http://[::1", "http://127.0.0.1:99999/", "vbscript:x", "jar:http://127.0.0.1:{}!/",
          "dict://127.0.0.1:{}/", "unix:///var/run/docker.sock"]  # fmt: skip


class Listener:
    """Everybody who comes to this machine, by IPv4 and IPv6."""

    def __init__(self) -> None:
        self._four = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._four.getsockname()[1])
        self._sockets = [self._four]
        with contextlib.suppress(OSError):  # a machine without IPv6
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self.hits: list[Any] = []
        for each in self._sockets:
            threading.Thread(target=self._listen, args=(each,), daemon=True).start()

    def _listen(self, each: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, whence = each.accept()
                self.hits.append(whence)
                caller.close()

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.close()


def urls(port: int) -> list[str]:
    found = [f"http://{host}:{port}/x" for host in HOSTS] + [text.replace("{}", str(port)) for text in OTHERS]
    assert len(found) >= 60
    return found
