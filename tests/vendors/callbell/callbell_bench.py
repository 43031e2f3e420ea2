"""A simulated account over real HTTP, and our client in front of it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.clock import DiscreteClock
from campaigns.domain.lead import Outcome
from campaigns.domain.rows import BadRow, Row
from campaigns.ports.lists import OutcomeNote
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callbell.contacts import CallbellContacts
from campaigns.vendors.callbell.simulator import CallbellSimulator, Faults, Options, Rule, SimContact

NOW = datetime(2026, 11, 23, 9, 0, 20, tzinfo=UTC)


class StandingClock(DiscreteClock):
    """Stands still, but whoever sleeps moves it on."""

    async def sleep_until(self, at: datetime) -> None:
        self._now = max(self._now, at)

    def forward(self, **span: float) -> None:
        self._now += timedelta(**span)


@dataclass
class Bench:
    simulator: CallbellSimulator
    clock: StandingClock
    base_url: str

    def account(self, **more: Any) -> VendorAccount:
        return VendorAccount("callbell", self.base_url, api_key="key.part", section="lists", **more)

    def contacts(self, *, patient: bool = False, **more: Any) -> CallbellContacts:
        return CallbellContacts(self.account(**more), Surroundings(clock=self.clock, patient=patient))


@asynccontextmanager
async def simulated(
    *rules: Rule, contacts: Iterable[SimContact] | None = None, seed: int = 1, **options: Any
) -> AsyncIterator[Bench]:
    clock = StandingClock(NOW)
    faults = Faults(rules=rules, options=Options(**options))
    simulator = CallbellSimulator(clock=clock, faults=faults, contacts=contacts, seed=seed)
    async with serving(simulator.app, bind("127.0.0.1", 0)) as address:
        yield Bench(simulator, clock, address + simulator.prefix)


def person(n: int, **more: Any) -> SimContact:
    """The n-th of many."""
    return SimContact(**{"uuid": f"{n:032x}", "name": f"Person {n}", "phone": f"+442079460{n % 1000:03}"} | more)


def note(**more: Any) -> OutcomeNote:
    known: dict[str, Any] = {
        "reference": "3f9a1c2b", "contact": f"{1:032x}", "phone": "+442079460001", "campaign": "wave-1",
        "outcome": Outcome.REACHED, "label": "confirmed", "attempts": 2, "disposition": "answered",
        "called_at": NOW - timedelta(minutes=5), "closed_at": NOW, "summary": "They will come.",
    }  # fmt: skip
    return OutcomeNote(**known | more)


async def read(bench: Bench, where: dict[str, Any] | None = None, **account: Any) -> list[Row | BadRow]:
    """Everybody that a campaign gets."""
    listed = bench.contacts(**account)
    try:
        return [row async for batch in listed.read(where or {}) for row in batch.rows]
    finally:
        await listed.aclose()
