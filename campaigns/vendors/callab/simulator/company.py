"""What a simulated Callab company has apart from contacts and calls: campaigns that nobody dials, agents, numbers."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaigns.vendors.simulated.exchange import Exchange, name_id

from .asking import WrongError, body_of, needs, page, told
from .options import Options
from .words import COMPANY, iso

_HIDDEN_V1 = ("ai_agent_id", "inbound_phone_number_id", "outbound_phone_number_id", "webhook_id", "company_id")
"""What V1 does not show of a campaign."""
_REQUIRED = ("name", "notes", "campaign_type", "ai_agent_id", "days_of_week", "time_zone", "workspace")
AGENT = name_id("agent", "callab")


class Company:
    """The routes of the rest."""

    def __init__(self, exchange: Exchange[Options], seed: int) -> None:
        self._exchange, self._options, self._seed = exchange, exchange.options, seed
        self._campaigns: dict[str, dict[str, Any]] = {}
        self.workspaces = list(self._options.workspaces)
        self._since = iso(exchange.clock.now())

    def v1(self) -> list[Route]:
        return [
            Route("/campaigns/create", self._create, methods=["POST"]),
            Route("/campaigns/by-id/{id}", self._campaign),
            Route("/campaigns/by-workspace/{workspace}", self._of_workspace),
            Route("/ai-agent", self._agents),
            Route("/ai-agent/{id}", self._agent),
            Route("/webhooks", self._flows),
            Route("/users/all", self._users),
            Route("/workspace/create", self._workspace, methods=["POST"]),
        ]

    def v0(self) -> list[Route]:
        return [
            Route("/campaign/list", self._of_company),
            Route("/campaign/update/{id}", self._update, methods=["POST"]),
            Route("/phone_number", self._numbers),
            Route("/webhook/flow/company/outbound", self._flows),
        ]

    @property
    def _now(self) -> datetime:
        return self._exchange.clock.now()

    async def _create(self, request: Request) -> Response:
        body = await body_of(request)
        needs(body, *_REQUIRED)
        self._must_work_in(body["workspace"])
        key = name_id("campaign", f"{self._seed}:{len(self._campaigns)}:{self._now.isoformat()}")
        more = {"id": key, "company_id": COMPANY, "workspace_id": body.pop("workspace"), "status": "active",
                "call_progress": 0, "created_at": iso(self._now), "updated_at": iso(self._now),
                "deleted_at": None}  # fmt: skip
        self._campaigns[key] = body | more
        return told(key)

    async def _campaign(self, request: Request) -> Response:
        return told(self._shown(self._known(request), hidden=_HIDDEN_V1))

    async def _of_workspace(self, request: Request) -> Response:
        slug = request.path_params["workspace"]
        self._must_work_in(slug)
        mine = [each for each in self._campaigns.values() if each["workspace_id"] == slug]
        return told([self._shown(each, hidden=_HIDDEN_V1) for each in mine])

    async def _of_company(self, request: Request) -> Response:
        limit = request.query_params.get("limit")
        some = list(self._campaigns.values())[: int(limit) if limit and limit.isdigit() else None]
        return told([self._shown(each) for each in some])

    async def _update(self, request: Request) -> Response:
        """The whole record: what is left out is emptied (assumed)."""
        body, known = await body_of(request), self._known(request)
        needs(body, "name", "status")
        if body["status"] not in ("active", "paused", "completed"):
            raise WrongError("invalid status")
        kept = ("id", "company_id", "workspace_id", "call_progress", "created_at", "deleted_at")
        self._campaigns[known["id"]] = {**dict.fromkeys(known), **body, **{name: known[name] for name in kept}}
        return told("")

    def _known(self, request: Request) -> dict[str, Any]:
        found = self._campaigns.get(request.path_params["id"])
        if found is None:
            raise WrongError("campaign not found")
        return found

    def _shown(self, campaign: dict[str, Any], hidden: tuple[str, ...] = ()) -> dict[str, Any]:
        hidden = hidden if self._options.campaign_ids else (*hidden, "id")
        return {name: value for name, value in campaign.items() if name not in hidden}

    def _must_work_in(self, slug: object) -> None:
        if slug not in self.workspaces:
            raise WrongError("workspace not found")

    async def _agents(self, request: Request) -> Response:
        self._must_work_in(request.query_params.get("workspace") or "default")
        return told([self._agent_of(key) for key in sorted(self._options.assistants or {AGENT})])

    async def _agent(self, request: Request) -> Response:
        key, known = request.path_params["id"], self._options.assistants
        if known is not None and key not in known:
            raise WrongError("AI agent not found")
        return told(self._agent_of(key))

    def _agent_of(self, key: str) -> dict[str, Any]:
        agent = {"name": "Assistant", "description": "", "language": "en", "status": "active", "agent_flow": None,
                 "agent_dynamic_variables": ["first_name"], "agent_post_call_outcomes": ["confirmed"], "prompt": "",
                 "who_talks_first": "agent", "agent_type": "single_prompt", "workspace_id": "default"}  # fmt: skip
        return agent | ({"id": key} if self._options.agent_ids else {})

    async def _numbers(self, _request: Request) -> Response:
        """Dates without a zone, and a country code of another style than contacts have."""
        rows = []
        for key, number in self._options.numbers.items():
            row = {"nickname": "Main", "phone_number": number, "number_country_code": None,
                   "created_at": "2026-01-05T08:00:00", "updated_at": "2026-01-05T08:00:00"}  # fmt: skip
            rows.append(row | ({"id": key} if self._options.number_ids else {}))
        return told(rows)

    async def _flows(self, request: Request) -> Response:
        """The one flow that reports to us, in capitals where V0 asks."""
        old = "/flow/" in request.url.path
        words = ("SCHEDULED", "SECONDS", "OUTBOUND") if old else ("scheduled", "seconds", "outbound")
        url = self._exchange.teller.webhook
        step = {"id": name_id("step", "1"), "step_number": 1, "webhook_url": url, "webhook_method": "POST",
                "retry_limit": 3, "depends_on_step": None}  # fmt: skip
        flow = {"id": name_id("flow", "1"), "company_id": COMPANY, "name": "Results", "status": words[0],
                "retry_delay": 5, "retry_delay_unit": words[1], "max_retries": 3, "is_template": False,
                "flow_direction": words[2], "tag_name": None, "category_name": None, "steps": [step],
                "executions": [], "predefinedVariables": [], "variables": [], "created_at": self._since,
                "updated_at": self._since, "deleted_at": None}  # fmt: skip
        return told([flow | ({} if old else {"workspace_id": "default"})] if url else [])

    async def _users(self, request: Request) -> Response:
        rows = [
            {"id": name_id("user", str(number)), "email": f"user{number}@example.com", "fullname": f"User {number}",
             "role": "member", "permissions": [1, 2], "created_at": self._since, "updated_at": self._since}
            for number in range(3)
        ]  # fmt: skip
        return page(request, self._options, rows)

    async def _workspace(self, request: Request) -> Response:
        """Says `success` where everything else says `ok`."""
        body = await body_of(request)
        needs(body, "workspace_name")
        slug = "-".join(str(body["workspace_name"]).lower().split())
        if slug in self.workspaces:
            raise WrongError("workspace name already exists")
        self.workspaces.append(slug)
        row = {"id": name_id("workspace", slug), "workspace_slug": slug, "workspace_name": body["workspace_name"],
               "company_id": COMPANY, "created_at": iso(self._now), "updated_at": iso(self._now)}  # fmt: skip
        return told(row, "success")
