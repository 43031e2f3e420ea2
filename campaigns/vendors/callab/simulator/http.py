"""The HTTP surface of the Callab simulator: both generations of paths, and the faults that a client can see."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from campaigns.vendors.signatures import same
from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.exchange import Exchange
from campaigns.vendors.simulated.minute import Minute

from .asking import WrongError, body_of, failing, page, told
from .book import Book, fits, fits_lists
from .company import Company
from .dialling import Dialling
from .options import Options

Endpoint = Callable[[Request], Awaitable[Response]]


class Surface:
    """The routes over one exchange."""

    def __init__(self, exchange: Exchange[Options], book: Book) -> None:
        self._exchange, self._book = exchange, book
        self._company = Company(exchange, exchange.seed)
        self._dialling = Dialling(exchange, self._company)
        self._failing = failing(exchange)
        self._minute = Minute(exchange.options.per_minute)

    def app(self) -> SeveringApp:
        """The ASGI application: V1 below `/v1`, and without it as the hand-written samples have it; V0 beside it."""
        v1 = [
            Route("/contacts/query", self._contacts),
            Route("/contacts/{id}", self._contact),
            Route("/calls/make-call", self._dial, methods=["POST"]),
            Route("/calls/query", self._calls),
            Route("/calls", self._dialling.record, methods=["POST"]),
            Route("/calls/{id}", self._call),
            *self._company.v1(),
        ]
        v0 = [
            Route("/contact/query", self._contacts_v0, methods=["GET", "POST"]),
            Route("/contact", self._contacts_v0),
            *self._company.v0(),
        ]
        control = [
            Route("/_simulator/ledger", self._ledger),
            Route("/_simulator/stats", self._stats),
            Route("/_simulator/webhook", self._webhook, methods=["POST"]),
            Route("/_simulator/contacts", self._dashboard, methods=["GET", "POST"]),
        ]
        v1, v0 = self._guarded(v1), self._guarded(v0)
        routes: list[BaseRoute] = [*control, Mount("/v1", routes=v1), *v1, *v0]
        return SeveringApp(routes=routes)

    def _guarded(self, routes: list[Route]) -> list[Route]:
        return [Route(each.path, self._open(each.endpoint), methods=list(each.methods or ())) for each in routes]

    def _open(self, endpoint: Endpoint) -> Endpoint:
        """What every request of the API meets first; and how errors look."""

        async def guarded(request: Request) -> Response:
            try:
                self._admit(request)
                return await endpoint(request)
            except WrongError as error:
                return error.answer()

        return guarded

    def _admit(self, request: Request) -> None:
        """Budget and key: that HTTP says so of either is assumed."""
        options = self._exchange.options
        wait = self._minute.spend(now=self._exchange.clock.now()).get("retry-after")
        if wait is not None:
            raise WrongError("too many requests", 429, {"retry-after": wait})
        if options.api_key is not None and not same(
            request.headers.get("authorization", ""), f"Bearer {options.api_key}"
        ):
            raise WrongError("unauthorized", 401)

    async def _dial(self, request: Request) -> Response:
        body = await body_of(request)
        phone = str(body.get("call_to") or "")
        return await self._failing.answer(
            self._exchange.dice.pick("create", phone, phone), lambda: self._dialling.dial(body)
        )

    async def _calls(self, request: Request) -> Response:
        rule = self._exchange.dice.pick("list", "calls", request.url.query)
        return await self._failing.answer(rule, lambda: self._dialling.listing(request))

    async def _call(self, request: Request) -> Response:
        key = request.path_params["id"]
        return await self._failing.answer(self._exchange.dice.pick("get", key, key), lambda: self._dialling.one(key))

    def _shown(self) -> list[dict[str, Any]]:
        return self._book.shown(self._exchange.ledger.everything(), self._exchange.clock.now())

    async def _contacts(self, request: Request) -> Response:
        query = dict(request.query_params)

        def act() -> Response:
            return page(request, self._exchange.options, [each for each in self._shown() if fits(each, query)])

        return await self._failing.answer(
            self._exchange.dice.pick("list", "contacts", f"contacts?{request.url.query}"), act
        )

    async def _contact(self, request: Request) -> Response:
        for each in self._shown():
            if each.get("id") == request.path_params["id"]:
                return told(each)
        raise WrongError  # without words, as in the documents

    async def _contacts_v0(self, request: Request) -> Response:
        """Everybody at once, without the workspace that V0 does not know."""
        lists = await body_of(request) if request.url.path.endswith("/query") else {}
        if not all(isinstance(words, list) for words in lists.values() if words is not None):
            raise WrongError("invalid filter")
        fitting = [each for each in self._shown() if fits_lists(each, lists)]
        return told([{name: value for name, value in each.items() if name != "workspace_id"} for each in fitting])

    async def _ledger(self, _request: Request) -> Response:
        lines = [call.model_dump_json() + "\n" for call in self._exchange.ledger.everything()]
        return PlainTextResponse("".join(lines), media_type="application/jsonl")

    async def _stats(self, _request: Request) -> Response:
        return JSONResponse(self._exchange.stats())

    async def _webhook(self, request: Request) -> Response:
        try:
            wish = _Webhook.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"message": 'Send {"url": "http://…"}, or null for none.'}, 400)
        self._exchange.teller.webhook = wish.url
        return JSONResponse({"url": wish.url})

    async def _dashboard(self, request: Request) -> Response:
        """The contacts, as the dashboard alone can write them."""
        if request.method == "POST":
            try:
                self._book.contacts = _Contacts.model_validate_json(await request.body()).contacts
            except ValidationError:
                return JSONResponse({"message": 'Send {"contacts": [{"id": …}, …]}.'}, 400)
        return JSONResponse({"contacts": self._book.contacts})


class _Webhook(BaseModel):
    url: str | None = Field(pattern=r"^https?://.")


class _Contacts(BaseModel):
    contacts: list[dict[str, Any]]
