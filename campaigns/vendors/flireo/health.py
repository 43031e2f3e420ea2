"""What a Flireo account can and cannot do, looked at before anybody is dialled: at most a few requests, no change."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from campaigns.domain.errors import AccountRefused, CampaignsError, VendorError
from campaigns.ports import Clock
from campaigns.ports.health import Finding, Needs
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.signatures import FRESH

from .client import Flireo
from .models import Assistant

_SKEWED = timedelta(seconds=30)
_TOKEN = 16
"""Characters of the address' secret part, below which it could be guessed."""


async def look(client: Flireo, account: VendorAccount, around: Surroundings, needs: Needs) -> list[Finding]:
    """Every finding; raises nothing. Where the key is refused, nothing else is asked."""
    found = await _spared(lambda: _account(client, needs), "key")
    if not any(finding.subject == "key" and finding.ok is False for finding in found):
        for agent in sorted(needs.agents):
            found += await _spared(lambda agent=agent: _agent(client, around, agent, needs), "agent")  # type: ignore[misc]
        if needs.caller_ids:
            found += await _spared(lambda: _numbers(client, needs.caller_ids), "numbers")
    if needs.reports_come:
        found.append(_webhooks(account))
    return found + clock(client.rest.skew, around.clock, signed=bool(account.webhook_secret))


async def _spared(asked: Callable[[], Awaitable[list[Finding]]], subject: str) -> list[Finding]:
    """What cannot be asked is told as a doubt; a refused account as what it is."""
    try:
        return await asked()
    except AccountRefused as error:
        if error.status == 402:
            return [Finding("credits", False, str(error))]
        return [Finding("key" if error.status == 401 else subject, False, str(error))]
    except CampaignsError as error:
        return [Finding(subject, None, str(error))]


async def _account(client: Flireo, needs: Needs) -> list[Finding]:
    try:
        profile = await client.get_profile()
    except VendorError as error:
        if error.status != 404:
            raise
        await client.calls_page(since=client.rest.clock.now(), offset=0, limit=1)  # which no runner can do without
        return [Finding("key", True, "The key is accepted."), Finding("credits", None, str(error))]
    return [Finding("key", True, "The key is accepted."), _credits(profile.credits, client, needs)]


def _credits(left: float | None, client: Flireo, needs: Needs) -> Finding:
    if left is None:
        return Finding("credits", None, "The account does not say how many credits are left.")
    if left <= 0:
        return Finding("credits", False, "No credits are left.", "Add credits to the account.")
    wanted = needs.talk_minutes * client.facts.credits_per_minute
    says = f"{left:,.10g} credits are left"
    if left < wanted:
        says = f"{says}, fewer than the {wanted:,.10g} that {needs.talk_minutes:,.10g} minutes of talk may cost."
        return Finding("credits", None, says, "Add credits, or set a budget in the campaign.")
    return Finding("credits", True, f"{says}.")


async def _agent(client: Flireo, around: Surroundings, agent: str, needs: Needs) -> list[Finding]:
    mend = "Write the id of an assistant of this account as `agent`."
    try:
        assistant = await client.get_assistant(agent)
    except VendorError as error:
        if error.status != 404:
            raise
        if error.code != "not_found" or not await _lists_without(client, agent):  # perhaps the route is not there
            return [Finding("agent", None, str(error), "Correct get_assistant under `routes`, or the agent.")]
        return [Finding("agent", False, f"There is no assistant '{agent}'.", mend)]
    if assistant.is_active is False:
        return [Finding("agent", False, f"The assistant '{agent}' is not active.", "Switch it on in the dashboard.")]
    found = [Finding("agent", True, f"The assistant '{agent}' is there.")]
    found += _told_to_us(assistant, agent, around, needs)
    return found if needs.caller_ids else found + await _linked(client, agent)


async def _lists_without(client: Flireo, agent: str) -> bool:
    """Whether the account shows its assistants, and not this one. The routes are assumed: one 404 may be theirs."""
    try:
        return agent not in [assistant.assistant_id async for assistant in client.assistants()]
    except VendorError:
        return False


def _told_to_us(assistant: Assistant, agent: str, around: Surroundings, needs: Needs) -> list[Finding]:
    """Its webhooks go to its own server address, which is a secret: it is not shown."""
    told, ours = assistant.server_url, around.webhooks
    if not needs.reports_come or ours is None or (told or "").startswith(f"{ours}/"):
        return []
    what = "reports to no server" if not told else "reports to another server"
    mend = f"Give it {ours}/ with webhook_token behind it as server URL."
    return [Finding("webhooks", None, f"The assistant '{agent}' {what}; its calls are polled.", mend)]


async def _linked(client: Flireo, agent: str) -> list[Finding]:
    """Without a caller id of ours, an assistant calls from the number that is linked to it."""
    if (await client.assistant_number(agent)).phone_number is not None:
        return []
    says = f"No number is linked to the assistant '{agent}', and the campaign names none."
    return [Finding("numbers", None, says, "Link a number to it, or write `caller_ids`.")]


async def _numbers(client: Flireo, wanted: tuple[str, ...]) -> list[Finding]:
    ours: set[str] = set()
    off: set[str] = set()
    async for number in client.phone_numbers(shared=True):
        ours |= {number.id, number.phone_number}
        off |= {number.id, number.phone_number} if number.available is False else set()
    missing = sum(caller not in ours for caller in wanted)
    if missing:
        says = f"{missing} of {len(wanted)} caller_ids are not numbers of this account."
        return [Finding("numbers", False, says, "Write numbers that the account has, or their provider ids.")]
    silent = sum(caller in off for caller in wanted)
    if silent:
        says = f"{silent} of {len(wanted)} caller_ids are not available at the moment."
        return [Finding("numbers", None, says, "Look at them in the dashboard.")]
    return [Finding("numbers", True, f"All {len(wanted)} caller_ids are numbers of this account.")]


def _webhooks(account: VendorAccount) -> Finding:
    if len(account.webhook_token) < _TOKEN:
        mend = "Set webhook_token to 16 random characters or more."
        return Finding("webhooks", False, "The address of reports has no secret part, so none can be proved.", mend)
    return Finding("webhooks", True, "Reports are proved by the secret part of their address.")


def clock(skew: timedelta | None, own: Clock, *, signed: bool) -> list[Finding]:
    """How far the vendor's time is from ours; a signature is good for a few minutes only."""
    if skew is None or own.watch_every is None:  # virtual time has no clock to compare
        return []
    off = f"Our clock and the vendor's are {abs(skew).total_seconds():.0f} s apart."
    if abs(skew) <= _SKEWED:
        return [Finding("clock", True, off)]
    broken = signed and abs(skew) > FRESH
    return [Finding("clock", False if broken else None, off, "Let this machine keep its time by NTP.")]
