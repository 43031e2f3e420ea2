"""What the SQL verbs need of a database, whichever it is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from campaigns.domain.errors import StoreUnavailable

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item
Params = Mapping[str, Any]


class NotBegun(StoreUnavailable):
    """A transaction could not begin, so none of its verbs has been tried."""


class InDoubt(StoreUnavailable):
    """The answer to a commit was lost: its verbs must not be run again as if nothing had happened."""


class Connection(Protocol):
    """Inside a transaction. The text is what SQLite and PostgreSQL have in common, with parameters named `:so`, and:

    - `= ANY(:list)` and `<> ALL(:list)`: a list is one parameter;
    - `FOR UPDATE`, `FOR SHARE OF table`, `SKIP LOCKED`: where others write at the same time, these rows wait for us;
    - `id = :id AND state || '' = 'ready'`: whoever is known by a key is not looked for among all that are ready. What
      PostgreSQL believes of their number is old: there were none when it counted;
    - `json_extract(text, '$.path[0]')`: one value of a JSON text, compared as text.
    """

    async def rows(self, sql: str, params: Params | None = None) -> list[Any]:
        """Run and return every row, each readable by column name."""

    async def run(self, sql: str, params: Params | None = None) -> int:
        """Run and return how many rows it changed."""

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        """Run once for each set of parameters, in as few trips as the driver can."""

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows that are not there yet, in the fastest way that the database has."""

    async def rows_many(self, sql: str, params: Sequence[Params]) -> list[list[Any]]:
        """The same, with the rows that each run returns: one list for each set of parameters.

        `sql` is a SELECT, or ends with its RETURNING.
        """


class Database(Protocol):
    """Runs verbs: writers share transactions, readers see only what is committed.

    A verb awaits nothing but its connection, and may be run again where a transaction was undone.
    """

    @property
    def doubt(self) -> str:
        """Why it must not be used any more; empty: it may."""

    async def write(
        self, verb: Callable[[Connection], Awaitable[T]], *, account: str | None = None, brief: bool = False
    ) -> T:
        """Run `verb` in a transaction that may carry other verbs too; returns after the commit is durable.

        `brief`: it takes some milliseconds at most, however much the database holds.

        `account`: whose lines, slots or calls it moves. Transactions about one account run one after the other, also
        those of other processes, and what one of them counts nobody else changes meanwhile.
        """

    async def write_each(
        self, verb: Callable[[Connection, Sequence[I]], Awaitable[Sequence[T]]], item: I, *, account: str | None = None
    ) -> T:
        """Hand `item` to a verb that takes all items of its kind which wait at this moment; its result for this one.

        `verb`: a function of a module, the same object in every call; it answers each item, in their order.
        """

    async def read(self, verb: Callable[[Connection], Awaitable[T]], *, aside: bool = False) -> T:
        """Run a verb that only reads. `aside`: it may take seconds on a long list, and no dial waits for it."""

    async def tidy(self, *, shrink: bool) -> bool:
        """Leave no trace of what was deleted in logs; `shrink`: give its room back, while nobody else writes.

        Returns and raises as `ports.upkeep` says.
        """
