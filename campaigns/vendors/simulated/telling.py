"""What a simulator does by itself: it tells of calls by webhook, rings back, and does what was put off."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import anyio
import httpx
from anyio.abc import TaskGroup

from campaigns.ports import Clock
from campaigns.vendors.http import tls_context

from .faults import Dice
from .ledger import SimCall
from .staying import staying

_TIMEOUT = httpx.Timeout(10.0, pool=None)
_PASSED_BY = 30.0
"""Seconds by which a reordered webhook is late when the rule names none."""


@dataclass(frozen=True, slots=True)
class News:
    """One webhook that is to be delivered."""

    at: datetime
    kind: str
    """Event type and status, such as `status-update ended`: what fault rules match."""
    body: dict[str, Any] = field(repr=False)
    url: str | None = field(default=None, repr=False)
    """Where the vendor takes an address per call; None: the account's own."""


class Paper(Protocol):
    """A vendor's way to tell of calls."""

    def news(self, call: SimCall) -> Iterable[News]:
        """All that is ever told of a call."""

    def headers(self, body: bytes, item: News) -> dict[str, str]:
        """Of one delivery: content type, and a signature where the vendor signs."""

    def encode(self, item: News) -> bytes:
        """The body as it is sent."""

    def forged(self, item: News, url: str) -> tuple[News, str]:
        """What somebody who is not the vendor would send, and where to."""

    def misdirected(self, item: News) -> News:
        """The same news under another person's number."""


class Teller:
    """Delivers what time brings while it runs; what was due while nobody ran is lost, as a vendor's is."""

    def __init__(self, clock: Clock, dice: Dice, paper: Paper) -> None:
        self._clock, self._dice, self._paper = clock, dice, paper
        self.ring_back: Callable[[SimCall], object] = lambda _call: None
        """What a person does who calls back; the exchange sets it."""
        self._tasks: TaskGroup | None = None
        self._waiting: list[tuple[datetime, Callable[[], object]]] = []
        self._since = clock.now()
        self._untold: dict[str, anyio.CancelScope] = {}
        """Around what is still to be told, by call."""
        self.webhook: str | None = None
        """Where webhooks go; None: nowhere."""
        self.named: str | None = None
        """What whoever started it said of that: beyond this machine nothing is sent anywhere else."""
        self.told: dict[str, int] = {}
        """Webhooks by what became of them."""

    async def run(self, calls: Iterable[SimCall], answered: Callable[[str], bool]) -> None:
        """Until cancelled. `calls`: of earlier; `answered`: whether a missed call was rung back already."""
        self._since = self._clock.now()
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=20)
        async with (
            httpx.AsyncClient(
                timeout=_TIMEOUT,
                limits=limits,
                trust_env=False,
                event_hooks=staying(self.named),
                verify=tls_context(),
            ) as http,
            anyio.create_task_group() as tasks,
        ):
            self._http, self._tasks = http, tasks
            for at, act in self._waiting:
                self.later(at, act)
            self._waiting.clear()
            for call in calls:
                self.born(call, rung_back=answered(call.call_id))
            try:
                await anyio.sleep_forever()
            finally:
                self._tasks = None

    def born(self, call: SimCall, *, rung_back: bool = False) -> None:
        """A call exists: what it brings in time is brought."""
        if self._tasks is None:
            return
        self._tell_from(call, self._since)
        if call.calls_back_at and not rung_back:
            self.later(call.calls_back_at, lambda: self.ring_back(call))

    def changed(self, call: SimCall) -> None:
        """A call takes another course from now on: what was still to be told of the old one is not told."""
        if call.call_id in self._untold:
            self._untold.pop(call.call_id).cancel()
        self._tell_from(call, self._clock.now())

    def later(self, at: datetime, act: Callable[[], object]) -> None:
        """Do something at a moment of the clock; an awaitable that it returns is awaited."""
        if self._tasks is None:
            self._waiting.append((at, act))
        else:
            self._tasks.start_soon(self._do, at, act)

    async def ask(self, item: News) -> httpx.Response | None:
        """Deliver one question and wait for its answer; None: nobody answered."""
        url = item.url or self.webhook
        if url is None or self._tasks is None:
            return None
        with self._clock.work(), suppress(httpx.HTTPError, httpx.InvalidURL):
            body = self._paper.encode(item)
            return await self._http.post(url, content=body, headers=self._paper.headers(body, item))
        return None

    async def _do(self, at: datetime, act: Callable[[], object]) -> None:
        await self._clock.sleep_until(at)
        doing = act()
        if isinstance(doing, Awaitable):
            await doing

    def _tell_from(self, call: SimCall, since: datetime) -> None:
        items = [item for item in self._paper.news(call) if item.at >= since]
        if items and self._tasks is not None:
            self._tasks.start_soon(self._tell_all, call, items)

    async def _tell_all(self, call: SimCall, items: list[News]) -> None:
        with anyio.CancelScope() as scope:
            self._untold[call.call_id] = scope
            async with anyio.create_task_group() as tasks:
                for item in items:
                    tasks.start_soon(self._tell, call, item)
        if self._untold.get(call.call_id) is scope:
            del self._untold[call.call_id]

    async def _tell(self, call: SimCall, item: News) -> None:
        """Deliver one piece of news, or what a fault makes of it."""
        await self._clock.sleep_until(item.at)
        rule = self._dice.pick("webhook", f"{call.call_id}|{item.kind}", item.kind)
        kind = rule.kind if rule else ""
        seconds = rule.seconds if rule else 0.0
        late = (seconds or _PASSED_BY) if kind == "reorder" else seconds if kind == "delay" else 0.0
        await self._clock.sleep_until(item.at + timedelta(seconds=late))
        if kind == "lose":
            self._count("lost")
            return
        url = item.url or self.webhook
        await self._deliver(self._paper.misdirected(item) if kind == "wrong_number" else item, url)
        if kind == "duplicate":
            await self._clock.sleep_until(item.at + timedelta(seconds=seconds))
            await self._deliver(item, url)
        if kind == "forge" and url:
            await self._deliver(*self._paper.forged(item, url))

    async def _deliver(self, item: News, url: str | None) -> None:
        """One attempt, at most once: no vendor documents a second."""
        if url is None:
            return
        outcome = "failed"
        with self._clock.work(), suppress(httpx.HTTPError, httpx.InvalidURL):
            body = self._paper.encode(item)
            answer = await self._http.post(url, content=body, headers=self._paper.headers(body, item))
            outcome = "taken" if answer.is_success else f"answered {answer.status_code}"
        self._count(outcome)

    def _count(self, outcome: str) -> None:
        self.told[outcome] = self.told.get(outcome, 0) + 1
