"""Whether an HMS Sovereign account can do what a campaign needs; a few requests, and nothing is changed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from campaigns.domain.errors import AccountRefused, InputError, Throttled, VendorError
from campaigns.ports.health import Finding, Needs
from campaigns.vendors.account import Surroundings

from .client import HMSovereign
from .models import Number

WARNS, FAILS = timedelta(seconds=30), timedelta(minutes=5)
"""How far the vendor's clock may be from ours: beyond the second no signature is fresh."""
SECRET = 16
"""Characters of an address token that counts as a secret."""


async def look(api: HMSovereign, around: Surroundings, needs: Needs) -> list[Finding]:
    """Key, minutes, agents, numbers, proof of webhooks, clock. Raises nothing."""
    findings = await _tried("key", lambda: _account(api, needs))
    if findings[0].ok is False:
        return findings
    for agent in sorted(needs.agents):
        findings += await _tried("agent", lambda agent=agent: _agent(api, agent, needs))  # type: ignore[misc]
    findings += await _tried("numbers", lambda: _numbers(api, needs))
    if needs.reports_come:
        findings.append(_proof(api, around))
    return [*findings, *_clock(api, around)]


async def _tried(subject: str, asking: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """What was found; that nothing could be found, where the vendor did not answer."""
    try:
        return await asking()
    except AccountRefused as error:
        return [Finding(subject, False, str(error), "Check api_key and the account at the vendor.")]
    except (Throttled, VendorError, InputError) as error:
        # Only of an agent it says that there is none; of anything else, that nobody answers at this address.
        missing = subject == "agent" and isinstance(error, VendorError) and error.status == 404
        return [Finding(subject, False if missing else None, str(error))]


async def _account(api: HMSovereign, needs: Needs) -> list[Finding]:
    organization = await api.get_organization()
    left, key = organization.minutes_balance, Finding("key", True, "the key is accepted")
    if left is None:
        return [key, Finding("credits", None, "the vendor does not say how many minutes are left")]
    buy = "Add minutes to the account at the vendor."
    if left <= 0:
        return [key, Finding("credits", False, "no minutes are left", buy)]
    if left < needs.talk_minutes:
        return [
            key,
            Finding("credits", None, f"{left:,.0f} minutes are left of {needs.talk_minutes:,.0f} at worst", buy),
        ]
    return [key, Finding("credits", True, f"{left:,.0f} minutes are left")]


async def _agent(api: HMSovereign, agent: str, needs: Needs) -> list[Finding]:
    assistant = await api.get_assistant(agent)
    if assistant.is_active is False:
        return [Finding("agent", False, f"{agent} is not active", "Activate the assistant, or name another.")]
    found = Finding("agent", True, f"{agent} exists")
    if needs.reports_come and api.rest.account.webhook_secret and not assistant.webhook_secret:
        mend = "Give the assistant the webhook_secret of the settings; reports without a signature are refused."
        return [found, Finding("webhooks", None, f"{agent} shows no webhook secret", mend)]
    return [found]


async def _numbers(api: HMSovereign, needs: Needs) -> list[Finding]:
    if not needs.caller_ids:
        mend = "Write caller_ids in the campaign file."
        return [Finding("numbers", None, "without caller_ids the platform takes any number of its pool", mend)]
    numbers = await api.list_numbers()
    named = {name: number for number in numbers for name in (number.id, number.phone_number) if name}
    found = [_number(place, named.get(caller)) for place, caller in enumerate(needs.caller_ids, 1)]
    return [finding for finding in found if finding] or [Finding("numbers", True, "all caller_ids are of the account")]


def _number(place: int, number: Number | None) -> Finding | None:
    """What is wrong with the n-th caller id; None: nothing."""
    if number is None:
        return Finding(
            "numbers", False, f"caller id {place} is no number of the account", "Register it, or take another."
        )
    if number.is_active is False:
        return Finding("numbers", False, f"caller id {place} is not active", "Activate the number, or take another.")
    if not (number.agent_id or number.workflow_id):
        mend = "Link an assistant to it, for those who call back."
        return Finding("numbers", None, f"caller id {place} is linked to no assistant", mend)
    return None


def _proof(api: HMSovereign, around: Surroundings) -> Finding:
    account = api.rest.account
    if len(account.webhook_token) < SECRET:
        return Finding(
            "webhooks", False, "reports have no secret address", "Set a webhook_token of 16 characters or more."
        )
    if not around.webhooks:
        mend = "Set public_url, or give each assistant our address as its webhook_url."
        return Finding("webhooks", None, "calls carry no address for their reports", mend)
    if account.webhook_secret:
        return Finding("webhooks", True, "reports must be signed")
    mend = "Set webhook_secret here and at each assistant: then reports are believed without asking again."
    return Finding("webhooks", True, "reports are proved by their secret address, and the call is then fetched", mend)


def _clock(api: HMSovereign, around: Surroundings) -> list[Finding]:
    skew = abs(api.rest.skew) if api.rest.skew is not None else timedelta()
    if around.clock.watch_every is None or skew <= WARNS:  # virtual time has no other clock to agree with
        return []
    fatal = skew > FAILS and bool(api.rest.account.webhook_secret)
    says = f"the vendor's clock and ours differ by {skew.total_seconds():.0f} s"
    return [Finding("clock", False if fatal else None, says, "Have the system's clock set by NTP.")]
