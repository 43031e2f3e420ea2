"""A Flireo generation A server of its own kin: written from the vendor's notes alone, to doubt our reading of them.

Runs as its own process (`python foreign_flireo.py OPTIONS.json`), prints its port, and writes the truth to a ledger:
one JSON line for every request to call, call made, end told. Knows nothing of the program that it is used against.
"""

import asyncio
import hashlib
import json
import os
import random
import signal
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Answer = tuple[int, Json, Json]
Request = tuple[str, str, dict[str, str], bytes]


@dataclass
class Options:
    """How this server behaves; chances lie between 0 and 1, times are seconds on its own clock."""

    ledger: str = "ledger.jsonl"
    port: int = 0
    seed: int = 1
    key: str = "foreign-key"
    speed: float = 1.0
    start: str = ""
    """Where its clock begins (ISO), at the first request; empty: now."""
    ring: tuple[float, float] = (0.2, 0.5)
    talk: tuple[float, float] = (0.5, 1.5)
    fates: dict[str, list[str]] = field(default_factory=dict)
    """How calls to numbers that end so go, one word a call, the last for all later ones."""
    order: str = "newest"
    """newest | oldest | shuffled"""
    envelope: str = "ref"
    """ref: {calls, pagination}; guide: {data, meta} and `id`."""
    page: int = 100
    start_date: bool = True
    """Whether the filter is honoured."""
    echo: bool = False
    """Whether calls show the metadata they were started with."""
    list_lag: float = 0.0
    lose_reply: float = 0.0
    fail_after: float = 0.0
    fail_before: float = 0.0
    lose_cancel: float = 0.0
    """The cancellation is done, and its answer lost."""
    booking_fails: float = 0.0
    """A scheduled call that fails at its time, without a call."""
    fire_lag: tuple[float, float] = (0.0, 0.3)
    hang: float = 0.0
    hang_seconds: float = 3.0
    slow: float = 0.0
    slow_seconds: float = 1.0
    lists_fail: float = 0.0
    throttle: float = 0.0
    retry_after: str = "1"
    bad: dict[str, int] = field(default_factory=dict)
    """Numbers that end so are answered with this status: 400 or 422."""
    unauthorized_after: int = 0
    telling_ids: bool = False
    """Whether the id of a call holds the number, as this vendor's do."""
    words: dict[str, str] = field(default_factory=dict)
    """What people with numbers that end so say, in whatever they are asked."""
    webhook: str = ""
    webhook_drop: float = 0.0
    webhook_tries: int = 1
    """How often a report is sent, second by second, until it is taken."""
    victim: str = ""
    """A file: once it holds the number of a process, that one is killed when a call is made for it."""
    webhook_twice: float = 0.0
    webhook_delay: tuple[float, float] = (0.0, 0.2)
    webhook_forge: float = 0.0
    """A report of lies to a wrong token, before the true one."""


@dataclass
class Call:
    """One call that exists."""

    call_id: str
    phone: str
    sender: str
    metadata: Json | None
    made_at: float
    answer_at: float
    end_at: float
    fate: str
    told: bool = False

    @property
    def talked(self) -> float:
        return self.end_at - self.answer_at if self.fate not in SILENT else 0.0


@dataclass
class Plan:
    """One call that is to be made later."""

    plan_id: str
    phone: str
    assistant: str
    metadata: Json | None
    due_at: float
    status: str = "pending"
    """pending | in-progress | failed | cancelled; what is in progress is completed once its call has ended."""
    call: Call | None = None
    told: bool = False


SILENT = {"no_answer": "customer-did-not-answer", "busy": "customer-busy", "failed": "error-in-carrier"}
TALK = {"answered", "confirmed", "refused", "opt_out", "voicemail", "callback"}
NOTES: dict[str, Json] = {
    "confirmed": {"confirmed": True}, "refused": {"refused": True}, "opt_out": {"opt_out": True},
    "callback": {"call_back_at": "1s"},
}  # fmt: skip


class Cut(Exception):
    """Close the connection without a word."""


class Server:
    """The vendor: calls, their lists, their webhooks."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.dice = random.Random(options.seed)
        self.calls: list[Call] = []
        self.plans: dict[str, Plan] = {}
        self.creates = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self._ledger = Path(options.ledger).open("a", buffering=1)  # noqa: SIM115 - open as long as the process
        self._zero: float | None = None if options.start else time.monotonic()
        self._start = datetime.fromisoformat(options.start).timestamp() if options.start else time.time()

    def now(self) -> float:
        if self._zero is None:
            self._zero = time.monotonic()
        return self._start + (time.monotonic() - self._zero) * self.options.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.options.speed)

    def note(self, what: str, at: float | None = None, **more: Any) -> None:
        self._ledger.write(json.dumps({"at": self.now() if at is None else at, "what": what, **more}) + "\n")

    def said(self, phone: str) -> str:
        return next((words for ending, words in self.options.words.items() if phone.endswith(ending)), "")

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def soon(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # Requests

    async def answer(self, request: Request, at: float) -> Answer:
        """(status, headers, document). Raises Cut."""
        method, target, headers, body = request
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if headers.get("authorization") != f"Bearer {self.options.key}":
            return 401, {}, _error("unauthorized", "no such key")
        if (method, parts.path) == ("POST", "/calls/direct"):
            return await self.create(body, at)
        if method == "GET" and parts.path == "/calls":
            return self.list(query)
        if method == "GET" and parts.path.startswith("/calls/"):
            return self.get(unquote(parts.path.removeprefix("/calls/")))
        if (method, parts.path) == ("POST", "/scheduled-calls"):
            return await self.schedule(body, at)
        if (method, parts.path) == ("GET", "/scheduled-calls"):
            return self.agenda(query)
        if parts.path.startswith("/scheduled-calls/"):
            return self.planned(method, unquote(parts.path.removeprefix("/scheduled-calls/")))
        if (method, parts.path) == ("GET", "/phone-numbers"):
            own = [{"id": "number-1", "phone_number": "+31850000001", "locality": None, "number_type": "national"}]
            return 200, {}, {"data": own, "shared_numbers": [], "meta": {"total": 1, "limit": 100, "offset": 0}}
        return 404, {}, _error("not_found", "no such route")

    async def create(self, body: bytes, at: float) -> Answer:
        """The one request that rings somebody."""
        wanted = json.loads(body)
        phone = str(wanted.get("phone_number"))
        self.creates += 1
        self.note("asked", at, phone=phone)
        if refused := self._refusal(wanted, phone):
            self.note("refused", phone=phone, status=refused[0])
            return refused
        if self.chance(self.options.fail_before):
            self.note("failed_before", phone=phone)
            return 500, {}, _error("provider_error", "upstream")
        call = self._make(phone, wanted.get("metadata"), at)
        self._kill()
        return await self._reply(call)

    def _kill(self) -> None:
        victim = Path(self.options.victim)
        if self.options.victim and victim.exists():
            os.kill(int(victim.read_text()), signal.SIGKILL)
            victim.unlink()

    def _refusal(self, wanted: Json, phone: str) -> Answer | None:
        options = self.options
        if options.unauthorized_after and self.creates > options.unauthorized_after:
            return 401, {}, _error("unauthorized", "the key was withdrawn")
        if not wanted.get("assistant_id") or not phone.startswith("+"):
            return 400, {}, _error("invalid_parameters", "assistant_id and phone_number are required")
        for ending, status in options.bad.items():
            if phone.endswith(ending):
                return status, {}, _error("invalid_parameters", f"cannot call {phone} {self.said(phone)}".strip())
        if self.chance(options.throttle):
            return 429, {"Retry-After": options.retry_after}, _error("rate_limit_exceeded", "too many")
        return None

    # Scheduled calls

    async def schedule(self, body: bytes, at: float) -> Answer:
        """The one request that has somebody rung later."""
        wanted = json.loads(body)
        phone = str(wanted.get("phone_number"))
        self.note("asked_for_later", at, phone=phone)
        if refused := self._refusal(wanted, phone):
            return refused
        due_at = datetime.fromisoformat(str(wanted.get("scheduled_at"))).timestamp()
        if due_at <= self.now():
            return 400, {}, _error("invalid_parameters", "scheduled_at must be in the future")
        if self.chance(self.options.fail_before):
            return 500, {}, _error("provider_error", "upstream")
        key = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        plan = Plan(key, phone, str(wanted["assistant_id"]), wanted.get("metadata"), due_at)
        self.plans[key] = plan
        self.note("booked", at, plan=key, phone=phone, due=due_at)
        self.soon(self._fire(plan))
        if self.chance(self.options.lose_reply):
            self.note("reply_lost", plan=key)
            raise Cut
        if self.chance(self.options.fail_after):
            return 500, {}, _error("server_error", "after all")
        shown = self._show_plan(plan)
        return 201, {}, shown if self.options.envelope == "ref" else {"message": "ok", "data": shown}

    async def _fire(self, plan: Plan) -> None:
        await self.sleep(max(0.0, plan.due_at + self.dice.uniform(*self.options.fire_lag) - self.now()))
        if plan.status != "pending":
            return
        if self.chance(self.options.booking_fails):
            plan.status = "failed"
            return
        plan.status = "in-progress"
        plan.call = self._make(plan.phone, plan.metadata, self.now())

    def agenda(self, query: dict[str, str]) -> Answer:
        if self.chance(self.options.lists_fail):
            return 503, {}, _error("server_error", "busy")
        plans = list(self.plans.values())
        if self.options.order == "newest":
            plans.reverse()
        offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 10)), self.options.page)
        rows = [self._show_plan(plan) for plan in plans[offset : offset + limit]]
        meta = {"total": len(plans), "limit": limit, "offset": offset}
        if self.options.envelope == "guide":
            return 200, {}, {"data": [{"id": row.pop("scheduled_call_id"), **row} for row in rows], "meta": meta}
        return 200, {}, {"scheduled_calls": rows, "pagination": {**meta, "has_more": offset + len(rows) < len(plans)}}

    def planned(self, method: str, key: str) -> Answer:
        plan = self.plans.get(key)
        if plan is None:
            return 404, {}, _error("not_found", "no such scheduled call")
        if method == "DELETE":
            if plan.status != "pending":
                return 400, {}, _error("invalid_status", "it has started")
            plan.status = "cancelled"
            self.note("cancelled", plan=key, phone=plan.phone)
            if self.chance(self.options.lose_cancel):
                raise Cut
        return 200, {}, self._show_plan(plan)

    def _show_plan(self, plan: Plan) -> Json:
        """The record as it stands; the ledger remembers when its end was first told."""
        status = "completed" if plan.call is not None and self.now() >= plan.call.end_at else plan.status
        if status in ("failed", "cancelled") and not plan.told:
            plan.told = True
            self.note("told_over", plan=plan.plan_id, phone=plan.phone, status=status)
        return {
            "scheduled_call_id": plan.plan_id, "assistant_id": plan.assistant, "contact_id": None,
            "phone_number": plan.phone, "scheduled_at": _iso(plan.due_at), "status": status,
            "call_id": plan.call.call_id if plan.call else None,
            "metadata": plan.metadata if self.options.echo else None,
        }  # fmt: skip

    def _make(self, phone: str, metadata: Json | None, at: float) -> Call:
        earlier = sum(call.phone == phone for call in self.calls)
        fate = self._fate(phone, earlier)
        answer_at = at + self.dice.uniform(*self.options.ring)
        end_at = answer_at + (self.dice.uniform(*self.options.talk) if fate in TALK else 0.0)
        call_id = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        if self.options.telling_ids:
            call_id = f"{phone}_{call_id}"
        call = Call(call_id, phone, "+31850000001", metadata, at, answer_at, end_at, fate)
        self.calls.append(call)
        attempt = (metadata or {}).get("attempt_id")
        self.note("made", at, call=call_id, phone=phone, fate=fate, ends=end_at, nth=earlier + 1, attempt=attempt)
        if self.options.webhook:
            self.soon(self._report(call))
        return call

    def _fate(self, phone: str, earlier: int) -> str:
        for ending, words in self.options.fates.items():
            if phone.endswith(ending):
                return words[min(earlier, len(words) - 1)]
        return "answered"

    async def _reply(self, call: Call) -> Answer:
        options = self.options
        if self.chance(options.lose_reply):
            self.note("reply_lost", call=call.call_id)
            raise Cut
        if self.chance(options.fail_after):
            self.note("failed_after", call=call.call_id)
            return 500, {}, _error("server_error", "after all")
        if self.chance(options.hang):
            self.note("hung", call=call.call_id)
            await self.sleep(options.hang_seconds)
            raise Cut
        if self.chance(options.slow):
            await self.sleep(options.slow_seconds)
        shown = {"call_id": call.call_id, "status": "queued"}
        return 201, {}, shown if options.envelope == "ref" else {"message": "ok", "data": shown}

    def list(self, query: dict[str, str]) -> Answer:
        options, now = self.options, self.now()
        if self.chance(options.lists_fail):
            return 503, {}, _error("server_error", "busy")
        calls = [call for call in self.calls if call.made_at + options.list_lag <= now]
        if options.start_date and "start_date" in query:
            since = datetime.fromisoformat(query["start_date"]).timestamp()
            calls = [call for call in calls if call.made_at >= since]
        if options.order == "newest":
            calls.reverse()
        elif options.order == "shuffled":
            calls.sort(key=lambda call: hashlib.sha256(call.call_id.encode()).digest())
        offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 10)), options.page)
        page = calls[offset : offset + limit]
        self.note("listed", now, rows=len(page))
        rows = [self.show(call, now) for call in page]
        meta = {"total": len(calls), "limit": limit, "offset": offset}
        if options.envelope == "guide":
            return 200, {}, {"data": [{"id": row.pop("call_id"), **row} for row in rows], "meta": meta}
        return 200, {}, {"calls": rows, "pagination": {**meta, "has_more": offset + len(page) < len(calls)}}

    def get(self, call_id: str) -> Answer:
        for call in self.calls:
            if call.call_id == call_id:
                shown = self.show(call, self.now())
                return 200, {}, shown if self.options.envelope == "ref" else {"data": shown}
        return 404, {}, _error("not_found", "no such call")

    def show(self, call: Call, now: float) -> Json:
        """The record as it stands; the ledger remembers when its end was first told."""
        ended = now >= call.end_at
        if ended and not call.told:
            call.told = True
            self.note("told", now, call=call.call_id, phone=call.phone)
        talked = call.talked if ended else None
        return {
            "call_id": call.call_id, "assistant_id": "agent-1", "contact_id": None, "direction": "outbound",
            "from_number": call.sender, "to_number": call.phone,
            "status": "ended" if ended else "in-progress" if now >= call.answer_at else "ringing",
            "ended_reason": _reason(call.fate) if ended else None, "started_at": _iso(call.made_at),
            "ended_at": _iso(call.end_at) if ended else None, "duration_seconds": talked,
            "transcript": f"AI: Goedemiddag. {self.said(call.phone)}" if talked else None, "summary": None,
            "recording_url": None,
            "credits_used": None, "metadata": call.metadata if self.options.echo else None,
        }  # fmt: skip

    # Webhooks

    async def _report(self, call: Call) -> None:
        if call.fate in SILENT:
            return  # nobody is told of ringing, busy or no answer
        await self.sleep(max(0.0, call.answer_at - self.now()))
        self.soon(self._send(call, _status(call, "in-progress", self.now())))
        await self.sleep(max(0.0, call.end_at - self.now()))
        self.soon(self._send(call, _status(call, "ended", self.now())))
        self.soon(self._send(call, _end_report(call, self.now(), self.said(call.phone))))

    async def _send(self, call: Call, event: Json) -> None:
        options = self.options
        await self.sleep(self.dice.uniform(*options.webhook_delay))
        if self.chance(options.webhook_forge):
            lies = {**event, "analysis": {"structuredData": {"opt_out": True}}}
            await self._post(options.webhook[:-6] + "x" * 6, lies, "forged")
        if self.chance(options.webhook_drop):
            self.note("webhook_dropped", call=call.call_id)
            return
        for _ in range(1 + self.chance(options.webhook_twice)):
            for _ in range(options.webhook_tries):
                if await self._post(options.webhook, event, event["eventType"]):
                    break
                await self.sleep(1)

    async def _post(self, url: str, event: Json, kind: str) -> bool:
        """Whether it was taken."""
        parts, body = urlsplit(url), json.dumps(event).encode()
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        status = "none"
        try:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            status = (await asyncio.wait_for(reader.readline(), 10)).decode().partition(" ")[2][:3]
            writer.close()
        except (OSError, TimeoutError):
            pass
        if event["eventType"] == "end-of-call-report" and status.startswith("2") and kind != "forged":
            self.note("told", call=event["callId"], phone=event["fromCaller"])
        self.note("webhook", kind=kind, status=status, call=event.get("callId") or event.get("callSession"))
        return status.startswith("2")


def _error(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message, "details": {}}}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _reason(fate: str) -> str:
    return SILENT.get(fate) or ("voicemail" if fate == "voicemail" else "customer-ended-call")


def _status(call: Call, status: str, now: float) -> Json:
    return {
        "eventTimestamp": int(now * 1000), "eventType": "status-update", "callSession": call.call_id,
        "fromCaller": call.phone, "toAssistant": call.sender, "status": status,
    }  # fmt: skip


def _end_report(call: Call, now: float, said: str) -> Json:
    notes = NOTES.get(call.fate, {})
    return {
        "eventTimestamp": int(now * 1000), "eventType": "end-of-call-report", "callId": call.call_id,
        "fromCaller": call.phone, "toAssistant": call.sender, "transcriptText": f"AI: Goedemiddag. {said}",
        "summaryText": f"Een kort gesprek. {said}",
        "recordings": {"linkStereo": f"https://storage.example/r.mp3?token={said or 'x'}"},
        "callLengthSeconds": round(call.talked, 3), "endedReason": _reason(call.fate),
        "analysis": {"structuredData": {**notes, "name": said} if said else notes},
    }  # fmt: skip


def handler(server: Server) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """HTTP/1.1 as far as it is needed: one request after the other on a connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                at = server.now()
                status, extra, document = await server.answer(request, at)
                body = json.dumps(document).encode()
                lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json"]
                lines += [f"Content-Length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in extra.items()]
                writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
                await writer.drain()
                if request[2].get("connection", "").lower() == "close":
                    break
        except (Cut, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return serve


async def _read(reader: asyncio.StreamReader) -> Request | None:
    first = (await reader.readline()).decode("latin-1").split()
    if len(first) < 2:
        return None
    headers: dict[str, str] = {}
    while line := (await reader.readuntil(b"\n")).decode("latin-1").strip():  # cut off: IncompleteReadError
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return first[0], first[1], headers, body


async def main(options: Options) -> None:
    """Serve until killed."""
    server = Server(options)
    listening = await asyncio.start_server(handler(server), "127.0.0.1", options.port, backlog=512)
    print(listening.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the parent reads it
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Options(**json.loads(Path(sys.argv[1]).read_text()))))
