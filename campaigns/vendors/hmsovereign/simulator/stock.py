"""The shelves of one simulated account, and how they hang together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.ports import Clock
from campaigns.vendors.simulated.exchange import ApiError

from .options import Options
from .shelves import Shelf, Thing
from .surface import Endpoint, Refusal, body_of

_AGENT: Thing = {
    "business_name": None, "is_active": True, "first_message": None, "max_duration_seconds": 900,
    "voicemail_detection": False, "voicemail_message": None, "webhook_url": None, "webhook_secret": None,
    "webhook_events": None, "analysis_plan": None, "stt_config": {}, "llm_config": {}, "tts_config": None,
    "speech_config": None,
}  # fmt: skip
_NUMBER: Thing = {
    "agent_id": None, "agent_name": None, "business_name": None, "transfer_trunk_id": None, "workflow_id": None,
    "workflow_name": None, "source": "sip", "is_active": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything that is kept."""

    assistants: Shelf
    numbers: Shelf
    others: tuple[Shelf, ...]
    servers: Shelf

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        shelves = (self.assistants, self.numbers, *self.others, self.servers)
        test = Route("/mcp-servers/{key}/test", guard(self._test), methods=["POST"])
        return [test, *(route for shelf in shelves for route in shelf.routes(guard))]

    async def _test(self, request: Request) -> Response:
        server = self.servers.find(request.path_params["key"])
        await body_of(request)
        if "unreachable" in str(server["url"]):
            return JSONResponse({"ok": False, "duration_ms": 5000, "error": "connection refused"})
        tool = {"name": "lookup", "description": None, "input_schema": {"type": "object"}}
        return JSONResponse({"ok": True, "duration_ms": 42, "tools": [tool]})


def stocked(options: Options, clock: Clock) -> Stock:
    """The shelves with the assistants and numbers of the options; without assistants there, every id is one."""
    config = {"tools": [{"type": "function", "function": {"name": name}} for name in options.tools]}
    agent = _AGENT | {"name": "Simulated", "llm_config": config}
    gone: set[str] = set()
    assistants = Shelf(clock, "/assistants", "assistant", "assistants", defaults=agent, may_go=gone.add)
    if options.assistants is None:
        assistants.vouch = lambda key: {"id": key, **agent} if key not in gone else None
    for key in sorted(options.assistants or ()):
        assistants.add(key)
    numbers = Shelf(
        clock, "/numbers", "number", "numbers", needed=("phone_number",), defaults=_NUMBER,
        may_go=lambda key: _forget(options.numbers, key),
    )  # fmt: skip
    for key, number in options.numbers.items():
        numbers.add(key, phone_number=number, agent_id="simulated")
    servers = Shelf(
        clock, "/mcp-servers", "mcp_server", "mcp_servers", needed=("name", "url"), hidden=("headers",),
        defaults={"transport": "streamable_http", "timeout_seconds": 20}, check=_secure,
    )  # fmt: skip
    servers.may_go = lambda key: _unused(key, servers, assistants)
    return Stock(assistants, numbers, _others(clock, numbers), servers)


def _others(clock: Clock, numbers: Shelf) -> tuple[Shelf, ...]:
    tool: Thing = {"description": None, "tool_config": {}}
    return (
        Shelf(
            clock, "/sip-trunks", "trunk", "trunks", needed=("name", "provider", "address"), patched=False,
            defaults={"transport": "udp", "auth_username": None, "is_active": True}, hidden=("auth_password",),
        ),
        Shelf(
            clock, "/tool-templates", "tool_template", "tool_templates", needed=("name", "tool_type"), defaults=tool
        ),
        Shelf(
            clock, "/analysis-templates", "analysis_template", "analysis_templates", defaults={"description": None},
            needed=("name", "system_prompt", "user_prompt", "schema"),
        ),
        Shelf(
            clock, "/workflows", "workflow", "workflows", needed=("name", "definition"), defaults={"is_active": True},
            show=_summary, check=_graph, may_go=lambda key: _detached(key, numbers),
        ),
    )  # fmt: skip


def _forget(pool: dict[str, str], key: str) -> None:
    pool.pop(key, None)


def _summary(workflow: Thing) -> Thing:
    graph = workflow["definition"]
    counts = {"node_count": len(graph.get("nodes", ())), "edge_count": len(graph.get("edges") or ())}
    told = {name: value for name, value in workflow.items() if name != "definition"}
    return told | counts | {"entry_node": graph.get("entry_node")}


def _graph(workflow: Thing) -> None:
    graph: Any = workflow.get("definition")
    nodes = [node.get("id") for node in graph.get("nodes") or ()] if isinstance(graph, dict) else []
    if not isinstance(graph, dict) or graph.get("entry_node") not in nodes:
        raise Refusal(400, "invalid_request", "Invalid workflow definition", param="definition")


def _detached(key: str, numbers: Shelf) -> None:
    attached = [one for one in numbers.things.values() if one.get("workflow_id") == key]
    if attached:
        raise ApiError(409, "conflict", f"Workflow is attached to {len(attached)} phone numbers. Detach it first")


def _secure(server: Thing) -> None:
    if not str(server["url"]).startswith("https://"):
        raise Refusal(400, "invalid_request", "url must use https", param="url")
    server["header_names"] = sorted(server.get("headers") or {})


def _unused(key: str, servers: Shelf, assistants: Shelf) -> None:
    tools = [tool for one in assistants.things.values() for tool in (one.get("llm_config") or {}).get("tools") or ()]
    if any(tool.get("mcp_server_id") == key for tool in tools):
        raise ApiError(409, "conflict", f"An assistant still uses {servers.things[key]['name']}")
