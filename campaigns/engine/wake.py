"""Sleep until a moment, or until something happens."""

from datetime import datetime

import anyio

from campaigns.ports import Clock


class Wake:
    """Something happened: whoever sleeps on it looks again. A ring before the sleep is not lost."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._linked: list[Wake] = []
        self._asleep = False
        self._until: datetime | None = None
        self._by: datetime | None = None

    def ring(self) -> None:
        """Wake the sleeper, and those of every linked one."""
        self._event.set()
        for other in self._linked:
            other.ring()

    def hurry(self, at: datetime) -> None:
        """Let the sleeper look by `at`; one who does so anyway is left to sleep."""
        if not self._asleep:
            self._by = min(at, self._by or at)
        elif self._until is None or self._until > at:
            self.ring()

    def link(self, other: "Wake") -> None:
        """Ringing this rings `other` too; each sleeper has a `Wake` of its own."""
        self._linked.append(other)

    def unlink(self, other: "Wake") -> None:
        self._linked.remove(other)

    async def sleep(self, clock: Clock, until: datetime | None) -> None:
        """Return at `until` or at the next ring; None: only at a ring."""
        self._until = min((moment for moment in (until, self._by) if moment), default=None)
        self._by, self._asleep = None, True
        try:
            await self._rung_or(clock, self._until)
        finally:
            self._asleep = False
        self._event = anyio.Event()

    async def _rung_or(self, clock: Clock, until: datetime | None) -> None:
        if until is None:
            await self._event.wait()
        else:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._first, tasks)
                await clock.sleep_until(until)
                tasks.cancel_scope.cancel()

    async def _first(self, tasks: anyio.abc.TaskGroup) -> None:
        await self._event.wait()
        tasks.cancel_scope.cancel()
