"""What holds while one campaign runs: the values that every part of the engine is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from campaigns.domain.budget import purse_of
from campaigns.domain.call import CallOrder
from campaigns.domain.campaign import AgentByLanguage, Campaign
from campaigns.domain.changed import changed
from campaigns.domain.contact import Contact, keyed_hash
from campaigns.domain.facts import PeopleLimits
from campaigns.domain.lead import Lead
from campaigns.domain.legal import Law
from campaigns.domain.pacing import Limits
from campaigns.ports.store import CampaignRecord, Store


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """How a provider's account is used, from the settings."""

    name: str
    at_once: int
    per_second: float
    requests_per_minute: float | None
    poll_every: timedelta
    lookups: tuple[timedelta, ...]
    absence_after: timedelta | None
    longest_call: timedelta
    reports_come: bool
    """Whether webhooks can reach us; then an answered call waits a little for its analysis."""
    price_per_minute: float | None = None
    """The most that a minute costs; budgets hold it for the longest call before each dial."""
    book_ahead: timedelta = timedelta(minutes=30)
    """Scheduled dialing: how far ahead calls are handed to the provider."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One campaign on one account."""

    record: CampaignRecord
    campaign: Campaign
    limits: Limits
    law: Law
    people: PeopleLimits
    hash_key: bytes = field(repr=False)

    @property
    def scheduled(self) -> bool:
        """Whether the provider holds the clock."""
        return self.campaign.dialing == "scheduled"

    def order(self, lead: Lead, name: str, phone: str, caller: str) -> CallOrder | None:
        """What is asked for in the attempt `name`; None: nobody speaks the contact's language."""
        agent = self.agent(lead.contact)
        if agent is None:
            return None
        variables, assistant = lead.contact.variables, self.campaign.assistant_for(lead.contact)
        return CallOrder(name, phone, agent, caller or None, variables, assistant)

    def phone_key(self, e164: str) -> str:
        return phone_key(self.hash_key, e164)

    def person_key(self, contact: Contact) -> str:
        kind = "person" if contact.person_from_id else "phone-person"
        return keyed_hash(self.hash_key, kind, contact.person)

    def agent(self, contact: Contact) -> str | None:
        """Who talks to this contact; None: nobody speaks the language."""
        agent = self.campaign.agent
        if agent is None:
            return "simulated-agent"
        return agent.of(contact.language) if isinstance(agent, AgentByLanguage) else agent


def phone_key(hash_key: bytes, e164: str) -> str:
    """The name of a number in the database: on the suppression list, and of open attempts."""
    return keyed_hash(hash_key, "phone", e164)


class TermsBook:
    """The terms of every campaign of the database, read when first asked for and again after an edit."""

    def __init__(self, store: Store, build: Callable[[CampaignRecord], Terms], hash_key: bytes) -> None:
        self._store, self._build, self._hash_key = store, build, hash_key
        self._known: dict[str, Terms] = {}

    def current(self, record: CampaignRecord) -> Terms:
        """Terms for a record that was just read."""
        known = self._known.get(record.name)
        if known is None or known.record.revision != record.revision:
            known = self._build(record)
        self._known[record.name] = known = changed(known, record=record)
        return known

    async def of(self, name: str) -> Terms | None:
        """Terms by campaign name; None: the database has no such campaign."""
        if name in self._known:
            return self._known[name]
        record = await self._store.campaign(name)
        return None if record is None else self.current(record)

    def phone_key(self, e164: str) -> str:
        return phone_key(self._hash_key, e164)


def limits_of(campaign: Campaign, account: AccountTerms, tolerance: timedelta) -> Limits:
    """The campaign's pacing within the account's."""
    return Limits(
        at_once=account.at_once,
        per_second=account.per_second,
        requests_per_minute=account.requests_per_minute,
        campaign_at_once=campaign.pacing.at_once,
        campaign_per_second=campaign.pacing.per_second,
        longest_call=account.longest_call,
        tolerance=tolerance,
        ramp_up=campaign.pacing.ramp_up,
        priority=campaign.priority,
        caller_caps=tuple((caller.number, caller.per_day) for caller in campaign.caller_ids if caller.per_day),
        zone=campaign.zone,
        purse=purse_of(campaign.budget, account.longest_call.total_seconds(), account.price_per_minute),
        book_ahead=account.book_ahead,
    )
