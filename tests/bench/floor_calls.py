"""The floor of a whole call, in a process of its own: claim, POST, store the id, take the report in, store the outcome.

    python tests/bench/floor_calls.py PROVIDER_PORT STORE CALLS [--live N] [--kept] [--rate N] [--reports]

STORE is a file (SQLite) or an address (PostgreSQL). aiohttp out, Starlette on uvicorn with httptools and uvloop in,
every write in a group. `--kept`: connections to the provider are kept; else each dial opens its own, as a dial must.
`--rate`: dials spaced evenly, each noted with the instant that it was due. `--reports`: all calls are placed first,
then all end at once, and only the taking in of their reports is measured. Prints one JSON document.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import socket
import time
from pathlib import Path

import aiohttp
import orjson
import uvicorn
import uvloop
from floor_store import PostgresFloor, SqliteFloor, Store
from rig import Provider
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = Provider.SECRET.encode()
HEADERS = {"Authorization": "Bearer bench", "Content-Type": "application/json"}


class Runner:
    """Keeps so many calls open until all are settled."""

    def __init__(self, given: argparse.Namespace, store: Store) -> None:
        self.given, self.store = given, store
        self.room, self.settled, self.live = asyncio.Semaphore(given.live), 0, {}
        self.slots: dict[str, float] = {}
        self.hook = ""
        self.posts = asyncio.Semaphore(32)

    async def report(self, request: Request) -> Response:
        body, headers = await request.body(), request.headers
        stamp = headers["x-webhook-timestamp"].encode()
        digest = hmac.new(SECRET, stamp + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={digest}", headers["x-webhook-signature"]):
            return Response(status_code=401)
        message = orjson.loads(body)["message"]
        lead = int(request.path_params["lead"])
        await self.store.ended(lead, message["call"]["id"], body)
        self.settled += 1
        self.room.release()
        return Response(b"{}", media_type="application/json")

    async def call(self, http: aiohttp.ClientSession, lead: int, phone: str, due: float) -> None:
        metadata = {"attempt_id": str(lead), "variables": {"first_name": "Person"}}
        override = {"metadata": metadata, "webhook_url": f"{self.hook}/{lead}"}
        order = {"destination": phone, "assistant_id": "a1", "assistant_override": override}
        async with self.posts:
            self.slots[str(lead)] = due
            async with http.post(self.given.url, data=orjson.dumps(order), headers=HEADERS) as answer:
                placed = orjson.loads(await answer.read())
        await self.store.placed(lead, placed["call_id"])

    async def run(self, http: aiohttp.ClientSession) -> dict:
        tasks, waiting = set(), []
        warm = self.given.calls // 20
        begun, wall, cpu, first = time.time() + 0.1, time.perf_counter(), time.process_time(), 0
        for number in range(self.given.calls):
            await self.room.acquire()
            due = begun + number * 1.02 / self.given.rate if self.given.rate else time.time()
            if not waiting:
                waiting = list(await self.store.claim(100))[::-1]
            if (left := due - time.time()) > 0:
                await asyncio.sleep(left)
            task = asyncio.create_task(self.call(http, *tuple(waiting.pop())[:2], due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            if number == warm:
                wall, cpu, first = time.perf_counter(), time.process_time(), self.settled
        if self.given.reports:
            await asyncio.gather(*tasks)
            wall, cpu, first = time.perf_counter(), time.process_time(), 0
            await (await http.post(f"http://127.0.0.1:{self.given.port}/bench/end")).read()
        while self.settled < self.given.calls and not self.given.rate:
            await asyncio.sleep(0.005)
        done = self.settled - first
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        await asyncio.gather(*tasks)
        closed = await self.store.closed()
        return {
            "calls": done,
            "wall": wall,
            "cpu": cpu,
            "closed": closed,
            "slots": self.slots if self.given.rate else {},
        }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("store")
    parser.add_argument("calls", type=int)
    parser.add_argument("--live", type=int, default=100)
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--reports", action="store_true")
    given = parser.parse_args()
    given.url = f"http://127.0.0.1:{given.port}/api/v1/calls/outbound"
    leads = [f"+9990{n:08}" for n in range(given.calls)]
    on_server = given.store.startswith("postgres")
    store = await PostgresFloor.opened(given.store, leads) if on_server else SqliteFloor(Path(given.store), leads)
    runner = Runner(given, store)
    app = Starlette(routes=[Route("/report/{lead}", runner.report, methods=["POST"])])
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    runner.hook = f"http://127.0.0.1:{listener.getsockname()[1]}/report"
    config = uvicorn.Config(
        app, http="httptools", access_log=False, log_config=None, lifespan="off", timeout_keep_alive=120
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    connector = aiohttp.TCPConnector(limit=0, force_close=not given.kept)
    async with aiohttp.ClientSession(connector=connector) as http:
        found = await runner.run(http)
    print(json.dumps(found), flush=True)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(main())
