"""A server that says what a test wants, and the simulator over real HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callab import Callab
from campaigns.vendors.callab.simulator import CallabSimulator, Faults, Options, Rule

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class Asked:
    """One request as the server read it."""

    method: str
    path: str
    query: dict[str, str]
    pairs: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any


@dataclass
class Scripted:
    """A vendor of a few words."""

    url: str = ""
    heard: list[Asked] = field(default_factory=list)

    def account(self, **settings: Any) -> VendorAccount:
        defaults = {"name": "callab", "base_url": f"{self.url}/v1", "api_key": "key", "webhook_token": "t" * 32}
        return VendorAccount(**(defaults | settings))

    def callab(self, *, patient: bool = False, **settings: Any) -> Callab:
        around = Surroundings(DiscreteClock(NOW), patient=patient)
        return Callab(account=self.account(**settings), around=around)


Answer = Callable[[Asked], Any]


@asynccontextmanager
async def _scripted(answer: Answer) -> AsyncIterator[Scripted]:
    """`answer` gives the `data` of an ok, or a whole Response."""
    vendor = Scripted()

    async def serve(request: Request) -> Response:
        raw = await request.body()
        query = dict(request.query_params)
        pairs = request.query_params.multi_items()
        asked = Asked(request.method, request.url.path, query, pairs, dict(request.headers), json.loads(raw or b"null"))
        vendor.heard.append(asked)
        said = answer(asked)
        whole = {"status": "ok", "message": "ok", "data": said}
        return said if isinstance(said, Response) else Response(json.dumps(whole), media_type="application/json")

    app = Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])
    async with serving(app, bind("127.0.0.1", 0)) as address:
        vendor.url = address
        yield vendor


@pytest.fixture
def scripted() -> Callable[[Answer], AbstractAsyncContextManager[Scripted]]:
    return _scripted


@dataclass
class Simulated:
    """The simulator, whose time stands still, and a client of it."""

    simulator: CallabSimulator
    url: str
    clock: DiscreteClock

    def account(self, **settings: Any) -> VendorAccount:
        base = f"{self.url}{self.simulator.prefix}"
        return VendorAccount(**({"name": "callab", "base_url": base, "webhook_token": "t" * 32} | settings))

    def callab(self, **settings: Any) -> Callab:
        return Callab(account=self.account(**settings), around=Surroundings(self.clock, patient=False))

    def forward(self, **span: float) -> None:
        self.clock._now += timedelta(**span)


@asynccontextmanager
async def _simulated(*rules: Rule, **options: Any) -> AsyncIterator[Simulated]:
    clock = DiscreteClock(NOW)
    simulator = CallabSimulator(clock=clock, faults=Faults(rules=rules, options=Options(**options)))
    async with serving(simulator.app, bind("127.0.0.1", 0)) as address:
        yield Simulated(simulator, address, clock)


@pytest.fixture
def simulated() -> Callable[..., AbstractAsyncContextManager[Simulated]]:
    return _simulated
