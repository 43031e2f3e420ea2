"""What a process shows to the world: webhooks and health at once; dashboard and API when somebody first asks."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from importlib import import_module
from signal import SIGINT, SIGTERM

import anyio
import structlog
from anyio.abc import TaskGroup
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaigns.app import Account, Session
from campaigns.clock import PlayedClock, real_now, real_sleep
from campaigns.dashboard.door import Door
from campaigns.dashboard.house import House
from campaigns.desk.desk import Desk
from campaigns.domain.addresses import is_loopback
from campaigns.domain.errors import InputError, StoreError
from campaigns.metrics import Metrics, answer
from campaigns.serving import bind, serving
from campaigns.web.hosts import is_called, names_of
from campaigns.web.knocks import Knocks
from campaigns.web.receiver import receiver

log = structlog.get_logger()

TRY_AGAIN = 5.0
"""Seconds after which the desk is run again when it failed."""
FOLLOW_EVERY = 1.0
"""Seconds between two looks at how far made-up time has come."""
_ALWAYS = ("/webhooks/", "/healthz", "/readyz")
_CLOSED = "There is no token yet, and this address is open to others: `campaigns token add NAME --role operate`."
_OTHER_NAME = "This process answers to addresses, to localhost, and to the host of `public_url` in the settings."
_BROKEN = "The dashboard could not be opened; the log says why. Calls are not concerned."


class Faces:
    """One ASGI app. What people look at is imported and opened at the first request for it: it is 70 MB and two
    seconds that a worker of a fleet, which nobody looks at, need not spend."""

    def __init__(self, session: Session, accounts: Mapping[str, Account]) -> None:
        self._desk = Desk(session, accounts)
        self.door = Door(self._desk.acts, session.hash_key, real_now)
        self._knocks = Knocks(real_now)
        self._house = House(self._desk, self.door, str(session.database), session.simulated, self._knocks)
        self._names = names_of(session.settings.listen_host, session.settings.public_url)
        self._private = is_loopback(session.settings.listen_host)
        self._always = receiver(session, accounts, self._knocks)
        self._metrics = session.meters if isinstance(session.meters, Metrics) else Metrics(session.clock)
        self._asked, self._ready = anyio.Event(), anyio.Event()
        self._app: ASGIApp = PlainTextResponse(_BROKEN, 503)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_ALWAYS):
            await self._always(scope, receive, send)
        elif self._private and not is_called(scope, self._names):
            await PlainTextResponse(_OTHER_NAME, 421)(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/metrics":
            response = await answer(Request(scope, receive), self._metrics, self._desk, self._knocks)
            await response(scope, receive, send)
        elif not await self.may_open():
            await PlainTextResponse(_CLOSED, 403)(scope, receive, send)
        else:
            await self.open()
            await self._app(scope, receive, send)

    async def may_open(self) -> bool:
        """False: others than this machine could come, while nobody is named who may."""
        return self._private or await self.door.anybody()

    async def open(self) -> None:
        """Wait until there is something to see."""
        self._asked.set()
        await self._ready.wait()

    async def run(self) -> None:
        """Open what is asked for, and keep it open until cancelled. A fault there must not stop a call."""
        await self._asked.wait()
        try:
            async with opened(self._house) as dashboard:
                self._app = _with_api(self._desk, self._knocks, dashboard)
                self._ready.set()
                await anyio.sleep_forever()
        except Exception:
            log.exception("faces_failed")
            self._app = PlainTextResponse(_BROKEN, 503)
            self._ready.set()


@asynccontextmanager
async def facing(session: Session, accounts: Mapping[str, Account]) -> AsyncIterator[Faces]:
    """The faces of a process, for `serving`, until the block ends."""
    faces = Faces(session, accounts)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(faces.run)
        yield faces
        tasks.cancel_scope.cancel()


def _with_api(desk: Desk, knocks: Knocks, rest: ASGIApp) -> ASGIApp:
    from campaigns.api import with_api  # noqa: PLC0415 - see Faces

    return with_api(desk, knocks, rest)


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[ASGIApp]:
    """The dashboard of a house and its desk, alive until the block ends."""
    await anyio.to_thread.run_sync(import_module, "campaigns.dashboard.app")
    from campaigns.dashboard.app import dashboard  # noqa: PLC0415 - see Faces

    app = dashboard(house)
    async with anyio.create_task_group() as tasks, _alive(app, tasks):
        tasks.start_soon(_keep_fresh, house.desk)
        yield app
        tasks.cancel_scope.cancel()


async def _keep_fresh(desk: Desk) -> None:
    """Whatever goes wrong with the counting, the pages stay; it is tried again."""
    while True:
        try:
            await desk.run()
        except Exception:
            log.exception("desk_failed")
        await real_sleep(TRY_AGAIN)


@asynccontextmanager
async def _alive(app: ASGIApp, tasks: TaskGroup) -> AsyncIterator[None]:
    """Begin and end an app by ASGI's lifespan."""
    to_app, of_server = anyio.create_memory_object_stream[Message](2)
    from_app, of_app = anyio.create_memory_object_stream[Message](2)

    async def live() -> None:
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, of_server.receive, from_app.send)

    tasks.start_soon(live)
    await to_app.send({"type": "lifespan.startup"})
    told = await of_app.receive()
    if told["type"] != "lifespan.startup.complete":
        raise RuntimeError(told.get("message", "the dashboard did not start"))
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            await to_app.send({"type": "lifespan.shutdown"})
            await of_app.receive()


async def show(session: Session, *, port: int, say: Callable[[str], None]) -> None:
    """Show one database until Ctrl-C or SIGTERM; dials nobody. Raises InputError.

    Args:
        session: On the database.
        port: 0 takes a free one.
        say: Told the address, with a link that lets one person in.
    """
    with anyio.open_signal_receiver(SIGINT, SIGTERM) as signals:
        async with _timed(session) as shown, facing(shown, {}) as faces:
            if not await faces.may_open():
                raise InputError(_CLOSED)
            async with serving(faces, bind(session.settings.listen_host, port), sockets=True) as address:
                await faces.open()
                say(f"dashboard: {session.database}; this link lets one browser in, within 15 minutes:")
                say(f"{address}{faces.door.link()}")
                await anext(aiter(signals))


@asynccontextmanager
async def _timed(session: Session) -> AsyncIterator[Session]:
    """The session in the time of what it shows: made-up calls have their own."""
    last = await session.store.last_moment() if session.simulated else None
    if last is None:
        yield session
        return
    clock = PlayedClock(last)

    async def follow() -> None:
        while True:
            await real_sleep(FOLLOW_EVERY)
            with suppress(StoreError):
                clock.reach(await session.store.last_moment() or last)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        yield replace(session, clock=clock)
        tasks.cancel_scope.cancel()
