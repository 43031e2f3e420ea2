"""The same calls as jobs of a plain queue on PostgreSQL, in a process of their own: POST, wait, store the report.

    python tests/bench/peers.py procrastinate|pgqueuer|dbos PROVIDER_PORT ADDRESS CALLS [--live N]

Kept connections to the provider, one table for reports, and nothing of what a campaign needs beside: no hours, no law,
no caps, no doubt about a lost answer. Everything is enqueued first; then the queue runs. Prints one JSON document.
"""

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
import asyncpg
import orjson
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Job = Callable[[int], Awaitable[None]]
BATCH = 1_000


class Calls:
    """What each job does, and how long all of them took from the first tenth on."""

    def __init__(self, port: int, count: int) -> None:
        self.url, self.count, self.done = f"http://127.0.0.1:{port}/api/v1/calls/outbound", count, 0
        self.reports: dict[str, asyncio.Future[bytes]] = {}
        self.marks: dict[int, tuple[float, float]] = {}

    async def job(self, number: int) -> None:
        name = str(number)
        told = self.reports[name] = asyncio.get_running_loop().create_future()
        override = {"metadata": {"attempt_id": name}, "webhook_url": f"{self.hook}/{name}"}
        order = {"destination": f"+9990{number:08}", "assistant_id": "a1", "assistant_override": override}
        async with self.http.post(self.url, data=orjson.dumps(order)) as answer:
            call_id = orjson.loads(await answer.read())["call_id"]
        body = await told
        del self.reports[name]
        await self.pool.execute("INSERT INTO bench_report VALUES ($1, $2) ON CONFLICT DO NOTHING", call_id, body)
        self.done += 1
        self.marks[self.done] = time.perf_counter(), time.process_time()

    async def report(self, request: Request) -> Response:
        body = await request.body()
        waiting = self.reports.get(request.path_params["name"])
        if waiting is not None and not waiting.done():
            waiting.set_result(body)
        return Response(b"{}", media_type="application/json")

    async def open(self, address: str) -> None:
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self.pool = await asyncpg.create_pool(address, min_size=4, max_size=10)
        await self.pool.execute("CREATE TABLE bench_report (call_id TEXT PRIMARY KEY, body BYTEA)")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self.hook = f"http://127.0.0.1:{listener.getsockname()[1]}/report"
        app = Starlette(routes=[Route("/report/{name}", self.report, methods=["POST"])])
        config = uvicorn.Config(app, http="httptools", access_log=False, log_config=None, lifespan="off",
                                timeout_keep_alive=120)  # fmt: skip
        server = uvicorn.Server(config)
        self.serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)

    def told(self) -> str:
        first, last = self.marks[max(1, self.count // 10)], self.marks[self.count * 19 // 20]
        calls = self.count * 19 // 20 - max(1, self.count // 10)
        return json.dumps({"calls": calls, "wall": last[0] - first[0], "cpu": last[1] - first[1], "done": self.done})


async def all_done(calls: Calls) -> None:
    while calls.done < calls.count:
        await asyncio.sleep(0.02)


async def procrastinate(calls: Calls, address: str, live: int) -> None:
    from procrastinate import App, PsycopgConnector  # noqa: PLC0415

    app = App(connector=PsycopgConnector(conninfo=address, max_size=20))

    @app.task(name="call")
    async def call(number: int) -> None:
        await calls.job(number)

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for start in range(0, calls.count, BATCH):
            await call.batch_defer_async(*({"number": n} for n in range(start, min(start + BATCH, calls.count))))
        await app.run_worker_async(wait=False, concurrency=live, install_signal_handlers=False, listen_notify=False)


async def pgqueuer(calls: Calls, address: str, live: int) -> None:
    from pgqueuer import AsyncpgPoolDriver, PgQueuer, Queries  # noqa: PLC0415
    from pgqueuer.types import QueueExecutionMode  # noqa: PLC0415

    pool = await asyncpg.create_pool(address, min_size=4, max_size=10)
    driver = AsyncpgPoolDriver(pool)
    queries, queue = Queries(driver), PgQueuer(driver)
    await queries.install()

    @queue.entrypoint("call")
    async def call(job) -> None:
        await calls.job(int(job.payload))

    for start in range(0, calls.count, BATCH):
        numbers = range(start, min(start + BATCH, calls.count))
        await queries.enqueue(["call"] * len(numbers), [b"%d" % n for n in numbers], [0] * len(numbers))
    await queue.run(batch_size=live, mode=QueueExecutionMode.drain, dequeue_timeout=timedelta(seconds=1))


async def dbos(calls: Calls, address: str, live: int) -> None:
    from dbos import DBOS, DBOSClient  # noqa: PLC0415

    at_work = {"name": "bench", "system_database_url": address, "log_level": "ERROR", "sys_db_pool_size": 20}
    DBOS(config=at_work)

    @DBOS.workflow()
    async def call(number: int) -> None:
        await step(number)

    @DBOS.step()
    async def step(number: int) -> None:
        await calls.job(number)

    DBOS.launch()
    client, room = DBOSClient(system_database_url=address), asyncio.Semaphore(50)

    async def enqueue(number: int) -> None:
        async with room:
            await client.enqueue_async({"workflow_name": call.__qualname__, "queue_name": "calls"}, number)

    await asyncio.gather(*(enqueue(n) for n in range(calls.count)))
    await DBOS.register_queue_async("calls", polling_interval_sec=0.05, worker_concurrency=live)
    await all_done(calls)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=("procrastinate", "pgqueuer", "dbos"))
    parser.add_argument("port", type=int)
    parser.add_argument("address")
    parser.add_argument("count", type=int)
    parser.add_argument("--live", type=int, default=100)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    calls = Calls(given.port, given.count)
    await calls.open(given.address)
    run = {"procrastinate": procrastinate, "pgqueuer": pgqueuer, "dbos": dbos}[given.peer]
    await run(calls, given.address, given.live)
    await all_done(calls)
    print(calls.told(), flush=True)
    sys.stdout.flush()
    os._exit(0)  # dbos keeps threads that never end


if __name__ == "__main__":
    uvloop.run(main())
