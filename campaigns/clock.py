"""The only file that knows what time it is: real, scaled and discrete clocks, and how to run a program under each."""

import asyncio
import gc
import heapq
import selectors
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import anyio
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus

T = TypeVar("T")

TOLERANCE = timedelta(milliseconds=20)
FIRST_ASKED, ASK_EVERY, KEPT = 3, timedelta(seconds=5), 12
"""A clock that is followed: asked so often at once, then again and again; so many of the surest answers count."""
DRIFT = 1e-4
"""What two clocks may come apart by, in seconds a second: ten times what quartz does."""
STEP = timedelta(seconds=1)
"""A clock that moves by more at once was set, and not brought nearer."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SLICE = timedelta(seconds=5)
"""Real sleeps are cut, so that a suspended laptop or a changed wall clock is noticed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What another clock said, beside ours that no wall clock moves."""

    ahead: timedelta
    """What is added to the time since this machine's start."""
    margin: timedelta
    """Half of how long the question took: by so much it may be wrong."""
    at: timedelta
    """When it was heard, since this machine's start."""

    def doubt(self, now: timedelta) -> timedelta:
        """By how much it may be wrong by now."""
        return self.margin + (now - self.at) * DRIFT


def believed(heard: Sequence[Heard], *, now: timedelta) -> list[Heard]:
    """What is still worth knowing, the surest first. Whatever the last answer contradicts was of a clock set since."""
    last = heard[-1]
    agreed = [one for one in heard if abs(one.ahead - last.ahead) <= one.doubt(now) + last.doubt(now) + TOLERANCE / 4]
    return sorted(agreed, key=lambda one: one.doubt(now))


class SystemClock:
    """Real time: this machine's, or that of the database that it follows."""

    tolerance = TOLERANCE
    watch_every: timedelta | None = timedelta(seconds=1)

    def __init__(self) -> None:
        self._heard: list[Heard] = []
        self._ahead: timedelta | None = None
        """Of the time since this machine's start, at the last look."""
        self._set_at: timedelta | None = None
        """When this clock was seen to have been set, since this machine's start."""

    def now(self) -> datetime:
        since_start = _since_start()
        moment = _EPOCH + since_start + self._heard[0].ahead if self._heard else datetime.now(UTC)
        ahead = moment - _EPOCH - since_start
        if self._ahead is not None and abs(ahead - self._ahead) > STEP:
            self._set_at = since_start
        self._ahead = ahead
        return moment

    def steady_for(self, span: timedelta) -> bool:
        self.now()  # it may have been set since the last look
        return self._set_at is None or _since_start() - self._set_at >= span

    async def follow(
        self, ask: Callable[[], Awaitable[datetime | None]], *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED
    ) -> None:
        """See `ports.clock.Follower`."""
        for nth in count(1):
            asked = _since_start()
            told = await ask()
            if told is not None:
                self._learn(told - _EPOCH, asked, _since_start())
            if nth == FIRST_ASKED:
                task_status.started()
            if nth >= FIRST_ASKED:
                await anyio.sleep(ASK_EVERY.total_seconds())

    def _learn(self, told: timedelta, asked: timedelta, heard: timedelta) -> None:
        margin = (heard - asked) / 2
        if not self._heard:
            self._ahead = None  # from one clock to another: nobody has set either
        self._heard = believed([*self._heard[:KEPT], Heard(told - asked - margin, margin, heard)], now=heard)

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

    def steady_for(self, span: timedelta) -> bool:  # noqa: ARG002 - nobody sets it
        return True

    async def sleep_until(self, at: datetime) -> None:
        while (left := at - self.now()) > timedelta():  # noqa: ASYNC110 - time itself is waited for
            await anyio.sleep(left.total_seconds() / self._speed)

    def work(self) -> AbstractContextManager[None]:
        return nullcontext()


class PlayedClock(ScaledClock):
    """The time of a database whose calls are made up: real time, from where whoever plays it has come."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start, 1.0)

    def reach(self, at: datetime) -> None:
        """Whoever plays it has come to `at`; back it never goes."""
        if at > self.now():
            self._start, self._zero = at, time.monotonic()


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

    def steady_for(self, span: timedelta) -> bool:  # noqa: ARG002 - nobody sets it
        return True

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


def _since_start() -> timedelta:
    """Goes on while the machine is suspended, where that can be had; nobody can set it."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return timedelta(microseconds=time.clock_gettime_ns(boot) // 1000)


def run_virtual(clock: DiscreteClock, main: Callable[[], Awaitable[T]]) -> T:
    """Run `main` to its end under virtual time."""
    factory = virtual_loop_factory(clock)
    return anyio.run(main, backend_options={"loop_factory": factory})


def virtual_loop_factory(clock: DiscreteClock) -> Callable[[], asyncio.AbstractEventLoop]:
    """For test runners that make the loop themselves."""
    return lambda: asyncio.SelectorEventLoop(_JumpingSelector(clock))


def run_real(main: Callable[[], Awaitable[T]]) -> T:
    """Run `main` to its end in real time, in the fastest event loop there is."""
    gc.freeze()  # what the program is made of stays: the collector need not walk over it again and again
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
