"""Outgoing webhooks beside a worker, signed as https://www.standardwebhooks.com/ says: the wiring of their sender."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import anyio
import httpx
from standardwebhooks.webhooks import Webhook

from campaigns.app import Session
from campaigns.engine.announcing import Told
from campaigns.engine.notifier import Notifier
from campaigns.engine.wake import Wake
from campaigns.ports.outbox import Parcel
from campaigns.sections import NotifySettings
from campaigns.vendors.http import new_client, read_bounded, why


@asynccontextmanager
async def notifying(session: Session, bells: Sequence[Wake]) -> AsyncIterator[None]:
    """Tell the settings' subscribers until the block ends; whoever left them is told nothing any more.

    Args:
        session: The process.
        bells: Ring when something may have happened.
    """
    subscribers = session.settings.notify
    await session.store.subscribe({name: one.events for name, one in subscribers.items()})
    if not subscribers:
        yield
        return
    async with new_client({"User-Agent": "campaigns", "Content-Type": "application/json"}) as client:
        notifier = Notifier(session.store, session.clock, _Sender(subscribers, client).deliver)
        async with anyio.create_task_group() as tasks:
            for bell in bells:
                bell.link(notifier.wake)
            tasks.start_soon(notifier.run)
            try:
                yield
            finally:
                for bell in bells:
                    bell.unlink(notifier.wake)
                tasks.cancel_scope.cancel()


class _Sender:
    def __init__(self, subscribers: Mapping[str, NotifySettings], client: httpx.AsyncClient) -> None:
        self._subscribers, self._client = subscribers, client

    async def deliver(self, parcel: Parcel, message_id: str, now: datetime, told: Told) -> str:
        """Empty when the receiver has it: an answer of 200 to 299. Redirects are not followed."""
        one = self._subscribers[parcel.subscriber]
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        request = self._client.build_request(
            "POST", one.url, content=body.encode(), headers=signed(one, message_id, now, body)
        )
        try:
            response, _ = await read_bounded(self._client, request)
        except httpx.HTTPError as error:
            return why(error)
        return "" if response.is_success else f"HTTP {response.status_code}"


def signed(subscriber: NotifySettings, message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The headers that prove to the receiver who sent it, and when."""
    stamp = now.astimezone(UTC)
    proof = Webhook(subscriber.secret.get_secret_value()).sign(message_id, stamp, body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(stamp.timestamp())),
        "webhook-signature": proof,
    }
