"""A plain job queue that places calls, as Oban, River or procrastinate would: only to be compared with.

Runs as its own process (`python plain_queue.py FOLDER ADDRESS RATE`): claim a job and commit, POST, save and commit. A
job that fails is tried again after a moment; jobs that a dead worker left running are made pending again, as those
queues' rescuers do. Nothing in it is done badly on purpose: it does what such a queue promises, at least once.
"""

import asyncio
import json
import random
import sqlite3
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

TRIES, AGAIN, AT_ONCE, PATIENCE = 5, 0.5, 32, 5.0
SCHEMA = "CREATE TABLE IF NOT EXISTS job (phone TEXT PRIMARY KEY, state TEXT, tries INT, run_at REAL, call_id TEXT)"
CLAIM = """UPDATE job SET state = 'running', tries = tries + 1 WHERE phone = (
    SELECT phone FROM job WHERE state = 'pending' AND run_at <= ? ORDER BY run_at LIMIT 1) RETURNING phone"""

FAILED = "UPDATE job SET state = iif(tries < ?, 'pending', 'discarded'), run_at = ? WHERE phone = ?"


def opened(folder: Path) -> sqlite3.Connection:
    """The queue, filled once, with what a dead worker left made pending again."""
    db = sqlite3.connect(folder / "queue.db", isolation_level=None)
    db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {SCHEMA}")
    phones = [line.partition(",")[0] for line in (folder / "people.csv").read_text().splitlines()[1:]]
    db.execute("BEGIN")
    db.executemany("INSERT INTO job VALUES (?, 'pending', 0, 0, NULL) ON CONFLICT DO NOTHING", [(p,) for p in phones])
    db.execute("UPDATE job SET state = 'pending' WHERE state = 'running'")
    db.execute("COMMIT")
    return db


async def posted(address: str, phone: str) -> str:
    """The id of a call. Raises OSError, TimeoutError, ValueError where the answer is not one."""
    parts = urlsplit(address)
    body = json.dumps({"assistant_id": "agent-1", "phone_number": phone}).encode()
    head = f"POST /calls/direct HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer foreign-key\r\n"
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            writer.write(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            status, _, rest = (await reader.read()).partition(b"\r\n")
            if b" 201 " not in status:
                raise ValueError("no call")
            return str(json.loads(rest.partition(b"\r\n\r\n")[2])["call_id"])
        finally:
            writer.close()


async def worked(db: sqlite3.Connection, address: str, phone: str) -> None:
    try:
        call = await posted(address, phone)
    except (OSError, TimeoutError, ValueError):
        again = time.time() + AGAIN * random.uniform(0.5, 1.5)
        db.execute(FAILED, (TRIES, again, phone))
    else:
        db.execute("UPDATE job SET state = 'done', call_id = ? WHERE phone = ?", (call, phone))


async def main(folder: Path, address: str, rate: float) -> None:
    """Until every job is done or discarded."""
    db = opened(folder)
    running = set[asyncio.Task[None]]()
    while db.execute("SELECT 1 FROM job WHERE state IN ('pending', 'running') LIMIT 1").fetchone():
        claimed = db.execute(CLAIM, (time.time(),)).fetchone() if len(running) < AT_ONCE else None
        if claimed:
            task = asyncio.ensure_future(worked(db, address, claimed[0]))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.sleep(1 / rate)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
