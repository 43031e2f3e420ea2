"""Responses of a simulator that end too soon: connections closed without a reply, or after half of one."""

import anyio
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_TRANSPORT = "simulated.transport"


class SeveringApp(Starlette):
    """A Starlette application whose responses can cut the connection they were asked on.

    ASGI has no word for that. uvicorn hands us `send` as a bound method of its request cycle, which knows the
    transport; it is remembered here, outside all middleware. It holds for both of uvicorn's HTTP protocols.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get(_TRANSPORT) is None:  # an application inside another sees a wrapped `send`
            scope[_TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await super().__call__(scope, receive, send)


class Cut(Response):
    """Closes the connection: at once, after `wait` seconds of silence, or after half of another response."""

    def __init__(self, *, wait: float = 0.0, half: Response | None = None) -> None:
        super().__init__()
        self._wait, self._half = wait, half

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._half:
            body = bytes(self._half.body)
            await send(
                {"type": "http.response.start", "status": self._half.status_code, "headers": self._half.raw_headers}
            )
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        with anyio.move_on_after(self._wait):
            await _gone(receive)
        transport = scope.get(_TRANSPORT)
        if transport is None:
            raise ConnectionAbortedError("This server cannot cut connections; serve the simulator with uvicorn.")
        transport.abort()
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Until the client has gone; a server that sees a request unanswered before would answer 500 itself."""
    while (await receive())["type"] != "http.disconnect":
        pass
