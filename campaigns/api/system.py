"""How this process and what it stands on are, and what it can speak with."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime

from campaigns.desk.access import Role
from campaigns.desk.journal import Journal, JournalView
from campaigns.desk.views import Health, HealthLine, Page
from campaigns.doctor import doctor_checks
from campaigns.schema import campaign_schema
from campaigns.vendors import kinds

from .access import Operates, Reads, TheDesk, topic
from .paging import After, Limit

router = topic("system")


@dataclass(frozen=True, slots=True)
class Status:
    """Who you are here, and what this is."""

    name: str
    role: Role
    simulated: bool
    """The calls in this database are made up."""
    dials: bool
    """This process dials; else another one does, or none."""
    campaigns: dict[str, int]
    """By state."""


@router.get("/status", summary="Who you are here, and how many campaigns there are")
async def status(desk: TheDesk, by: Reads) -> Status:
    """To see whether a token works."""
    states: dict[str, int] = {}
    for one in await desk.board.campaigns():
        states[one.state] = states.get(one.state, 0) + 1
    return Status(by.name, by.role, desk.session.simulated, bool(desk.accounts), states)


@router.get("/health", summary="How this process and its database are")
async def health(desk: TheDesk, _by: Reads) -> Health:
    """Quick; asks no provider."""
    return await desk.board.health()


@router.get("/doctor", summary="Everything that dialling needs")
async def doctor(desk: TheDesk, _by: Operates) -> Health:
    """Settings, keys, agents, numbers, credits, contact lists, clock, database, webhook address: asks the providers."""
    checks = await doctor_checks(desk.session.settings)
    return Health(tuple(HealthLine(check.name, check.ok, check.detail) for check in checks))


@router.get("/journal", summary="Every decision about a person, the oldest first")
async def journal(
    desk: TheDesk,
    by: Operates,
    campaign: Annotated[str | None, Query(max_length=100, description="Of one campaign.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="From this moment on.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[JournalView]:
    """What was allowed by which rule, placed, reported, barred, erased, and who said so; ids and hashes only."""
    return await Journal(desk.session).journal(after, limit, campaign, since, by=by)


@dataclass(frozen=True, slots=True)
class System:
    """A system that can be spoken with."""

    name: str
    """As campaign files call it; empty: a kind that the settings do not name."""
    kind: str
    role: str
    """`calls` or `contacts`."""
    base_url: str | None


@router.get("/providers", summary="Systems for calls and for contacts")
async def providers(desk: TheDesk, _by: Reads) -> list[System]:
    """Those of the settings, and the kinds that could be."""
    settings = desk.session.settings
    found = [System("simulator", "flireo", "calls", "built in, on loopback")]
    for group, role, named in (("providers", "calls", settings.providers), ("lists", "contacts", settings.lists)):
        found += [System(name, own.kind, role, own.base_url) for name, own in named.items()]
        found += [System("", kind, role, None) for kind in kinds(group)]
    return found


@router.get("/schema", summary="The JSON Schema of campaign files")
async def schema(_by: Reads) -> dict[str, Any]:
    """For editors, and to know what a campaign file may say."""
    return campaign_schema()
