"""The writer that groups what waits into one transaction: each caller gets its own result, after the commit."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from campaigns.domain.errors import StoreDoubtful, StoreUnavailable
from campaigns.stores.database import Connection, NotBegun
from campaigns.stores.writer import MOST, Writer


@dataclass
class Recorded:
    """Transactions that write down what was asked of them, and fail when told to."""

    done: list[str] = field(default_factory=list)
    held: anyio.Event | None = None
    """The commit waits for it."""
    failing: dict[str, Exception] = field(default_factory=dict)
    accounts: list[list[str]] = field(default_factory=list)
    """Which ones each transaction had to itself."""

    async def transact(self, verb: Any, *, accounts: Collection[str] = (), brief: bool = False) -> Any:
        self.accounts.append(sorted(accounts))
        await self._do("begin", NotBegun)
        try:
            result = await verb(None)
            if self.held is not None:
                await self.held.wait()
            await self._do("commit")
        except Exception:
            await self._do("rollback")
            raise
        return result

    async def _do(self, what: str, error: type[Exception] | None = None) -> None:
        await anyio.lowlevel.checkpoint()
        self.done.append(what)
        if what in self.failing:
            raise error(str(self.failing[what])) if error else self.failing[what]

    def verb(self, name: str, error: Exception | None = None) -> Any:
        async def run(_db: Connection) -> str:
            await self._do(name)
            if error is not None:
                raise error
            return name.upper()

        return run


@asynccontextmanager
async def a_writer(transactions: Recorded) -> AsyncIterator[Writer]:
    writer = Writer(transactions)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.run)
        yield writer
        writer.close()


async def all_of(writer: Writer, verbs: list[Any]) -> list[Any]:
    """Ask for all at once; results and errors in their order."""
    return await asyncio.gather(*(writer.write(verb) for verb in verbs), return_exceptions=True)


async def test_what_waits_together_is_committed_together() -> None:
    record = Recorded()
    async with a_writer(record) as writer:
        assert await all_of(writer, [record.verb(name) for name in "abc"]) == ["A", "B", "C"]
    assert record.done == ["begin", "a", "b", "c", "commit"]


async def test_nobody_is_answered_before_the_commit() -> None:
    record = Recorded(held=anyio.Event())
    answered: list[str] = []

    async def ask(name: str) -> None:
        answered.append(await writer.write(record.verb(name)))

    async with a_writer(record) as writer, anyio.create_task_group() as tasks:
        for name in "ab":
            tasks.start_soon(ask, name)
        await anyio.wait_all_tasks_blocked()
        assert (record.done, answered) == (["begin", "a", "b"], [])
        assert record.held is not None
        record.held.set()
    assert answered == ["A", "B"]


async def test_a_verb_that_fails_fails_alone() -> None:
    record, wrong = Recorded(), ValueError("mine")
    async with a_writer(record) as writer:
        results = await all_of(writer, [record.verb("a"), record.verb("b", wrong), record.verb("c")])
        assert results == ["A", wrong, "C"]
        assert await writer.write(record.verb("d")) == "D"
    together, alone = (
        ["begin", "a", "b", "rollback"],
        ["begin", "a", "commit", "begin", "b", "rollback", "begin", "c", "commit"],
    )
    assert record.done[:13] == [*together, *alone]


async def test_a_lock_that_does_not_come_is_waited_for_once_and_not_once_for_each() -> None:
    record = Recorded(failing={"begin": StoreUnavailable("locked")})
    async with a_writer(record) as writer:
        results = await all_of(writer, [record.verb(str(n)) for n in range(50)])
        assert [str(error) for error in results] == ["locked"] * 50
        assert record.done == ["begin"]
        record.failing.clear()
        assert await writer.write(record.verb("a")) == "A"


async def test_a_commit_that_fails_answers_nobody_with_success() -> None:
    record = Recorded(failing={"commit": StoreUnavailable("full")})
    async with a_writer(record) as writer:
        assert [str(error) for error in await all_of(writer, [record.verb(name) for name in "ab"])] == ["full", "full"]
        assert record.done[-1] == "rollback"
        record.failing.clear()
        assert await writer.write(record.verb("c")) == "C"


async def test_a_caller_that_goes_away_disturbs_nobody_and_what_it_asked_is_still_done() -> None:
    record = Recorded(held=anyio.Event())
    async with a_writer(record) as writer, anyio.create_task_group() as tasks:
        tasks.start_soon(writer.write, record.verb("a"))
        await anyio.wait_all_tasks_blocked()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as inner:
                inner.start_soon(writer.write, record.verb("b"))
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        assert record.held is not None
        record.held.set()
        assert await writer.write(record.verb("c")) == "C"
    assert [what for what in record.done if what in "abc"] == ["a", "b", "c"]


async def test_no_transaction_carries_more_than_its_share() -> None:
    record = Recorded()
    async with a_writer(record) as writer:
        await all_of(writer, [record.verb("v") for _ in range(MOST + 10)])
    assert record.done.count("commit") == 2
    assert record.done.index("commit") == MOST + 1


async def test_after_closing_what_waits_is_written_and_nothing_more_is_taken() -> None:
    record = Recorded(held=anyio.Event())
    async with anyio.create_task_group() as tasks:
        writer = Writer(record)
        tasks.start_soon(writer.run)
        for name in "ab":
            tasks.start_soon(writer.write, record.verb(name))
            await anyio.wait_all_tasks_blocked()
        writer.close()
        with pytest.raises(StoreUnavailable):
            await writer.write(record.verb("late"))
        assert record.held is not None
        record.held.set()
    assert record.done == ["begin", "a", "commit", "begin", "b", "commit"]


async def test_what_waits_for_the_same_verb_is_served_by_one_run_of_it() -> None:
    record, runs = Recorded(), list[list[int]]()

    async def doubled(_db: Connection, items: Sequence[int]) -> list[int]:
        runs.append(list(items))
        return [2 * item for item in items]

    async with a_writer(record) as writer:
        asked = [writer.write_each(doubled, n, account=f"p{n % 2}") for n in (3, 5, 4)]
        asked.append(writer.write(record.verb("a"), account="p0"))
        assert await asyncio.gather(*asked) == [6, 10, 8, "A"]
    assert runs == [[3, 5, 4]]
    assert record.accounts == [["p0", "p1"]]


async def test_one_that_fails_among_many_fails_alone() -> None:
    record = Recorded()

    async def picky(_db: Connection, items: Sequence[int]) -> list[int]:
        if 5 in items:
            raise ValueError("five")
        return list(items)

    async with a_writer(record) as writer:
        answers = await asyncio.gather(*(writer.write_each(picky, n) for n in (4, 5, 6)), return_exceptions=True)
    assert answers[::2] == [4, 6]
    assert str(answers[1]) == "five"


@pytest.mark.row("D4")
@pytest.mark.parametrize("others", [0, 3])
async def test_a_commit_that_leaves_a_doubt_is_the_last_and_is_not_tried_again(others: int) -> None:
    transactions = Recorded(failing={"commit": StoreDoubtful("The disk has failed.")})
    async with a_writer(transactions) as writer:
        results = await all_of(writer, [transactions.verb(str(n)) for n in range(1 + others)])
        assert {type(result) for result in results} == {StoreDoubtful}
        transactions.failing.clear()
        with pytest.raises(StoreDoubtful, match="disk has failed"):
            await writer.write(transactions.verb("later"))
        with pytest.raises(StoreDoubtful), writer.trusted():
            pass
    assert transactions.done.count("begin") == 1
    assert "later" not in transactions.done
