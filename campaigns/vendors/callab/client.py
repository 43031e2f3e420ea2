"""Callab's API as typed methods: contacts, campaigns, calls, agents, numbers, webhooks, users, workspaces.

    async with Callab("key") as callab:
        async for contact in callab.contacts(Where(tags=["hot"])):
            ...

Two dialects are spoken (`facts.dialect`). Errors arrive as HTTP 200 and are told by the envelope, in one place: `Api`.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from campaigns.domain.call import NotSent, Placement, Unclear
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.dial import post_once
from campaigns.vendors.loose import Loose
from campaigns.vendors.rest import Client, Rest
from campaigns.vendors.walking import Page, Seen, pages_by_number

from .answers import opened, placement
from .facts import BASE_URL, ROUTES, Facts, says
from .models import (
    Agent,
    Call,
    Campaign,
    CampaignDraft,
    CampaignRecord,
    Contact,
    Flow,
    PhoneNumber,
    RecordedCall,
    User,
    Workspace,
)
from .where import Where

ModelT = TypeVar("ModelT", bound=Loose)

EVERYBODY = Where()
_PAGES = ("page", "per_page")


class Api(Rest):
    """Callab's envelope over plain HTTP; V0's paths begin where V1's prefix does."""

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self.facts = Facts.corrected(account)
        super().__init__(account, around, routes=ROUTES, facts=self.facts)
        self.root = (self.facts.v0_base or self.base.removesuffix("/v1")).rstrip("/")

    def url(self, operation: str, **ids: str) -> str:
        url = super().url(operation, **ids)
        return self.root + url.removeprefix(self.base) if self.routes[operation].legacy else url

    async def ask(self, operation: str, **asked: Any) -> Any:
        """One operation: the `data` of its envelope. Raises AccountRefused, Throttled, VendorError.

        An error about something that is not there has the code `not_found`; so has one without words on a question by
        id, of which absence is the one reason that is documented.
        """
        envelope = opened(await super().ask(operation, **asked))
        name = self.account.name
        if envelope is None:
            mend = "Check base_url: this is not the API's answer."
            raise VendorError(name, operation, 200, "the answer has no status", mend=mend)
        if envelope.ok:
            return envelope.data
        said = envelope.message
        if says(said, self.facts.locked_out):
            mend = "Check api_key, rights and credits of the account."
            raise AccountRefused(f"{name}: {operation}: {said}. {mend}", status=200)
        wordless = said.strip().lower() in ("", "error") and asked.get("ids")
        code = "not_found" if wordless or says(said, self.facts.absent) else "error"
        mend = "Check the id." if code == "not_found" else "Correct what was sent, or try again later."
        raise VendorError(name, operation, 200, said or "an error without words", code=code, mend=mend)


class Callab(Client):
    """One account of Callab AI.

    Args:
        api_key: A key or a JWT; sent as a bearer.
        base_url: Of V1.
        account: All of it as the settings have it, instead of the two above.
        around: The program it runs in; None: alone, in real time.
    """

    def __init__(
        self,
        api_key: str = "",
        *,
        base_url: str = BASE_URL,
        account: VendorAccount | None = None,
        around: Surroundings | None = None,
    ) -> None:
        self._around = around or Surroundings()
        self.rest = Api(account or VendorAccount("callab", base_url, api_key), self._around)
        self.facts = self.rest.facts

    # --- contacts: read alone, nothing of the API writes them (…/Contacts/get-all, /get-by-id, /query-contacts)

    async def contacts(self, where: Where = EVERYBODY) -> AsyncIterator[Contact]:
        """Everybody who fits, each once, in the order of creation."""
        async for page in self.contact_pages(where):
            for contact in page:
                yield contact

    async def contact_pages(self, where: Where = EVERYBODY) -> AsyncIterator[list[Contact]]:
        """The same in handfuls; every filter is checked again here, since V1 takes not all of them as lists."""
        with Seen() as seen:
            async for found in self._found(where):
                fitting = [contact for contact in found if where.fits(contact, self.facts)]
                fresh = [contact for contact in fitting if seen.is_new(_name(contact))]
                if fresh:
                    yield fresh

    async def _found(self, where: Where) -> AsyncIterator[Sequence[Contact]]:
        if self.facts.dialect == "v0":
            body = where.body()
            operation = "query_contacts_v0" if body else "list_contacts"
            yield self._read(operation, await self.rest.ask(operation, body=body or None), Contact)
            return
        for query in where.queries(self.facts):
            async for page in self._walk("query_contacts", query, Contact):
                yield page

    async def get_contact(self, contact_id: str) -> Contact:
        """V1."""
        return self._one("get_contact", await self.rest.ask("get_contact", ids={"id": contact_id}), Contact)

    # --- campaigns (…/Campaign/create, /get-by-id, /get-by-workspace, /get-all, /update)

    async def create_campaign(self, draft: CampaignDraft) -> str:
        """V1; what is answered is a text: the new id, as we infer, or a message. It begins to dial by itself."""
        body = {"workspace": self.facts.workspace, **draft.body()}
        return str(await self.rest.ask("create_campaign", body=body))

    async def get_campaign(self, campaign_id: str) -> Campaign:
        """V1."""
        return self._one("get_campaign", await self.rest.ask("get_campaign", ids={"id": campaign_id}), Campaign)

    async def campaigns(self, workspace: str | None = None) -> list[Campaign]:
        """V1: all of one workspace; None: of the client's."""
        ids = {"workspace": workspace or self.facts.workspace}
        return self._read("list_campaigns", await self.rest.ask("list_campaigns", ids=ids), Campaign)

    async def company_campaigns(self, limit: int | None = None) -> list[Campaign]:
        """V0: all of the company, or the first `limit`."""
        query = {self.facts.campaigns_limit: str(limit) if limit else None}
        return self._read("list_campaigns_v0", await self.rest.ask("list_campaigns_v0", query=query), Campaign)

    async def update_campaign(self, campaign_id: str, record: CampaignRecord) -> None:
        """V0, also to pause, resume or complete one: it writes the whole record, so send all of it."""
        await self.rest.ask("update_campaign", ids={"id": campaign_id}, body=record.body())

    # --- calls (…/campaign-calls/make-call, /create, /get-one, /query)

    async def make_call(
        self, agent: str, *, call_from: str, call_to: str, variables: Mapping[str, str] | None = None
    ) -> Placement:
        """Dial once, never again by itself; numbers are E.164. Whatever proves nothing is Unclear: do not repeat it."""
        return await self.post_call(self.call_body(agent, call_from, call_to, variables or {}))

    def call_body(self, agent: str, call_from: str | None, call_to: str, variables: Mapping[str, str]) -> bytes:
        """The body of a dial; variables are a list of pairs here, and an object everywhere else."""
        body = {
            "ai_agent_id": agent,
            "call_from": call_from,
            "call_to": call_to,
            "workspace": self.facts.workspace,
            "dynamic_variables": [{"name": name, "value": value} for name, value in variables.items()],
        }
        told = {name: value for name, value in body.items() if value is not None}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    async def post_call(self, body: bytes) -> Placement:
        """Send the body of a dial at most once, and say what the answer proves."""
        headers = {**self.rest.headers, "Content-Type": "application/json"}
        with self._around.clock.work():
            answer = await post_once(self.rest.url("make_call"), headers=headers, body=body)
        if isinstance(answer, NotSent | Unclear):
            return answer
        return self.rest.keyless(placement(answer, self.facts, now=self._around.clock.now()))

    async def record_call(self, call: RecordedCall) -> Call:
        """Add a call that was made elsewhere; whether its contact shows it is not known."""
        body = {"workspace": self.facts.workspace, **call.body()}
        return self._one("record_call", await self.rest.ask("record_call", body=body), Call)

    async def get_call(self, call_id: str) -> Call:
        return self._one("get_call", await self.rest.ask("get_call", ids={"id": call_id}), Call)

    async def calls(self, **query: str | Sequence[str] | None) -> AsyncIterator[Call]:
        """Calls that fit, each once, the newest first; `query` as of `call_page`."""
        async for page in self._walk("query_calls", {"workspace": self.facts.workspace, **query}, Call):
            for call in page:
                yield call

    async def call_page(self, number: int, *, size: int, **query: str | Sequence[str] | None) -> list[Call]:
        """The n-th page, from 0.

        `query`: campaign_id, ai_agent_id, status (a part of it), search, start_date and end_date (of the call's start),
        sort_column and order (by default created_at, desc); and filter_columns, filter_values, filter_operator, three
        lists side by side (the operators `equals` and `contains` are ASSUMED).
        """
        told = {"workspace": self.facts.workspace, **query, "page": str(number), "per_page": str(size)}
        return self._read("query_calls", await self.rest.ask("query_calls", query=_arrays(told)), Call)

    # --- the account (…/aiagent, /phone_numbers, /Webhook, /Company, /workspaces)

    async def agents(self, workspace: str | None = None) -> list[Agent]:
        query = {"workspace": workspace or self.facts.workspace}
        return self._read("list_agents", await self.rest.ask("list_agents", query=query), Agent)

    async def get_agent(self, agent_id: str) -> Agent:
        return self._one("get_agent", await self.rest.ask("get_agent", ids={"id": agent_id}), Agent)

    async def phone_numbers(self) -> list[PhoneNumber]:
        """V0's path in both dialects: V1 has none."""
        return self._read("list_phone_numbers", await self.rest.ask("list_phone_numbers"), PhoneNumber)

    async def webhooks(self, workspace: str | None = None) -> list[Flow]:
        """The flows that report elsewhere; they can be made in the dashboard alone."""
        if self.facts.dialect == "v0":
            return self._read("list_flows_v0", await self.rest.ask("list_flows_v0"), Flow)
        query = {"workspace": workspace or self.facts.workspace}
        return self._read("list_flows", await self.rest.ask("list_flows", query=query), Flow)

    async def users(self) -> AsyncIterator[User]:
        """Everybody of the company."""
        async for page in self._walk("list_users", {}, User, self.facts.users_pages):
            for user in page:
                yield user

    async def create_workspace(self, name: str) -> Workspace:
        """Raises VendorError also for a name that exists already."""
        data = await self.rest.ask("create_workspace", body={"workspace_name": name})
        return self._one("create_workspace", data, Workspace)

    # --- how answers are read

    async def _walk(
        self, operation: str, query: Mapping[str, Any], kind: type[ModelT], names: tuple[str, str] = _PAGES
    ) -> AsyncIterator[Sequence[ModelT]]:
        """Every page. No answer says how many there are, and a short page may be the vendor's own idea of a size: only
        an empty one is the end. It is looked for with the short one, so that what fits on one page is walked once."""
        ahead: dict[int, list[ModelT]] = {}

        async def ask(number: int) -> list[ModelT]:
            if number in ahead:
                return ahead.pop(number)
            told = {**query, names[0]: str(number), names[1]: str(self.facts.per_page)}
            return self._read(operation, await self.rest.ask(operation, query=_arrays(told)), kind)

        async def fetch(number: int) -> Page[ModelT]:
            items = await ask(number)
            if items and len(items) < self.facts.per_page and (following := await ask(number + 1)):
                ahead[number + 1] = following
            return Page(items, last=len(items) < self.facts.per_page and number + 1 not in ahead)

        async for page in pages_by_number(fetch, _name):
            yield page

    def _read(self, operation: str, data: Any, kind: type[ModelT]) -> list[ModelT]:
        """The items of a list; null is an empty one. Raises VendorError for what is no list."""
        if data is not None and not isinstance(data, list):
            raise VendorError(self.rest.account.name, operation, 200, "the answer is not a list", mend=_MEND)
        return [kind.model_validate(item) for item in data or [] if isinstance(item, dict)]

    def _one(self, operation: str, data: Any, kind: type[ModelT]) -> ModelT:
        try:
            return kind.model_validate(data)
        except ValidationError:
            raise VendorError(self.rest.account.name, operation, 200, "the answer is no object", mend=_MEND) from None


_MEND = "Check base_url and `routes`."


def _name(item: Loose) -> str:
    """What tells it from all others: its id, and where answers hold none, everything."""
    return str(getattr(item, "id", None) or item.model_dump_json())


def _arrays(query: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that are lists are written with brackets."""
    return {f"{name}[]" if name.startswith("filter_") else name: value for name, value in query.items()}
