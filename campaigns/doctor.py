"""What `doctor` looks at: everything that dialling needs, without calling anybody."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.app import Account, Session, database_of, open_account, open_session
from campaigns.clock import SystemClock
from campaigns.domain.errors import CampaignsError, InputError
from campaigns.domain.lead import CampaignState
from campaigns.domain.parsing import parser_in_use
from campaigns.engine.fitness import agents_of
from campaigns.ports.health import Finding, Needs
from campaigns.settings import Settings
from campaigns.stores.location import Kind
from campaigns.systems import Systems, open_systems

_FOUND = ("key", "provider")
"""Where these are in doubt, nobody could be asked: for somebody who wants to know whether it works, that is a fault."""
_UNFINISHED = (CampaignState.ACTIVE, CampaignState.PAUSED, CampaignState.REFUSED)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `doctor` looked at."""

    name: str
    ok: bool | None
    """None: a note. It stops nothing."""
    detail: str

    @property
    def word(self) -> str:
        """For people."""
        return {True: "ok", False: "WRONG", None: "note"}[self.ok]


async def doctor_checks(settings: Settings) -> list[Check]:
    """Look at everything that dialling needs; little is asked, of the settings' own systems only."""
    checks = [Check("settings", True, f"understood; numbers are read by {parser_in_use()}")]
    for name in settings.providers:
        checks += await _provider(settings, name)
    checks += await _database(settings)  # after the providers: asking them opens it
    if not settings.providers:
        checks.append(Check("providers", True, "none in the settings; only the simulator can be dialled"))
    if settings.public_url is None:
        checks.append(Check("webhooks", None, "no public_url: calls are polled, no report or question can come in"))
    return checks + await _lists(settings)


async def _database(settings: Settings) -> list[Check]:
    try:
        database = database_of(settings, simulated=False)
        kind = await database.kind()
        told: list[Check] = []
        if kind in (Kind.SIMULATED, Kind.LIVE):
            simulated = kind is Kind.SIMULATED
            async with open_session(settings, SystemClock(), simulated=simulated, database=database) as session:
                told = await _notified(session)
        return [*_checks("database", await database.findings(SystemClock())), *told]
    except CampaignsError as error:
        return [Check("database", False, str(error))]


async def _notified(session: Session) -> list[Check]:
    """How it stands with what other systems are told."""
    if not session.settings.notify:
        return []
    state, names = await session.store.outbox_state(), ", ".join(session.settings.notify)
    if state.given_up:
        lost = f"{state.given_up:,} webhooks were given up after three days"
        what = f"{lost}: mend the receiver ({names}) and restart the worker"
        return [Check("notify", False, what)]
    waiting = f"; {state.waiting:,} wait since {state.oldest_at:%Y-%m-%d %H:%M}Z" if state.oldest_at else ""
    return [Check("notify", True, f"{names} {'is' if len(session.settings.notify) == 1 else 'are'} told{waiting}")]


async def _provider(settings: Settings, name: str) -> list[Check]:
    try:
        async with open_session(settings, SystemClock(), simulated=False) as session:
            return [*await _asked(session, name), *_webhooks(session, name)]
    except CampaignsError as error:
        return [Check(name, False, str(error))]


async def _asked(session: Session, name: str) -> list[Check]:
    """What the provider finds of its account, and of what the unfinished campaigns on it name."""
    try:
        async with open_account(session, name) as account:
            return await _examined(session, account)
    except CampaignsError as error:
        return [Check(name, False, str(error))]


async def _examined(session: Session, account: Account) -> list[Check]:
    try:
        return _checks(account.name, await account.provider.health(await _needs(session, account.name)))
    except CampaignsError as error:
        return [Check(account.name, False, str(error))]


async def _needs(session: Session, provider: str) -> Needs:
    agents: set[str] = set()
    callers: dict[str, None] = {}
    for record in await session.store.campaigns():
        if record.provider == provider and record.state in _UNFINISHED:
            try:
                campaign = session.book.current(record).campaign
            except InputError:
                continue  # of another version; `start` says so
            agents |= agents_of(campaign)
            callers |= dict.fromkeys(caller.number for caller in campaign.caller_ids)
    come = session.settings.public_url is not None
    return Needs(agents=frozenset(agents), caller_ids=tuple(callers), reports_come=come)


def _checks(name: str, findings: Sequence[Finding]) -> list[Check]:
    return [
        Check(
            f"{name} {finding.subject}".strip(),
            False if finding.ok is None and finding.subject in _FOUND else finding.ok,
            finding.told,
        )
        for finding in findings
    ]


def _webhooks(session: Session, name: str) -> list[Check]:
    public = session.settings.public_url
    if not public:
        return []
    token = session.webhook_token(name)
    address = f"{public.rstrip('/')}/webhooks/{name}/{token}"
    return [Check(f"{name} address", len(token) >= 16, f"give the assistant this server URL: {address}")]


async def _lists(settings: Settings) -> list[Check]:
    async with open_systems(settings, SystemClock()) as systems:
        return [check for name in settings.lists for check in await _list(systems, name)]


async def _list(systems: Systems, name: str) -> list[Check]:
    try:
        opened = await systems.open(name)
        return _checks(f"list {name}", await opened.health())
    except CampaignsError as error:
        return [Check(f"list {name}", False, str(error))]
