"""Calls: placed once, listed, steered while they last."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Unpack

from campaigns.domain.call import NotSent, Placement, Unclear
from campaigns.vendors.dial import post_once
from campaigns.vendors.hmsovereign.models import Call, Controlled
from campaigns.vendors.rest import rows
from campaigns.vendors.walking import Page, pages_by_number

from .asking import Asking, filled, total_of
from .bodies import Outbound
from .placing import classify


class Calling(Asking):
    """The calls of an account."""

    async def place_call(self, destination: str, **order: Unpack[Outbound]) -> Placement:
        """POST /calls/outbound, sent at most once and never repeated: somebody's telephone rings.

        Returns what the answer proves: `Placed` with the call's id, which is no answer by the person; `Refused` and
        `NotSent`, nothing was dialled; `Unclear`, it may have been: look among `calls` before asking again.
        """
        body = {"destination": destination, **order}
        return await self.dial(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))

    async def dial(self, body: bytes) -> Placement:
        """The same with a body as it is sent."""
        headers = {**self.rest.headers, "Content-Type": "application/json"}
        with self.rest.clock.work():
            answer = await post_once(self.rest.url("place_call"), headers=headers, body=body)
        if isinstance(answer, NotSent | Unclear):
            return answer
        self.rest.heed(answer.headers)
        return self.rest.keyless(classify(answer, self.facts, now=self.rest.clock.now()))

    async def get_call(self, call_id: str) -> Call:
        """GET /calls/{id}; its answer has no envelope."""
        return await self.one(Call, "get_call", "call", ids={"id": call_id})

    async def list_calls(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[Call]:
        """GET /calls: one page, 100 calls by default and 1000 at most.

        Args:
            limit: None: as many as `facts.page` says.
            offset: Calls to pass over.
            status: connecting, in-progress, ended, failed, …
            since: Created at or after.
            until: Created at or before.
        """
        data, met = await self._page(limit or self.facts.page, offset, status=status, since=since, until=until)
        total = total_of(data)
        last = offset + met >= total if total is not None else met < (limit or self.facts.page)
        return Page(self.items(Call, "list_calls", data, "calls", "data"), last=last or not met, total=total)

    async def calls(
        self, *, status: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Call]:
        """Every call once, also while new ones shift the pages."""

        async def fetch(number: int) -> Page[Call]:
            return await self.list_calls(offset=number * self.facts.page, status=status, since=since, until=until)

        async for page in pages_by_number(fetch, lambda call: call.id):
            for call in page:
                yield call

    async def _page(self, limit: int, offset: int, **filters: Any) -> tuple[Any, int]:
        query = {"limit": str(limit), "offset": str(offset), **span(**filters)}
        data = await self.rest.ask("list_calls", query=query)
        return data, len(rows(data, "calls", "data") or [])

    async def control_call(self, call_id: str, command: dict[str, Any]) -> Controlled:
        """POST /calls/{id}/control, at most ten a minute for each call. Raises VendorError: 400 for one not active."""
        data = await self.done("control_call", ids={"id": call_id}, body=command)
        return self.read(Controlled, "control_call", data or {})

    async def inject_context(self, call_id: str, content: str, *, respond: bool = False) -> Controlled:
        """Tell the assistant something; with `respond` it speaks of it at once."""
        command = {"type": "inject-context", "content": content, "trigger_response": respond}
        return await self.control_call(call_id, command)

    async def say(self, call_id: str, content: str, *, end_after: bool = False) -> Controlled:
        """Have the assistant say this, and hang up after it if wanted."""
        return await self.control_call(call_id, {"type": "say", "content": content, "end_after": end_after})

    async def end_call(self, call_id: str, message: str | None = None) -> Controlled:
        """Hang up; only a call in progress can be ended."""
        return await self.control_call(call_id, filled(type="end-call", message=message))

    async def transfer_call(self, call_id: str, destination: str, message: str | None = None) -> Controlled:
        """Hand the call over to a number (E.164) or a SIP address."""
        return await self.control_call(call_id, filled(type="transfer", destination=destination, message=message))


def span(*, since: datetime | None, until: datetime | None, status: str | None = None) -> dict[str, str | None]:
    """The filters of a list in the vendor's words."""
    return {"status": status, "start_date": _iso(since), "end_date": _iso(until)}


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
