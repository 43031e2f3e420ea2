"""The systems that the settings name, as far as they hold contacts, and the built-in simulators in their place."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus

from campaigns.domain.errors import InputError
from campaigns.ports import Clock
from campaigns.ports.lists import RemoteList
from campaigns.ports.store import Store
from campaigns.sections import ListSettings
from campaigns.settings import Settings
from campaigns.vendors import Simulator, list_kind, simulate
from campaigns.vendors.account import Gate, Surroundings, VendorAccount

SIMULATED_KEY = "simulated"


@dataclass(slots=True)
class Simulators:
    """Built-in servers on loopback ports of their own, each started when it is first asked for."""

    clock: Clock
    _tasks: TaskGroup
    _prepared: dict[str, dict[str, Any]] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    def prepare(self, kind: str, *, ledger: Path | None = None, callers: Sequence[str] = ()) -> None:
        """How a vendor's simulator is to be set up, before anybody asks for it."""
        self._prepared[kind] = {"ledger": ledger, "callers": callers}

    async def address(self, kind: str) -> str:
        """The base address of a vendor's simulator; the same one for whoever asks. Raises InputError."""
        if kind not in self._addresses:
            simulator = simulate(kind, clock=self.clock, **self._prepared.get(kind, {}))
            self._addresses[kind] = await self._tasks.start(_serve, simulator)
        return self._addresses[kind]


async def _serve(simulator: Simulator, *, task_status: TaskStatus[str]) -> None:
    """In a task of its own, because whoever asks first may be gone before the others."""
    from campaigns.serving import bind, serving  # noqa: PLC0415 - a web server, for simulators only

    async with serving(simulator.app, bind("127.0.0.1", 0)) as base:
        task_status.started(base + simulator.prefix)
        await simulator.run()


@asynccontextmanager
async def open_simulators(clock: Clock) -> AsyncIterator[Simulators]:
    """Until the block ends."""
    async with anyio.create_task_group() as tasks:
        yield Simulators(clock, tasks)
        tasks.cancel_scope.cancel()


class Systems:
    """The `[lists.NAME]` of the settings, each opened when it is first asked for."""

    def __init__(self, settings: Settings, simulators: Simulators, store: Store | None) -> None:
        self._settings, self.simulators, self._store = settings, simulators, store
        self._open: dict[str, RemoteList] = {}

    async def open(self, name: str) -> RemoteList:
        """Raises InputError where the settings do not say enough."""
        if name not in self._open:
            own = list_settings(self._settings, name)
            kind = list_kind(own.kind)
            base_url = await self.simulators.address(own.kind) if own.is_simulated else own.base_url or kind.BASE_URL
            if not base_url:
                raise InputError(f"[lists.{name}] has no base_url: where is its API?")
            if own.api_key is None and not own.is_loopback():
                raise InputError(f'[lists.{name}] has no api_key. Write one, or {{ env = "NAME" }}.')
            key = own.api_key.get_secret_value() if own.api_key else SIMULATED_KEY
            account = VendorAccount(name, base_url, key, routes=own.routes, facts=own.facts, section="lists")
            around = Surroundings(self.simulators.clock, self._gate(name, own))
            self._open[name] = kind(account, around)
        return self._open[name]

    def _gate(self, name: str, own: ListSettings) -> Gate | None:
        """A budget of its own where the settings name one, or shared with the provider of the same key."""
        twin = _twin(self._settings, own)
        per_minute = own.requests_per_minute or (twin and self._settings.providers[twin].requests_per_minute)
        store, clock = self._store, self.simulators.clock
        if store is None or not per_minute:
            return None
        spacing = timedelta(minutes=1) / per_minute

        async def gate() -> None:
            slot = await store.request_slot(budget_of(self._settings, name), spacing + clock.tolerance, now=clock.now())
            await clock.sleep_until(slot)

        return gate

    async def aclose(self) -> None:
        for opened in self._open.values():
            await opened.aclose()


def budget_of(settings: Settings, name: str) -> str:
    """The account in the database that counts a list's requests. Raises InputError."""
    return _twin(settings, list_settings(settings, name)) or f"list:{name}"


def _twin(settings: Settings, own: ListSettings) -> str | None:
    """The provider that is the same account: the vendor counts its requests together with ours."""
    same = (name for name, other in settings.providers.items() if other.kind == own.kind and other.api_key is not None)
    return next((name for name in same if settings.providers[name].api_key == own.api_key), None)


def list_settings(settings: Settings, name: str) -> ListSettings:
    """The section of the settings. Raises InputError when it is missing or of no kind that is known."""
    own = settings.lists.get(name)
    if own is None:
        known = f" Known are: {', '.join(settings.lists)}." if settings.lists else ""
        raise InputError(
            f"The list '{name}' is not in the settings. Add a section [lists.{name}] to campaigns.toml.{known}"
        )
    try:
        list_kind(own.kind)
    except InputError as error:
        raise InputError(f"[lists.{name}] kind: {error}") from None
    return own


@asynccontextmanager
async def open_systems(settings: Settings, clock: Clock, store: Store | None = None) -> AsyncIterator[Systems]:
    """Until the block ends. `store`: keeps the requests' budget; None: each system's client does."""
    async with open_simulators(clock) as simulators:
        systems = Systems(settings, simulators, store)
        try:
            yield systems
        finally:
            with anyio.CancelScope(shield=True):
                await systems.aclose()
