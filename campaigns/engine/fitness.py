"""Whether a campaign can succeed on its account: asked of the vendor before anybody is dialled."""

from dataclasses import dataclass, replace
from datetime import timedelta

import anyio

from campaigns.domain.budget import MINUTE_MS, Spent
from campaigns.domain.campaign import AgentByLanguage, Campaign
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.domain.lead import CampaignState
from campaigns.ports import CallProvider
from campaigns.ports.health import Finding, Needs
from campaigns.ports.store import Store

from .terms import Terms

ANSWERS_WITHIN = timedelta(seconds=30)
"""A vendor that takes longer to say how it is, is a doubt."""
ACCOUNT = frozenset({"key", "credits"})
"""Subjects in which the vendor refuses the account itself."""


@dataclass(frozen=True, slots=True)
class Fitness:
    """What was found of an account, for one campaign."""

    findings: tuple[Finding, ...] = ()

    @property
    def faults(self) -> tuple[Finding, ...]:
        """With any of these the campaign cannot succeed."""
        return tuple(finding for finding in self.findings if finding.ok is False)

    @property
    def notes(self) -> list[str]:
        """What could not be found out, or is a doubt, for people."""
        return [told(finding) for finding in self.findings if finding.ok is None]

    @property
    def state(self) -> CampaignState:
        """What the campaign may be."""
        if not self.faults:
            return CampaignState.ACTIVE
        refused = any(fault.subject in ACCOUNT for fault in self.faults)
        return CampaignState.REFUSED if refused else CampaignState.PAUSED

    @property
    def reason(self) -> str:
        """Why it cannot succeed, for people; empty: it can, as far as anybody knows."""
        return " ".join(told(fault) for fault in self.faults)


def told(finding: Finding) -> str:
    """One finding as a sentence with its mend."""
    return f"{finding.subject}: {finding.told}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a campaign is about to be run."""

    limit: int | None = None
    """So many leads at most."""
    reports_come: bool = False
    simulated: bool = False
    """The built-in simulator plays any agent, and has the campaign's numbers, but no ids of them."""


async def fitness(store: Store, provider: CallProvider, terms: Terms, wanted: Wanted) -> Fitness:
    """Ask the provider about everything that the campaign still needs. A vendor that is down is a doubt, no fault."""
    left, spent = await store.calls_left(terms.record.name, most=terms.campaign.attempts.max)
    needs = needs_of(terms, wanted, left=left, spent=spent)
    if not needs.calls:
        return Fitness()  # nobody will be dialled
    slow = Finding("provider", None, f"it did not say within {ANSWERS_WITHIN.total_seconds():.0f} s how it is")
    try:
        with anyio.move_on_after(ANSWERS_WITHIN.total_seconds()):
            return Fitness(tuple(await provider.health(needs)))
    except AccountRefused as error:
        return Fitness((Finding("key", False, str(error)),))
    except VendorError as error:
        slow = Finding("provider", None, str(error))
    return Fitness((slow,))


def needs_of(terms: Terms, wanted: Wanted, *, left: int, spent: Spent) -> Needs:
    """What the rest of a campaign needs at its worst.

    Args:
        terms: The campaign on its account.
        wanted: How it is run.
        left: Calls that its open leads may still be given, whatever the budget says.
        spent: Of the budget.
    """
    campaign, purse = terms.campaign, terms.limits.purse
    calls = left if wanted.limit is None else min(left, wanted.limit * campaign.attempts.max)
    if purse.attempts is not None:
        calls = min(calls, max(0, purse.attempts - spent.attempts))
    talk = [calls * purse.longest_ms]
    if purse.talk_ms is not None:
        talk.append(purse.talk_ms - spent.talk_ms)
    if purse.cost_micros is not None and purse.price_micros:
        talk.append((purse.cost_micros - spent.cost_micros) * MINUTE_MS // purse.price_micros)
    needs = Needs(
        agents=agents_of(campaign),
        caller_ids=tuple(caller.number for caller in campaign.caller_ids),
        calls=calls,
        talk_minutes=max(0, min(talk)) / MINUTE_MS,
        reports_come=wanted.reports_come,
    )
    if not wanted.simulated:
        return needs
    lent = tuple(number for number in needs.caller_ids if number.startswith("+"))
    return replace(needs, agents=frozenset(), caller_ids=lent)


def agents_of(campaign: Campaign) -> frozenset[str]:
    """Everybody who may talk, in any language."""
    agent = campaign.agent
    if agent is None:
        return frozenset()
    return frozenset(agent.everybody() if isinstance(agent, AgentByLanguage) else [agent])
