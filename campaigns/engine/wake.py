"""Sleep until a moment, or until something happens."""

from datetime import datetime

import anyio

from campaigns.ports import Clock


class Wake:
    """Something happened: whoever sleeps on it looks again. A ring before the sleep is not lost."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._linked: list[Wake] = []

    def ring(self) -> None:
        """Wake the sleeper, and those of every linked one."""
        self._event.set()
        for other in self._linked:
            other.ring()

    def link(self, other: "Wake") -> None:
        """Ringing this rings `other` too; each sleeper has a `Wake` of its own."""
        self._linked.append(other)

    def unlink(self, other: "Wake") -> None:
        self._linked.remove(other)

    async def sleep(self, clock: Clock, until: datetime | None) -> None:
        """Return at `until` or at the next ring; None: only at a ring."""
        if until is None:
            await self._event.wait()
        else:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._first, tasks)
                await clock.sleep_until(until)
                tasks.cancel_scope.cancel()
        self._event = anyio.Event()

    async def _first(self, tasks: anyio.abc.TaskGroup) -> None:
        await self._event.wait()
        tasks.cancel_scope.cancel()
