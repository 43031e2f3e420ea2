"""How every part of the client asks: one object, a list of them, or only whether it was done."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from campaigns.domain.errors import VendorError
from campaigns.vendors.hmsovereign.facts import Facts
from campaigns.vendors.rest import Client, Rest, rows, unwrapped

Model = TypeVar("Model", bound=BaseModel)
Query = Mapping[str, str | None]


class Asking(Client):
    """Over one account's `Rest`."""

    def __init__(self, rest: Rest, facts: Facts) -> None:
        self.rest, self.facts = rest, facts

    async def one(
        self,
        kind: type[Model],
        operation: str,
        envelope: str = "",
        *,
        ids: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Any = None,
    ) -> Model:
        """The object of an answer, bare or in an envelope of one of these names (separated by blanks).

        Raises VendorError, Throttled, AccountRefused.
        """
        data = await self.rest.ask(operation, ids=ids, query=query, body=body)
        inner = unwrapped(data, *envelope.split()) if envelope else data
        return self.read(kind, operation, inner if isinstance(inner, dict) else data)

    async def many(
        self, kind: type[Model], operation: str, envelope: str, *, ids: Mapping[str, str] | None = None
    ) -> list[Model]:
        """The items of a list that has no pages; what is no such item is left out. Raises as `one` does.

        Where it should have pages all the same, which its total shows, all of them are read.
        """
        data, names = await self.rest.ask(operation, ids=ids), envelope.split()
        found, met = self.items(kind, operation, data, *names), len(rows(data, *names) or ())
        total = total_of(data) or 0
        while met < total and (more := rows(data, *names)):
            data = await self.rest.ask(operation, ids=ids, query={"limit": str(len(more)), "offset": str(met)})
            found += self.items(kind, operation, data, *names)
            met += len(rows(data, *names) or ())
        return found

    async def done(self, operation: str, *, ids: Mapping[str, str] | None = None, body: Any = None) -> Any:
        """An operation whose answer is that it was done. Raises as `one` does; also where it says that it was not."""
        data = await self.rest.ask(operation, ids=ids, body=body)
        if isinstance(data, dict) and data.get("success") is False:
            raise self._odd(operation, "it was not done")
        return data

    def read(self, kind: type[Model], operation: str, data: Any) -> Model:
        try:
            return kind.model_validate(data)
        except ValidationError:
            raise self._odd(operation, f"the answer is no {kind.__name__}") from None

    def items(self, kind: type[Model], operation: str, data: Any, *envelopes: str) -> list[Model]:
        found = rows(data, *envelopes)
        if found is None:
            raise self._odd(operation, f"the answer is no list of {kind.__name__}")
        read = []
        for row in found:
            try:
                read.append(kind.model_validate(row))
            except ValidationError:
                continue
        return read

    def _odd(self, operation: str, what: str) -> VendorError:
        mend = f"Check base_url, or correct routes.{operation} in the settings."
        return VendorError(self.rest.account.name, operation, None, what, mend=mend)


def total_of(data: Any) -> int | None:
    """How many there are in all, where a list says so."""
    paging = data.get("pagination") if isinstance(data, dict) else None
    total = paging.get("total") if isinstance(paging, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def filled(**members: Any) -> dict[str, Any]:
    """Without what is None."""
    return {name: value for name, value in members.items() if value is not None}
