"""The account of the HMS Sovereign simulator: usage, keys, mail domain, voices, and what is deprecated."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.vendors.simulated.exchange import ApiError, Exchange, name_id
from campaigns.vendors.simulated.ledger import SimCall

from .options import Options
from .shelves import Shelf
from .surface import Endpoint, Refusal, body_of, instant, need, paged
from .words import iso

ORG = name_id("organization", "hmsovereign")
_RETENTION = (30, 90, 180, 365, 730)
_VOICES = [
    {"id": "nl_NL-pim-medium", "name": "Pim", "language": "nl", "description": {"en": "Pim", "nl": "Pim"}},
    {"id": "en_GB-alba-medium", "name": "Alba", "language": "en", "description": {"en": "Alba", "nl": "Alba"}},
]


class Account:
    """Whoever the key belongs to."""

    def __init__(self, exchange: Exchange[Options], assistants: Shelf, numbers: Shelf) -> None:
        self._exchange, self._assistants, self._numbers = exchange, assistants, numbers
        self._children: list[dict[str, Any]] = []
        self._keys: dict[str, str] = {}
        self._configs: dict[str, dict[str, Any]] = {}
        self._domain: dict[str, Any] | None = None
        self._chats: dict[str, dict[str, Any]] = {}

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/organizations", self._organization), ("POST", "/organizations", self._add_child),
            ("PATCH", "/organizations", self._retain), ("GET", "/account", self._account),
            ("GET", "/health", self._health), ("GET", "/usage", self._usage), ("GET", "/voices", self._voices),
            ("GET", "/byok", self._byok), ("POST", "/byok", self._set_key), ("DELETE", "/byok", self._drop_key),
            ("POST", "/byok/config", self._configure), ("GET", "/domains", self._get_domain),
            ("POST", "/domains", self._add_domain), ("DELETE", "/domains", self._drop_domain),
            ("GET", "/domains/sync", self._resend), ("POST", "/domains/sync", self._sync),
            ("POST", "/domains/verify", self._verify), ("POST", "/domains/refresh", self._refresh),
            ("GET", "/chats", self._list_chats), ("POST", "/chats", self._add_chat),
            ("GET", "/chats/context", self._context), ("DELETE", "/chats/{key}", self._drop_chat),
        ]  # fmt: skip
        return [Route(path, guard(endpoint), methods=[method]) for method, path, endpoint in table]

    def _figures(self) -> dict[str, Any]:
        calls, month = self._exchange.ledger.everything(), self._exchange.clock.now().strftime("%Y-%m")
        used = sum(call.talk_seconds for call in calls if call.created_at.strftime("%Y-%m") == month)
        return {
            "id": ORG,
            "name": "Simulated",
            "minutes_balance": self._exchange.balance,
            "monthly_usage_minutes": round(used / 60, 1),
            "active_numbers": len(self._numbers.things),
            "active_agents": len(self._assistants.things),
            "active_calls": self._exchange.open_calls(),
            "parent_org_id": None,
        }

    async def _organization(self, request: Request) -> Response:
        children = request.query_params.get("include_children") == "true"
        return JSONResponse(self._figures() | ({"children": self._children} if children else {}))

    async def _add_child(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, "name")
        key, at = name_id("organization", f"{ORG}:{len(self._children)}"), iso(self._exchange.clock.now())
        child = {"id": key, "name": wish["name"], "created_at": at}
        self._children.append(child)
        return JSONResponse(child | {"parent_org_id": wish.get("parent_org_id"), "api_key": f"fl_test_{key}"}, 201)

    async def _retain(self, request: Request) -> Response:
        wish = await body_of(request)
        content, metadata = wish.get("content_retention_days"), wish.get("metadata_retention_days")
        if content not in _RETENTION[:-1] or metadata not in _RETENTION or content > metadata:
            raise Refusal(400, "invalid_request", "Both periods are required, and content goes first")
        return JSONResponse({"content_retention_days": content, "metadata_retention_days": metadata})

    async def _account(self, _request: Request) -> Response:
        return JSONResponse(self._figures() | {"email": None, "company_name": "Simulated"})

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "timestamp": iso(self._exchange.clock.now())})

    async def _voices(self, _request: Request) -> Response:
        return JSONResponse({"voices": _VOICES})

    async def _usage(self, request: Request) -> Response:
        now = self._exchange.clock.now()
        since, until = instant(request, "start_date"), instant(request, "end_date")
        charged = [
            call
            for call in self._exchange.ledger.since(since)
            if call.answered_at and call.ended_at <= now and (until is None or call.created_at <= until)
        ]
        seconds = sum(call.talk_seconds for call in charged)
        page, envelope = paged(request, "logs", charged[::-1])
        summary = {
            "total_calls": len(charged),
            "total_duration_seconds": round(seconds),
            "total_duration_minutes": round(seconds / 60, 2),
        }
        return JSONResponse(envelope | {"logs": [self._log(call) for call in page], "summary": summary})

    def _log(self, call: SimCall) -> dict[str, Any]:
        agent = self._assistants.things.get(call.assistant_id, {})
        return {
            "id": name_id("usage", call.call_id),
            "duration_sec": round(call.talk_seconds),
            "call_type": "phone",
            "phone_number": call.phone_number,
            "agent_name": agent.get("name"),
            "business_name": agent.get("business_name"),
            "created_at": iso(call.created_at),
        }

    async def _byok(self, _request: Request) -> Response:
        return JSONResponse({"byok_keys": self._secrets()})

    async def _set_key(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, "provider", "api_key")
        self._keys[str(wish["provider"])] = name_id("secret", str(wish["provider"]))
        return JSONResponse({"success": True, "byok_keys": self._secrets()})

    async def _drop_key(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, "provider")
        self._keys.pop(str(wish["provider"]), None)
        return JSONResponse({"success": True, "byok_keys": self._secrets()})

    async def _configure(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, "provider", "config")
        provider = str(wish["provider"])
        if provider not in self._keys:
            raise Refusal(400, "invalid_request", "Store a key for this provider first", param="provider")
        self._configs[provider] = self._configs.get(provider, {}) | wish["config"]
        return JSONResponse({"byok_config": self._configs})

    def _secrets(self) -> dict[str, str]:
        return {f"{provider}_secret_id": secret for provider, secret in self._keys.items()}

    async def _get_domain(self, _request: Request) -> Response:
        return JSONResponse({"domain": self._domain})

    async def _add_domain(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, "domain_name")
        if self._domain is not None:
            raise ApiError(409, "duplicate", "There is a domain already")
        self._domain = _domain(str(wish["domain_name"]), self._exchange.clock.now())
        return JSONResponse({"domain": self._domain}, 201)

    async def _drop_domain(self, _request: Request) -> Response:
        self._own_domain()
        self._domain = None
        return JSONResponse({"success": True})

    async def _resend(self, _request: Request) -> Response:
        known = [{"id": "resend-1", "name": "mail.example.com", "status": "verified", "region": "eu-west-1"}]
        chosen = self._domain["resend_domain_id"] if self._domain else None
        return JSONResponse({"domains": known, "selected_domain_id": chosen})

    async def _sync(self, request: Request) -> Response:
        wish = await body_of(request)
        need(wish, "resendDomainId")
        found = self._domain or _domain("mail.example.com", self._exchange.clock.now())
        self._domain = found | {"resend_domain_id": wish["resendDomainId"]}
        return JSONResponse({"domain": self._domain, "message": "Domain synced"})

    async def _verify(self, _request: Request) -> Response:
        self._domain = self._own_domain() | {"status": "verified", "verified_at": iso(self._exchange.clock.now())}
        return JSONResponse({"domain": self._domain})

    async def _refresh(self, _request: Request) -> Response:
        return JSONResponse({"domain": self._own_domain()})

    def _own_domain(self) -> dict[str, Any]:
        if self._domain is None:
            raise ApiError(404, "not_found", "No domain is configured")
        return self._domain

    async def _list_chats(self, _request: Request) -> Response:
        return JSONResponse({"chats": list(self._chats.values())})

    async def _add_chat(self, request: Request) -> Response:
        key = name_id("chat", str(len(self._chats)))
        self._chats[key] = {"id": key, **await body_of(request), "created_at": iso(self._exchange.clock.now())}
        return JSONResponse({"chat": self._chats[key]}, 201)

    async def _context(self, _request: Request) -> Response:
        return JSONResponse({"context": [], "chats": len(self._chats)})

    async def _drop_chat(self, request: Request) -> Response:
        if self._chats.pop(request.path_params["key"], None) is None:
            raise ApiError(404, "not_found", "Chat not found")
        return JSONResponse({"success": True})


def _domain(name: str, now: datetime) -> dict[str, Any]:
    record = {"record": "SPF", "name": "send", "type": "MX", "ttl": "Auto", "status": "pending", "priority": 10}
    return {
        "id": name_id("domain", name),
        "org_id": ORG,
        "domain_name": name,
        "resend_domain_id": None,
        "status": "not_started",
        "region": "eu-west-1",
        "records": [record | {"value": f"feedback.{name}"}],
        "created_at": iso(now),
        "updated_at": iso(now),
        "verified_at": None,
    }
