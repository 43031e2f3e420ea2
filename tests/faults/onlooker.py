"""Somebody who looks on: a page of the dashboard that stays open, and an API that is asked again and again.

Runs as its own process (`python onlooker.py ADDRESS TOKEN SECONDS`) until it is killed. What it was refused goes to
stderr, how much a page told to stdout.
"""

import asyncio
import re
import sys
import uuid

import httpx
import socketio

ASKED = ("/api/campaigns", "/api/campaigns/hard", "/api/campaigns/hard/leads?limit=50", "/metrics", "/readyz")
EVERY = 2.0
"""Seconds between two rounds of asking."""


async def asking(client: httpx.AsyncClient, token: str) -> None:
    """Ask for all of it, for ever."""
    while True:
        for path in ASKED:
            answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
            if answer.status_code != 200:
                print(path, answer.status_code, file=sys.stderr, flush=True)  # noqa: T201 - the test reads it
        await asyncio.sleep(EVERY)


async def looking(client: httpx.AsyncClient, address: str, seconds: float) -> None:
    """Open the first page, listen to it for so long, leave it, and come back."""
    while True:
        page = (await client.get("/", headers={"Accept": "text/html"})).text
        query = dict(re.findall(r"'(\w+)': '?([^',}]*)", page.partition("query: {")[2].partition("}")[0]))
        query |= {
            "implicit_handshake": "true",
            "document_id": str(uuid.uuid4()),
            "tab_id": str(uuid.uuid4()),
            "old_tab_id": "",
        }
        words = "&".join(f"{name}={value}" for name, value in query.items())
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        async with socketio.AsyncSimpleClient() as socket:
            await socket.connect(
                f"{address}?{words}", headers={"Cookie": cookie, "Origin": address}, transports=["websocket"],
                socketio_path="/_nicegui_ws/socket.io",
            )  # fmt: skip
            heard = 0
            with_end = asyncio.get_running_loop().time() + seconds
            while (left := with_end - asyncio.get_running_loop().time()) > 0:
                try:
                    await socket.receive(timeout=left)
                    heard += 1
                except socketio.exceptions.TimeoutError:
                    break
            print("heard", heard, flush=True)  # noqa: T201 - the test reads it


async def main(address: str, token: str, seconds: float) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        await client.post("/login", data={"secret": token, "next": "/"}, headers={"Origin": address})
        await asyncio.gather(asking(client, token), looking(client, address, seconds))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
