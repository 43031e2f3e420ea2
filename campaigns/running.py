"""Run one campaign file from its first row to its last outcome."""

import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any, Protocol

import anyio
import structlog
from anyio.abc import TaskGroup

from campaigns.admission import admit
from campaigns.app import (
    Account,
    Session,
    check_runnable,
    database_of,
    is_loopback,
    is_simulated,
    local_start,
    open_account,
    open_session,
    provider_settings,
)
from campaigns.clock import DiscreteClock, ScaledClock, SystemClock, real_now, run_real, run_virtual
from campaigns.domain.errors import CampaignsError, InputError
from campaigns.domain.lead import CampaignState
from campaigns.domain.sources import VendorList
from campaigns.editing import Edit, as_held, foresee, put_campaign
from campaigns.engine.intake import Intake, load
from campaigns.engine.retention import retain
from campaigns.engine.runner import RunEnd, Runner
from campaigns.engine.wake import Wake
from campaigns.files import Loaded, load_campaign, parse_campaign
from campaigns.importing import apart
from campaigns.loading import OpenedLists, open_lists, refresh_every
from campaigns.outlook import Outlook
from campaigns.ports import Clock
from campaigns.ports.store import CampaignRecord
from campaigns.returning import HURRIED, PATIENCE, returning
from campaigns.serving import bind, serving
from campaigns.settings import Settings, read_settings
from campaigns.stores.location import Location
from campaigns.summary import Summary, ledger_of, summarise
from campaigns.systems import budget_of
from campaigns.watching import watched
from campaigns.web.knocks import Knocks
from campaigns.web.receiver import gate, receiver

log = structlog.get_logger()

POSTS_END = 25.0
"""Seconds that POSTs on their way are given when the run is stopped."""
INTERRUPTED = RunEnd(CampaignState.ACTIVE, "interrupted", interrupted=True)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a campaign file is run."""

    limit: int | None = None
    fresh: bool = False
    at: datetime | None = None
    speed: float | None = None
    settings: Settings = field(default_factory=Settings)
    report: Path | None = None
    """Where the HTML report goes; None: `NAME.html` in the current folder."""


@dataclass(slots=True)
class Progress:
    """What a display may look at while the run goes on."""

    session: Session
    name: str
    loaded: Intake | None = None
    handed_over: bool = False
    edit: Edit | None = None
    """What the file changed in a campaign that was there."""


class Stoppable(Protocol):
    """Something that ends by itself soon after it was told."""

    def stop(self) -> None: ...


Watcher = Callable[[Progress], Coroutine[Any, Any, None]]
"""Runs beside the campaign until it is cancelled."""
Sayer = Callable[[str], None]


def run_campaign(
    path: Path,
    options: RunOptions | None = None,
    watch: Watcher | None = None,
    say: Sayer | None = None,
    note: Sayer | None = None,
) -> Summary:
    """Run a campaign file until every lead has an outcome, in real or virtual time, and write its report.

    Args:
        path: The campaign file.
        options: How; default: as the settings of this folder and environment say.
        watch: A display.
        say: Told, line by line, what the law leaves of the lists before anybody is called.
        note: Told what could not be found out about the provider's account, or is a doubt.

    Raises:
        InputError: Something in a file or setting is wrong; nobody was called.
        StoreError: The database cannot be used.
    """
    options = options or RunOptions(settings=read_settings(None, environ=os.environ))
    loaded = load_campaign(path)
    check_runnable(loaded, options.settings, played=_is_simulated(loaded, options))
    clock = _clock(loaded, options)

    async def main() -> Summary:
        return await _run(loaded, options, clock, Watching(watch, say, note))

    return run_virtual(clock, main) if isinstance(clock, DiscreteClock) else run_real(main)


def _clock(loaded: Loaded, options: RunOptions) -> Clock:
    """Virtual time for the simulator, scaled time for a foreign server on loopback, else the real one."""
    provider = loaded.campaign.provider
    virtual = is_simulated(options.settings, provider)
    if not virtual and options.speed is None and options.at is None:
        return SystemClock()
    if not is_loopback(options.settings, provider):
        raise InputError("--at and --speed are for the simulator and servers on loopback: real calls take real time.")
    database, name = _database(loaded, options), loaded.campaign.campaign
    known = None if options.fresh else run_real(lambda: database.last_moment(name))
    if virtual:
        start = known or options.at or local_start(loaded.campaign.starts, real_now())
        return DiscreteClock(start, options.speed)
    start = options.at or real_now()
    # Time never goes back on what an earlier run has written.
    return ScaledClock(max(start, known or start), options.speed or 1.0)


def _is_simulated(loaded: Loaded, options: RunOptions) -> bool:
    return (
        is_simulated(options.settings, loaded.campaign.provider) or options.speed is not None or options.at is not None
    )


def _database(loaded: Loaded, options: RunOptions) -> Location:
    return database_of(options.settings, simulated=_is_simulated(loaded, options))


@dataclass(frozen=True, slots=True)
class Watching:
    """Who is told what while a campaign runs; None: nobody."""

    watch: Watcher | None = None
    say: Sayer | None = None
    note: Sayer | None = None


async def _run(loaded: Loaded, options: RunOptions, clock: Clock, told: Watching) -> Summary:
    simulated = _is_simulated(loaded, options)
    async with open_session(options.settings, clock, simulated=simulated, role="run") as session:
        prepare_simulator(session, loaded)
        lists = await open_lists(loaded, session.store, session.systems)
        async with session.database.dialing(clock=clock, simulated=simulated) as ours:
            if options.fresh:
                await _forget(session, loaded, ours=ours)
            if ours and session.simulated:
                await forget_budgets(session, loaded)
            edit = await foresee(session, loaded)
            record = await put_campaign(session, loaded)
            progress = Progress(session, record.name, handed_over=not ours, edit=edit)
            end, runners = INTERRUPTED, list[Stoppable]()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stop_on_signal, runners, tasks)
                if told.watch is not None:
                    tasks.start_soon(told.watch, progress)
                outlook = Outlook(loaded.campaign, session.law, clock.now()) if told.say else None
                progress.loaded = await load_leads(session, record, lists, outlook)
                if told.say is not None and outlook is not None:
                    told.say("\n".join(outlook.brief()))
                if ours:
                    end = await _dial(session, record, options, runners, told.note)
                else:
                    await activate(session, record)
                    end = await _watch_or_dial(session, record, options, runners, told.note)
                tasks.cancel_scope.cancel()
        summary = await summarise(session, loaded, end, progress.loaded, report=options.report)
        return replace(summary, edit=edit)


async def _dial(
    session: Session, record: CampaignRecord, options: RunOptions, runners: list[Stoppable], note: Sayer | None
) -> RunEnd:
    end = await run_here(session, record, options, runners, note)
    await retain(session.store, session.settings.retention.keeping, as_held, now=session.clock.now())
    return end


async def _watch_or_dial(
    session: Session, record: CampaignRecord, options: RunOptions, runners: list[Stoppable], note: Sayer | None
) -> RunEnd:
    """Another process dials from this database: watch it until the campaign is over, or until it is gone.

    One that was about to end when this one asked it for more would do nothing any more.
    """
    loaded = parse_campaign(record.document, name=str(Path(record.folder) / record.name))
    while (end := await watched(session, loaded)) is None:
        async with session.database.dialing(clock=session.clock, simulated=session.simulated) as ours:
            if ours:
                return await _dial(session, record, options, runners, note)
    return end


async def forget_budgets(session: Session, loaded: Loaded) -> None:
    """What an earlier run has used of its accounts: played time goes on where the calls ended, and so before that."""
    lists = [source.list for source in loaded.campaign.contacts if isinstance(source, VendorList)]
    budgets = [budget_of(session.settings, name) for name in lists]
    for account in (loaded.campaign.provider, reading_of(loaded.campaign.campaign), *budgets):
        await session.store.forget_account(account)


async def _forget(session: Session, loaded: Loaded, *, ours: bool) -> None:
    if not session.simulated:
        raise InputError("--fresh forgets who was called, so it works on simulated databases only.")
    if not ours:
        raise InputError("--fresh: another process is dialling from this database. Stop it first.")
    await session.store.forget(loaded.campaign.campaign)
    ledger_of(session.database, loaded.campaign.campaign).unlink(missing_ok=True)


async def activate(session: Session, record: CampaignRecord, *, by: str = "") -> bool:
    """Let the campaign dial, if it is still as `record` was read; False: it does already, or was steered since.

    Lists of systems take minutes to read, and somebody may say stop meanwhile. `by`: who says so, for the journal.
    """
    if record.state is CampaignState.ACTIVE:
        return False
    return await session.store.steer(
        record.name, CampaignState.ACTIVE, expect=[record.state], reason="", by=by, now=session.clock.now()
    )  # fmt: skip


async def load_leads(
    session: Session, record: CampaignRecord, lists: OpenedLists, outlook: Outlook | None = None, *, again: bool = False
) -> Intake:
    """Read the lists into leads; an outlook sees every contact. `again`: while the campaign runs."""
    fresh = await session.store.campaign(record.name)
    terms = session.book.current(fresh or record)
    sources = apart(lists.sources, Path(terms.record.folder), session.clock, outlook)
    return await load(terms, sources, lists.excluded, store=session.store, clock=session.clock, again=again)


async def run_here(
    session: Session, record: CampaignRecord, options: RunOptions, runners: list[Stoppable], note: Sayer | None
) -> RunEnd:
    """Dial in this process, where the provider says that it can be done.

    `runners`: told of what dials, so that a signal can stop it.
    """
    end, campaign = INTERRUPTED, session.book.current(record).campaign
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        account = await stack.enter_async_context(open_account(session, record.provider))
        found = await admit(session, account, record.name, limit=options.limit)
        if note is not None:
            for doubt in found.notes:
                note(doubt)
        if found.faults:
            return RunEnd(found.state, found.reason, unfit=True)
        await activate(session, record)
        runner = stack.enter_context(account.runner(session, tasks))
        runners.append(runner)
        tasks.start_soon(notice_steering, session, [runner])
        tasks.start_soon(refresh_lists, session, record.name, runner)
        returner = None
        if campaign.write_back:
            returner = await stack.enter_async_context(returning(session, [account.dialer.wake], only=record.name))
            runners.append(returner)
        async with _reports_coming_in(session, account):
            end = await runner.run(record.name, limit=options.limit)
        if end.state is CampaignState.STOPPED:
            await session.store.close_stopped(record.name, now=session.clock.now())
        if not end.interrupted:
            await account.reconciler.round()  # what came in the last moment is applied too
        if returner is not None:
            await returner.finish(HURRIED if end.state is CampaignState.ACTIVE else PATIENCE)
        tasks.cancel_scope.cancel()
    return end


@asynccontextmanager
async def _reports_coming_in(session: Session, account: Account) -> AsyncIterator[None]:
    """Reconcile, and listen where the settings say so, until the block ends."""
    async with AsyncExitStack() as stack:
        background = await stack.enter_async_context(anyio.create_task_group())
        background.start_soon(account.reconciler.run)
        if session.settings.public_url is not None:
            listener = bind(session.settings.listen_host, session.settings.listen_port)
            app = receiver(session, {account.name: account}, Knocks(real_now))
            await stack.enter_async_context(serving(app, listener, gate=gate(session)))
        yield
        background.cancel_scope.cancel()


def prepare_simulator(session: Session, loaded: Loaded) -> None:
    """Where the built-in simulator answers for the provider: with the campaign's numbers, and its truth kept."""
    provider = loaded.campaign.provider
    if is_simulated(session.settings, provider):
        callers = [caller.number for caller in loaded.campaign.caller_ids if caller.number.startswith("+")]
        ledger = ledger_of(session.database, loaded.campaign.campaign)
        kind = provider_settings(session.settings, provider).kind
        session.systems.simulators.prepare(kind, ledger=ledger, callers=callers)


async def stop_on_signal(runners: Sequence[Stoppable], tasks: TaskGroup) -> None:
    """Ctrl-C and SIGTERM: begin nothing more, let POSTs end, then leave; at once where nobody dials yet."""
    with anyio.open_signal_receiver(SIGINT, SIGTERM) as signals:
        async for _ in signals:
            log.info("stopping")
            for runner in runners:
                runner.stop()
            tasks.start_soon(_end_in_time, tasks, POSTS_END if runners else 0.0)


async def _end_in_time(tasks: TaskGroup, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await anyio.sleep_forever()
    tasks.cancel_scope.cancel()


async def notice_steering(session: Session, runners: list[Runner]) -> None:
    """Let runners look at what other processes wrote. In virtual time they look at every step anyway."""
    every, bell = session.clock.watch_every, Wake()
    if every is None:
        return
    async with session.database.hints(bell.ring):
        while True:
            await bell.sleep(session.clock, session.clock.now() + every)
            for runner in runners:
                runner.wake.ring()


async def refresh_lists(session: Session, name: str, runner: Runner) -> None:
    """Read a campaign's lists again while it runs, as often as its file asks; returns when it never does.

    Of several workers one reads for all.
    """
    while True:
        record = await session.store.campaign(name)
        if record is None:
            return
        loaded = parse_campaign(record.document, name=str(Path(record.folder) / f"{name}.yaml"))
        every = refresh_every(loaded.campaign)
        if every is None:
            return
        await session.clock.sleep_until(session.clock.now() + timedelta(seconds=every))
        try:
            await _refresh(session, record, loaded, timedelta(seconds=every))
        except CampaignsError as error:
            log.warning("list_not_refreshed", campaign=name, why=error.logged)  # what is loaded stays
        runner.wake.ring()


async def _refresh(session: Session, record: CampaignRecord, loaded: Loaded, every: timedelta) -> None:
    """Read once, unless another worker has done so within `every`."""
    name, now = reading_of(record.name), session.clock.now()
    if await session.store.take_round(name, until=now + every, mine=None, urgent=False, now=now) is not None:
        return
    try:
        lists = await open_lists(loaded, session.store, session.systems)
        intake = await load_leads(session, record, lists, again=True)
    except CampaignsError:
        # Another machine may have what this one lacks.
        back = session.clock.now()
        await session.store.take_round(name, until=back, mine=now + every, urgent=False, now=back)
        raise
    for warning in intake.warnings:
        log.warning("list_refreshed_with_doubts", campaign=record.name, why=warning)


def reading_of(campaign: str) -> str:
    """The account in the database by which workers take turns to read a campaign's lists."""
    return f"reading:{campaign}"
