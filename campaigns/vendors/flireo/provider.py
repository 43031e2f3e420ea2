"""Flireo generation A as a call provider."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from campaigns.domain.call import (
    Booking,
    BookingState,
    CallOrder,
    CallReport,
    Handover,
    Notice,
    NotSent,
    Placed,
    Placement,
    Question,
    Refused,
    Reply,
    Unclear,
    Webhook,
)
from campaigns.domain.errors import AccountRefused, Throttled, VendorError
from campaigns.ports import BookingPage, CallPage, ProviderFacts
from campaigns.ports.health import Finding, Needs
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.http import DialTransport, error_text, new_client, post_once, read_bounded, retry_after, why
from campaigns.vendors.json_text import read_json

from . import facts, webhooks
from .calls import CallRecord
from .scheduled import booked, read_booking

SILENCE = timedelta(seconds=30)
"""After a 429 that does not say how long."""
MOST_NUMBERS = 5_000
"""Caller numbers of one account that are looked through."""


class FlireoProvider:
    """Implements `ports.Scheduler`; close with `aclose`."""

    BASE_URL = ""
    """Not published."""
    facts = ProviderFacts(documented_per_minute=facts.REQUESTS_PER_MINUTE, schedules=True)

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self._account, self._around = account, around
        self._base = account.base_url.rstrip("/")
        self._routes = {**facts.ROUTES, **account.routes}
        # ASSUMED: a bearer key, as everywhere in generation B.
        headers = {"Authorization": f"Bearer {account.api_key}"} if account.api_key else {}
        self._headers = {**headers, "Accept": "application/json", "User-Agent": "campaigns"}
        self._dial = DialTransport()
        self._client = new_client(self._headers)
        self._number_ids: dict[str, str] = {}

    async def aclose(self) -> None:
        await self._client.aclose()

    def encode(self, order: CallOrder) -> bytes:
        return _bytes(self._body(order))

    def encode_booking(self, order: CallOrder, fires_at: datetime) -> bytes:
        at = fires_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return _bytes({**self._body(order), "scheduled_at": at})

    def _body(self, order: CallOrder) -> dict[str, Any]:
        body: dict[str, Any] = {
            "assistant_id": order.agent,
            "phone_number": order.phone,
            "metadata": {"attempt_id": order.attempt_id, "variables": order.variables},
        }
        if order.caller_id:
            body["phone_number_id"] = self._number_ids.get(order.caller_id, order.caller_id)
        return body

    async def prepare(self, caller_ids: list[str]) -> None:
        numbers = [caller for caller in caller_ids if caller.startswith("+") and caller not in self._number_ids]
        if not numbers:
            return
        for offset in range(0, MOST_NUMBERS, facts.PAGE):
            params = {"limit": str(facts.PAGE), "offset": str(offset), "include_default": "true"}
            data = await self._get("phone_numbers", params=params)
            rows = _rows(data, "phone_numbers") or []
            for row in rows + (_rows(data, "shared_numbers") or []):
                if row.get("phone_number") and (row.get("id") or row.get("phone_number_id")):
                    self._number_ids[str(row["phone_number"])] = str(row.get("id") or row.get("phone_number_id"))
            if len(rows) < facts.PAGE:
                break
        missing = [number for number in numbers if number not in self._number_ids]
        if missing:
            raise AccountRefused(
                f"{self._account.name}: {len(missing)} of the caller_ids are not numbers of this account. "
                "Write numbers that the account has, or their provider ids."
            )

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:  # noqa: ARG002 - the body carries it
        answer = await self._post_once("place", body)
        if isinstance(answer, NotSent | Unclear):
            return answer
        return classify(answer, now=self._around.clock.now())

    async def book(self, body: bytes, *, attempt_id: str) -> Handover:  # noqa: ARG002 - the body carries it
        answer = await self._post_once("scheduled_calls", body)
        if isinstance(answer, NotSent | Unclear):
            return answer
        proved = refusal(answer, now=self._around.clock.now())
        return booked(_json(answer.content)) if proved is None else proved

    async def _post_once(self, route: str, body: bytes) -> httpx.Response | NotSent | Unclear:
        headers = {**self._headers, "Content-Type": "application/json"}
        with self._around.clock.work():
            return await post_once(self._dial, self._base + self._routes[route], headers=headers, body=body)

    async def page(self, *, since: datetime, offset: int, limit: int) -> CallPage:
        params = {
            "limit": str(min(limit, facts.PAGE)),
            "offset": str(offset),
            "start_date": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        data = await self._get("calls", params=params)
        rows = _rows(data, "calls")
        if rows is None:
            raise VendorError(self._account.name, "calls", None, "the answer is not a list of calls")
        reports = tuple(report for row in rows if (report := _read_call(row)) is not None)
        return CallPage(reports, *_paged(data, offset, len(rows), min(limit, facts.PAGE)))

    async def fetch(self, call_id: str) -> CallReport | None:
        try:
            data = await self._get("call", id=call_id)
        except VendorError as error:
            if error.status == 404:
                return None
            raise
        for shape in (data, *(data.get(name) for name in ("call", "data") if isinstance(data, dict))):
            if (report := _read_call(shape)) is not None:
                return report
        raise VendorError(self._account.name, "call", None, "the answer is not a call")

    async def bookings(self, *, offset: int, limit: int) -> BookingPage:
        most = min(limit, facts.PAGE)
        data = await self._get("scheduled_calls", params={"limit": str(most), "offset": str(offset)})
        rows = _rows(data, "scheduled_calls")
        if rows is None:
            raise VendorError(self._account.name, "scheduled_calls", None, "the answer is not a list")
        found = tuple(booking for row in rows if (booking := read_booking(row)) is not None)
        return BookingPage(found, *_paged(data, offset, len(rows), most))

    async def booking(self, booking_id: str) -> Booking | None:
        try:
            data = await self._get("scheduled_call", id=booking_id)
        except VendorError as error:
            if error.status == 404:
                return None
            raise
        if (found := read_booking(data)) is not None:
            return found
        raise VendorError(self._account.name, "scheduled_call", None, "the answer is not a scheduled call")

    async def cancel(self, booking_id: str) -> Booking | None:
        """Believed only as the booking itself shows it: an answer that says less is followed by a look."""
        try:
            data = await self._ask("DELETE", "scheduled_call", id=booking_id)
        except VendorError as error:
            if error.status not in (400, 404, 409):  # too late, or gone: the look tells
                raise
            data = None
        found = read_booking(data)
        if found is not None and found.booking_id == booking_id and found.state is BookingState.CANCELLED:
            return found
        return await self.booking(booking_id)

    def read(self, webhook: Webhook, *, now: datetime) -> Notice:
        account = self._account
        return webhooks.read(webhook, token=account.webhook_token, secret=account.webhook_secret, now=now)

    def answer(self, question: Question, reply: Reply) -> dict[str, Any]:
        if question.tools:
            return {"results": [{"toolCallId": tool.id, "result": reply.tools[tool.id]} for tool in question.tools]}
        return {} if reply.assistant is None else {"assistant": reply.assistant}

    async def health(self, needs: Needs) -> list[Finding]:  # noqa: ARG002 - the key alone
        try:
            await self.page(since=self._around.clock.now(), offset=0, limit=1)
        except AccountRefused as error:
            return [Finding("key", False, str(error), "Check api_key in the settings.")]
        except VendorError as error:
            return [Finding("key", None, str(error), "Check base_url in the settings, and whether it can be reached.")]
        return [Finding("key", True, "the API answers and accepts the key")]

    async def _get(self, route: str, *, params: dict[str, str] | None = None, id: str = "") -> Any:  # noqa: A002 - the route's word
        return await self._ask("GET", route, params=params, id=id)

    async def _ask(self, method: str, route: str, *, params: dict[str, str] | None = None, id: str = "") -> Any:  # noqa: A002
        """Everything that rings nobody, and may be asked again."""
        if self._around.gate is not None:
            await self._around.gate()
        path = self._routes[route].replace("{id}", quote(id, safe=""))
        try:
            request = self._client.build_request(method, self._base + path, params=params)
            with self._around.clock.work():
                response, body = await read_bounded(self._client, request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise VendorError(self._account.name, route, None, why(error)) from None
        return self._understood(route, response, body or (b"{}" if method == "DELETE" else body))

    def _understood(self, route: str, response: httpx.Response, body: bytes) -> Any:
        data = _json(body)
        code, message = error_text(data)
        if response.status_code == 429:
            wait = retry_after(response.headers, now=self._around.clock.now(), default=SILENCE)
            raise Throttled(self._account.name, route, wait)
        if response.status_code in (401, 402, 403):
            raise AccountRefused(
                f"{self._account.name}: {route}: HTTP {response.status_code} {code or message}".strip()
            )
        if response.status_code not in (200, 204) or data is None:
            raise VendorError(self._account.name, route, response.status_code, code or message or "unreadable answer")
        return data


def classify(answer: httpx.Response, *, now: datetime) -> Placement:
    """What an answer to "please call" proves (reliability: everything that proves nothing is unclear)."""
    proved = refusal(answer, now=now)
    return _accepted(_json(answer.content), f"HTTP {answer.status_code}") if proved is None else proved


def refusal(answer: httpx.Response, *, now: datetime) -> Refused | Unclear | None:
    """What an answer proves that is none of acceptance; None: it says that it was accepted."""
    status = answer.status_code
    code, message = error_text(_json(answer.content))
    said = " ".join(filter(None, [f"HTTP {status}", code, message if message != code else ""]))[:200]
    if status == facts.NOT_PROCESSED:
        return Refused(said, throttled=True, retry_after=retry_after(answer.headers, now=now, default=SILENCE))
    if status in facts.ACCOUNT_STATUSES:
        return Refused(said, account=True)
    if status in facts.BAD_DATA_STATUSES:
        return Refused(said, account=code in facts.ACCOUNT_CODES, bad_data=code not in facts.ACCOUNT_CODES)
    return None if 200 <= status < 300 else Unclear(said)


def _accepted(data: Any, said: str) -> Placement:
    inner = data.get("data") if isinstance(data, dict) and isinstance(data.get("data"), dict) else data
    call_id = inner.get("call_id") if isinstance(inner, dict) else None
    if isinstance(call_id, str | int) and not isinstance(call_id, bool) and str(call_id).strip():
        return Placed(str(call_id))
    return Unclear(f"{said}: accepted without a call id")


def _json(body: bytes) -> Any:
    try:
        return read_json(body)
    except ValueError:
        return None


def _rows(data: Any, name: str) -> list[dict[str, Any]] | None:
    """The items of a list in either envelope, `{"calls": […]}` or `{"data": […]}`; None: there is no list."""
    if isinstance(data, dict):
        found = data.get(name) if name in data else data.get("data")
        if isinstance(found, dict):
            found = found.get(name)
        data = found
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else None


def _paged(data: Any, offset: int, rows: int, most: int) -> tuple[int | None, bool]:
    """(total, has_more) of a page; every row counts, also one that cannot be read."""
    total, more = _paging(data)
    if more is None:
        more = offset + rows < total if total is not None else rows >= most
    return total, more


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _paging(data: Any) -> tuple[int | None, bool | None]:
    """(total, has_more) of a list, where it says so."""
    paging = data.get("pagination") or data.get("meta") if isinstance(data, dict) else None
    total, more = (paging.get("total"), paging.get("has_more")) if isinstance(paging, dict) else (None, None)
    return (
        total if isinstance(total, int) and not isinstance(total, bool) else None,
        more if isinstance(more, bool) else None,
    )


def _read_call(row: Any) -> CallReport | None:
    try:
        return CallRecord.model_validate(row).report()
    except ValidationError:
        return None
