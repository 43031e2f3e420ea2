"""How every part of the client asks: one object, a list of them, or only whether it was done."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from campaigns.domain.errors import VendorError
from campaigns.vendors.hmsovereign.facts import Facts
from campaigns.vendors.rest import Rest, rows, unwrapped

Model = TypeVar("Model", bound=BaseModel)
Query = Mapping[str, str | None]


class Asking:
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
        """The object of an answer, bare or in its envelope. Raises VendorError, Throttled, AccountRefused."""
        data = await self.rest.ask(operation, ids=ids, query=query, body=body)
        return self.read(kind, operation, unwrapped(data, envelope) if envelope else data)

    async def many(
        self, kind: type[Model], operation: str, envelope: str, *, ids: Mapping[str, str] | None = None
    ) -> list[Model]:
        """The items of a list that has no pages; what is no such item is left out. Raises as `one` does."""
        return self.items(kind, operation, await self.rest.ask(operation, ids=ids), envelope)

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


def filled(**members: Any) -> dict[str, Any]:
    """Without what is None."""
    return {name: value for name, value in members.items() if value is not None}
