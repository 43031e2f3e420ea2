"""Serve an ASGI application on a socket inside a running event loop."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
import uvicorn
from starlette.types import ASGIApp

from campaigns.domain.errors import InputError
from campaigns.visiting import Gate, Patience, visits

PATIENCE = Patience()
MOST_SAID = 1_000_000
"""Bytes of one message on a web socket."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the command, not to a server inside it."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises InputError when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle off; without it every answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InputError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Set `listen` in the settings to a free address."
        ) from error
    listener.listen(512)
    return listener


@asynccontextmanager
async def serving(
    app: ASGIApp,
    listener: socket.socket,
    *,
    sockets: bool = False,
    patience: Patience = PATIENCE,
    gate: Gate | None = None,
) -> AsyncIterator[str]:
    """Serve `app` on `listener` until the block ends; yields its base address. `sockets`: web sockets too.

    `gate`: how many requests of a kind are carried out at once.
    """
    config = uvicorn.Config(
        app, http=visits(patience, gate or Gate()), ws="auto" if sockets else "none", lifespan="off", access_log=False,
        log_config=None, log_level="error",  # whoever sends rubbish must not fill a disk
        timeout_keep_alive=patience.idle,
        ws_max_size=MOST_SAID,
        server_header=False,
        proxy_headers=False,  # nobody here asks where a request comes from
        date_header=False,  # under virtual time it would tell another time than everything else
    )  # fmt: skip
    server = _Server(config)
    host, port = listener.getsockname()[:2]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        while not (server.started or server.should_exit):  # a block that asks nothing must find a server to end
            await anyio.lowlevel.checkpoint()
        try:
            yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                while not server.started:  # whoever asked for nothing may be done before it listens
                    await anyio.lowlevel.checkpoint()
                server.should_exit = True
                await server.shutdown([listener])
            tasks.cancel_scope.cancel()
            listener.close()
