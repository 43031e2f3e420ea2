"""One writer that groups what is waiting into one transaction, and answers each caller after the commit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import anyio

from campaigns.domain.errors import StoreUnavailable

from .database import Connection

T = TypeVar("T")
MOST = 256
"""Verbs in one transaction."""


class Transactions(Protocol):
    """A connection that the writer owns."""

    connection: Connection

    async def begin(self) -> None: ...
    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...


@dataclass
class _Waiting:
    verb: Callable[[Connection], Awaitable[Any]]
    done: anyio.Event = field(default_factory=anyio.Event)
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs verbs in groups. A verb that fails does not fail its neighbours: the group is then run one by one."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._send, self._receive = anyio.create_memory_object_stream[_Waiting](max_buffer_size=100_000)

    async def write(self, verb: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `verb` in a transaction; returns after its commit. Raises StoreUnavailable, or what the verb raises."""
        waiting = _Waiting(verb)
        try:
            self._send.send_nowait(waiting)
        except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise StoreUnavailable("The database does not keep up, or is closed.") from None
        await waiting.done.wait()
        if waiting.error is not None:
            raise waiting.error
        result: T = waiting.result
        return result

    async def run(self) -> None:
        """Serve until closed; what waits then is still written."""
        async with self._receive:
            async for first in self._receive:
                group = [first]
                while len(group) < MOST:
                    try:
                        group.append(self._receive.receive_nowait())
                    except (anyio.WouldBlock, anyio.EndOfStream):
                        break
                await self._run_group(group)

    def close(self) -> None:
        """Take no more verbs."""
        self._send.close()

    async def _run_group(self, group: list[_Waiting]) -> None:
        if len(group) > 1 and await self._together(group):
            return
        for waiting in group:
            waiting.error, waiting.result = None, None
            await self._alone(waiting)
            waiting.done.set()

    async def _together(self, group: list[_Waiting]) -> bool:
        """Whether everybody was answered."""
        try:
            await self._transactions.begin()
        except StoreUnavailable as error:
            for waiting in group:  # one by one, each would wait for the same lock as long again
                waiting.error = StoreUnavailable(str(error))
                waiting.done.set()
            return True
        try:
            for waiting in group:
                waiting.result = await waiting.verb(self._transactions.connection)
            await self._transactions.commit()
        except Exception:  # noqa: BLE001 - whatever it was, each verb is tried alone and reports its own error
            await self._transactions.rollback()
            return False
        for waiting in group:
            waiting.done.set()
        return True

    async def _alone(self, waiting: _Waiting) -> None:
        try:
            await self._transactions.begin()
            waiting.result = await waiting.verb(self._transactions.connection)
            await self._transactions.commit()
        except Exception as error:  # noqa: BLE001 - handed to the caller, who is waiting for it
            await self._transactions.rollback()
            waiting.error = error
