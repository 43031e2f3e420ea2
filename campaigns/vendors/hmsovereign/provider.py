"""HMS Sovereign as a call provider."""

import json
from datetime import datetime
from typing import Any

from campaigns.domain.call import CallOrder, CallReport, Notice, Placement, Question, Reply, Webhook
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.ports import CallPage, ProviderFacts
from campaigns.ports.health import Finding, Needs
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.signatures import addressed, attempt_token

from . import facts, health, webhooks
from .calls import report_of
from .client import HMSovereign
from .models import Number


class HMSovereignProvider:
    """Implements `ports.CallProvider`; close with `aclose`."""

    BASE_URL = facts.BASE_URL
    facts = ProviderFacts(documented_per_minute=facts.REQUESTS_PER_MINUTE)
    """A call record shows no metadata that is documented: number and time decide."""

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self._account, self._around = account, around
        self._api = HMSovereign(account=account, around=around)
        self._number_ids: dict[str, str] = {}

    async def aclose(self) -> None:
        await self._api.aclose()

    def encode(self, order: CallOrder) -> bytes:
        body: dict[str, Any] = {
            "destination": order.phone,
            "assistant_id": order.agent,
            "assistant_override": self._override(order),
        }
        if order.caller_id:
            body["number_id"] = self._number_ids.get(order.caller_id, order.caller_id)
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    def _override(self, order: CallOrder) -> dict[str, Any]:
        """A partial assistant for this call; it may carry metadata, and an address of its own for reports."""
        given = order.assistant.get("metadata")
        metadata = dict(given) if isinstance(given, dict) else {}
        override = {
            **order.assistant,
            "metadata": {**metadata, "attempt_id": order.attempt_id, "variables": order.variables},
        }
        if self._around.webhooks:
            token = attempt_token(self._account.webhook_token, order.attempt_id)
            override["webhook_url"] = f"{self._around.webhooks}/{token}"
            override["webhook_events"] = list(self._api.facts.webhook_events)
        return override

    async def prepare(self, caller_ids: list[str]) -> None:
        wanted = [caller for caller in caller_ids if caller.startswith("+") and caller not in self._number_ids]
        if not wanted:
            return
        self._remember(await self._api.list_numbers())
        missing = [number for number in wanted if number not in self._number_ids]
        if missing:
            raise AccountRefused(
                f"{self._account.name}: {len(missing)} of the caller_ids are not numbers of this account. "
                "Write numbers that the account has, or their provider ids."
            )

    def _remember(self, numbers: list[Number]) -> None:
        self._number_ids.update({number.phone_number: number.id for number in numbers if number.phone_number})

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:  # noqa: ARG002 - the body carries it
        return await self._api.dial(body)

    async def page(self, *, since: datetime, offset: int, limit: int) -> CallPage:
        page = await self._api.list_calls(since=since, offset=offset, limit=min(limit, self._api.facts.page))
        own = self._number_ids
        reports = tuple(report_of(call, self._api.facts, own=own) for call in page.items)
        # Without a total a short page may be the vendor's own idea of a size, and an empty one before it is no end.
        rest = bool(page.items) if page.total is None else not page.items and offset < page.total
        return CallPage(reports, page.total, rest or not page.last)

    async def fetch(self, call_id: str) -> CallReport | None:
        try:
            call = await self._api.get_call(call_id)
        except VendorError as error:
            if error.status == 404:
                return None
            raise
        return report_of(call, self._api.facts, own=self._number_ids)

    def addressed(self, token: str) -> bool:
        return addressed(token, self._account.tokens)

    def read(self, webhook: Webhook, *, now: datetime) -> Notice:
        tokens, secrets = self._account.tokens, self._account.secrets
        return webhooks.read(webhook, self._api.facts, tokens=tokens, secrets=secrets, now=now)

    def answer(self, question: Question, reply: Reply) -> dict[str, Any]:
        return webhooks.answer(question, reply)

    async def health(self, needs: Needs) -> list[Finding]:
        return await health.look(self._api, self._around, needs)

    async def erase(self, call_id: str) -> bool:  # noqa: ARG002 - there is nothing to ask
        """The vendor deletes no single call: its numbers go after the retention that the organization has set."""
        return False
