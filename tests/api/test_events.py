"""What moves is told as it happens: nothing is lost, nothing piles up, and whose token is revoked hears no more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from campaigns.api import Pace
from campaigns.desk.access import Role
from campaigns.desk.board import Change

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUICK = Pace(pulse=0.02, longest=5)


class Told:
    """What a board tells of changes, to whoever listens."""

    def __init__(self, served: Any) -> None:
        self._all: list[Any] = []
        served.desk.board.changes = self._changes

    async def _changes(self) -> AsyncIterator[Change]:
        send, receive = anyio.create_memory_object_stream[Change](1000)
        self._all.append(send)
        async with send, receive:
            async for change in receive:
                yield change

    async def tell(self, kind: str, campaign: str = "small") -> None:
        while not self._all:
            await anyio.lowlevel.checkpoint()
        for each in self._all:
            each.send_nowait(Change(campaign, kind, AT))


class Listener:
    """Somebody at the other end, who may stop reading."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.status, self.headers = 0, dict[str, str]()
        self._moved, self._gone = anyio.Event(), anyio.Event()
        self.reads = anyio.Event()
        self.reads.set()

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        self.lines += [line for line in message.get("body", b"").decode().split("\n\n") if line]
        self._moved.set()

    async def until(self, line: str) -> None:
        """Some line begins so, or has it."""
        with anyio.fail_after(3):
            while not any(line in each for each in self.lines):
                self._moved = anyio.Event()
                await self._moved.wait()

    def leave(self) -> None:
        self._gone.set()

    @property
    def events(self) -> list[str]:
        return [line for line in self.lines if "event:" in line]


@asynccontextmanager
async def listening(served: Any, query: str = "", role: Role = Role.READ, **headers: str) -> AsyncIterator[Listener]:
    listener = Listener()
    said = {"authorization": f"Bearer {served.secrets[role]}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": "http", "method": "GET", "path": "/api/events", "raw_path": b"/api/events", "root_path": "",
        "query_string": query.encode(), "http_version": "1.1", "scheme": "http", "server": ("here", 80),
        "client": ("127.0.0.1", 1), "headers": [(k.encode(), v.encode()) for k, v in said.items()],
    }  # fmt: skip
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(served.app, scope, listener.receive, listener.send)
        yield listener
        listener.leave()


async def test_what_moves_is_told_at_once_as_an_event_stream(serve):
    async with serve() as served:
        told = Told(served)
        async with listening(served) as listener:
            await told.tell("calls")
            await listener.until("event: calls")
            assert listener.status == 200
            assert listener.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert "content-length" not in listener.headers
            assert listener.events == [
                'id: 2026-11-23T09:00:00+00:00\nevent: calls\ndata: {"campaign": "small", "kind": "calls"}'
            ]


async def test_signs_of_life_come_while_nothing_moves(serve):
    async with serve(QUICK) as served:
        Told(served)
        async with listening(served) as listener:
            await listener.until(": still here")
            assert not listener.events


async def test_one_campaign_alone_can_be_listened_to(serve):
    async with serve() as served:
        told = Told(served)
        async with listening(served, "campaign=small") as listener:
            await told.tell("calls", "other")
            await told.tell("state", "")
            await told.tell("counts", "small")
            await listener.until("counts")
            assert [event.splitlines()[1] for event in listener.events] == ["event: state", "event: counts"]


async def test_whoever_was_away_is_told_first_that_all_may_be_old(serve):
    async with serve() as served:
        Told(served)
        async with listening(served, last_event_id="2026-11-23T08:00:00+00:00") as listener:
            await listener.until("event: again")
        async with listening(served) as listener:
            await listener.until("retry:")
            assert not listener.events


async def test_for_a_slow_listener_nothing_piles_up_and_nothing_is_lost(serve):
    async with serve() as served:
        told = Told(served)
        async with listening(served) as listener:
            await told.tell("calls")
            await listener.until("event: calls")
            listener.reads = anyio.Event()
            for _ in range(300):
                await told.tell("calls")
                await told.tell("counts", "other")
            await anyio.wait_all_tasks_blocked()
            listener.reads.set()
            await listener.until("counts")
            await told.tell("state")
            await listener.until("state")
            assert {(event.splitlines()[1]) for event in listener.events} == {
                "event: calls", "event: counts", "event: state",
            }  # fmt: skip
            assert len(listener.events) <= 6


async def test_whoever_may_come_in_no_more_hears_no_more(serve):
    async with serve(QUICK) as served, served.client() as admin:
        Told(served)
        with anyio.fail_after(3):
            async with listening(served) as listener:
                await listener.until(": still here")
                assert (await admin.delete("/tokens/the read")).status_code == 200
                listener.leave = lambda: None  # the stream ends by itself


async def test_a_stream_ends_after_its_time_so_that_who_listens_comes_again(serve):
    async with serve(Pace(pulse=0.02, longest=0.1)) as served:
        Told(served)
        with anyio.fail_after(3):
            async with listening(served) as listener:
                listener.leave = lambda: None


async def test_no_more_listen_than_can_be_served_and_who_leaves_makes_room(serve, monkeypatch):
    monkeypatch.setattr("campaigns.api.events.MOST", 1)
    async with serve() as served, served.client(Role.READ) as reader:
        Told(served)
        for _ in range(2):
            async with listening(served) as listener:
                await listener.until("retry:")
                answer = await reader.get("/events")
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


@pytest.mark.parametrize("role", list(Role))
async def test_everybody_may_listen(serve, role):
    async with serve() as served:
        Told(served)
        async with listening(served, role=role) as listener:
            await listener.until("retry:")
            assert listener.status == 200


async def test_what_a_person_does_is_heard_by_whoever_listens(serve):
    async with serve() as served, served.client() as admin, anyio.create_task_group() as tasks:
        tasks.start_soon(served.desk.run)
        async with listening(served, "campaign=waiting") as listener:
            await listener.until("retry:")
            assert (await admin.post("/campaigns/waiting/resume")).status_code == 200
            await listener.until('event: state\ndata: {"campaign": "waiting"')
        tasks.cancel_scope.cancel()
