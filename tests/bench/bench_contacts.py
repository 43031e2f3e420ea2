"""What it costs to read 10,000 contacts of a system elsewhere, page by page, while its conversations move.

    python tests/bench contacts

Callbell's simulator serves in a process of its own. Beside the reading into rows a floor of the same run: the same 500
pages fetched with plain httpx, and parsed as JSON. Processor time of this process alone.
"""

import multiprocessing as mp
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import anyio
import httpx
from rig import Row, Wish

from campaigns.clock import SystemClock
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callbell.contacts import CallbellContacts
from campaigns.vendors.callbell.simulator import CallbellSimulator, Faults, Options, SimContact

MANY = 10_000


def serve(told: Connection) -> None:
    """The simulated account, until this process is ended."""

    async def main() -> None:
        people = (
            SimContact(uuid=f"{n:032x}", name=f"Person {n}", phone=f"+442079460{n % 1000:03}") for n in range(MANY)
        )
        simulator = CallbellSimulator(clock=SystemClock(), contacts=people, faults=Faults(options=Options(stir=5)))
        async with serving(simulator.app, bind("127.0.0.1", 0)) as address:
            told.send(address + simulator.prefix)
            await anyio.sleep_forever()

    anyio.run(main)


async def rows(base: str) -> int:
    contacts = CallbellContacts(VendorAccount("callbell", base, "key", section="lists"), Surroundings())
    met = {row.ref for row in [row async for batch in contacts.read({}) for row in batch.rows]}  # type: ignore[union-attr]
    await contacts.aclose()
    return len(met)


async def plain(base: str) -> int:
    met, after = set(), None
    async with httpx.AsyncClient(headers={"Authorization": "Bearer key"}, trust_env=False) as client:
        while True:
            query = {"after": after} if after else {}
            page = (await client.get(f"{base}/contacts", params=query)).json()
            met |= {contact["uuid"] for contact in page["contacts"]}
            if not (after := page["meta"]["next"]):
                return len(met)


async def most_held(base: str) -> float:
    """MB that reading holds at most, when nobody keeps the rows."""
    contacts = CallbellContacts(VendorAccount("callbell", base, "key", section="lists"), Surroundings())
    tracemalloc.start()
    async for _ in contacts.read({}):
        pass
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    await contacts.aclose()
    return most


def cost(work: Callable[[str], Awaitable[int]], base: str) -> float:
    """Seconds of this process's processor, the best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        met = anyio.run(work, base)
        best = min(best, time.process_time() - begun)
        assert met == MANY, f"{met} of {MANY} were met"
    return best


def measure(wish: Wish) -> list[Row]:
    here, there = mp.Pipe()
    server = mp.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    base = here.recv()
    try:
        floor, ours, held = cost(plain, base), cost(rows, base), anyio.run(most_held, base)
    finally:
        server.terminate()
        server.join()
    return [
        Row("contacts", f"{MANY:,} contacts of Callbell read page by page, CPU", ours, "s", floor),
        Row("contacts", "memory that reading holds at most", held, "MB"),
    ]
