"""What every part of the Flireo client shares: one request becomes one model, or a list's pages one after another."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.loose import Loose
from campaigns.vendors.rest import Client, Rest, rows, unwrapped
from campaigns.vendors.walking import Page, pages_by_number

from .facts import REQUESTS_PER_MINUTE, ROUTES, Facts
from .models import Listing

Model = TypeVar("Model", bound=Loose)
Query = Mapping[str, str | int | bool | datetime | None]
Look = Callable[[Any], None]


class Asking(Client):
    """One account's API below the endpoints; raises AccountRefused, Throttled, VendorError."""

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self.facts = Facts.corrected(account)
        self.rest = Rest(account, around, routes=ROUTES, facts=self.facts, per_minute=REQUESTS_PER_MINUTE)

    async def _one(
        self,
        operation: str,
        model: type[Model],
        name: str = "",
        *,
        ids: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        files: Any = None,
    ) -> Model:
        """One thing, bare or in an envelope (`data`, or `name`)."""
        said = self.facts.sent(plain(body)) if body is not None else None
        found: Model = await self.rest.ask(
            operation, ids=ids, body=said, files=files, read=lambda data: self._read(model, data, name)
        )
        return found

    async def _done(self, operation: str, *, ids: Mapping[str, str]) -> None:
        """What is answered with a word of thanks at most."""
        await self.rest.ask(operation, ids=ids)

    async def _listing(
        self,
        operation: str,
        model: type[Model],
        name: str,
        query: Query,
        *,
        ids: Mapping[str, str] | None = None,
        look: Look | None = None,
    ) -> Listing[Model]:
        """One page; `query` says `limit` and `offset` where the list has pages, `look` sees the answer itself."""

        def read(data: Any) -> Listing[Model] | None:
            if look is not None:
                look(data)
            return self._paged(model, data, name, query)

        found: Listing[Model] = await self.rest.ask(operation, ids=ids, query=said_in_query(query), read=read)
        return found

    async def _every(
        self, operation: str, model: type[Model], name: str, query: Query, *, key: str, look: Look | None = None
    ) -> AsyncIterator[Model]:
        """Every item once, also while the pages shift; `key` is the member that tells it from all others."""
        offset = 0

        async def fetch(number: int) -> Page[Model]:
            nonlocal offset
            offset = offset if number else 0
            asked = {**query, "limit": self.facts.page, "offset": offset}
            page = await self._listing(operation, model, name, asked, look=look)
            offset += page.rows
            return Page(page.items, last=not page.more, total=page.total)

        async for some in pages_by_number(fetch, lambda item: str(getattr(item, key))):
            for item in some:
                yield item

    def _read(self, model: type[Model], data: Any, name: str) -> Model | None:
        for shape in (unwrapped(data, *filter(None, [name]), "data"), data):
            try:
                return model.model_validate(self.facts.received(shape))
            except ValidationError:
                continue
        return None

    def _paged(self, model: type[Model], data: Any, name: str, query: Query) -> Listing[Model] | None:
        found = rows(data, name, "data")
        if found is None:
            return None
        items = tuple(item for row in found if (item := self._read(model, row, "")) is not None)
        offset, most = int(str(query.get("offset") or 0)), int(str(query.get("limit") or 0))
        return Listing(items, len(found), *paging(data, offset=offset, rows=len(found), most=most))


def paging(data: Any, *, offset: int, rows: int, most: int) -> tuple[int | None, bool]:
    """(total, more) of a page, as `pagination` or `meta` say, else as its size shows; `most` 0: there are no pages."""
    told = data.get("pagination") or data.get("meta") if isinstance(data, dict) else None
    total, more = (told.get("total"), told.get("has_more")) if isinstance(told, dict) else (None, None)
    total = total if isinstance(total, int) and not isinstance(total, bool) else None
    if isinstance(more, bool):
        return total, more
    return total, offset + rows < total if total is not None else bool(most) and rows >= most


def plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with its instants as texts."""
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in body.items()}


def said_in_query(query: Query) -> dict[str, str | None]:
    return {name: _said(value) for name, value in query.items()}


def _said(value: object) -> str | None:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return str(value).lower() if isinstance(value, bool) else str(value) if value is not None else None


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
