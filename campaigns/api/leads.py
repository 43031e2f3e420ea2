"""Leads, attempts and whoever is behind them: lists, one contact whole, search, and what a person decides of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from campaigns.desk.acts import Word
from campaigns.desk.views import AttemptView, ContactView, LeadRow, Page
from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, LeadState, Outcome
from campaigns.ports.pages import AttemptFilter, LeadFilter

from .access import Changes, Reads, TheDesk, topic
from .paging import After, Limit, paged
from .problems import as_it_stands
from .words import CampaignName, Id, Moment, Said, Text

router = topic("people")
MOST_FOUND = 200


@router.get("/campaigns/{name}/leads", summary="The leads of a campaign")
async def leads(  # noqa: PLR0913, PLR0917 - one filter a word
    desk: TheDesk,
    by: Reads,
    name: CampaignName,
    state: Annotated[LeadState | None, Query(description="Only these.")] = None,
    outcome: Annotated[Outcome | None, Query(description="Only these.")] = None,
    label: Annotated[str | None, Query(max_length=200, description="Only these.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[LeadRow]:
    """In the order of its lists. Numbers are masked for whoever may only read."""
    return await desk.people.leads(name, LeadFilter(state, outcome, label), after, limit, by=by)


@router.get("/campaigns/{name}/attempts", summary="The attempts of a campaign")
async def attempts(  # noqa: PLR0913, PLR0917 - one filter a word
    desk: TheDesk,
    by: Reads,
    name: CampaignName,
    state: Annotated[AttemptState | None, Query(description="Only these.")] = None,
    disposition: Annotated[Disposition | None, Query(description="Only these.")] = None,
    newest_first: Annotated[bool, Query(description="Else the oldest first.")] = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[AttemptView]:
    """In the order in which they were written down. Transcripts are left out for whoever may only read."""
    return await desk.people.attempts(name, AttemptFilter(state, disposition, newest_first), after, limit, by=by)


@router.get("/leads/{lead}", summary="One contact: who, why or why not now, and every attempt")
async def contact(desk: TheDesk, by: Reads, lead: Id) -> ContactView:
    """Whether they are called now, which rule says so, and when next; with their zones and what their clocks say."""
    return await desk.people.contact(lead, by=by)


class Sought(Said):
    """In a body, because numbers and names in an address end in logs."""

    text: Text = Field(min_length=1, description="A number in any writing, an id, a key, or part of a name.",
                       examples=["+442079460123"])  # fmt: skip
    limit: int = Field(50, ge=1, le=MOST_FOUND)


@router.post("/search", summary="Find people by number, key or name")
async def search(desk: TheDesk, by: Reads, sought: Sought) -> Page[LeadRow]:
    """Over all campaigns."""
    return Page(tuple([row async for row in desk.people.search(sought.text, by=by, limit=sought.limit)]), None)


class CallBack(Said):
    """When."""

    at: Moment


@dataclass(frozen=True, slots=True)
class Promised:
    """When they are called back."""

    lead: str
    callback_at: datetime
    """When law and hours allow it."""


@router.post("/leads/{lead}/call-back", summary="Promise a call at a time")
async def call_back(desk: TheDesk, by: Changes, lead: Id, when: CallBack) -> Promised:
    """One call beyond the campaign's maximum; never against the law."""
    with as_it_stands():
        return Promised(lead, (await desk.acts.call_back(lead, when.at, by=by)).next_at)


@router.get("/doubts", summary="Attempts of which nobody knows whether they took place")
async def doubts(
    desk: TheDesk,
    by: Reads,
    campaign: Annotated[str | None, Query(max_length=200, description="Only of this one.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[AttemptView]:
    """The oldest first; each waits for a person's word."""
    found = await desk.board.doubts(campaign, by=by)
    return paged(found, lambda one: f"{one.intent_at.timestamp():020.6f} {one.attempt}", after, limit)


class Resolution(Said):
    """A person's word."""

    word: Word
    disposition: Disposition = Field(Disposition.UNKNOWN, description="With `called`: how it ended.")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Which attempt it was."""

    attempt: str


@router.post("/attempts/{attempt}/resolve", summary="Say what became of an uncertain attempt")
async def resolve(desk: TheDesk, by: Changes, attempt: Id, said: Resolution) -> Resolved:
    """`called`: it took place. `not_called`: it did not, and the lead is called again. `drop`: leave the lead alone."""
    return Resolved(await desk.acts.resolve(attempt, said.word, said.disposition, by=by))
