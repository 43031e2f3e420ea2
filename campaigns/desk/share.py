"""How much of the time may go into figures that people look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import anyio

from campaigns.ports import Clock

TENTH = 9
"""After each piece of work so many times as long is rested: a tenth of the time is worked."""


class Share:
    """One piece of work at a time, each measured: whoever is in no hurry waits until `free_at` before the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, anyio.Lock()
        self.free_at = clock.now()
        self.took = timedelta()
        """The last piece."""

    @asynccontextmanager
    async def work(self) -> AsyncIterator[datetime]:
        """Do one piece; yields the moment at which it begins."""
        async with self._lock:
            begun = self._clock.now()
            try:
                yield begun
            finally:
                ended = self._clock.now()
                self.took = max(ended - begun, timedelta())
                self.free_at = max(self.free_at, ended + TENTH * self.took)
