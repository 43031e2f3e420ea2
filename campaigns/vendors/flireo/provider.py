"""Flireo generation A as a call provider."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from campaigns.domain.call import (
    Booking,
    BookingState,
    CallOrder,
    CallReport,
    Handover,
    Notice,
    NotSent,
    Placement,
    Question,
    Reply,
    Unclear,
    Webhook,
)
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.ports import BookingPage, CallPage, ProviderFacts
from campaigns.ports.health import Finding, Needs
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.signatures import addressed

from . import health, webhooks
from .client import BASE_URL, Flireo
from .dialing import classify, handed_over
from .facts import REQUESTS_PER_MINUTE

T = TypeVar("T")


class FlireoProvider:
    """Implements `ports.Scheduler`; close with `aclose`."""

    BASE_URL = BASE_URL
    facts = ProviderFacts(documented_per_minute=REQUESTS_PER_MINUTE, schedules=True)

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self._account, self._around = account, around
        # Whoever asks a provider has a patience of its own, and must hear of every failure.
        self._client = Flireo(account=account, around=replace(around, patient=False))
        self._number_ids: dict[str, str] = {}

    async def aclose(self) -> None:
        await self._client.aclose()

    def encode(self, order: CallOrder) -> bytes:
        return self._client.packed(self._body(order))

    def encode_booking(self, order: CallOrder, fires_at: datetime) -> bytes:
        return self._client.packed({**self._body(order), "scheduled_at": fires_at.astimezone(UTC)})

    def _body(self, order: CallOrder) -> dict[str, Any]:
        body: dict[str, Any] = {
            "assistant_id": order.agent,
            "phone_number": order.phone,
            "metadata": {"attempt_id": order.attempt_id, "variables": order.variables},
        }
        if order.caller_id:
            body["phone_number_id"] = self._number_ids.get(order.caller_id, order.caller_id)
        first = order.assistant.get("first_message") or order.assistant.get("firstMessage")
        if isinstance(first, str):
            body["first_message"] = first  # whatever else differs is for assistant-request
        return body

    async def prepare(self, caller_ids: list[str]) -> None:
        wanted = {caller for caller in caller_ids if caller.startswith("+")} - self._number_ids.keys()
        if not wanted:
            return
        async for number in self._client.phone_numbers(shared=True):
            self._number_ids[number.phone_number] = number.id
        missing = len(wanted - self._number_ids.keys())
        if missing:
            raise AccountRefused(
                f"{self._account.name}: {missing} of the caller_ids are not numbers of this account. "
                "Write numbers that the account has, or their provider ids."
            )

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:  # noqa: ARG002 - the body carries it
        answer = await self._client.dial("place", body)
        if isinstance(answer, NotSent | Unclear):
            return answer
        return self._client.rest.keyless(classify(answer, now=self._around.clock.now(), facts=self._client.facts))

    async def book(self, body: bytes, *, attempt_id: str) -> Handover:  # noqa: ARG002 - the body carries it
        answer = await self._client.dial("schedule_call", body)
        if isinstance(answer, NotSent | Unclear):
            return answer
        return self._client.rest.keyless(handed_over(answer, now=self._around.clock.now(), facts=self._client.facts))

    async def page(self, *, since: datetime, offset: int, limit: int) -> CallPage:
        page = await self._client.calls_page(since=since, offset=offset, limit=limit)
        return CallPage(tuple(call.report(self._client.facts) for call in page.items), page.total, page.more)

    async def fetch(self, call_id: str) -> CallReport | None:
        call = await _known(self._client.get_call(call_id))
        return call.report(self._client.facts) if call is not None else None

    async def bookings(self, *, offset: int, limit: int) -> BookingPage:
        page = await self._client.scheduled_calls_page(offset=offset, limit=limit)
        return BookingPage(tuple(one.booking(self._client.facts) for one in page.items), page.total, page.more)

    async def booking(self, booking_id: str) -> Booking | None:
        found = await _known(self._client.get_scheduled_call(booking_id))
        return found.booking(self._client.facts) if found is not None else None

    async def cancel(self, booking_id: str) -> Booking | None:
        """Believed only as the booking itself shows it: an answer that says less is followed by a look."""
        try:
            shown = await self._client.cancel_scheduled_call(booking_id)
        except VendorError as error:
            if error.status not in (400, 404, 409):  # too late, or gone: the look tells
                raise
            shown = None
        found = shown.booking(self._client.facts) if shown is not None else None
        if found is not None and found.booking_id == booking_id and found.state is BookingState.CANCELLED:
            return found
        return await self.booking(booking_id)

    def addressed(self, token: str) -> bool:
        return addressed(token, self._account.tokens)

    def read(self, webhook: Webhook, *, now: datetime) -> Notice:
        tokens, secrets = self._account.tokens, self._account.secrets
        return webhooks.read(webhook, tokens=tokens, secrets=secrets, now=now, facts=self._client.facts)

    def answer(self, question: Question, reply: Reply) -> dict[str, Any]:
        return webhooks.answer(question, reply)

    async def health(self, needs: Needs) -> list[Finding]:
        return await health.look(self._client, self._account, self._around, needs)

    async def erase(self, call_id: str) -> bool:
        """The record, with its transcript, summary and recording; whether that deletes all of it is ASSUMED."""
        try:
            await self._client.delete_call(call_id)
        except VendorError as error:
            if error.status != 404:
                raise
        return True


async def _known(asked: Awaitable[T]) -> T | None:
    """None: the vendor knows no such thing."""
    try:
        return await asked
    except VendorError as error:
        if error.status == 404:
            return None
        raise
