"""Whole nights in milliseconds: a memory store, a clock that jumps, and a provider that does what a test says."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
import structlog

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.lead import AttemptState
from campaigns.stores.memory import MemoryStore
from campaigns.testing import Night, ScriptedProvider, instant

SECOND = timedelta(seconds=1)
START = instant("2026-11-23T09:00Z")  # a Monday; 10:00 in Amsterdam
PATIENCE = 60
"""Real seconds after which a night counts as stuck."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(processors=[_drop])
    yield
    structlog.reset_defaults()


def _drop(*_: object) -> Any:
    raise structlog.DropEvent


def play(night: Callable[[MemoryStore, DiscreteClock], Awaitable[Any]], start: datetime = START) -> Any:
    """Run a night to its end under virtual time; a night that hangs fails."""
    clock, store = DiscreteClock(start), MemoryStore()

    async def main() -> Any:
        with anyio.fail_after(PATIENCE):
            return await night(store, clock)

    try:
        return run_virtual(clock, main)
    except BaseExceptionGroup as group:
        raise _first_of(group) from None
    finally:
        store.close()


def _first_of(error: BaseException) -> BaseException:
    """The failed assertion itself, out of the task groups that carried it."""
    return _first_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def most_in_a_second(instants: list[datetime]) -> int:
    """The most of these that fall into any one second."""
    instants = sorted(instants)
    return max((sum(at <= other < at + SECOND for other in instants[n:]) for n, at in enumerate(instants)), default=0)


def most_at_once(provider: ScriptedProvider) -> int:
    """The most calls that were open at any one moment, by the provider's own truth."""
    moves = sorted([(call.at, 1) for call in provider.calls] + [(call.ends_at, -1) for call in provider.calls])
    open_calls = [sum(step for _, step in moves[: n + 1]) for n in range(len(moves))]
    return max(open_calls, default=0)


def overlaps(provider: ScriptedProvider) -> list[str]:
    """The numbers that were called while an earlier call to them was open."""
    return [
        call.phone
        for n, call in enumerate(provider.calls)
        for earlier in provider.calls[:n]
        if earlier.phone == call.phone and call.at < earlier.ends_at
    ]


async def check(night: Night) -> None:
    """What must hold at the end of every night, by the provider's truth and not by our own."""
    calls, attempts = night.provider.calls, await night.attempts()
    assert not overlaps(night.provider)
    assert max(Counter(call.attempt_id for call in calls).values(), default=0) <= 1
    settled = {a.id for a in attempts if a.state is AttemptState.ENDED}
    doubted = {a.id for a in attempts if a.state is AttemptState.UNCERTAIN}
    assert {call.attempt_id for call in calls} <= settled | doubted
    owned = Counter(a.call_id for a in attempts if a.call_id)
    assert set(owned.values()) <= {1}
    by_call = {call.call_id: call for call in calls}
    assert all(by_call[a.call_id].phone == a.phone for a in attempts if a.call_id in by_call)
