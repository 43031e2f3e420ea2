"""The long-running process: every active campaign, webhooks in, outcomes back, until it is told to stop."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from signal import SIGINT, SIGTERM

import anyio
import structlog
from anyio.abc import TaskGroup

from campaigns.admission import admit
from campaigns.app import Account, Session, is_simulated, open_account, open_session
from campaigns.clock import SystemClock, run_real
from campaigns.domain.errors import CampaignsError, InputError, StoreUnavailable
from campaigns.domain.lead import CampaignState
from campaigns.editing import as_held
from campaigns.engine.retention import retaining
from campaigns.engine.runner import Runner
from campaigns.engine.wake import Wake
from campaigns.faces import facing
from campaigns.metrics import Metrics
from campaigns.notifying import notifying
from campaigns.ports.store import CampaignRecord
from campaigns.returning import HURRIED, returning
from campaigns.running import refresh_lists
from campaigns.serving import bind, serving
from campaigns.settings import Settings
from campaigns.web.receiver import gate

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=1)
POSTS_END = 25.0
"""Seconds that POSTs on their way are given."""


def run_worker(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; ends within 35 s with nothing lost. Raises InputError, StoreError."""
    clock = SystemClock()

    async def main() -> None:
        async with (
            open_session(settings, clock, simulated=False, role="worker") as session,
            session.database.dialing(clock=clock, simulated=False) as ours,
        ):
            measured = replace(session, meters=Metrics(clock))
            if not ours:
                raise InputError(f"Another process dials from {session.database}. One at a time: stop it first.")
            await _Worker(measured, say).run()

    run_real(main)


class _Worker:
    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        self._session, self._say = session, say
        self._accounts: dict[str, Account] = {}
        self._runners: dict[str, Runner] = {}
        self._closing: set[str] = set()
        self._left: set[str] = set()
        """Campaigns that other workers may dial."""
        self._stopping = False
        self._bell = Wake()

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            tasks = await stack.enter_async_context(anyio.create_task_group())
            tasks.start_soon(self._stop_on_signal, tasks)
            await self._open_accounts(stack, tasks)
            address = await stack.enter_async_context(self._listening())
            await stack.enter_async_context(self._session.database.hints(self._bell.ring))
            self._say(f"worker: {self._session.database}; listening on {address}")
            self._say_webhooks()
            bells = [account.dialer.wake for account in self._accounts.values()]
            returner = await stack.enter_async_context(returning(self._session, bells))
            await stack.enter_async_context(notifying(self._session, bells))
            tasks.start_soon(
                retaining, self._session.store, self._session.clock, self._session.settings.retention.keeping, as_held
            )
            await self._look_for_campaigns(tasks)
            await returner.finish(HURRIED)
            tasks.cancel_scope.cancel()
        self._say("worker: stopped; nothing is lost, start it again to go on")

    async def _open_accounts(self, stack: AsyncExitStack, tasks: TaskGroup) -> None:
        for name in self._session.settings.providers:
            if not is_simulated(self._session.settings, name):
                account = await stack.enter_async_context(open_account(self._session, name))
                self._accounts[name] = account
                tasks.start_soon(self._reconcile, account)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[str]:
        listener = bind(self._session.settings.listen_host, self._session.settings.listen_port)
        async with (
            facing(self._session, self._accounts) as faces,
            serving(faces, listener, sockets=True, gate=gate(self._session)) as address,
        ):
            yield address

    def _say_webhooks(self) -> None:
        public = self._session.settings.public_url
        for name in self._accounts:
            if public:
                self._say(f"worker: {name} reports to {public.rstrip('/')}/webhooks/{name}/… (see `campaigns doctor`)")

    async def _look_for_campaigns(self, tasks: TaskGroup) -> None:
        """Take up active campaigns, those too that `start` brings later; returns when stopped and quiet."""
        while not (self._stopping and not self._runners):
            for record in await self._campaigns():
                if record.state is CampaignState.ACTIVE and not self._stopping and record.name not in self._runners:
                    self._take_up(record, tasks)
                if record.closing and record.name not in self._closing:
                    self._closing.add(record.name)
                    tasks.start_soon(self._close, record.name)
            for runner in list(self._runners.values()):
                runner.wake.ring()
            await self._bell.sleep(self._session.clock, self._session.clock.now() + LOOK_EVERY)

    async def _campaigns(self) -> list[CampaignRecord]:
        try:
            return await self._session.store.campaigns()
        except StoreUnavailable as error:
            log.error("cannot_look", why=str(error))
            return []

    async def _close(self, name: str) -> None:
        """Close whoever waited in a campaign that was stopped."""
        try:
            await self._session.store.close_stopped(name, now=self._session.clock.now())
        except CampaignsError as error:
            log.error("cannot_close", campaign=name, why=str(error))  # the next look tries again
        finally:
            self._closing.discard(name)

    def _take_up(self, record: CampaignRecord, tasks: TaskGroup) -> None:
        account = self._accounts.get(record.provider)
        if account is None:
            if record.name not in self._left:
                tasks.start_soon(self._refuse, record)
            return
        stack = ExitStack()
        runner = stack.enter_context(account.runner(self._session, tasks))
        self._runners[record.name] = runner
        tasks.start_soon(self._supervise, account, record.name, runner, stack)

    async def _refuse(self, record: CampaignRecord) -> None:
        reason = f"the settings have no provider '{record.provider}' that a worker can dial with"
        if self._session.database.shared:
            self._left.add(record.name)
            self._say(f"worker: {record.name}: left to other workers: {reason}")
            return
        await self._steer(record.name, CampaignState.PAUSED, reason)

    async def _supervise(self, account: Account, name: str, runner: Runner, links: ExitStack) -> None:
        """The one broad `except`: a fault stops this campaign, never the others; a database in doubt stops them all."""
        try:
            if not await self._admitted(account, name):
                return
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(refresh_lists, self._session, name, runner)
                end = await runner.run(name)
                tasks.cancel_scope.cancel()
            self._say(f"worker: {name}: {end.state}" + (f" ({end.reason})" if end.reason else ""))
        except StoreUnavailable as error:
            log.error("database_unavailable", campaign=name, why=str(error))  # the next look takes it up again
        except Exception as error:
            if self._session.store.doubt:
                raise
            log.exception("campaign_failed", campaign=name)
            await self._steer(name, CampaignState.PAUSED, f"an error in the runner: {type(error).__name__}")
        finally:
            links.close()
            self._runners.pop(name, None)

    async def _admitted(self, account: Account, name: str) -> bool:
        found = await admit(self._session, account, name)
        for doubt in found.notes:
            self._say(f"worker: {name}: note: {doubt}")
        if found.faults:
            self._say(f"worker: {name}: {found.state}: {found.reason}")
        return not found.faults

    async def _reconcile(self, account: Account) -> None:
        """A fault here leaves calls unsettled, so nobody else is dialled on this account; the others go on."""
        try:
            await account.reconciler.run()
        except Exception as error:
            if self._session.store.doubt:
                raise
            log.exception("account_failed", provider=account.name)
            for record in await self._campaigns():
                if record.provider == account.name and record.state is CampaignState.ACTIVE:
                    await self._steer(record.name, CampaignState.PAUSED, f"an error: {type(error).__name__}")

    async def _steer(self, name: str, to: CampaignState, reason: str) -> None:
        self._say(f"worker: {name}: {to}: {reason}")
        try:
            await self._session.store.steer(
                name, to, expect=[CampaignState.ACTIVE], reason=reason, now=self._session.clock.now()
            )  # fmt: skip
        except StoreUnavailable as error:
            log.error("cannot_steer", campaign=name, why=str(error))  # it is taken up again, and fails again

    async def _stop_on_signal(self, tasks: TaskGroup) -> None:
        with anyio.open_signal_receiver(SIGINT, SIGTERM) as signals:
            async for _ in signals:
                self._stopping = True
                for runner in self._runners.values():
                    runner.stop()
                tasks.start_soon(self._end_in_time, tasks)

    async def _end_in_time(self, tasks: TaskGroup) -> None:
        with anyio.move_on_after(POSTS_END):
            await anyio.sleep_forever()
        tasks.cancel_scope.cancel()
