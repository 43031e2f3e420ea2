"""How this process and its database are: what can be seen without asking any provider."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.app import Session, is_simulated
from campaigns.domain.errors import StoreError
from campaigns.domain.lead import AttemptState, CampaignState
from campaigns.ports.gauges import Gauges
from campaigns.ports.health import Finding
from campaigns.ports.store import Account, CampaignRecord

from .views import Health, HealthLine

LONG = timedelta(minutes=1)
"""A report that waits longer, or calls that nobody asks about for longer, are a fault."""
_OVER = (AttemptState.INTENT, AttemptState.UNCERTAIN)
"""Of these the provider is not asked."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was looked at."""

    findings: Sequence[Finding]
    """Of the database."""
    gauges: Gauges
    asked_until: dict[str, datetime]
    accounts: dict[str, Account]
    campaigns: Sequence[CampaignRecord]
    dialed: bool | None
    simulated: bool
    webhooks: bool


async def look(session: Session) -> Seen:
    """Ask the database. Raises StoreError."""
    now, store = session.clock.now(), session.store
    records = await store.campaigns()
    names = dict.fromkeys([*session.settings.providers, *(record.provider for record in records)])
    try:
        dialed = await session.database.is_dialed()
    except StoreError:
        dialed = None
    return Seen(
        findings=await session.database.findings(session.clock), gauges=await store.gauges(now=now),
        asked_until=await store.asked_until(), accounts={name: await store.account(name) for name in names},
        campaigns=records, dialed=dialed, simulated=session.simulated,
        webhooks=session.settings.public_url is not None
        or all(is_simulated(session.settings, name) for name in session.settings.providers),
    )  # fmt: skip


def health_of(seen: Seen, *, now: datetime) -> Health:
    """In lines for people, and in figures."""
    lines = (*_database(seen), *_dialing(seen), *_inbox(seen, now), *_asking(seen, now), *_accounts(seen, now))
    return Health((*lines, *_rest(seen)), _figures(seen, now))


def _database(seen: Seen) -> Iterator[HealthLine]:
    for finding in seen.findings:
        yield HealthLine(f"database {finding.subject}".strip(), finding.ok, finding.told)
    kind = "simulated: every call in it is made up" if seen.simulated else "live: calls are real"
    yield HealthLine("calls", True, kind)


def _dialing(seen: Seen) -> Iterator[HealthLine]:
    active = sum(record.state is CampaignState.ACTIVE for record in seen.campaigns)
    if seen.dialed is None:
        yield HealthLine("workers", None, "nobody can say whether any process dials")
    elif seen.dialed:
        yield HealthLine("workers", True, "a process dials from this database")
    else:
        start = "Start `campaigns run` its file." if seen.simulated else "Start `campaigns worker`."
        ok = False if active else None
        yield HealthLine(
            "workers", ok, f"nothing dials from this database, where {active} of the campaigns should. {start}"
        )


def _inbox(seen: Seen, now: datetime) -> Iterator[HealthLine]:
    for provider, (waiting, oldest) in sorted(seen.gauges.inbox.items()):
        late = now - oldest > LONG
        detail = f"{waiting:,} reports wait to be taken in, the oldest for {_told(now - oldest)}"
        yield HealthLine(f"inbox {provider}", not late, detail)


def _asking(seen: Seen, now: datetime) -> Iterator[HealthLine]:
    """Calls whose end no webhook tells are asked about; of none under way nothing is asked."""
    for provider in sorted({name for name, state in seen.gauges.attempts if state not in _OVER}):
        until = seen.asked_until.get(provider)
        if until is not None and now - until > LONG:
            detail = f"calls are under way, and nobody has asked about them for {_told(now - until)}"
            yield HealthLine(f"sweep {provider}", False, f"{detail}. Is a worker running that knows this provider?")
        elif until is not None:
            yield HealthLine(f"sweep {provider}", True, "calls under way are asked about")


def _accounts(seen: Seen, now: datetime) -> Iterator[HealthLine]:
    for name, account in sorted(seen.accounts.items()):
        if account.breaker.is_shut(now=now):
            detail = f"answers unclearly: nobody is dialled until {account.breaker.open_until:%H:%M:%S}Z"
            yield HealthLine(f"account {name}", False, detail)
        elif account.paused_until is not None and account.paused_until > now:
            detail = f"asked for silence until {account.paused_until:%H:%M:%S}Z"
            yield HealthLine(f"account {name}", None, detail)


def _rest(seen: Seen) -> Iterator[HealthLine]:
    doubts = _count(seen, AttemptState.UNCERTAIN)
    if doubts:
        yield HealthLine("doubts", None, f"{doubts:,} attempts of which nobody knows whether they took place")
    if not seen.webhooks:
        yield HealthLine("webhooks", None, "no public_url: calls are polled, no report can come in")


def _figures(seen: Seen, now: datetime) -> dict[str, float]:
    ages = [(now - oldest).total_seconds() for _, oldest in seen.gauges.inbox.values()]
    return {
        "active_campaigns": sum(record.state is CampaignState.ACTIVE for record in seen.campaigns),
        "calls_under_way": sum(n for (_, state), n in seen.gauges.attempts.items() if state not in _OVER),
        "doubts": _count(seen, AttemptState.UNCERTAIN),
        "inbox": sum(waiting for waiting, _ in seen.gauges.inbox.values()),
        "inbox_age_seconds": max(ages, default=0.0),
        **({} if seen.dialed is None else {"dialed": float(seen.dialed)}),
    }


def _count(seen: Seen, state: AttemptState) -> int:
    return sum(n for (_, found), n in seen.gauges.attempts.items() if found is state)


def _told(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
