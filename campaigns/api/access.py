"""Who may do what: each route says it once, by one of these dependencies, and the door reads it from there."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers

from campaigns.desk.access import Operator, Role
from campaigns.desk.desk import Desk

MOST_KEY = 200
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token of `campaigns token add NAME --role read|operate|admin`.",
)
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=MOST_KEY, pattern="^[!-~]+$",
        description="A word of your own, new for each thing that you want done. The same request with the same key "
        "is done once, and answered alike for a day.", examples=["7b1f5a0c-5d0e-4a3c-9f53-0d4fd9f1c001"],
    ),
]  # fmt: skip


class Needs:
    """Let in whoever has this role or more."""

    repeatable = False

    def __init__(self, role: Role) -> None:
        self.role = role

    def __call__(self, request: Request, _bearer: _Bearer) -> Operator:
        """Whom the door let in."""
        return operator_of(request)


class Writes(Needs):
    """The same for a write that may be asked for twice; its answer is kept, so it holds no secret, name or number."""

    repeatable = True

    def __call__(self, request: Request, _bearer: _Bearer, _key: _Key = None) -> Operator:
        """Whom the door let in."""
        return operator_of(request)


Reads = Annotated[Operator, Depends(Needs(Role.READ))]
Operates = Annotated[Operator, Depends(Needs(Role.OPERATE))]
Administers = Annotated[Operator, Depends(Needs(Role.ADMIN))]
Changes = Annotated[Operator, Depends(Writes(Role.OPERATE))]
ChangesAll = Annotated[Operator, Depends(Writes(Role.ADMIN))]


def topic(name: str) -> APIRouter:
    """Routes about one thing; their functions' names are their operations' ids, so each name is there once."""
    return APIRouter(tags=[name], generate_unique_id_function=lambda route: route.name)


def needed(route: APIRoute) -> Needs:
    """What a route asks for. Raises TypeError where it does not say: nothing is open by mistake."""
    found = [each.call for each in route.dependant.dependencies if isinstance(each.call, Needs)]
    if len(found) != 1:
        raise TypeError(f"{route.path}: says {len(found)} times who may use it")
    return found[0]


def secret_of(headers: Headers) -> str:
    """The secret that came with a request; empty: none did."""
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def operator_of(request: Request) -> Operator:
    """Whom the door let in."""
    operator = request.scope["operator"]
    assert isinstance(operator, Operator)  # noqa: S101 - the door is always there
    return operator


def _desk(request: Request) -> Desk:
    desk = request.app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - put there by `api`
    return desk


TheDesk = Annotated[Desk, Depends(_desk)]
