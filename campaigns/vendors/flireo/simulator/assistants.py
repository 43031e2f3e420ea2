"""The assistants of the Flireo simulator: their records, and what callers of them meet. All of it is assumed."""

from collections.abc import Iterable
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from campaigns.vendors.simulated.exchange import ApiError, Exchange, name_id

from .door import ORG, Asked, Door, iso
from .options import Options

_FIELDS = (
    "name", "first_message", "system_prompt", "voice_id", "language", "type", "server_url", "max_duration_seconds",
    "voicemail_message", "phone_number_id", "is_active", "tools",
)  # fmt: skip


class Assistants:
    """Those that were made, and those that the options name; where they name none, any id is one."""

    def __init__(self, exchange: Exchange[Options], door: Door) -> None:
        self._exchange, self._door = exchange, door
        self._items = {key: self._plain(key) for key in sorted(exchange.options.assistants or ())}
        self._gone: set[str] = set()

    def routes(self) -> Iterable[BaseRoute]:
        yield self._door.route("/assistants", self._list)
        yield self._door.route("/assistants", self._create, "POST")
        yield self._door.route("/assistants/{key}", self._get)
        yield self._door.route("/assistants/{key}", self._replace, "PUT")
        yield self._door.route("/assistants/{key}", self._patch, "PATCH")
        yield self._door.route("/assistants/{key}", self._delete, "DELETE")
        yield self._door.route("/instant-agents", self._instant, "POST")
        yield self._door.route("/instant-agents/generate-faqs", self._faqs, "POST")
        yield self._door.route("/query-knowledgebase", self._query, "POST")

    def find(self, key: str) -> dict[str, Any]:
        """Raises ApiError: 404."""
        if key not in self._items:
            if key in self._gone or self._exchange.options.assistants is not None:
                raise ApiError(404, "not_found", "No assistant has this id")
            return self._plain(key)
        return self._items[key]

    def tools(self, key: str) -> list[str]:
        """The names of what it may ask for while it talks."""
        tools = self._looked_up(key).get("tools")
        names = [str(tool.get("name")) for tool in tools or [] if isinstance(tool, dict) and tool.get("name")]
        return names or list(self._exchange.options.tools)

    def is_external(self, key: str) -> bool:
        """Whether a server of the customer is asked who is to talk."""
        return self._looked_up(key).get("type") == "external"

    def server(self, key: str) -> str | None:
        """Where it reports to; None: to the account's address."""
        url = self._looked_up(key).get("server_url")
        return str(url) if url else None

    def _looked_up(self, key: str) -> dict[str, Any]:
        return self._items.get(key) or self._plain(key)

    def _plain(self, key: str) -> dict[str, Any]:
        """One that nobody made by this API."""
        kind = "external" if self._exchange.options.external else "default"
        made = {"created_at": "2026-01-05T08:00:00Z", "last_modified": "2026-01-05T08:00:00Z"}
        given = {"name": "Simulated", "type": kind, "is_active": True}
        return {"assistant_id": key, "org_id": ORG} | dict.fromkeys(_FIELDS) | given | made

    def _list(self, asked: Asked) -> Response:
        items = list(self._items.values()) if asked.query("org_id") in (None, "", ORG) else []
        return JSONResponse(self._door.page(asked.request, "assistants", items, dict))

    def _create(self, asked: Asked) -> Response:
        return self._made(_checked(asked.told(), whole=True))

    def _made(self, told: dict[str, Any]) -> Response:
        options = self._exchange.options
        key = name_id("assistant", f"{self._exchange.seed}:{len(self._items)}:{self._now()}")
        self._items[key] = self._plain(key) | {"type": "default"} | _known(told) | {"created_at": self._now()}
        if options.assistants is not None:  # calls are admitted for those that the options name
            self._exchange.options = options.model_copy(update={"assistants": options.assistants | {key}})
        return self._kept(key, 201)

    def _get(self, asked: Asked) -> Response:
        return JSONResponse(self.find(asked.key))

    def _replace(self, asked: Asked) -> Response:
        """Whatever is left out becomes null, as with contacts."""
        told, item = _checked(asked.told(), whole=True), self.find(asked.key)
        self._items[asked.key] = item | dict.fromkeys(_FIELDS) | _known(told)
        return self._kept(asked.key)

    def _patch(self, asked: Asked) -> Response:
        told, item = _checked(asked.told(), whole=False), self.find(asked.key)
        self._items[asked.key] = item | _known(told)
        return self._kept(asked.key)

    def _delete(self, asked: Asked) -> Response:
        self.find(asked.key)
        self._items.pop(asked.key, None)
        self._gone.add(asked.key)
        return JSONResponse({"message": "Assistant deleted"})

    def _kept(self, key: str, status: int = 200) -> Response:
        self._items[key]["last_modified"] = self._now()
        return self._door.written(self._items[key], status)

    def _instant(self, asked: Asked) -> Response:
        return self._made({"name": "Instant agent"} | asked.told())

    def _faqs(self, asked: Asked) -> Response:
        asked.told()
        return JSONResponse({"faqs": [{"question": "When are you open?", "answer": "On working days."}]})

    def _query(self, asked: Asked) -> Response:
        told = asked.told()
        if not (told.get("assistant_id") and told.get("query")):
            raise ApiError(400, "invalid_parameters", "Missing or malformed: assistant_id, query")
        self.find(str(told["assistant_id"]))
        return JSONResponse({"answer": "On working days.", "sources": [{"title": "Opening hours"}]})

    def _now(self) -> str:
        return iso(self._exchange.clock.now()) or ""


def _known(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name in _FIELDS}


def _checked(told: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    name = told.get("name")
    if (whole or "name" in told) and not (isinstance(name, str) and name):
        raise ApiError(400, "invalid_parameters", "Missing or malformed: name")
    if told.get("type") not in (None, "default", "external"):
        raise ApiError(400, "invalid_parameters", "Missing or malformed: type")
    return told
