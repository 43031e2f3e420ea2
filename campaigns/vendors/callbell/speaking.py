"""How one speaks with Callbell: envelopes that are an object or a list of one, and lists in numbered pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic.alias_generators import to_snake

from campaigns.domain.errors import VendorError
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.rest import Client, Rest, rows, unwrapped
from campaigns.vendors.walking import Page, pages_by_number

from .facts import BASE_URL, PER_MINUTE, ROUTES, Facts
from .models import CallbellModel, Meta

Model = TypeVar("Model", bound=CallbellModel)
Query = Mapping[str, str | Sequence[str] | None]
MOST_PAGES = 500
"""DOC /contacts: later pages are answered 400 `Pagination limit exceeded`."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Model]):
    """One page of a list."""

    items: Sequence[Model]
    meta: Meta


class Speaking(Client):
    """One account's API; close with `aclose`, or use `async with`.

    Args:
        api_key: As the dashboard shows it once; of no fixed shape.
        base_url: With the version.
        account: All of the above and corrections, as the settings say it; instead of them.
        around: Clock, budget and patience of a running program.
    """

    def __init__(
        self,
        api_key: str = "",
        *,
        base_url: str = BASE_URL,
        account: VendorAccount | None = None,
        around: Surroundings | None = None,
    ) -> None:
        account = account or VendorAccount("callbell", base_url, api_key)
        self.facts = Facts.corrected(account)
        self.rest = Rest(account, around or Surroundings(), routes=ROUTES, facts=self.facts, per_minute=PER_MINUTE)

    @property
    def skew(self) -> timedelta | None:
        """By how much Callbell's clock was ahead of ours when it last answered."""
        return self.rest.skew

    async def _one(self, model: type[Model], name: str, operation: str, body: Any = None, **ids: str) -> Model:
        """An operation that answers with one thing, alone or in an envelope. Raises as `Rest.ask` does."""
        return self._understood(model, name, operation, await self.rest.ask(operation, ids=ids, body=body))

    def _understood(self, model: type[Model], name: str, operation: str, data: Any) -> Model:
        try:
            return model.model_validate(unwrapped(data, name, to_snake(name)))
        except ValidationError:
            raise self._odd(operation, f"the answer has no {name}") from None

    async def _list(
        self, model: type[Model], name: str, operation: str, query: Query | None = None, **ids: str
    ) -> Listed[Model]:
        """One page. Raises as `Rest.ask` does, and VendorError where no list was answered."""
        data = await self.rest.ask(operation, ids=ids, query=query)
        found = rows(data, name, to_snake(name))
        if found is None:
            raise self._odd(operation, f"the answer has no {name}")
        meta = data.get("meta") if isinstance(data, dict) else None
        return Listed([model.model_validate(row) for row in found], Meta.model_validate(meta or {}))

    def _odd(self, operation: str, what: str) -> VendorError:
        return VendorError(self.rest.account.name, operation, None, what, mend="Check base_url and `routes`.")


def named(item: CallbellModel) -> str:
    """What tells an item from all others: its uuid, else all of it."""
    return getattr(item, "uuid", None) or item.model_dump_json()


async def numbered(fetch: Callable[[int], Awaitable[Listed[Model]]]) -> AsyncIterator[Sequence[Model]]:
    """Walk a list in pages from 1, with or without `meta`; yields what is new of each page."""
    ends = Ends()

    async def page(number: int) -> Page[Model]:
        listed = await fetch(number + 1)
        return Page(listed.items, last=ends.here(number + 1, listed))

    async for items in pages_by_number(page, named):
        yield items


class Ends:
    """Knows the last page: `meta` says so, or it is empty, or shorter than another, or the one before once again.

    The page size is nowhere promised, so a first page without `meta` proves nothing unless it is empty.
    """

    def __init__(self) -> None:
        self._longest, self._before = 0, ""

    def here(self, number: int, listed: Listed[Any]) -> bool:
        """Whether the page of this number (from 1) is the last."""
        names = "\n".join(map(named, listed.items))
        again, self._before = names == self._before and number > 1, names
        self._longest = max(self._longest, len(listed.items))
        if listed.meta.pages is not None:
            return number >= listed.meta.pages
        return again or not listed.items or len(listed.items) < self._longest
