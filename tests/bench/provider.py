"""A call provider of a few raw lines, in a process of its own: answers every POST at once and reports each call later.

    python tests/bench/provider.py PORT [--talk SECONDS] [--secret TEXT]

It speaks as much of HMS Sovereign's API as a runner needs, and writes down when each dial came, on the machine's clock.
`GET /bench/ledger` shows that; `GET /bench/counts` how far things are; `POST /bench/end` ends every open call at once.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import orjson
import uvloop

TURNS = [
    {"role": ("assistant", "user")[n % 2], "content": f"Line {n}: hello, this is an example utterance."}
    for n in range(24)
]
SUMMARY = "The person answered, confirmed the appointment and hung up. " * 4
REPORTERS = 16
AGAIN, TRIES = 0.25, 8
"""A report that was not taken is told again after so many seconds, so often."""


class Call:
    """One call that was asked for."""

    __slots__ = ("at", "attempt", "call_id", "ended_at", "hook", "phone", "tries")

    def __init__(self, number: int, order: dict, talk: float) -> None:
        override = order.get("assistant_override") or {}
        self.at, self.phone = time.time(), order["destination"]
        self.call_id = f"c{number:035d}"
        self.attempt, self.hook = override.get("metadata", {}).get("attempt_id"), override.get("webhook_url")
        self.ended_at, self.tries = self.at + talk, 0

    def facts(self) -> dict:
        """What both its record and its report tell."""
        over = time.time() >= self.ended_at
        ended = {"end_reason": "user-hangup", "ended_at": iso(self.ended_at), "duration_seconds": 25}
        return {"started_at": iso(self.at), **(ended | {"summary": SUMMARY, "messages": TURNS} if over else {})}

    def record(self) -> dict:
        status = "ended" if time.time() >= self.ended_at else "in-progress"
        who = {"caller_phone": self.phone, "assistant_phone": "+442079460999", "direction": "outbound"}
        return {"id": self.call_id, **who, "status": status, "created_at": iso(self.at), **self.facts()}

    def report(self) -> bytes:
        message = {
            "type": "end-of-call-report",
            "timestamp": iso(time.time()),
            "call": {"id": self.call_id, "type": "outbound_phone_call", "status": "ended"},
            "phone_number": {"id": "n1", "number": "+442079460999", "name": None},
            "customer": {"number": self.phone},
            "analysis": {"confirmed": True, "sentiment": "positive"},
            "recording_url": f"https://recordings.example/{self.call_id}.wav",
            **self.facts(),
        }
        return orjson.dumps({"message": message})


def iso(at: float) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).isoformat(timespec="milliseconds")


class Exchange:
    """All calls, and who is told of them."""

    def __init__(self, talk: float, secret: bytes) -> None:
        self.talk, self.secret, self.loop = talk, secret, asyncio.get_running_loop()
        self.calls: list[Call] = []
        self.by_id: dict[str, Call] = {}
        self.timers: dict[str, asyncio.TimerHandle] = {}
        self.told = self.refused = 0
        self.waits: list[float] = []
        self.queues: dict[tuple[str, int], deque[Call]] = {}
        self.free: dict[tuple[str, int], list[Reporter]] = {}

    def place(self, order: dict) -> bytes:
        call = Call(len(self.calls) + 1, order, self.talk)
        self.calls.append(call)
        self.by_id[call.call_id] = call
        if call.hook:
            self.timers[call.call_id] = self.loop.call_later(self.talk, self.end, call)
        return orjson.dumps({"success": True, "call_id": call.call_id, "status": "dialing"})

    def end(self, call: Call) -> None:
        self.timers.pop(call.call_id, None)
        call.ended_at = min(call.ended_at, time.time())
        parts = urlsplit(call.hook)
        place = (parts.hostname, parts.port)
        if place not in self.queues:
            self.queues[place], self.free[place] = deque(), [Reporter(self, place) for _ in range(REPORTERS)]
        self.queues[place].append(call)
        if self.free[place]:
            self.free[place].pop().next()

    def end_all(self) -> None:
        for call_id, timer in list(self.timers.items()):
            timer.cancel()
            self.end(self.by_id[call_id])

    def page(self, query: dict[str, list[str]]) -> bytes:
        """GET /calls, the newest first."""
        since = datetime.fromisoformat(query["start_date"][0]).timestamp() if "start_date" in query else 0.0
        offset, limit = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["100"])[0])
        first, last = 0, len(self.calls)
        while first < last:
            middle = (first + last) // 2
            first, last = (first, middle) if self.calls[middle].at >= since else (middle + 1, last)
        total = len(self.calls) - first
        shown = [self.calls[-1 - n].record() for n in range(offset, min(offset + limit, total))]
        return orjson.dumps({"calls": shown, "pagination": {"total": total, "limit": limit, "offset": offset}})

    def counts(self) -> dict:
        return {"dials": len(self.calls), "told": self.told, "refused": self.refused, "open": len(self.timers)}

    def ledger(self) -> dict:
        """(when it came, number, attempt) of every dial, and how long each report waited for its answer."""
        return {"dials": [(call.at, call.phone, call.attempt) for call in self.calls], "waits": self.waits}


class Reporter(asyncio.Protocol):
    """One kept connection to a runner's webhooks; one report after the other."""

    def __init__(self, exchange: Exchange, place: tuple[str, int]) -> None:
        self.exchange, self.place, self.transport, self.call = exchange, place, None, None

    def next(self) -> None:
        queue = self.exchange.queues[self.place]
        if not queue:
            self.exchange.free[self.place].append(self)
            return
        self.call, self.got = queue.popleft(), b""
        if self.transport is None:
            self.exchange.loop.create_task(self.connect())
        else:
            self.send()

    async def connect(self) -> None:
        try:
            await self.exchange.loop.create_connection(lambda: self, *self.place)
        except OSError:
            self.failed()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.began = time.perf_counter()
        body, stamp = self.call.report(), b"%d" % time.time()
        digest = hmac.new(self.exchange.secret, stamp + b"." + body, hashlib.sha256).hexdigest().encode()
        self.transport.write(
            b"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Webhook-Event: end-of-call-report\r\n"
            b"X-Webhook-Timestamp: %s\r\nX-Webhook-Signature: sha256=%s\r\nContent-Length: %d\r\n\r\n%s"
            % (urlsplit(self.call.hook).path.encode(), self.place[0].encode(), stamp, digest, len(body), body)
        )

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, end, rest = self.got.partition(b"\r\n\r\n")
        if not end or len(rest) < _length(head):
            return
        if not head.startswith(b"HTTP/1.1 2"):
            self.exchange.refused += 1
            self.failed()
            return
        self.exchange.waits.append(time.perf_counter() - self.began)
        self.exchange.told += 1
        self.call = None
        self.next()

    def connection_lost(self, _error) -> None:
        self.transport = None
        if self.call is not None:
            self.failed()

    def failed(self) -> None:
        call, self.call = self.call, None
        call.tries += 1
        if call.tries < TRIES:
            self.exchange.loop.call_later(AGAIN * 2**call.tries, self.exchange.end, call)
        self.exchange.loop.call_later(AGAIN, self.next)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


class Server(asyncio.Protocol):
    """HTTP/1.1 as far as a runner speaks it."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.got = exchange, b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data
        while True:
            head, end, rest = self.got.partition(b"\r\n\r\n")
            length = _length(head)
            if not end or len(rest) < length:
                return
            self.got = rest[length:]
            body = self.answer(head.split(b" ", 2), rest[:length])
            self.transport.write(
                b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (b"200 OK" if body else b"404 Not Found", len(body), body)
            )
            if b"connection: close" in head.lower():
                self.transport.close()
                return

    def answer(self, asked: list[bytes], body: bytes) -> bytes:
        exchange, target = self.exchange, urlsplit(asked[1].decode())
        path = target.path.rsplit("/api/v1", 1)[-1]
        if path == "/calls/outbound":
            return exchange.place(orjson.loads(body))
        if path == "/calls":
            return exchange.page(parse_qs(target.query.replace("+", "%2B")))
        if path.startswith("/calls/"):
            call = exchange.by_id.get(path.rpartition("/")[2])
            return orjson.dumps(call.record()) if call else b""
        if path == "/bench/end":
            exchange.end_all()
        shown = {"/bench/counts": exchange.counts, "/bench/end": exchange.counts, "/bench/ledger": exchange.ledger}
        return json.dumps(shown[path]() if path in shown else _ABOUT.get(path.split("/")[1], {})).encode()


_ABOUT = {
    "organizations": {"id": "o1", "name": "bench", "minutes_balance": 1e9},
    "assistants": {"id": "a1", "name": "bench", "is_active": True, "webhook_secret": "set"},
    "numbers": {"numbers": []},
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--talk", type=float, default=0.05)
    parser.add_argument("--secret", default="")
    given = parser.parse_args()
    exchange = Exchange(given.talk, given.secret.encode())
    server = await exchange.loop.create_server(lambda: Server(exchange), "127.0.0.1", given.port, backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
