"""What moves, told as it happens: a hint to ask again, never the news itself, so that nothing is lost with one."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import anyio
from anyio import CancelScope
from fastapi import Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from campaigns.desk.board import Board, Change

from .access import Reads, TheDesk, secret_of, topic
from .problems import Trouble

MOST = 200
"""Who may listen at once."""
ANEW = "again"
"""What a listener hears first who was away: whatever is shown may be old."""
_HEAD = b"retry: 2000\n\n"
_PULSE = b": still here\n\n"

router = topic("events")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of an event stream."""

    pulse: float = 15.0
    """Between two signs of life; the token is looked at with each."""
    longest: float = 3600.0
    """After it the stream ends, and whoever listens comes again."""


USUAL = Pace()


class Listeners:
    """Who listens now, and how."""

    def __init__(self, pace: Pace) -> None:
        self.pace, self.now = pace, 0


@router.get(
    "/events",
    summary="What moves, as it happens",
    response_class=Response,
    responses={
        200: {
            "description": "An endless `text/event-stream`. Each event says which campaign moved, and ask again: "
            "`state` (steered, edited, new, gone), `calls` (an attempt moved), `counts` (any other figure), `again` "
            "(you were away, so all may be old). Events of one kind that nobody has taken yet become one.",
            "content": {
                "text/event-stream": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "id": {"type": "string"},
                            "event": {"enum": ["state", "calls", "counts", ANEW]},
                            "data": {"type": "string", "description": "JSON: `campaign`, empty for all, and `kind`."},
                            "retry": {"type": "integer"},
                        },
                    },
                    "example": {
                        "id": "2026-11-23T09:00:00+00:00",
                        "event": "calls",
                        "data": '{"campaign": "dentist-reminders", "kind": "calls"}',
                    },
                }
            },
        }
    },
)
async def events(
    request: Request,
    desk: TheDesk,
    _by: Reads,
    campaign: Annotated[str | None, Query(max_length=200, description="Only what concerns this one.")] = None,
    last: Annotated[
        str | None, Header(alias="Last-Event-ID", max_length=100, description="The last event that you heard.")
    ] = None,
) -> Response:
    """A sign of life comes every 15 seconds; after an hour the stream ends, and you come again."""
    listeners: Listeners = request.app.state.listeners
    if listeners.now >= MOST:
        raise Trouble(503, f"{MOST} listen already.", "Close streams that nobody needs.", headers={"Retry-After": "30"})
    secret = secret_of(request.headers)

    async def still() -> bool:
        return await desk.acts.operator(secret) is not None

    return _Stream(desk.board, listeners, still, _Heap(campaign, away=last is not None))


class _Heap:
    """What one listener has not taken yet: one change for each campaign and kind, however slow they are."""

    def __init__(self, campaign: str | None, *, away: bool) -> None:
        self._only, self._changes, self._bell = campaign, dict[tuple[str, str], Change](), anyio.Event()
        self.away = away

    def put(self, change: Change) -> None:
        if self._only is None or change.campaign in (self._only, ""):
            self._changes[change.campaign, change.kind] = change
            self._bell.set()

    async def taken(self) -> list[Change]:
        await self._bell.wait()
        changes, self._changes, self._bell = list(self._changes.values()), {}, anyio.Event()
        return changes


class _Stream(Response):
    media_type = "text/event-stream"

    def __init__(self, board: Board, listeners: Listeners, still: Callable[[], Awaitable[bool]], heap: _Heap) -> None:
        super().__init__(headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._board, self._listeners, self._still, self._heap = board, listeners, still, heap

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the protocol's
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        self._listeners.now += 1
        try:
            with anyio.move_on_after(self._listeners.pace.longest):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._listen)
                    tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
                    await self._tell(send)
                    tasks.cancel_scope.cancel()
        finally:
            self._listeners.now -= 1
        await send({"type": "http.response.body", "body": b""})

    async def _listen(self) -> None:
        async for change in self._board.changes():
            self._heap.put(change)

    async def _tell(self, send: Send) -> None:
        """Until the token is revoked."""
        await _say(send, _HEAD)
        if self._heap.away:
            await _say(send, _line(None, ANEW, ""))
        while await self._still():
            changes: list[Change] = []
            with anyio.move_on_after(self._listeners.pace.pulse):
                changes = await self._heap.taken()
            for change in changes:
                await _say(send, _line(change.at.isoformat(), change.kind, change.campaign))
            if not changes:
                await _say(send, _PULSE)


async def _until_gone(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _say(send: Send, line: bytes) -> None:
    await send({"type": "http.response.body", "body": line, "more_body": True})


def _line(name: str | None, kind: str, campaign: str) -> bytes:
    first = "" if name is None else f"id: {name}\n"
    return f"{first}event: {kind}\ndata: {json.dumps({'campaign': campaign, 'kind': kind})}\n\n".encode()
