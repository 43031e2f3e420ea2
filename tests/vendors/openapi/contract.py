"""Holds what two programs say to each other against a vendor's OpenAPI document, whichever of the two is ours.

`Contract` judges one request or one answer. `Ledger` hears a whole conversation, through the ASGI middleware
`overheard`, the httpx transport `Overheard`, or by being told. `drive` plays the client of a server.
"""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from ruamel.yaml import YAML

Json = Any
FOLDER = Path(__file__).parent
METHODS = ("get", "put", "post", "patch", "delete")
_HOME = "urn:document"
_LONGEST = 300
"""Characters of one complaint."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request that a vendor knows, or one webhook that it sends."""

    name: str
    method: str
    path: str
    """A template such as /contacts/{contact_id}; for a webhook its name."""
    where: str
    """JSON pointer into the document."""
    node: Json
    parameters: tuple[Json, ...]

    @property
    def seen(self) -> bool:
        return bool(self.node["x-seen"])

    def named(self, place: str) -> dict[str, Json]:
        """Its parameters in `query`, `path` or `header`."""
        return {one["name"]: one for one in self.parameters if one["in"] == place}


class Contract:
    """A vendor's document, ready to judge. Complaints are texts; none means that all is well."""

    def __init__(self, document: Json) -> None:
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[Json] = Registry().with_resource(_HOME, resource)
        self.operations = {one.name: one for one in self._read("paths")}
        self.webhooks = {one.path: one for one in self._read("webhooks")}
        self._routes = sorted(self.operations.values(), key=lambda one: one.path.count("{"))

    @classmethod
    def load(cls, name: str) -> "Contract":
        """`name`: flireo, hmsovereign, callbell, callab or callab_v0."""
        return cls(_document(name))

    def _read(self, part: str) -> Iterable[Operation]:
        for path, item in self.document.get(part, {}).items():
            for method in METHODS:
                if node := item.get(method):
                    where = f"/{part}/{_escaped(path)}/{method}"
                    shared = [*item.get("parameters", ()), *node.get("parameters", ())]
                    parameters = tuple(self._at(one) for one in shared)
                    yield Operation(node["operationId"], method.upper(), path, where, node, parameters)

    def _at(self, node: Json) -> Json:
        return self._pointer(node["$ref"][1:]) if "$ref" in node else node

    def _pointer(self, pointer: str) -> Json:
        return self._registry.resolver(_HOME).lookup(f"#{pointer}").contents

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of this method and path (without the base); literal paths win over templates."""
        for one in self._routes:
            pattern = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(one.path))
            if one.method == method.upper() and re.fullmatch(pattern, path):
                return one
        return None

    def request(
        self, method: str, target: str, body: bytes = b"", base: str = ""
    ) -> tuple[Operation | None, list[str]]:
        """Which operation this is, and what is wrong with it. `target`: path and query as they stood on the line."""
        parts = urlsplit(target)
        found = self.find(method, parts.path.removeprefix(base)) if parts.path.startswith(base) else None
        if found is None:
            return None, [f"{method} {_masked(parts.path)}: no such operation"]
        return found, [*self._query(found, parts.query), *self._body(found, body)]

    def response(self, operation: str, status: int, body: bytes) -> list[str]:
        """What is wrong with this answer to that operation."""
        return self._answer(self.operations[operation], status, body)

    def event(self, webhook: str, body: bytes, headers: Mapping[str, str] | None = None) -> list[str]:
        """What is wrong with this message of the vendor; headers are judged where they are given."""
        one = self.webhooks[webhook]
        judged = [] if headers is None else self._headers(one, headers)
        return [*judged, *self._body(one, body)]

    def reply(self, webhook: str, status: int, body: bytes) -> list[str]:
        """What is wrong with our answer to a message of the vendor."""
        return self._answer(self.webhooks[webhook], status, body)

    def _query(self, one: Operation, query: str) -> Iterable[str]:
        given: dict[str, list[str]] = {}
        for name, text in parse_qsl(query, keep_blank_values=True):
            given.setdefault(name, []).append(text)
        known = one.named("query")
        yield from (f"{one.name}: unknown query parameter {name}" for name in given if name not in known)
        yield from self._named(one, known, given)

    def _headers(self, one: Operation, headers: Mapping[str, str]) -> Iterable[str]:
        given = {name.lower(): [text] for name, text in headers.items()}
        yield from self._named(one, {name.lower(): each for name, each in one.named("header").items()}, given)

    def _named(self, one: Operation, known: Mapping[str, Json], given: Mapping[str, list[str]]) -> Iterable[str]:
        for name, parameter in known.items():
            if name in given:
                value = _typed(given[name], parameter["schema"].get("type"))
                yield from self._judged(f"{one.name} {parameter['in']} {name}", parameter["schema"], value)
            elif parameter.get("required"):
                yield f"{one.name}: {parameter['in']} {name} is missing"

    def _body(self, one: Operation, body: bytes) -> Iterable[str]:
        if "requestBody" not in one.node:
            return [f"{one.name}: a body that nobody asked for"] if body.strip() else []
        content = one.node["requestBody"]["content"]
        if "application/json" not in content:
            return []  # forms: taken on trust
        where = f"{one.where}/requestBody/content/application~1json/schema"
        return self._document(f"{one.name} request", where, body)

    def _answer(self, one: Operation, status: int, body: bytes) -> list[str]:
        answers = one.node["responses"]
        key = next((key for key in (str(status), f"{status // 100}XX", "default") if key in answers), None)
        if key is None:
            return [f"{one.name}: status {status} is not foreseen"]
        where, node = f"{one.where}/responses/{key}", answers[key]
        if "$ref" in node:
            where = node["$ref"][1:]
            node = self._pointer(where)
        if status == httpx.codes.NO_CONTENT:
            return [f"{one.name}: 204 with a body"] if body.strip() else []
        if "content" not in node:
            return []
        return list(self._document(f"{one.name} {status}", f"{where}/content/application~1json/schema", body))

    def _document(self, title: str, where: str, body: bytes) -> Iterable[str]:
        try:
            value = json.loads(body)
        except ValueError:
            return [f"{title}: the body is not JSON"]
        return self._judged(title, {"$ref": f"{_HOME}#{quote(where, safe='/~')}"}, value)

    def _judged(self, title: str, schema: Json, value: Json) -> Iterable[str]:
        for error in Draft202012Validator(schema, registry=self._registry).iter_errors(value):
            closest = best_match(error.context) if error.context else None
            told = closest or error
            yield f"{title} at {error.json_path}: {told.message}"[:_LONGEST]


@lru_cache
def _document(name: str) -> Json:
    return YAML(typ="safe").load(FOLDER / f"{name}.yaml")


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _masked(path: str) -> str:
    """Long rows of digits may be somebody's number."""
    return re.sub(r"\d{5,}", "#", path)


def _typed(texts: list[str], wanted: str | None) -> Json:
    """What a query's texts mean where the document wants `wanted`; what cannot be read stays text, and fails."""
    if wanted == "array":
        return texts
    if len(texts) > 1:
        return texts  # named twice: a list where one value was wanted
    text = texts[0]
    if wanted == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if wanted == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


@dataclass(slots=True)
class Ledger:
    """What was heard in one conversation: how often each operation, and every breach of the contract."""

    contract: Contract
    base: str = ""
    """The part of every path that stands before the document's own, such as /v1."""
    heard: Counter[str] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    """What was wrong with requests: the client's fault."""
    answers: list[str] = field(default_factory=list)
    """What was wrong with answers: the server's fault."""

    def hear(self, method: str, target: str, body: bytes, status: int | None = None, answer: bytes = b"") -> None:
        """Take note of one exchange; `status` None: no answer came."""
        found, complaints = self.contract.request(method, target, body, self.base)
        self.requests += complaints
        if found is not None:
            self.heard[found.name] += 1
            if status is not None:
                self.answers += self.contract.response(found.name, status, answer)


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def overheard(app: App, ledger: Ledger) -> App:
    """ASGI middleware: `app` as it was, and the ledger hears every exchange, also what `app` did not care to read."""

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        told, status = bytearray(), None
        parts = [await receive()]
        while parts[-1].get("more_body"):
            parts.append(await receive())
        asked = b"".join(part.get("body", b"") for part in parts)

        async def hearing() -> MutableMapping[str, Any]:
            return parts.pop(0) if parts else await receive()

        async def telling(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            told.extend(message.get("body", b""))
            await send(message)

        try:
            await app(scope, hearing, telling)
        finally:
            path = scope.get("raw_path") or quote(scope["path"]).encode()
            target = f"{path.decode('latin-1')}?{scope.get('query_string', b'').decode('latin-1')}"
            ledger.hear(scope["method"], target, asked, status, bytes(told))

    return listening


class Overheard(httpx.AsyncBaseTransport):
    """An httpx transport that does as `inner` does, and the ledger hears every exchange."""

    def __init__(self, inner: httpx.AsyncBaseTransport, ledger: Ledger) -> None:
        self._inner, self._ledger = inner, ledger

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body, target = await request.aread(), request.url.raw_path.decode("latin-1")
        try:
            answer = await self._inner.handle_async_request(request)
            told = await answer.aread()
        except httpx.HTTPError:
            self._ledger.hear(request.method, target, body)
            raise
        self._ledger.hear(request.method, target, body, answer.status_code, told)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a driven server answered to one operation."""

    operation: str
    status: int
    body: Json
    """As it was read; None where there was none."""
    complaints: tuple[str, ...]


async def drive(
    contract: Contract,
    client: httpx.AsyncClient,
    known: Mapping[str, str] | None = None,
    skip: Iterable[str] = (),
) -> list[Heard]:
    """Ask a server for every operation once, as sparely as is legal, and judge the answers.

    Requests are made of the document's examples. `known` names what the server already holds, such as
    {"assistant_id": ...}: it replaces examples of that name in paths, required queries and bodies, and grows by what
    good answers teach (`x-learns`). Deletions come last, in reverse order. `client` has the base address and the key.
    """
    known = dict(known or {})
    wanted = [one for one in contract.operations.values() if one.name not in set(skip)]
    keeping = [one for one in wanted if one.method != "DELETE"]
    deleting = [one for one in wanted if one.method == "DELETE"][::-1]
    heard = []
    for one in [*keeping, *deleting]:
        answer = await client.request(**_made(one, known))
        told = _read(answer)
        _learn(one, answer.status_code, told, known)
        complaints = contract.response(one.name, answer.status_code, answer.content)
        heard.append(Heard(one.name, answer.status_code, told, tuple(complaints)))
    return heard


def _made(one: Operation, known: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of the least request that the document allows."""
    path = one.path.lstrip("/")
    for name, parameter in one.named("path").items():
        path = path.replace(f"{{{name}}}", quote(str(known.get(name, parameter["example"])), safe=""))
    query = {n: known.get(n, p.get("example")) for n, p in one.named("query").items() if p.get("required")}
    made: dict[str, Any] = {"method": one.method, "url": path, "params": query}
    for kind, media in one.node.get("requestBody", {}).get("content", {}).items():
        example = {name: known.get(name, value) for name, value in media["example"].items()}
        if kind == "application/json":
            made["json"] = example
        else:
            made["files"] = {"file": ("paper.pdf", example.pop("file").encode())}
            made["data"] = example
    return made


def _read(answer: httpx.Response) -> Json:
    try:
        return answer.json()
    except ValueError:
        return None


def _learn(one: Operation, status: int, told: Json, known: dict[str, str]) -> None:
    if status >= httpx.codes.BAD_REQUEST:
        return
    for name, pointers in one.node.get("x-learns", {}).items():
        found = [value for pointer in pointers if (value := _pick(told, pointer)) is not None]
        if found:
            known[name] = found[0]


def _pick(told: Json, pointer: str) -> str | None:
    for part in pointer.split("/")[1:]:
        key: Any = int(part) if isinstance(told, list) and part.isdigit() else unquote(part)
        try:
            told = told[key]
        except (KeyError, IndexError, TypeError):
            return None
    return str(told) if isinstance(told, str | int) else None
