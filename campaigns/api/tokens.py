"""Who may come in."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Path
from pydantic import Field

from campaigns.desk.access import Role
from campaigns.desk.acts import TokenView
from campaigns.desk.views import Page

from .access import Administers, ChangesAll, TheDesk, topic
from .paging import After, Limit, paged
from .problems import as_it_stands
from .words import Said, Text

router = topic("tokens")


@router.get("/tokens", summary="Who may come in")
async def tokens(desk: TheDesk, by: Administers, limit: Limit = 50, after: After = None) -> Page[TokenView]:
    """By name; their secrets are nowhere."""
    return paged(await desk.acts.tokens(by=by), lambda one: one.name, after, limit)


class NewToken(Said):
    """Somebody to let in."""

    name: Text = Field(min_length=1, max_length=60, examples=["crm"])
    role: Role


@dataclass(frozen=True, slots=True)
class Secret:
    """Shown once."""

    name: str
    role: Role
    secret: str = field(repr=False)
    """For `Authorization: Bearer`. It is kept nowhere."""


@router.post("/tokens", status_code=201, summary="Let somebody in")
async def add_token(desk: TheDesk, by: Administers, new: NewToken) -> Secret:
    """The secret is told this once and kept nowhere, so this takes no Idempotency-Key; a name is given once."""
    with as_it_stands():
        return Secret(new.name, new.role, await desk.acts.add_token(new.name, new.role, by=by))


@dataclass(frozen=True, slots=True)
class Revoked:
    """Who comes in no more."""

    revoked: str


@router.delete("/tokens/{name}", summary="Let them in no more")
async def revoke_token(
    desk: TheDesk, by: ChangesAll, name: Annotated[str, Path(max_length=60, pattern=r"^[\w.@ -]+$", examples=["crm"])]
) -> Revoked:
    """From the next request on."""
    await desk.acts.revoke_token(name, by=by)
    return Revoked(name)
