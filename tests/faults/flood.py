"""A sender of reports that does not heed whoever cannot take them: so many a second over kept connections.

Runs as its own process (`python flood.py OPTIONS.json`): sends until its time is over, then writes what was answered.
Knows nothing of the program that it is used against.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Options:
    """Whom to flood, and how hard."""

    port: int
    path: str
    per_second: float
    seconds: float
    to: str
    """The file that what was answered is written to."""
    connections: int = 200
    first: int = 0


@dataclass
class Flood:
    """What was sent, and what became of it."""

    options: Options
    free: list["Connection"] = field(default_factory=list)
    sent: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    taken: list[str] = field(default_factory=list)
    """Calls whose report was acknowledged."""
    waits: list[float] = field(default_factory=list)
    hasty: int = 0
    """Refusals that do not say when to come back."""

    def next(self) -> tuple[str, bytes]:
        """A report that nobody has sent yet."""
        self.sent += 1
        call = f"flood-{self.options.first + self.sent}"
        event = {
            "eventTimestamp": self.sent, "eventType": "status-update", "callSession": call, "status": "in-progress",
            "fromCaller": "+442079460001", "toAssistant": "+31850000001",
        }  # fmt: skip
        body = json.dumps(event).encode()
        head = f"POST {self.options.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        return call, head.encode() + body


class Connection(asyncio.Protocol):
    """One kept connection; one report at a time."""

    def __init__(self, flood: Flood) -> None:
        self.flood, self.got, self.call, self.at = flood, b"", "", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.flood.free.append(self)

    def send(self) -> None:
        self.call, whole = self.flood.next()
        self.at, self.got = time.perf_counter(), b""
        self.transport.write(whole)

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, end, rest = self.got.partition(b"\r\n\r\n")
        if not end or not rest.endswith(b"{}" if head[9:12] == b"200" else b""):
            return
        status = head[9:12].decode()
        self.flood.answered[status] += 1
        self.flood.waits.append(time.perf_counter() - self.at)
        if status == "200":
            self.flood.taken.append(self.call)
        elif b"retry-after: " not in head.lower():
            self.flood.hasty += 1
        self.call = ""
        self.flood.free.append(self)

    def connection_lost(self, _error: Exception | None) -> None:
        if self.call:
            self.flood.answered["cut"] += 1
        if self in self.flood.free:
            self.flood.free.remove(self)


async def main(options: Options) -> None:
    """Send at the pace that was asked for, as far as connections are free."""
    flood, loop = Flood(options), asyncio.get_running_loop()
    for _ in range(options.connections):
        await loop.create_connection(lambda: Connection(flood), "127.0.0.1", options.port)
    begun = loop.time()
    while (since := loop.time() - begun) < options.seconds:
        for _ in range(min(len(flood.free), int(since * options.per_second) - flood.sent)):
            flood.free.pop().send()
        await asyncio.sleep(0.002)
    waits = sorted(flood.waits) or [0.0]
    found = {
        "sent": flood.sent, "answered": flood.answered, "taken": flood.taken, "hasty": flood.hasty,
        "wait_p99": waits[int(len(waits) * 0.99)],
    }  # fmt: skip
    Path(options.to).write_text(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(Options(**json.loads(Path(sys.argv[1]).read_text()))))
