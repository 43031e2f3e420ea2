"""The composition root: settings → database, clock, providers and everything that dials on them."""

import hashlib
import hmac
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from anyio.abc import TaskGroup

from campaigns.clock import real_now
from campaigns.domain.errors import InputError, Problem
from campaigns.domain.facts import PeopleLimits
from campaigns.domain.legal import Law
from campaigns.domain.sources import VendorList
from campaigns.engine.dialer import Dialer
from campaigns.engine.reconciler import Reconciler
from campaigns.engine.terms import AccountTerms, Terms, TermsBook, limits_of
from campaigns.files import Loaded, parse_campaign
from campaigns.keys import check_key, prove_key, read_key
from campaigns.loading import check_campaign
from campaigns.ports import CallProvider, Clock
from campaigns.ports.meters import UNMETERED, Meters
from campaigns.ports.store import CampaignRecord, Store
from campaigns.rules import load_rules
from campaigns.sections import SIMULATOR, ProviderSettings
from campaigns.settings import Settings
from campaigns.stores.location import Location
from campaigns.stores.sqlite_file import SqliteFile
from campaigns.systems import Systems, list_settings, open_systems
from campaigns.vendors import ProviderKind, provider_kind
from campaigns.vendors.account import Surroundings, VendorAccount

if TYPE_CHECKING:
    from campaigns.engine.runner import Runner

LIVE_DATABASE = SqliteFile(Path("campaigns.db"))
SIMULATED_DATABASE = SqliteFile(Path("campaigns-simulated.db"))


@dataclass(frozen=True, slots=True)
class Session:
    """One process at work on one database."""

    settings: Settings
    clock: Clock
    store: Store
    book: TermsBook
    hash_key: bytes
    law: Law
    database: Location
    simulated: bool
    owner: str
    systems: Systems
    meters: Meters = UNMETERED

    def webhook_token(self, provider: str) -> str:
        """The secret part of a provider's webhook address: the settings' own, or one that follows from the hash key."""
        own = self.settings.providers.get(provider)
        if own is not None and own.webhook_token:
            return own.webhook_token[0].get_secret_value()
        return hmac.new(self.hash_key, f"webhook:{provider}".encode(), hashlib.sha256).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that dials on one provider's account."""

    name: str
    provider: CallProvider
    dialer: Dialer
    reconciler: Reconciler

    @contextmanager
    def runner(self, session: Session, tasks: TaskGroup) -> Iterator["Runner"]:
        """A runner for one campaign on this account; it is woken by whatever the account's dials and reports change."""
        from campaigns.engine.runner import Runner  # noqa: PLC0415 - numpy comes with it, and most commands only ask

        runner = Runner(
            session.store, self.provider, session.clock, book=session.book, dialer=self.dialer,
            placed=self.reconciler.wake, tasks=tasks,
        )  # fmt: skip
        self.dialer.wake.link(runner.wake)
        try:
            yield runner
        finally:
            self.dialer.wake.unlink(runner.wake)


def database_of(settings: Settings, *, simulated: bool) -> Location:
    """Where the database is: the settings' own place, else the default of its kind. Raises InputError."""
    database = settings.database or (SIMULATED_DATABASE if simulated else LIVE_DATABASE)
    check_key(settings, database)
    return database


def is_simulated(settings: Settings, provider: str) -> bool:
    """Whether the built-in simulator answers for this provider."""
    own = settings.providers.get(provider)
    return provider == SIMULATOR or (own is not None and own.is_simulated)


def is_loopback(settings: Settings, provider: str) -> bool:
    """Whether calls of this provider can only go to this machine."""
    return provider_settings(settings, provider).is_loopback()


_BUILT_IN = {"kind": "flireo", "base_url": SIMULATOR}


def provider_settings(settings: Settings, provider: str) -> ProviderSettings:
    """The section of the settings. Raises InputError when it is missing or cannot be dialled with."""
    own = settings.providers.get(provider)
    if provider == SIMULATOR:
        return own.model_copy(update=_BUILT_IN) if own else ProviderSettings(**_BUILT_IN)
    if own is None:
        known = ", ".join(["simulator", *settings.providers])
        raise InputError(
            f"The provider '{provider}' is not in the settings. "
            f"Add a section [providers.{provider}] to campaigns.toml; known are: {known}."
        )
    kind = kind_of(own, provider)
    if not (own.base_url or kind.BASE_URL):
        raise InputError(f"[providers.{provider}] has no base_url: where is its API?")
    if own.api_key is None and not own.is_loopback():
        raise InputError(f'[providers.{provider}] has no api_key. Write one, or {{ env = "NAME" }}.')
    return own


def kind_of(own: ProviderSettings, provider: str) -> ProviderKind:
    """The vendor of a section. Raises InputError that names the section."""
    try:
        return provider_kind(own.kind)
    except InputError as error:
        raise InputError(f"[providers.{provider}] kind: {error}") from None


def check_runnable(loaded: Loaded, settings: Settings, *, played: bool = False) -> None:
    """Raises InputError: the provider is missing, or the file says what cannot be carried out.

    `played`: in another time than the real one, so that its calls are made up whatever the settings say.
    """
    provider = loaded.campaign.provider
    priced = bool(provider_settings(settings, provider).price_per_minute)
    check_campaign(loaded, load_rules(settings.calling_rules), priced=priced)
    if problems := list(_mixed(loaded, settings, played=played or is_simulated(settings, provider))):
        raise InputError(problems)
    if loaded.campaign.dialing == "scheduled" and not can_schedule(settings, provider):
        what = f"The provider '{provider}' cannot hold calls for later."
        mend = "Write `dialing: direct`, or name another provider."
        raise InputError([Problem(loaded.where("dialing"), what, mend)])


def _mixed(loaded: Loaded, settings: Settings, *, played: bool) -> Iterator[Problem]:
    """What is made up and what is real must not meet."""
    for index, source in enumerate(loaded.campaign.contacts):
        if not isinstance(source, VendorList):
            continue
        own, where = list_settings(settings, source.list), loaded.where("contacts", index, "list")
        if own.is_simulated and not is_loopback(settings, loaded.campaign.provider):
            what = "The people of a simulator cannot be called by a real provider."
            yield Problem(where, what, f"Give [lists.{source.list}] a real base_url, or simulate the provider too.")
        if played and not own.is_loopback() and loaded.campaign.write_back:
            what = "Made-up outcomes never go back to a real system."
            yield Problem(where, what, "Remove write_back while the provider is simulated.")


@asynccontextmanager
async def open_session(
    settings: Settings, clock: Clock, *, simulated: bool, database: Location | None = None, role: str = "command"
) -> AsyncIterator[Session]:
    """Open the database and what belongs to it. Raises StoreError, InputError.

    Args:
        settings: Of this process.
        clock: Its time.
        simulated: Whether the calls in the database are made up.
        database: Another one than the settings'.
        role: What this process is, for whoever looks at a database server.
    """
    database = database or database_of(settings, simulated=simulated)
    async with (
        database.open(clock=clock, simulated=simulated, role=role) as store,
        open_systems(settings, clock, store) as systems,
    ):
        hash_key = read_key(settings, database)
        await prove_key(store, hash_key, database)
        people = PeopleLimits(settings.people.per_day, settings.people.gap)
        law = Law(load_rules(settings.calling_rules))

        def build(record: CampaignRecord) -> Terms:
            campaign = parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
            account = account_terms(settings, record.provider)
            return Terms(record, campaign, limits_of(campaign, account, clock.tolerance), law, people, hash_key)

        yield Session(
            settings=settings,
            clock=clock,
            store=store,
            book=TermsBook(store, build, hash_key),
            hash_key=hash_key,
            law=law,
            database=database,
            simulated=simulated,
            systems=systems,
            owner=f"{socket.gethostname()}:{os.getpid()}:{real_now().isoformat()}",
        )


def can_schedule(settings: Settings, provider: str) -> bool:
    """Whether the provider holds calls for later."""
    return bool(kind_of(provider_settings(settings, provider), provider).facts.schedules)


def account_terms(settings: Settings, provider: str) -> AccountTerms:
    """How the provider's account may be used."""
    own = provider_settings(settings, provider)
    return AccountTerms(
        name=provider,
        at_once=own.at_once,
        per_second=own.per_second,
        requests_per_minute=own.requests_per_minute or kind_of(own, provider).facts.documented_per_minute,
        poll_every=own.poll_every,
        lookups=tuple(own.lookups),
        absence_after=own.absence_after,
        longest_call=own.longest_call,
        reports_come=settings.public_url is not None,
        price_per_minute=own.price_per_minute,
        book_ahead=own.book_ahead,
    )


@asynccontextmanager
async def open_account(session: Session, name: str, *, sole: bool = False) -> AsyncIterator[Account]:
    """A provider with its dialer and reconciler; run `account.reconciler.run` in a task of yours.

    Args:
        session: The process.
        name: As campaign files call the provider.
        sole: Nobody else dials from the database now, though others might.
    """
    own, terms = provider_settings(session.settings, name), account_terms(session.settings, name)
    base_url = await session.systems.simulators.address(own.kind) if own.is_simulated else own.base_url
    spacing = timedelta(minutes=1) / terms.requests_per_minute if terms.requests_per_minute else timedelta()

    async def gate() -> None:
        now = session.clock.now()
        slot = await session.store.request_slot(name, spacing + session.clock.tolerance * bool(spacing), now=now)
        await session.clock.sleep_until(slot)

    vendor = replace(_vendor_account(session.settings, name), webhook_token=session.webhook_token(name))
    if base_url:
        vendor = replace(vendor, base_url=base_url)
    async with AsyncExitStack() as stack:
        kind = kind_of(own, name)
        provider = kind(vendor, Surroundings(session.clock, gate, patient=False, webhooks=_webhooks(session, name)))
        stack.push_async_callback(provider.aclose)
        dialer = Dialer(session.store, provider, session.clock, terms, session.owner, meters=session.meters)
        yield Account(name, provider, dialer, _reconciler(session, provider, terms, dialer, sole=sole))


def _vendor_account(settings: Settings, name: str) -> VendorAccount:
    own = provider_settings(settings, name)
    secrets = [secret.get_secret_value() for secret in own.webhook_secret]
    return VendorAccount(
        name=name,
        base_url=own.base_url or kind_of(own, name).BASE_URL,
        api_key=own.api_key.get_secret_value() if own.api_key else "",
        webhook_secret=secrets[0] if secrets else "",
        older_secrets=tuple(secrets[1:]),
        older_tokens=tuple(token.get_secret_value() for token in own.webhook_token[1:]),
        routes=own.routes,
        facts=own.facts,
    )


async def check_account(settings: Settings, name: str) -> None:
    """Whether the vendor's client can be made of the settings, its corrections too; asks nobody. Raises InputError."""
    provider = kind_of(provider_settings(settings, name), name)(_vendor_account(settings, name), Surroundings())
    await provider.aclose()


def _webhooks(session: Session, name: str) -> str | None:
    public = session.settings.public_url
    return f"{public.rstrip('/')}/webhooks/{name}" if public else None


def _reconciler(
    session: Session, provider: CallProvider, terms: AccountTerms, dialer: Dialer, *, sole: bool
) -> Reconciler:
    return Reconciler(
        session.store, provider, session.clock, terms, book=session.book, dialer=dialer, settled=dialer.wake,
        sole=sole or not session.database.shared, meters=session.meters,
    )  # fmt: skip


def local_start(text: datetime | None, fallback: datetime) -> datetime:
    """Where virtual time begins for a campaign whose `starts` is a local time: early enough for every zone."""
    if text is None:
        return fallback
    return text.replace(tzinfo=fallback.tzinfo) - timedelta(hours=14)
