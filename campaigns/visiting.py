"""One connection to a server of ours, which its other side cannot hold: what is slow, endless or stuck is cut off.

uvicorn waits for ever for a request that has begun, keeps headers of any length, and queues as many pipelined requests
as come. Here whoever asks has so much time and room, and where connections run out, the longest silent one goes.
"""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Patience:
    """What a connection is given; seconds and bytes."""

    head: float = 10.0
    """For a request's line and headers."""
    body: float = 20.0
    """For its body; a second more for each `slowest` bytes that have come."""
    slowest: int = 10_000
    answer: float = 60.0
    """Without reading any of an answer."""
    idle: int = 120
    """Between two requests."""
    most_head: int = 64_000
    in_line: int = 16
    """Requests that are sent before the first of them is answered."""
    connections: int = 1_000
    """Open at once; no more than half of the files that the process may open."""

    @property
    def room(self) -> int:
        """Connections that may really be open at once."""
        if resource is None:
            return self.connections
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return min(self.connections, max(files // 2, 1)) if files > 0 else self.connections


@dataclass(slots=True)
class Gate:
    """How many requests of one kind are carried out at once by a server. Beyond that they are answered without a word
    to the application, for a twentieth of what it would cost: so that a flood takes no time from what else goes on.

    Counted are requests that have come whole, so that nobody can hold a place by sending slowly.
    """

    prefix: bytes = b""
    """Of their paths; empty: nothing is counted."""
    places: int = 32
    taken: int = 0
    deaf: float = 0.1
    """Seconds for which a connection that was sent back is not listened to."""
    told: Callable[[], None] = lambda: None
    """Of each that was sent back."""


class Visit(HttpToolsProtocol):
    """A connection under a `Patience`, before a `Gate`."""

    def __init__(self, patience: Patience, gate: Gate, **told: Any) -> None:
        super().__init__(**told)
        self._patience, self._gate = patience, gate
        self._placed, self._sent_back = False, False
        self._timer: TimerHandle | None = None
        self._stuck: TimerHandle | None = None
        self._since = self.loop.time()
        """Since when the other side has been waited for."""
        self._reading, self._in_head = True, True
        self._held, self._came = 0, 0
        """Bytes of this request that belong to no body, and that do."""
        self._moved, self._finished = False, 0

    @property
    def silent_since(self) -> float:
        """When the other side was last owed nothing; infinite: it waits for us."""
        answered = self.cycle is None or self.cycle.response_complete
        return self._since if self._reading or answered else float("inf")

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > self._patience.room:
            visits = [each for each in self.connections if isinstance(each, Visit) and each is not self]
            longest = min(visits, key=lambda visit: visit.silent_since, default=self)
            (longest if longest.silent_since < float("inf") else self).leave()

    def leave(self) -> None:
        """Make room."""
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading = False
        self._give_back()
        for timer in (self._timer, self._stuck):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        finished, self._moved = self._finished, False
        super().data_received(data)
        if not self._reading and self._finished == finished:  # between two requests: the next begins
            self._begin()
        if self._reading and self._sent_back:  # the rest is not read
            self._gate.told()
            self._refuse(_BUSY)
        elif self._reading and not self._moved:
            self._held += len(data)
            if self._held > self._patience.most_head:
                self._refuse(b"431 Request Header Fields Too Large")
        self._watch()

    def _begin(self) -> None:
        self._reading, self._in_head, self._since = True, True, self.loop.time()
        self._sent_back = False
        self._held = self._came = 0

    def on_message_begin(self) -> None:
        self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._moved, self._since = False, True, self.loop.time()
        self._sent_back = self._is_too_much()
        if self._sent_back:
            return
        super().on_headers_complete()
        if len(self.pipeline) > self._patience.in_line:
            raise ValueError("more requests than anybody sends ahead")  # answered with 400, and closed

    def on_body(self, body: bytes) -> None:
        self._moved = True
        self._came += len(body)
        if not self._sent_back:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading, self._since = False, self.loop.time()
        self._finished += 1
        if self._sent_back:
            self._send_back()
            return
        if self._gate.prefix and self.url.startswith(self._gate.prefix) and not self._placed:
            self._placed = not self.cycle.response_complete
            self._gate.taken += self._placed
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._since = max(self._since, self.loop.time())
        self._give_back()
        super().on_response_complete()

    def _is_too_much(self) -> bool:
        gate, answered = self._gate, self.cycle is None or self.cycle.response_complete
        return bool(gate.prefix) and gate.taken >= gate.places and answered and self.url.startswith(gate.prefix)

    def _give_back(self) -> None:
        self._gate.taken -= self._placed
        self._placed = False

    def _send_back(self) -> None:
        self._gate.told()
        if not self.parser.should_keep_alive():
            self._refuse(_BUSY)
            return
        self.transport.write(b"HTTP/1.1 " + _BUSY + b"\r\ncontent-length: 0\r\n\r\n")
        self.flow.pause_reading()
        self.loop.call_later(self._gate.deaf, self._listen)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _listen(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def handle_websocket_upgrade(self) -> None:
        self._reading = False
        self._watch()
        super().handle_websocket_upgrade()

    def _watch(self) -> None:
        """Look at the clock while a request comes in."""
        if self._reading and self._timer is None:
            self._timer = self.loop.call_later(self._patience.head, self._look)
        elif not self._reading and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = self.loop.time()
        if self.flow.read_paused:  # it is we who do not read
            self._since = now
        given = self._patience.head if self._in_head else self._patience.body + self._came / self._patience.slowest
        if now < self._since + given:
            self._timer = self.loop.call_later(self._since + given - now, self._look)
        else:
            self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not (self._in_head or self.cycle.response_started):
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(self._patience.answer, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()


_BUSY = b"503 Service Unavailable\r\nretry-after: 2"


def visits(patience: Patience, gate: Gate) -> Any:
    """What uvicorn makes of each connection, for its `http`."""

    def visit(*, config: Any, server_state: Any, app_state: Any, _loop: AbstractEventLoop | None = None) -> Visit:
        return Visit(patience, gate, config=config, server_state=server_state, app_state=app_state, _loop=_loop)

    return visit
