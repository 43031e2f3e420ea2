"""The seam to time."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and sleeps. Only `clock.py` implements it."""

    @property
    def tolerance(self) -> timedelta:
        """How late a send may be and still count as on time (20 ms of real time)."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""

    async def sleep_until(self, at: datetime) -> None:
        """Return at `at` or soon after; at once when it is past."""

    @property
    def watch_every(self) -> timedelta | None:
        """How often to look for what other processes did; None: virtual time, in which nothing else happens."""

    def work(self) -> AbstractContextManager[None]:
        """Virtual time stands still inside: wrap every await of a socket or a database in it."""
