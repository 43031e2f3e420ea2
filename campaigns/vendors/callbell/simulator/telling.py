"""The one webhook of a simulated account: signed deliveries, tried three times, connection checks, and their log."""

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import anyio
import httpx
from anyio.abc import TaskGroup

from campaigns.ports import Clock
from campaigns.vendors.http import tls_context
from campaigns.vendors.simulated.faults import Dice
from campaigns.vendors.simulated.staying import staying

from .words import iso

GAPS = (timedelta(seconds=10), timedelta(minutes=1))
"""Between the tries; so there are three."""
CHECK_EVERY = timedelta(minutes=5)
GIVE_UP = timedelta(hours=6)
"""Of silence; then it is switched off, until somebody subscribes again."""
_TIMEOUT = httpx.Timeout(10.0, pool=None)


class Teller:
    """Delivers events while it runs; what happens while nobody runs is logged as failed."""

    def __init__(self, clock: Clock, dice: Dice, url: str | None, secret: str) -> None:
        self._clock, self._dice = clock, dice
        self.url, self.secret, self.enabled = url, secret, url is not None
        self._names: list[str] = []
        self._hooks = staying(url)
        self._since = self._answered = clock.now()
        self.log: deque[dict[str, Any]] = deque(maxlen=10_000)
        """Every delivery, oldest first."""
        self._tasks: TaskGroup | None = None

    def subscribe(self, url: str, names: Sequence[str]) -> None:
        self.url, self._names, self.enabled = url, list(names), True
        self._since = self._answered = self._clock.now()

    def unsubscribe(self) -> None:
        self.url, self.enabled = None, False

    def subscription(self) -> dict[str, Any]:
        return {
            "url": self.url, "subscriptions": self._names, "createdAt": iso(self._since), "enabled": self.enabled,
        }  # fmt: skip

    def tell(self, event: str, payload: dict[str, Any]) -> None:
        """Deliver it, if anybody subscribed to it; an account whose webhook came with it tells everything."""
        if self.url is None or not self.enabled or (self._names and event not in self._names):
            return
        told = {
            "event": event, "payload": payload, "success": False, "createdAt": iso(self._clock.now()),
            "response": {"code": None, "body": "", "headers": {}},
        }  # fmt: skip
        self.log.append(told)
        if self._tasks is not None:
            self._tasks.start_soon(self._deliver, told)

    async def run(self) -> None:
        """Until cancelled."""
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, event_hooks=self._hooks, verify=tls_context()) as http,
            anyio.create_task_group() as tasks,
        ):
            self._http, self._tasks = http, tasks
            try:
                await self._check()
            finally:
                self._tasks = None

    async def _check(self) -> None:
        """Ask now and then whether anybody is there."""
        at = self._clock.now()
        while True:
            at += CHECK_EVERY
            await self._clock.sleep_until(at)
            if self.url is None or not self.enabled:
                continue
            answer = await self._post(b"{}")
            self.enabled = answer is not None or self._clock.now() - self._answered < GIVE_UP

    async def _deliver(self, told: dict[str, Any]) -> None:
        body = json.dumps({"event": told["event"], "payload": told["payload"]}, ensure_ascii=False).encode()
        rule = self._dice.pick("webhook", f"{told['event']}|{hashlib.sha256(body).hexdigest()}", told["event"])
        kind = rule.kind if rule else ""
        if kind == "lose":
            return
        if rule and kind in ("delay", "reorder"):
            await self._clock.sleep_until(self._clock.now() + timedelta(seconds=rule.seconds or 30))
        for gap in (*GAPS, None):
            answer = await self._post(body)
            if answer is not None:
                told["response"] = {
                    "code": answer.status_code, "body": answer.text[:1000], "headers": dict(answer.headers),
                }  # fmt: skip
                told["success"] = answer.status_code == 200
            if gap is None or (answer is not None and answer.is_success):
                break
            await self._clock.sleep_until(self._clock.now() + gap)
        if kind == "duplicate":
            await self._post(body)
        if kind == "forge":
            await self._post(body.replace(b"contact", b"forgery"), signed_for=body)

    async def _post(self, body: bytes, *, signed_for: bytes | None = None) -> httpx.Response | None:
        """One try, signed with a time of its own."""
        if self.url is None:
            return None
        headers = {"Content-Type": "application/json", **self._signature(signed_for or body, self._clock.now())}
        with self._clock.work(), suppress(httpx.HTTPError, httpx.InvalidURL):
            answer = await self._http.post(self.url, content=body, headers=headers)
            self._answered = self._clock.now()
            return answer
        return None

    def _signature(self, body: bytes, now: datetime) -> dict[str, str]:
        if not self.secret:
            return {}
        stamp = str(int(now.timestamp()))
        digest = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Callbell-Signature": f"t={stamp},v1={digest}"}
