"""What the account keeps: assistants, numbers, trunks, templates, workflows, servers of tools."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.ports import Clock
from campaigns.vendors.simulated.exchange import ApiError, name_id

from .surface import Endpoint, Refusal, body_of, need
from .words import iso

Thing = dict[str, Any]


@dataclass
class Shelf:
    """Things of one kind, in the order of their making."""

    clock: Clock
    path: str
    one: str
    """Envelope of a single one."""
    many: str
    needed: tuple[str, ...] = ("name",)
    defaults: Thing = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    """Members that are kept and never shown."""
    patched: bool = True
    vouch: Callable[[str], Thing | None] = lambda _key: None
    """A thing that nobody made, and that exists all the same."""
    show: Callable[[Thing], Thing] = dict
    """As a list shows it."""
    check: Callable[[Thing], None] = lambda _thing: None
    """Raises ApiError for a thing that cannot be."""
    may_go: Callable[[str], None] = lambda _key: None
    """Raises ApiError for one that is in use."""
    things: dict[str, Thing] = field(default_factory=dict)

    def find(self, key: str) -> Thing:
        """Raises ApiError: 404."""
        found = self.things.get(key) or self.vouch(key)
        if found is None:
            raise ApiError(404, "not_found", f"No {self.one} has this id")
        return found

    def add(self, key: str, **members: Any) -> Thing:
        at = iso(self.clock.now())
        self.things[key] = {"id": key, **self.defaults, **members, "created_at": at, "updated_at": at}
        return self.things[key]

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        single = self.path + "/{key}"
        routes = [
            Route(self.path, guard(self._list)),
            Route(self.path, guard(self._create), methods=["POST"]),
            Route(single, guard(self._get)),
            Route(single, guard(self._delete), methods=["DELETE"]),
        ]
        return [*routes, Route(single, guard(self._patch), methods=["PATCH"])] if self.patched else routes

    async def _list(self, _request: Request) -> Response:
        return JSONResponse({self.many: [self.show(self._shown(thing)) for thing in self.things.values()]})

    async def _create(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, *self.needed)
        self.check(wish)
        made = self.add(name_id(self.one, f"{len(self.things)}:{self.clock.now().isoformat()}"), **wish)
        return self._answer(made, 201)

    async def _get(self, request: Request) -> Response:
        return self._answer(self.find(request.path_params["key"]))

    async def _patch(self, request: Request) -> Response:
        key, wish = request.path_params["key"], await body_of(request)
        if not wish:
            raise Refusal(400, "invalid_request", "Nothing to change")
        changed = {**self.find(key), **wish, "id": key, "updated_at": iso(self.clock.now())}
        self.check(changed)
        self.things[key] = changed
        return self._answer(changed)

    async def _delete(self, request: Request) -> Response:
        key = request.path_params["key"]
        self.find(key)
        self.may_go(key)
        self.things.pop(key, None)
        return JSONResponse({"success": True})

    def _answer(self, thing: Thing, status: int = 200) -> Response:
        return JSONResponse({self.one: self._shown(thing)}, status)

    def _shown(self, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name not in self.hidden}
