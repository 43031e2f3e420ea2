"""Where campaigns stand, how they came there and how they will go on; and what tells them to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Query
from pydantic import Field

from campaigns.archiving import archive_one
from campaigns.desk.acts import Verb, Which
from campaigns.desk.views import AttemptView, CampaignView, Effect, History, Page
from campaigns.domain.lead import CampaignState, Outcome

from .access import Changes, ChangesAll, Reads, TheDesk, topic
from .paging import After, Limit, paged
from .problems import as_it_stands
from .words import A_CAMPAIGN, CampaignName, Said, Text

router = topic("campaigns")


@router.get("/campaigns", summary="Every campaign, and where it stands")
async def campaigns(
    desk: TheDesk,
    _by: Reads,
    state: Annotated[CampaignState | None, Query(description="Only these.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[CampaignView]:
    """In the order in which they were made; what is archived is left out."""
    found = [one for one in await desk.board.campaigns() if state in (None, one.state)]
    return paged(found, lambda one: f"{one.created_at.timestamp():020.6f} {one.name}", after, limit)


@router.get("/campaigns/{name}", summary="Where one campaign stands")
async def campaign(desk: TheDesk, _by: Reads, name: CampaignName) -> CampaignView:
    """`as_of` says when its leads and attempts were counted."""
    return await desk.board.campaign(name)


@router.get("/campaigns/{name}/history", summary="How it came to where it stands")
async def history(desk: TheDesk, _by: Reads, name: CampaignName) -> History:
    """The funnel, outcomes and calls over time, and answers by weekday and hour of the people who were called."""
    return await desk.board.history(name)


@router.get("/campaigns/{name}/live", summary="Attempts under way")
async def live(desk: TheDesk, by: Reads, name: CampaignName) -> Page[AttemptView]:
    """The newest first, at most 200."""
    return Page(await desk.board.live(name, by=by), None)


@router.get("/campaigns/{name}/effects/{verb}", summary="What steering would do")
async def effect(desk: TheDesk, _by: Reads, name: CampaignName, verb: Verb) -> Effect:
    """In plain words, before it is done."""
    return await desk.acts.effect(verb, name)


@dataclass(frozen=True, slots=True)
class Steered:
    """What a campaign was told came to."""

    campaign: Annotated[str, Field(examples=[A_CAMPAIGN])]
    state: CampaignState


_TOLD = {
    Verb.START: ("Let the worker call", "Whoever may be called now is called as soon as a worker runs."),
    Verb.PAUSE: ("Begin no more calls", "Those on their way are settled."),
    Verb.RESUME: ("Go on after a pause", "Those who waited are looked at again."),
    Verb.STOP: ("End it for good", "Whoever waits is closed as stopped, and never called by it."),
}


def _steering(verb: Verb) -> Callable[..., Awaitable[Steered]]:
    async def steer(desk: TheDesk, by: Changes, name: CampaignName) -> Steered:
        with as_it_stands():
            return Steered(name, await desk.acts.steer(verb, name, by=by))

    steer.__name__ = str(verb)
    return steer


for _verb, (_summary, _description) in _TOLD.items():
    router.post(f"/campaigns/{{name}}/{_verb}", summary=_summary, description=_description)(_steering(_verb))


class WhichClosed(Said):
    """Closed leads; empty lists: whichever."""

    outcomes: list[Outcome] = Field([], max_length=20, examples=[["exhausted"]])
    labels: list[Text] = Field([], max_length=50)
    leads: list[Text] = Field([], max_length=1000, description="Their ids.")
    attempts: int = Field(1, ge=1, le=20, description="Each has at least so many left.")


@dataclass(frozen=True, slots=True)
class Reopened:
    """How many wait again."""

    reopened: int


@router.post("/campaigns/{name}/reopen", summary="Let closed leads wait again")
async def reopen(desk: TheDesk, by: Changes, name: CampaignName, which: WhichClosed) -> Reopened:
    """Never those who said no more calls, are suppressed or erased, or have a call that is not over."""
    closed = Which(frozenset(which.outcomes), frozenset(which.labels), frozenset(which.leads))
    with as_it_stands():
        return Reopened(await desk.acts.reopen(name, closed, by=by, attempts=which.attempts))


@dataclass(frozen=True, slots=True)
class InArchive:
    """Where a campaign is now."""

    campaign: str
    why: str
    """Where its archive is: a file in the folder in which this process runs."""
    rows: dict[str, int]
    """In it, by table."""


@router.post("/campaigns/{name}/archive", summary="Move an ended campaign into a file, and out of the database")
async def archive(desk: TheDesk, _by: ChangesAll, name: CampaignName) -> InArchive:
    """NAME.archive.jsonl.gz, in the folder in which this process runs; not while caps still count its calls."""
    await desk.board.campaign(name)
    with as_it_stands():
        done = await archive_one(desk.session, name, Path())
    return InArchive(done.name, done.why, done.rows)
