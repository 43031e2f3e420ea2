"""Sleep until a moment, or until something happens."""

from datetime import datetime

import anyio

from campaigns.ports import Clock


class Wake:
    """Something happened: whoever sleeps on it looks again. A ring before the sleep is not lost."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        self._event.set()

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
