"""HTTP/1.1 on loopback, in a thread, for a stand-in.

A test makes a stand-in, fills it, and serves it:

    vendor = Callbell(Habits(seed=3, odd=0.5, cut_after=0.1, faulty=("POST", "PATCH")))
    with serving(vendor) as url:
        ...
    assert vendor.counts["add_note"] == 7
"""

import asyncio
import json
import random
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from foreign.standin import Answer, Cut, Habits, Standin

Json = Any
Ear = Callable[[str, str, bytes, int | None, bytes], None]
"""(method, target, body, status or None, answer): as `openapi.contract.Ledger.hear` takes it."""


def stringified(document: Json) -> Json:
    """Every number as a string."""
    if isinstance(document, dict):
        return {key: stringified(value) for key, value in document.items()}
    if isinstance(document, list):
        return [stringified(value) for value in document]
    is_number = isinstance(document, int | float) and not isinstance(document, bool)
    return str(document) if is_number else document


@contextmanager
def serving(standin: Standin, ears: tuple[Ear, ...] = ()) -> Iterator[str]:
    """The stand-in's address (http://127.0.0.1:port, without its prefix) while it serves from a thread.

    Raises, at the end, what its own code raised: a defect of the stand-in, never of the client.
    """
    ready, port = threading.Event(), [0]
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    line = _Line(standin, ears, loop)

    async def main() -> None:
        server = await asyncio.start_server(line.serve, "127.0.0.1", 0, backlog=512)
        port[0] = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        await line.close()
        await asyncio.sleep(0)  # what was closed is gone one turn later

    def run() -> None:
        try:
            loop.run_until_complete(main())
        finally:
            loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield f"http://127.0.0.1:{port[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        if line.defects:
            raise line.defects[0]


class _Line:
    """The connections of one stand-in, and what it does beside them."""

    def __init__(self, standin: Standin, ears: tuple[Ear, ...], loop: asyncio.AbstractEventLoop) -> None:
        self._standin, self._ears = standin, ears
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.defects: list[Exception] = []
        standin._later = lambda work: loop.call_soon_threadsafe(self._keep, work)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(defect := task.exception(), Exception):
            self.defects.append(defect)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request after the other on a connection."""
        self._writers.add(writer)
        self._tasks.add(task := asyncio.current_task())  # type: ignore[arg-type]
        try:
            while asked := await _read(reader):
                answer, wait = self._answer(*asked)
                await asyncio.sleep(wait)
                writer.write(answer)
                await writer.drain()
                if asked[2].get("connection", "").lower() == "close":
                    break
        except (Cut, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[bytes, float]:
        """(what goes over the line, after how many seconds)"""
        try:
            answer = self._standin.handle(method, target, headers, body)
        except Cut:
            self._tell(method, target, body, None, b"")
            raise
        except Exception as defect:
            self.defects.append(defect)
            raise Cut from defect
        habits = self._standin.habits
        dice = random.Random(f"{habits.seed}|{target}|{len(self._standin.log)}")
        content = _written(answer.document, habits, dice)
        self._tell(method, target, body, answer.status, content)
        wait = habits.slow_seconds if method in habits.faulty and dice.random() < habits.slow else 0.0
        return _packed(answer, content, dice.random() < habits.odd / 2), wait

    def _tell(self, method: str, target: str, body: bytes, status: int | None, answer: bytes) -> None:
        for ear in self._ears:
            ear(method, target, body, status, answer)

    async def close(self) -> None:
        self._standin._later = None
        for writer in list(self._writers):
            writer.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _written(document: Json, habits: Habits, dice: random.Random) -> bytes:
    if document is None:
        return b""
    if dice.random() < habits.strings:
        document = stringified(document)
    if dice.random() >= habits.odd:
        return json.dumps(document).encode()
    text = json.dumps(document, indent=dice.choice((None, 1, "\t")), ensure_ascii=dice.random() < 0.5)
    return f"\r\n  {text}\n\n".encode()


def _packed(answer: Answer, content: bytes, chunked: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Whatever", "Content-Type: application/json; charset=utf-8"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if chunked and content:
        lines.append("Transfer-Encoding: chunked")
        content = f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\n\r\n"
    elif answer.status != 204:
        lines.append(f"Content-Length: {len(content)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes] | None:
    first = (await reader.readline()).decode("latin-1").split()
    if len(first) < 2:
        return None
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return first[0], first[1], headers, body


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a webhook; its status, 0 where no answer came."""
    parts = urlsplit(url)
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n{more}"
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        await asyncio.sleep(0)  # it is gone one turn later
        return int(line.split()[1])
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0
