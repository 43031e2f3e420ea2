"""Campaign files that come with their lists: checked, played ahead, loaded."""

from typing import Annotated, Any

from fastapi import File, Form, UploadFile
from pydantic import AfterValidator, AwareDatetime

from campaigns.desk.acts import Loading

from .access import Changes, Operates, TheDesk, topic
from .uploads import as_upload
from .words import sensible

router = topic("campaigns")
Document = Annotated[UploadFile, File(description="The campaign file (YAML).")]
Lists = Annotated[
    list[UploadFile],
    File(default_factory=list, description="Every list that it names, each by that name.", max_length=50),
]
At = Annotated[
    AwareDatetime | None, AfterValidator(sensible),
    Form(description="Play from this moment on; default: from now.", examples=["2026-11-23T09:00:00+00:00"]),
]  # fmt: skip


@router.post("/validate", summary="Check a campaign file with its lists")
async def validate(desk: TheDesk, by: Operates, campaign: Document, lists: Lists) -> dict[str, Any]:
    """The week as it was understood, zones, rules in force, bad rows, as `campaigns validate --json` has it."""
    return await desk.drafts.check(await as_upload(campaign, lists), by=by)


@router.post("/plan", summary="Play a campaign file forward")
async def plan(
    desk: TheDesk,
    by: Operates,
    campaign: Document,
    lists: Lists,
    at: At = None,
) -> dict[str, Any]:
    """Who, when, finish, calls per hour, cost, and who is never reached, as `campaigns plan --json` has it."""
    return await desk.drafts.plan(await as_upload(campaign, lists), at, by=by)


@router.post("/campaigns", status_code=201, summary="Load a campaign file with its lists")
async def load(
    desk: TheDesk,
    by: Changes,
    campaign: Document,
    lists: Lists,
    start: Annotated[bool, Form(description="Let the worker call at once.")] = False,
    dry: Annotated[bool, Form(description="Only check, and say what it would change.")] = False,
) -> Loading:
    """A new campaign, or an edited one by the same name. Nobody is called unless `start` says so."""
    return await desk.acts.load(await as_upload(campaign, lists), by=by, start=start, dry=dry)
