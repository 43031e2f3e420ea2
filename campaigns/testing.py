"""Our fakes and builders, for users' tests too: a scripted provider, and small campaigns to run whole nights with."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from anyio.abc import TaskGroup

from campaigns.domain.call import (
    CallReport,
    Grade,
)
from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Contact, PhoneNumber
from campaigns.domain.facts import PeopleLimits
from campaigns.domain.lead import Attempt, CampaignState, Lead, lead_id
from campaigns.domain.legal import Law, RuleBook
from campaigns.engine.dialer import Dialer
from campaigns.engine.inbox import to_json
from campaigns.engine.reconciler import Reconciler
from campaigns.engine.runner import RunEnd, Runner
from campaigns.engine.terms import AccountTerms, Terms, TermsBook, limits_of
from campaigns.planner.lawful import planned_under
from campaigns.ports import Clock
from campaigns.ports.meters import UNMETERED, Meters
from campaigns.ports.store import CampaignRecord, NewLead, Store
from campaigns.scripted import Dialled, Script, ScriptedList, ScriptedProvider, ScriptedScheduler

__all__ = [
    "KEY", "NO_LAW", "Dialled", "Night", "Script", "ScriptedList", "ScriptedProvider", "ScriptedScheduler",
    "a_campaign", "a_contact", "a_night", "an_account", "instant",
]  # fmt: skip

KEY = b"a key for tests, and for tests only"


def instant(text: str) -> datetime:
    """`2026-11-23T09:00Z` → aware datetime."""
    return datetime.fromisoformat(text).astimezone(UTC)


NO_LAW = Law(RuleBook((), "none"))
"""For campaigns that switch the legal rules off."""


def a_campaign(**changes: Any) -> Campaign:
    """A campaign that may always dial, but for `changes` (keys of the campaign file)."""
    keys = {
        "campaign": "test", "purpose": "informational", "calling_hours": "24/7", "timezone": "Europe/Amsterdam",
        "legal_hours": {"off": "made-up people"},
        "contacts": [{"file": "list.csv", "columns": {"phone": "Phone"}}],
        "pacing": {"at_once": 100, "per_second": 100},
    }  # fmt: skip
    return Campaign.model_validate(keys | changes)


def a_contact(number: int = 0, **changes: Any) -> Contact:
    """The `number`-th made-up person, in Amsterdam, with a number of an unissued block."""
    phone = f"+3120{number:07d}"
    plain = Contact(
        person=phone, key=f"k{number}", phones=(PhoneNumber(phone),), zones=("Europe/Amsterdam",), country="NL"
    )
    return replace(plain, **changes)


def an_account(**changes: Any) -> AccountTerms:
    """An account with wide limits and the default look-ups."""
    plain = AccountTerms(
        name="scripted", at_once=100, per_second=100, requests_per_minute=None, poll_every=timedelta(seconds=5),
        lookups=tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600)), absence_after=None,
        longest_call=timedelta(minutes=30), reports_come=False,
    )  # fmt: skip
    return replace(plain, **changes)


@dataclass
class Night:
    """A campaign with everything that runs it, in memory."""

    store: Store
    clock: Clock
    provider: ScriptedProvider
    account: AccountTerms
    book: TermsBook
    runner: Runner
    dialer: Dialer
    reconciler: Reconciler
    campaign: Campaign
    tasks: TaskGroup
    campaigns: dict[str, Campaign]
    """Every campaign of the night, by name."""

    async def also(self, campaign: Campaign, contacts: Sequence[Contact] | int) -> Runner:
        """A second campaign on the same account, and its runner."""
        self.campaigns[campaign.campaign] = campaign
        await _load(self.store, self.book, campaign, self.account, contacts, self.clock.now())
        runner = Runner(
            self.store, self.provider, self.clock, book=self.book, dialer=self.dialer, placed=self.reconciler.wake,
            tasks=self.tasks,
        )  # fmt: skip
        self.dialer.wake.link(runner.wake)
        return runner

    async def steer(self, to: CampaignState) -> None:
        """As a person would: from outside."""
        states = list(CampaignState)
        await self.store.steer(self.campaign.campaign, to, expect=states, reason="a person", now=self.clock.now())
        self.runner.wake.ring()

    async def hint(self, report: CallReport, *, grade: Grade = Grade.TOKEN, name: str = "") -> None:
        """A webhook that was proved, with this news; `name` tells equal news apart."""
        key = f"{name}{report.call_id}{report.ended_reason}{report!r}{report.analysis}{report.summary}"
        await self.store.receive(
            self.account.name, dedupe_key=key, grade=grade,
            report=to_json(report), now=self.clock.now(),
        )  # fmt: skip
        self.reconciler.wake.ring()

    async def until(self, at: datetime | timedelta) -> None:
        """Let the night go on until then."""
        await self.clock.sleep_until(self.clock.now() + at if isinstance(at, timedelta) else at)

    async def attempts(self) -> list[Attempt]:
        """Every attempt of the first campaign, in order."""
        return await self.store.attempts(self.campaign.campaign)

    async def run(self, limit: int | None = None) -> RunEnd:
        """Run the campaign to its end."""
        return await self.runner.run(self.campaign.campaign, limit=limit)

    async def lead(self, number: int = 0) -> Lead:
        """The lead of `a_contact(number)`."""
        found = await self.store.lead(lead_id(self.campaign.campaign, f"k{number}"))
        assert found is not None  # noqa: S101 - a builder for tests
        return found[0]


@asynccontextmanager
async def a_night(  # noqa: PLR0913 - a builder: everything has a default
    store: Store,
    clock: Clock,
    *,
    campaign: Campaign | None = None,
    contacts: Sequence[Contact] | int = 1,
    script: Script | None = None,
    account: AccountTerms | None = None,
    people: PeopleLimits = PeopleLimits(),  # noqa: B008 - frozen
    law: Law = NO_LAW,
    owner: str = "test",
    provider: ScriptedProvider | None = None,
    meters: Meters = UNMETERED,
) -> AsyncIterator[Night]:
    """A campaign with its leads in `store`, ready to run; the reconciler runs already.

    Args:
        store: May have a past: loading again changes nothing.
        clock: Usually a DiscreteClock, inside `run_virtual`.
        campaign: By default one that may always dial.
        contacts: How many, or which.
        script: What the provider does with each dial; by default every call is answered.
        account: By default one with wide limits.
        people: The settings' limits per person.
        law: The legal rules; by default none, as `a_campaign` asks for none.
        owner: The process; a night after a crash has another.
        provider: One that has a past; `script` is then its own.
        meters: What measures it; by default nothing.
    """
    campaign, account = campaign or a_campaign(), account or an_account()
    provider = provider or (ScriptedProvider(clock, script) if script is not None else ScriptedProvider(clock))
    campaigns = {campaign.campaign: campaign}
    book = TermsBook(store, _builder(campaigns, account, people, law, clock), KEY)
    await _load(store, book, campaign, account, contacts, clock.now())
    dialer = Dialer(store, provider, clock, account, owner, meters=meters)
    async with anyio.create_task_group() as tasks:
        reconciler = Reconciler(
            store, provider, clock, account, book=book, dialer=dialer, settled=dialer.wake, meters=meters
        )  # fmt: skip
        runner = Runner(
            store, provider, clock, book=book, dialer=dialer, placed=reconciler.wake, tasks=tasks
        )  # fmt: skip
        dialer.wake.link(runner.wake)
        tasks.start_soon(reconciler.run)
        yield Night(store, clock, provider, account, book, runner, dialer, reconciler, campaign, tasks, campaigns)
        tasks.cancel_scope.cancel()


def _builder(
    campaigns: dict[str, Campaign], account: AccountTerms, people: PeopleLimits, law: Law, clock: Clock
) -> Callable[[CampaignRecord], Terms]:
    def build(record: CampaignRecord) -> Terms:
        campaign = campaigns[record.name]
        return Terms(record, campaign, limits_of(campaign, account, clock.tolerance), law, people, KEY)

    return build


async def _load(
    store: Store,
    book: TermsBook,
    campaign: Campaign,
    account: AccountTerms,
    contacts: Sequence[Contact] | int,
    now: datetime,
) -> None:
    people = [a_contact(n) for n in range(contacts)] if isinstance(contacts, int) else contacts
    record = _record(campaign, account, now)
    terms = book.current(record)
    stamp = planned_under(terms.law, terms.people)
    terms = book.current(await store.put_campaign(replace(record, planned_under=stamp), now=now))
    await store.put_leads(record.name, [_new_lead(c, terms) for c in people], load=1, now=now)


def _record(campaign: Campaign, account: AccountTerms, now: datetime) -> CampaignRecord:
    return CampaignRecord(
        name=campaign.campaign, state=CampaignState.ACTIVE, document=campaign.model_dump_json(), folder=".",
        provider=account.name, purpose=campaign.purpose, created_at=now,
    )  # fmt: skip


def _new_lead(contact: Contact, terms: Terms) -> NewLead:
    lead = Lead(lead_id(terms.record.name, contact.key), terms.record.name, contact, terms.person_key(contact))
    return NewLead(lead, tuple(terms.phone_key(phone.e164) for phone in contact.phones), 0)
