"""A Flireo platform of generation A to run campaigns against: an own reading of the vendor, with people who answer.

It shares no code with our client, so that a mistaken reading cannot hide on both sides. What nobody has published about
the vendor is assumed here as in any client; the assumptions that matter can be switched in `Options`.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import httpx
from anyio.abc import TaskGroup

from campaigns.ports import Clock

from .sim_cut import SeveringApp
from .sim_exchange import Exchange
from .sim_faults import Dice, Faults, Options, Rule, load_faults, own_numbers
from .sim_http import Surface
from .sim_ledger import Ledger, SimCall, SimScheduled
from .sim_people import How
from .sim_webhooks import News, forged, misdirected, news

__all__ = ["Faults", "FlireoSimulator", "How", "Options", "Rule", "SimCall", "load_faults", "own_numbers"]

_WEBHOOK_TIMEOUT = httpx.Timeout(10.0, pool=None)
_PASSED_BY = 30.0
"""Seconds by which a reordered webhook is late when the rule names none."""


class FlireoSimulator:
    """One simulated account: `app` is its HTTP surface, `run` what happens by itself.

    Args:
        clock: Decides what has happened; under a discrete clock a request must be made inside `clock.work()`.
        seed: Together with the numbers it settles what every call comes to.
        ledger: JSON lines of the truth; an existing file goes on where it ended. None: memory only.
        faults: Rules and options as read by `load_faults`.
        webhook: Where assistants report to; None: nowhere. Also `POST /_simulator/webhook {"url": …}`.
        options: How the platform is set up; None: those of `faults`.

    Raises InputError when the ledger cannot be read.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int = 1,
        ledger: Path | None = None,
        faults: Faults | None = None,
        webhook: str | None = None,
        options: Options | None = None,
    ) -> None:
        faults = faults or Faults()
        dice = Dice(seed, faults.rules)
        self._clock = clock
        self._tasks: TaskGroup | None = None
        self._waiting: list[tuple[datetime, Callable[[], object]]] = []
        self._since = clock.now()
        self._exchange = Exchange(
            clock, seed, Ledger(ledger), dice, options or faults.options, webhook, self._born, self._later
        )
        self.app: SeveringApp = Surface(self._exchange).app()

    @property
    def webhook(self) -> str | None:
        """Where webhooks go; None: nowhere."""
        return self._exchange.webhook

    @webhook.setter
    def webhook(self, url: str | None) -> None:
        self._exchange.webhook = url

    @property
    def calls(self) -> list[SimCall]:
        """The truth so far, oldest first; it holds phone numbers."""
        return self._exchange.ledger.everything()

    @property
    def scheduled(self) -> list[SimScheduled]:
        """What was scheduled, and what became of it, oldest first."""
        return list(self._exchange.ledger.scheduled.values())

    def stats(self) -> dict[str, object]:
        """The figures of `/_simulator/stats`."""
        return self._exchange.stats()

    async def run(self) -> None:
        """Deliver what time brings (webhooks, people who call back) until cancelled.

        Webhooks that were due while nobody ran are lost, as a vendor's are; calls back are made up for.
        """
        self._since = self._clock.now()
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=20)
        async with (
            httpx.AsyncClient(timeout=_WEBHOOK_TIMEOUT, limits=limits, trust_env=False) as http,
            anyio.create_task_group() as tasks,
        ):
            self._http, self._tasks = http, tasks
            for at, act in self._waiting:
                self._later(at, act)
            self._waiting.clear()
            for call in self.calls:
                self._born(call)
            try:
                await anyio.sleep_forever()
            finally:
                self._tasks = None

    def _born(self, call: SimCall) -> None:
        if self._tasks is None:
            return
        for item in news(call, self._exchange):
            if item.at >= self._since:
                self._tasks.start_soon(self._tell, call, item)
        if call.calls_back_at and call.call_id not in self._exchange.ledger.answered:
            self._later(call.calls_back_at, lambda: self._exchange.ring_us(call))

    def _later(self, at: datetime, act: Callable[[], object]) -> None:
        if self._tasks is None:
            self._waiting.append((at, act))
        else:
            self._tasks.start_soon(self._do, at, act)

    async def _do(self, at: datetime, act: Callable[[], object]) -> None:
        await self._clock.sleep_until(at)
        act()

    async def _tell(self, call: SimCall, item: News) -> None:
        """Deliver one piece of news, or what a fault makes of it."""
        await self._clock.sleep_until(item.at)
        rule = self._exchange.dice.pick("webhook", f"{call.call_id}|{item.kind}", item.kind)
        kind = rule.kind if rule else ""
        seconds = rule.seconds if rule else 0.0
        late = (seconds or _PASSED_BY) if kind == "reorder" else seconds if kind == "delay" else 0.0
        await self._clock.sleep_until(item.at + timedelta(seconds=late))
        if kind == "lose":
            self._count("lost")
            return
        await self._deliver(misdirected(item) if kind == "wrong_number" else item, self.webhook)
        if kind == "duplicate":
            await self._clock.sleep_until(item.at + timedelta(seconds=seconds))
            await self._deliver(item, self.webhook)
        if kind == "forge" and self.webhook:
            await self._deliver(*forged(item, self.webhook))

    async def _deliver(self, item: News, url: str | None) -> None:
        """One attempt, at most once: the vendor documents no second."""
        if url is None:
            return
        outcome = "failed"
        with self._clock.work(), suppress(httpx.HTTPError, httpx.InvalidURL):
            answer = await self._http.post(url, json=item.body)
            outcome = "taken" if answer.is_success else f"answered {answer.status_code}"
        self._count(outcome)

    def _count(self, outcome: str) -> None:
        self._exchange.told[outcome] = self._exchange.told.get(outcome, 0) + 1
