"""What the SQL verbs need of a database, whichever it is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Params = Mapping[str, Any]


class Connection(Protocol):
    """Inside a transaction. Parameters are named `:so`; lists travel as one JSON parameter."""

    async def rows(self, sql: str, params: Params | None = None) -> list[Any]:
        """Run and return every row, each readable by column name."""

    async def run(self, sql: str, params: Params | None = None) -> int:
        """Run and return how many rows it changed."""

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        """Run once for each set of parameters, in as few trips as the driver can."""


class Database(Protocol):
    """Runs verbs: writers share transactions, readers see only what is committed."""

    async def write(self, verb: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `verb` in a transaction that may carry other verbs too; returns after the commit is durable."""

    async def read(self, verb: Callable[[Connection], Awaitable[T]]) -> T:
        """Run a verb that only reads."""
