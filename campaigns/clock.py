"""The only file that knows what time it is: real, scaled and discrete clocks, and how to run a program under each."""

import asyncio
import heapq
import selectors
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import anyio

T = TypeVar("T")

TOLERANCE = timedelta(milliseconds=20)
_SLICE = timedelta(seconds=30)
"""Real sleeps are cut, so that a suspended laptop or a changed wall clock is noticed."""


class SystemClock:
    """Real time."""

    tolerance = TOLERANCE
    watch_every: timedelta | None = timedelta(seconds=1)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, at: datetime) -> None:
        while (left := at - self.now()) > timedelta():  # noqa: ASYNC110 - time itself is waited for
            await anyio.sleep(min(left, _SLICE).total_seconds())

    def work(self) -> AbstractContextManager[None]:
        return nullcontext()


class ScaledClock:
    """Real time, `speed` times as fast, from `start` on: for foreign servers on loopback."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._start, self._speed, self._zero = start, speed, time.monotonic()
        self.tolerance = TOLERANCE * max(speed, 1.0)
        self.watch_every: timedelta | None = timedelta(seconds=speed)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._zero) * self._speed)

    async def sleep_until(self, at: datetime) -> None:
        while (left := at - self.now()) > timedelta():  # noqa: ASYNC110 - time itself is waited for
            await anyio.sleep(left.total_seconds() / self._speed)

    def work(self) -> AbstractContextManager[None]:
        return nullcontext()


class DiscreteClock:
    """Virtual time: stands still while work is in flight, else jumps to the next thing due.

    Only right in a loop made by `run_virtual`, whose selector calls `jump`. `pace` slows the jumps down to that many
    virtual seconds per real second; None: as fast as it goes.
    """

    tolerance = TOLERANCE
    watch_every: timedelta | None = None

    def __init__(self, start: datetime, pace: float | None = None) -> None:
        self._now = start
        self._pace = pace
        self._working = 0
        self._timers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, at: datetime) -> None:
        if at <= self._now:
            await anyio.lowlevel.checkpoint()
            return
        timer = asyncio.get_running_loop().create_future()
        heapq.heappush(self._timers, (at, next(self._order), timer))
        await timer

    @contextmanager
    def work(self) -> Iterator[None]:
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1

    @property
    def is_working(self) -> bool:
        return self._working > 0

    def jump(self) -> bool:
        """Move to the earliest timer and wake everything due then. False: nothing sleeps."""
        self._drop_cancelled()
        if not self._timers:
            return False
        at = self._timers[0][0]
        if self._pace and at > self._now:
            time.sleep(min((at - self._now).total_seconds() / self._pace, 0.25))
            at = min(at, self._now + timedelta(seconds=0.25 * self._pace))
        self._now = max(self._now, at)
        while self._timers and self._timers[0][0] <= self._now:
            timer = heapq.heappop(self._timers)[2]
            if not timer.done():
                timer.set_result(None)
        return True

    def _drop_cancelled(self) -> None:
        while self._timers and self._timers[0][2].done():
            heapq.heappop(self._timers)


class _JumpingSelector(selectors.DefaultSelector):
    """Where the event loop is about to block and nothing real is in flight, time jumps instead."""

    def __init__(self, clock: DiscreteClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if not self._clock.is_working and self._clock.jump():
            return super().select(0)
        return super().select(timeout)


def run_virtual(clock: DiscreteClock, main: Callable[[], Awaitable[T]]) -> T:
    """Run `main` to its end under virtual time."""
    factory = virtual_loop_factory(clock)
    return anyio.run(main, backend_options={"loop_factory": factory})


def virtual_loop_factory(clock: DiscreteClock) -> Callable[[], asyncio.AbstractEventLoop]:
    """For test runners that make the loop themselves."""
    return lambda: asyncio.SelectorEventLoop(_JumpingSelector(clock))


def run_real(main: Callable[[], Awaitable[T]]) -> T:
    """Run `main` to its end in real time, in the fastest event loop there is."""
    return anyio.run(main, backend_options={"loop_factory": real_loop_factory()})


def real_loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop, where it is installed; it has no selector, so virtual time cannot use it."""
    try:
        import uvloop  # noqa: PLC0415 - Windows and PyPy have none, and a command that runs nothing needs none
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def real_now() -> datetime:
    """The wall clock, for what is outside any campaign: log lines, file names, the start of virtual time."""
    return datetime.now(UTC)


def stamp_log(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A structlog processor that dates a line."""
    return {"at": real_now().isoformat(timespec="milliseconds"), **event}


async def real_sleep(seconds: float) -> None:
    """Real time, whatever the campaign's clock does: for displays."""
    await anyio.sleep(seconds)
