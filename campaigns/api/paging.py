"""Long lists come in pages: `limit` says how many, `after` goes on where the page before said `next`."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

from fastapi import Query

from campaigns.desk.views import Page
from campaigns.domain.errors import InputError

T = TypeVar("T")
MOST = 500

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
After = Annotated[
    str | None,
    Query(min_length=1, max_length=500, description="`next` of the page before; leave it out for the first page."),
]


def paged(items: Iterable[T], key: Callable[[T], str], after: str | None, limit: int) -> Page[T]:
    """One page of a short list. `key`: sorts as the list is sorted, so that a page goes on though its end is gone."""
    start = "" if after is None else _opened(after)
    left = sorted((item for item in items if after is None or key(item) > start), key=key)
    page = left[:limit]
    more = len(left) > limit
    return Page(tuple(page), urlsafe_b64encode(key(page[-1]).encode()).decode() if more else None)


def _opened(after: str) -> str:
    try:
        return b64decode(after.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise InputError("after: this is not the `next` of a page. Leave it out to begin anew.") from None
