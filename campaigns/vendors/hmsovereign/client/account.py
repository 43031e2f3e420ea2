"""The account: its organisation, minutes, trunks, keys for other vendors, mail domain; and what is left of old days."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Unpack

from campaigns.vendors.hmsovereign.models import (
    Domain,
    Organization,
    ResendDomain,
    Retention,
    SipTrunk,
    UsageLog,
    UsageSummary,
)
from campaigns.vendors.rest import rows
from campaigns.vendors.walking import Page, pages_by_number

from . import bodies
from .asking import Asking, filled, total_of
from .calling import span


class Account(Asking):
    """Whoever the key belongs to."""

    async def get_organization(self, *, children: bool = False) -> Organization:
        """GET /organizations, which shows one: the balance of minutes, and what is in use."""
        query = {"include_children": "true" if children else None}
        return await self.one(Organization, "get_organization", "organization organizations", query=query)

    async def create_organization(self, name: str, *, parent_org_id: str | None = None) -> Organization:
        """POST /organizations: one below ours; its key is shown here, and never again."""
        body = filled(name=name, parent_org_id=parent_org_id)
        return await self.one(Organization, "create_organization", "organization", body=body)

    async def update_organization(self, *, content_days: int, metadata_days: int) -> Retention:
        """PATCH /organizations: how long the vendor keeps conversations, and numbers (which may not be shorter).

        Args:
            content_days: 30, 90, 180 or 365.
            metadata_days: One of those, or 730.
        """
        body = {"content_retention_days": content_days, "metadata_retention_days": metadata_days}
        return await self.one(Retention, "update_organization", "organization", body=body)

    async def get_health(self) -> dict[str, Any]:
        """GET /health; what it says is not documented."""
        return _object(await self.rest.ask("get_health"))

    async def list_usage(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Page[UsageLog], UsageSummary]:
        """GET /usage: one page of calls as they are charged, and the sums of the whole span."""
        limit = limit or self.facts.page
        query = {"limit": str(limit), "offset": str(offset), **span(since=since, until=until)}
        data = await self.rest.ask("list_usage", query=query)
        met, total = len(rows(data, "logs", "usage") or []), total_of(data)
        last = not met or (offset + met >= total if total is not None else met < limit)
        page = Page(self.items(UsageLog, "list_usage", data, "logs", "usage"), last=last, total=total)
        return page, self.read(UsageSummary, "list_usage", _object(data).get("summary") or {})

    async def usage(self, *, since: datetime | None = None, until: datetime | None = None) -> AsyncIterator[UsageLog]:
        """Every charged call once."""

        async def fetch(number: int) -> Page[UsageLog]:
            return (await self.list_usage(offset=number * self.facts.page, since=since, until=until))[0]

        async for page in pages_by_number(fetch, lambda log: log.id):
            for log in page:
                yield log

    async def list_sip_trunks(self) -> list[SipTrunk]:
        return await self.many(SipTrunk, "list_sip_trunks", "trunks sip_trunks")

    async def get_sip_trunk(self, trunk_id: str) -> SipTrunk:
        return await self.one(SipTrunk, "get_sip_trunk", "trunk sip_trunk", ids={"id": trunk_id})

    async def create_sip_trunk(
        self, name: str, *, provider: str, address: str, **fields: Unpack[bodies.SipTrunk]
    ) -> SipTrunk:
        """POST /sip-trunks; there is no change of one."""
        body = {"name": name, "provider": provider, "address": address, **fields}
        return await self.one(SipTrunk, "create_sip_trunk", "trunk sip_trunk", body=body)

    async def delete_sip_trunk(self, trunk_id: str) -> None:
        await self.done("delete_sip_trunk", ids={"id": trunk_id})

    async def get_byok(self) -> dict[str, str | None]:
        """GET /byok: for which vendors a key of ours is kept, as the names of the secrets."""
        return _members(await self.rest.ask("get_byok"), "byok_keys")

    async def set_byok(self, provider: str, api_key: str) -> dict[str, str | None]:
        """POST /byok: have a key of ours used with a vendor."""
        return _members(await self.done("set_byok", body={"provider": provider, "api_key": api_key}), "byok_keys")

    async def delete_byok(self, provider: str) -> dict[str, str | None]:
        """DELETE /byok: back to the platform's own key."""
        return _members(await self.done("delete_byok", body={"provider": provider}), "byok_keys")

    async def set_byok_config(self, provider: str, config: dict[str, Any]) -> dict[str, Any]:
        """POST /byok/config: settings of a vendor whose key is kept; they are merged into the stored ones."""
        answer = await self.done("set_byok_config", body={"provider": provider, "config": config})
        return _members(answer, "byok_config")

    async def get_domain(self) -> Domain | None:
        """GET /domains; None: there is none."""
        data = await self.rest.ask("get_domain")
        if isinstance(data, dict) and "domain" in data:
            data = data["domain"]
        return self.read(Domain, "get_domain", data) if data else None

    async def create_domain(self, domain_name: str) -> Domain:
        return await self.one(Domain, "create_domain", "domain", body={"domain_name": domain_name})

    async def delete_domain(self) -> None:
        await self.done("delete_domain")

    async def list_resend_domains(self) -> tuple[list[ResendDomain], str | None]:
        """GET /domains/sync: the domains at the mail carrier, and the id of the chosen one."""
        data = await self.rest.ask("list_resend_domains")
        return self.items(ResendDomain, "list_resend_domains", data, "domains"), _object(data).get("selected_domain_id")

    async def sync_domain(self, resend_domain_id: str) -> Domain:
        """POST /domains/sync: choose one of those."""
        return await self.one(Domain, "sync_domain", "domain", body={"resendDomainId": resend_domain_id})

    async def verify_domain(self) -> Domain:
        """POST /domains/verify: have its DNS looked at."""
        return await self.one(Domain, "verify_domain", "domain")

    async def refresh_domain(self) -> Domain:
        return await self.one(Domain, "refresh_domain", "domain")

    async def get_account(self) -> dict[str, Any]:
        """GET /account. Deprecated: ask for the organization."""
        return _object(await self.rest.ask("get_account"))

    async def list_chats(self) -> list[dict[str, Any]]:
        """GET /chats. Deprecated; the members of a chat are not documented any more."""
        return rows(await self.rest.ask("list_chats"), "chats", "data") or []

    async def create_chat(self, **fields: Any) -> dict[str, Any]:
        """POST /chats. Deprecated."""
        return _members(await self.rest.ask("create_chat", body=fields), "chat")

    async def delete_chat(self, chat_id: str) -> None:
        """DELETE /chats/{id}. Deprecated."""
        await self.done("delete_chat", ids={"id": chat_id})

    async def get_chat_context(self, **query: str) -> dict[str, Any]:
        """GET /chats/context. Deprecated."""
        return _object(await self.rest.ask("get_chat_context", query=query))


def _object(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _members(data: Any, envelope: str) -> dict[str, Any]:
    inner = _object(data).get(envelope)
    return inner if isinstance(inner, dict) else _object(data)
