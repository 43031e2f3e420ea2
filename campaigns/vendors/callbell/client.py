"""Callbell's REST API v1, every documented endpoint; usable alone:

    async with Callbell("key") as callbell:
        async for contact in callbell.contacts(tags=["to-call"]):
            ...

Requests are written in snake_case and answered in camelCase; the models have snake_case attributes. Every method raises
AccountRefused (401, 402, 403), Throttled (429) or VendorError, which names operation, status, code and what to do.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from .crm import Crm
from .models import Me, SentMessage, WebhookEvent, WebhookSubscription
from .office import Office
from .speaking import Listed, numbered


class Sending(TypedDict, total=False):
    """To whom a message goes, and how."""

    to: str
    """A phone number, or another channel's identifier; goes before `bsuid`."""
    bsuid: str
    channel_uuid: str
    """Listed as required, missing from most samples."""
    template_uuid: str
    """With `optin_contact`; free-form messages are refused 24 h after the person last wrote."""
    optin_contact: bool
    template_values: Sequence[str]
    assigned_user: str
    team_uuid: str
    fields: str
    """What else the answer is to hold: `contact`, `conversation`."""
    bot_status: str
    metadata: Mapping[str, str]
    """At most 10 pairs; keys of 50 characters, values of 500."""


class EventFilters(TypedDict, total=False):
    status: str
    """failed or success."""
    items: int
    """Of a page."""
    subscriptions: Sequence[str]


class Callbell(Crm, Office):
    """Pages: https://docs.callbell.eu/api/reference/"""

    async def get_me(self) -> Me:
        """Whose key this is: works for every key that is accepted."""
        return await self._one(Me, "", "get_me")

    async def send_message(
        self,
        source: str,
        kind: str,
        content: Mapping[str, Any],
        **sending: Unpack[Sending],
    ) -> SentMessage:
        """Enqueue a message to a person. Never repeated by itself: there is no idempotency key.

        Args:
            source: `from` in Callbell's words, such as whatsapp.
            kind: `type` in their words: text, image, document.
            content: `{"text": …}` or `{"url": …}`.
            sending: One of `to` and `bsuid` at least.
        """
        body = {"from": source, "type": kind, "content": dict(content), **sending}
        return await self._one(SentMessage, "message", "send_message", body)

    async def get_message_status(self, uuid: str) -> SentMessage:
        return await self._one(SentMessage, "message", "get_message_status", uuid=uuid)

    async def delete_message(self, uuid: str) -> None:
        """Only hides it in Callbell; the person keeps it."""
        await self.rest.ask("delete_message", ids={"uuid": uuid})

    async def subscribe(self, url: str, subscriptions: Sequence[str]) -> WebhookSubscription:
        """OVERWRITES the account's one and only webhook, whatever it serves today.

        Callbell keeps one webhook for each account, so this cuts off whoever was told until now. Nothing in this
        product calls it; it is here for owners of an account who know that nobody else listens.
        """
        body = {"url": url, "subscriptions": list(subscriptions)}
        return await self._one(WebhookSubscription, "webhook", "subscribe", body)

    async def unsubscribe(self) -> None:
        """Removes the account's one webhook, whoever set it up. Nothing in this product calls it."""
        await self.rest.ask("unsubscribe")

    async def list_webhook_events(self, *, page: int = 1, **by: Unpack[EventFilters]) -> Listed[WebhookEvent]:
        """One page of the log of deliveries."""
        query = {
            "page": str(page), "status": by.get("status"), "items": str(by["items"]) if "items" in by else None,
            "subscriptions": ",".join(by.get("subscriptions", ())),
        }  # fmt: skip
        return await self._list(WebhookEvent, "webhook_events", "list_webhook_events", query)

    async def webhook_events(self, **by: Unpack[EventFilters]) -> AsyncIterator[WebhookEvent]:
        """All of the log, each once."""
        async for found in numbered(lambda page: self.list_webhook_events(page=page, **by)):
            for event in found:
                yield event
