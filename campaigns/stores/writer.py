"""One writer that groups what is waiting into one transaction, and answers each caller after the commit."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import anyio

from campaigns.domain.errors import StoreDoubtful, StoreUnavailable

from .database import Connection, I, InDoubt, NotBegun

T = TypeVar("T")
Verb = Callable[[Connection], Awaitable[T]]
Each = Callable[[Connection, Sequence[I]], Awaitable[Sequence[T]]]
MOST = 256
"""Verbs in one transaction."""
WAITING = 100_000
"""Verbs that may wait; more means that the database does not keep up."""


class Transactions(Protocol):
    """A connection that the writer owns."""

    async def transact(self, verb: Verb[T], *, accounts: Collection[str], brief: bool) -> T:
        """Run `verb` in a transaction that has these accounts to itself; durable when it returns.

        `brief`: it takes some milliseconds at most.

        Raises NotBegun, or what the verb or the commit raises: then nothing of it is left. Raises InDoubt where
        nobody knows.
        """


@dataclass(eq=False)
class _Waiting:
    verb: Callable[..., Awaitable[Any]]
    item: tuple[Any, ...]
    """What is handed to a verb that takes many; empty: this one takes none."""
    account: str | None
    brief: bool
    done: asyncio.Future[None]
    result: Any = None
    error: Exception | None = None

    def answer(self) -> None:
        """Let the caller go on, who may have been cancelled meanwhile."""
        if not self.done.done():
            self.done.set_result(None)


class Writer:
    """Runs verbs in groups. A verb that fails does not fail its neighbours: the group is then run one by one."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._queue: deque[_Waiting] = deque()
        self._bell = anyio.Event()
        self._closed = False
        self.doubt = ""
        """Why this process must not use the database any more; empty: it may."""

    async def write(self, verb: Verb[T], *, account: str | None = None, brief: bool = False) -> T:
        """Run `verb` in a transaction; returns after its commit. Raises StoreUnavailable, or what the verb raises."""
        result: T = await self._answer(verb, (), account, brief=brief)
        return result

    async def write_each(self, verb: "Each[I, T]", item: I, *, account: str | None = None) -> T:
        """The same for one of many: whoever waits for the same `verb` is served by one run of it."""
        result: T = await self._answer(verb, (item,), account, brief=True)
        return result

    async def _answer(
        self, verb: Callable[..., Awaitable[Any]], item: tuple[Any, ...], account: str | None, *, brief: bool
    ) -> Any:
        if self._closed or len(self._queue) >= WAITING:
            raise StoreUnavailable("The database does not keep up, or is closed.")
        waiting = _Waiting(verb, item, account, brief, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._bell.set()
        await waiting.done
        if waiting.error is not None:
            raise waiting.error
        return waiting.result

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Use the database inside, unless it is in doubt. Raises StoreDoubtful; whoever has, is the last."""
        if self.doubt:
            raise StoreDoubtful(self.doubt)
        try:
            yield
        except StoreDoubtful as error:
            self.doubt = f"{error} Look at the disk, then start again; restore a backup if `doctor` finds a fault."
            raise StoreDoubtful(self.doubt) from error

    async def run(self) -> None:
        """Serve until closed; what waits then is still written."""
        while True:
            if not self._queue:
                if self._closed:
                    return
                self._bell = anyio.Event()
                await self._bell.wait()
                continue
            await self._run_group([self._queue.popleft() for _ in range(min(MOST, len(self._queue)))])

    def close(self) -> None:
        """Take no more verbs."""
        self._closed = True
        self._bell.set()

    async def _run_group(self, group: list[_Waiting]) -> None:
        if len(group) > 1 and await self._together(group):
            return
        for waiting in group:
            waiting.error, waiting.result = None, None
            try:
                await self._transact([waiting])
            except Exception as error:  # noqa: BLE001 - handed to the caller, who is waiting for it
                waiting.error = error
            waiting.answer()

    async def _together(self, group: list[_Waiting]) -> bool:
        """Whether everybody was answered."""
        try:
            await self._transact(group)
        except (NotBegun, InDoubt) as error:
            for waiting in group:  # one by one, each would wait as long again; or be done twice
                waiting.error = StoreUnavailable(str(error))
        except StoreDoubtful as error:
            for waiting in group:
                waiting.error = error
        except Exception:  # noqa: BLE001 - whatever it was, each verb is tried alone and reports its own error
            return False
        for waiting in group:
            waiting.answer()
        return True

    async def _transact(self, group: Sequence[_Waiting]) -> None:
        kinds: dict[Any, list[_Waiting]] = {}
        for waiting in group:
            kinds.setdefault(waiting.verb if waiting.item else waiting, []).append(waiting)

        async def whole(db: Connection) -> None:
            for alike in kinds.values():
                await _run(db, alike)

        with self.trusted():
            await self._transactions.transact(
                whole, accounts={w.account for w in group if w.account is not None}, brief=all(w.brief for w in group)
            )


async def _run(db: Connection, alike: Sequence[_Waiting]) -> None:
    first = alike[0]
    if not first.item:
        first.result = await first.verb(db)
        return
    results = await first.verb(db, [waiting.item[0] for waiting in alike])
    for waiting, result in zip(alike, results, strict=True):
        waiting.result = result
