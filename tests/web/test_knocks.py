"""Whoever fails to prove themselves too often is told to wait; whoever has the right secret never is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.web.knocks import KEPT, MINUTE, MOST, Knocked, Knocks, came_from

RIGHT = "the right one"


class Clock:
    """Is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def of(peer: str, forwarded: str = "") -> Any:
    return {"client": (peer, 4711), "headers": [(b"x-forwarded-for", forwarded.encode())] if forwarded else []}


async def ask(secret: str) -> str | None:
    return "somebody" if secret == RIGHT else None


def test_after_so_many_failures_a_minute_passes_before_another_is_looked_at() -> None:
    clock = Clock()
    knocks, stranger = Knocks(clock), of("203.0.113.7")
    assert [knocks.fail(stranger, "flireo") for _ in range(MOST)] == [0] * MOST
    clock.now += timedelta(seconds=20)
    assert knocks.wait(stranger, "flireo") == 40
    assert knocks.fail(stranger, "flireo") == 40
    assert knocks.wait(stranger, "other") == knocks.wait(of("203.0.113.8"), "flireo") == 0
    clock.now += timedelta(seconds=40)
    assert knocks.wait(stranger, "flireo") == 0
    assert knocks.fail(stranger, "flireo") == 0


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(hours=3), -MINUTE, MINUTE])
def test_a_clock_that_is_set_keeps_nobody_out(jump: timedelta) -> None:
    clock = Clock()
    knocks, stranger = Knocks(clock), of("203.0.113.7")
    for _ in range(MOST):
        knocks.fail(stranger, "x")
    clock.now += jump
    assert knocks.wait(stranger, "x") <= 60
    clock.now += 2 * MINUTE if jump == -MINUTE else timedelta()
    assert knocks.wait(stranger, "x") == 0


def test_what_is_remembered_of_strangers_is_bounded() -> None:
    knocks = Knocks(Clock())
    for n in range(KEPT + 500):
        knocks.fail(of(f"203.{n >> 8 & 255}.113.{n & 255}"), "x")
    assert len(knocks) == KEPT


async def test_a_secret_that_has_opened_opens_whoever_guesses_beside_it() -> None:
    knocks, here = Knocks(Clock()), of("203.0.113.7")
    assert await knocks.admit(here, RIGHT, ask) == "somebody"
    for n in range(MOST):
        assert await knocks.admit(here, f"guess {n}", ask) is None
    with pytest.raises(Knocked) as caught:
        await knocks.admit(here, "guess", ask)
    assert caught.value.wait == 60
    assert await knocks.admit(here, RIGHT, ask) == "somebody"
    assert await knocks.admit(of("203.0.113.8"), "guess", ask) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "from_"),
    [("203.0.113.7", "198.51.100.1", "203.0.113.7"), ("127.0.0.1", "", "127.0.0.1"),
     ("127.0.0.1", "6.6.6.6, 198.51.100.1", "127.0.0.1 198.51.100.1"), ("127.0.0.1", "rubbish", "127.0.0.1 "),
     ("2001:db8:1:2:aaaa::1", "", "2001:db8:1:2::/64"), ("::1", "2001:db8::5", "::/64 2001:db8::/64"), ("", "", "")],
)  # fmt: skip
def test_one_sender_is_one_address_also_behind_a_proxy_of_ours(peer: str, forwarded: str, from_: str) -> None:
    assert came_from(of(peer, forwarded)) == from_
