"""The seam to time."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from anyio.abc import TaskStatus


class Clock(Protocol):
    """Tells the time, and sleeps. Only `clock.py` implements it."""

    @property
    def tolerance(self) -> timedelta:
        """How late a send may be and still count as on time (20 ms of real time)."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""

    def steady_for(self, span: timedelta) -> bool:
        """Whether nobody has set this clock for so long: only then is it known how long anything has lasted."""

    async def sleep_until(self, at: datetime) -> None:
        """Return at `at` or soon after; at once when it is past."""

    @property
    def watch_every(self) -> timedelta | None:
        """How often to look for what other processes did; None: virtual time, in which nothing else happens."""

    def work(self) -> AbstractContextManager[None]:
        """Virtual time stands still inside: wrap every await of a socket or a database in it."""


@runtime_checkable
class Follower(Protocol):
    """A clock that goes by another one: all workers on one database by the database's, whatever their own say."""

    async def follow(self, ask: Callable[[], Awaitable[datetime | None]], *, task_status: TaskStatus[None]) -> None:
        """Go by what `ask` says from now on, until cancelled; started when it has been asked for the first time.

        `ask` answers None while it cannot be asked; the clock then goes on by what it has learnt.
        """
