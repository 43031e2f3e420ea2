"""Whom nobody may call, what people agreed to and take back, and whom nobody may remember."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import File, Form, Path, Query, UploadFile
from pydantic import Field

from campaigns.desk.acts import Bar, Erasure
from campaigns.desk.consents import ConsentView
from campaigns.desk.views import Page, SuppressionView

from .access import Changes, ChangesAll, Operates, Reads, TheDesk, topic
from .paging import After, Limit
from .uploads import kept, numbers_of
from .words import Number, Said, Text

router = topic("people")
Entry = Annotated[
    str,
    Path(pattern=r"^[0-9a-f]{32}[.:][a-z_]{1,20}$", description="Its `id` in the list.", examples=["0" * 32 + ":all"]),
]
Scope = Literal["all", "telemarketing", "informational", "debt_collection", "research", "emergency"]


@router.get("/suppressions", summary="The do-not-call list")
async def suppressions(
    desk: TheDesk,
    by: Reads,
    search: Annotated[str, Query(max_length=200, description="A part of who, why or proof.")] = "",
    limit: Limit = 50,
    after: After = None,
) -> Page[SuppressionView]:
    """The newest first. It is shared by all campaigns of the database."""
    return await desk.people.suppressions(after, limit, search, by=by)


class Barred(Said):
    """A number, and what is said of it."""

    number: Number
    scope: Scope = Field("all", description="`all`, or the purpose for which they are not called.")
    why: Text = Field("asked not to be called", min_length=1)
    proof: Text = Field("", description="Where that is written down.", examples=["letter of 3 May"])


@dataclass(frozen=True, slots=True)
class Added:
    """How many numbers came, and how many are new on the list."""

    read: int
    added: int


@router.post("/suppressions", summary="Never call this number again")
async def suppress(desk: TheDesk, by: Changes, bar: Barred) -> Added:
    """It counts from now on, for whoever is about to be dialled too."""
    return Added(1, await desk.acts.suppress([Bar(bar.number, bar.scope, bar.why, bar.proof)], by=by))


@router.post("/imports/suppressions", summary="Put every number of a list on the do-not-call list")
async def import_suppressions(  # noqa: PLR0913, PLR0917 - the fields of a form
    desk: TheDesk,
    by: Changes,
    file: Annotated[UploadFile, File(description="A list: .csv .tsv .xlsx .jsonl")],
    column: Annotated[str, Form(max_length=200, description="The column with the numbers.")] = "phone",
    region: Annotated[
        str | None, Form(pattern="^[A-Z]{2}$", description="Country of numbers without +.", examples=["GB"])
    ] = None,
    scope: Annotated[Scope, Form()] = "all",
    why: Annotated[str, Form(min_length=1, max_length=500)] = "imported",
) -> Added:
    """Nothing is added unless every row can be read."""
    async with kept([file]) as (path,):
        numbers = await numbers_of(path, column, region)
    bars = [Bar(number, scope, why, proof=path.name) for number in numbers]
    return Added(len(numbers), await desk.acts.suppress(bars, by=by))


@dataclass(frozen=True, slots=True)
class Removed:
    """How many entries are gone."""

    removed: int


@router.delete("/suppressions/{entry}", summary="Take an entry off the do-not-call list")
async def unsuppress(desk: TheDesk, by: Changes, entry: Entry) -> Removed:
    """By its `id` in the list."""
    return Removed(await desk.acts.unsuppress(entry, by=by))


class OfNumber(Said):
    """Whom."""

    number: Number


@router.post("/consents/list", summary="What is on record of a number")
async def consents(desk: TheDesk, by: Operates, whose: OfNumber) -> Page[ConsentView]:
    """Which consent, for what, by which list and proof."""
    return Page(await desk.consents.of(whose.number, by=by), None)


class TakenBack(OfNumber):
    """Who takes back what they agreed to, and how they said it."""

    why: Text = Field("taken back", min_length=1, examples=["by letter"])


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many records count no more; they stay, as the proof of calls that were made."""

    withdrawn: int


@router.post("/consents/withdraw", summary="Let what was agreed to count no more")
async def withdraw(desk: TheDesk, by: Changes, whose: TakenBack) -> Withdrawn:
    """Only a list that says it was given later counts again. Nobody is suppressed by this."""
    return Withdrawn(await desk.acts.withdraw(whose.number, whose.why, by=by))


@router.post("/erasures", summary="Remove a person")
async def erase(desk: TheDesk, by: ChangesAll, whose: OfNumber) -> Erasure:
    """Everywhere; only hashes stay, so that nobody calls them again. Says what is left where this cannot reach it."""
    return await desk.acts.erase(whose.number, by=by)
