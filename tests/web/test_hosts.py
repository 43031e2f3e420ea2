"""A process on loopback answers to its own names: a page on the web cannot have its name lead here."""

from typing import Any

import pytest

from campaigns.web.hosts import is_called, names_of

NAMES = names_of("127.0.0.1", "https://calls.example.org/campaigns")


def called(*hosts: str) -> bool:
    scope: Any = {"headers": [(b"host", host.encode("latin-1")) for host in hosts]}
    return is_called(scope, NAMES)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8710", "localhost", "localhost:8710", "LocalHost.", "[::1]:8710", "[::1]", "192.0.2.7",
     "calls.example.org", "Calls.Example.org:443", "calls.example.org."],
)  # fmt: skip
def test_its_own_names_and_plain_addresses_are_answered(host: str) -> None:
    assert called(host)


@pytest.mark.parametrize(
    "host",
    ["rebound.example", "rebound.example:8710", "127.0.0.1.rebound.example", "localhost.rebound.example",
     "xcalls.example.org", "calls.example.org.evil", "", ":8710", "[", "[::1", "0x7f.1", "2130706433",
     "127.1", "localhost,rebound.example", "localhost rebound.example", "\xe9xample", "..", "localhost..x"],
)  # fmt: skip
def test_any_other_name_is_turned_away(host: str) -> None:
    assert not called(host)


def test_a_request_with_two_names_or_none_is_turned_away() -> None:
    assert not called()
    assert not called("localhost", "rebound.example")
    assert not called("localhost", "localhost")
