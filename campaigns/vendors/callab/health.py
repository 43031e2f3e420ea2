"""Whether a Callab account can do what is needed; asks little, changes nothing, raises nothing."""

import re
from datetime import timedelta

from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.ports.health import Finding, Needs

from .client import Callab
from .facts import normal
from .where import Where

_SKEW = timedelta(seconds=30)
_TOKEN = 16
"""Characters of a secret that nobody guesses."""


async def examine(callab: Callab, needs: Needs, *, token: str) -> list[Finding]:
    """Key, agents, numbers, credits, webhooks, clock."""
    findings = [await _key(callab)]
    if findings[0].ok is False:
        return findings
    if findings[0].ok:  # of one who answers nothing, no answer says that there is no such agent
        findings += [await _agent(callab, agent) for agent in sorted(needs.agents)]
    if needs.caller_ids:
        findings.append(await _numbers(callab, needs))
    elif needs.calls:
        findings.append(Finding("numbers", False, "A call needs a number to be shown.", "Write caller_ids."))
    if needs.calls:
        says = "Callab's API tells no balance: it cannot be asked."
        findings.append(Finding("credits", None, says, "Look at the dashboard."))
    if needs.reports_come:
        findings.append(_webhooks(token))
    return [*findings, *clock(callab)]


async def _key(callab: Callab) -> Finding:
    try:
        await callab.agents()
    except AccountRefused as error:
        return Finding("key", False, str(error), "Check api_key in the settings.")
    except VendorError as error:
        return Finding("key", None, str(error))
    return Finding("key", True, "The key is accepted.")


async def reading(callab: Callab) -> Finding:
    """Whether contacts can be read."""
    try:
        async for _ in callab.contact_pages(Where(search="+")):
            break
    except AccountRefused as error:
        return Finding("key", False, str(error), "Check api_key in the settings.")
    except VendorError as error:
        return Finding("key", None, str(error))
    return Finding("key", True, "The key is accepted, and contacts can be read.")


async def _agent(callab: Callab, agent: str) -> Finding:
    try:
        found = await callab.get_agent(agent)
    except VendorError as error:
        missing = error.status == 404 or error.code == "not_found"
        mend = "Write the id of an agent of this account." if missing else ""
        return Finding("agent", False if missing else None, f"Agent {agent}: {error}", mend)
    except AccountRefused as error:
        return Finding("agent", False, str(error))
    if normal(found.status) == "inactive":
        return Finding("agent", False, f"Agent {agent} is inactive.", "Activate it in the dashboard.")
    return Finding("agent", True, f"Agent {agent} exists.")


async def _numbers(callab: Callab, needs: Needs) -> Finding:
    try:
        known = await callab.phone_numbers()
    except (VendorError, AccountRefused) as error:
        return Finding("numbers", None, f"The account's numbers cannot be asked: {error}")
    ids = {each.id for each in known}
    missing = sum(
        caller not in ids and not any(same_number(caller, each.phone_number) for each in known)
        for caller in needs.caller_ids
    )
    if missing:
        says = f"{missing} of the caller_ids are not numbers of this account."
        return Finding("numbers", False, says, "Write numbers that the account has, with +.")
    return Finding("numbers", True, "The account has the numbers that are shown.")


def same_number(written: str, shown: str | None) -> bool:
    """However either is spelled."""
    return written.startswith("+") and re.sub(r"\D", "", written) == re.sub(r"\D", "", shown or "")


def _webhooks(token: str) -> Finding:
    if len(token) < _TOKEN:
        return Finding("webhooks", False, "The secret part of the webhook's address is too short.",
                       f"Set webhook_token to {_TOKEN} characters or more.")  # fmt: skip
    return Finding(
        "webhooks", None, "Callab signs nothing: its address alone proves a webhook, and each call is asked for.",
        "See that the flow of the campaign sends the call's id.",
    )  # fmt: skip


def clock(callab: Callab) -> list[Finding]:
    """What the vendor's clock says, where it is far from ours."""
    skew = callab.rest.skew
    if skew is None or abs(skew) <= _SKEW:
        return []
    ahead = "ahead of" if skew > timedelta() else "behind"
    says = f"The vendor's clock is {abs(skew).total_seconds():.0f} s {ahead} ours."
    return [Finding("clock", None, says, "Set this machine's clock by NTP.")]
