"""The legal rules with their sources (data, no legal advice), and jurisdictions that a person closes at once."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from campaigns.desk.views import Page, RuleView

from .access import ChangesAll, Reads, TheDesk, topic
from .paging import After, Limit, paged
from .words import Moment, Said, Text

router = topic("rules")
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{2,40}$", description="A jurisdiction.", examples=["US-FL"])]


@router.get("/rules", summary="Legal rules with their sources: data, no legal advice")
async def rules(
    desk: TheDesk,
    _by: Reads,
    campaign: Annotated[str | None, Query(max_length=200, description="Those that bind somebody of it.")] = None,
    code: Annotated[
        str | None, Query(max_length=40, description="Those of a jurisdiction.", examples=["US-FL"])
    ] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[RuleView]:
    """`suspended` says who closed a jurisdiction, and why."""
    numbered = list(enumerate(await desk.people.rules(campaign, code=code)))
    page = paged(numbered, lambda one: f"{one[0]:06}", after, limit)
    return Page(tuple(rule for _, rule in page.items), page.next)


class Suspension(Said):
    """Why, and until when."""

    why: Text = Field(min_length=1, examples=["a hurricane"])
    until: Moment | None = Field(None, description="Absent: until somebody opens it again.")


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """As it is written."""

    code: str
    open: bool


@router.post("/rules/{code}/suspend", summary="Close a jurisdiction at once")
async def suspend_rules(desk: TheDesk, by: ChangesAll, code: Code, said: Suspension) -> Jurisdiction:
    """Nobody is called there, whatever the rules allow."""
    return Jurisdiction(await desk.acts.suspend_rules(code, said.why, said.until, by=by), open=False)


@router.post("/rules/{code}/resume", summary="Open a jurisdiction again")
async def resume_rules(desk: TheDesk, by: ChangesAll, code: Code) -> Jurisdiction:
    """As far as its rules allow."""
    return Jurisdiction(await desk.acts.resume_rules(code, by=by), open=True)
