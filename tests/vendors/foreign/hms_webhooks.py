"""How the stand-in for HMS Sovereign tells of its calls: signed, and late, lost, doubled or forged as a test wants."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from foreign.calls import Call, iso
from foreign.wire import post

Json = Any
END = {"broke": "ended-with-error"}
CAMEL = {
    "phone_number": "phoneNumber", "duration_seconds": "durationSeconds", "end_reason": "endReason",
    "started_at": "startedAt", "ended_at": "endedAt", "recording_url": "recordingUrl",
    "outbound_phone_call": "outboundPhoneCall",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """What the vendor left open, and what befalls webhooks; shares lie between 0 and 1."""

    per_minute: int = 1000
    """Requests in a window; beyond it 429 with Retry-After."""
    window: float = 60.0
    """Seconds of that window."""
    order: str = "newest"
    """newest | oldest | shuffled"""
    largest: int = 1000
    credits: int | None = None
    """Calls that are paid for; then 402."""
    refused: dict[str, int] = field(default_factory=dict)
    """Destinations that end so are answered with this status."""
    unsuccessful: float = 0.0
    """Calls answered with 200 and success false, and not made."""
    forgets_phones: bool = False
    """The retention has passed: caller_phone is null."""
    webhook_url: str = ""
    """The account's own; an assistant's and an override's go before it."""
    webhook_secret: str = ""
    casing: str = "snake"
    """snake | camel | mixed"""
    other_ids: bool = False
    """Webhooks spell call ids otherwise than answers do."""
    drop: float = 0.0
    twice: float = 0.0
    forge: float = 0.0
    """A lie with a wrong signature, before the truth."""
    delay: tuple[float, float] = (0.0, 0.0)
    """Seconds each message is late; messages overtake each other."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that went out."""

    event: str
    call_id: str
    status: int
    """What the receiver answered; 0: nothing; -1: it was dropped on the way."""
    forged: bool = False


USUAL = Rules()


class Herald:
    """Follows calls, and sends what their owners subscribed to. `sent` is what truly went out."""

    def __init__(self, rules: Rules, seed: int) -> None:
        self._rules, self._seed = rules, seed
        self.sent: list[Sent] = []

    async def follow(self, call: Call, url: str, secret: str, events: list[str]) -> None:
        """Until the call is over and told of."""
        if not call.answered:
            return  # nobody is told of ringing, busy or no answer
        moments = [("answer_at", "status-update", "in-progress"), ("end_at", "status-update", "ended")]
        moments.append(("end_at", "end-of-call-report", "ended"))
        wanted = [one for one in moments if one[1] in events]
        await asyncio.gather(*(self._tell(call, moment, (url, secret)) for moment in wanted))

    async def _tell(self, call: Call, moment: tuple[str, str, str], box: tuple[str, str]) -> None:
        when, event, status = moment
        await _reached(call, when)
        message, dice = _message(call, event, status), random.Random(f"{self._seed}|{call.call_id}|{event}|{status}")
        rules, (url, secret) = self._rules, box
        if rules.other_ids:
            message["call"]["id"] = f"call-_{call.to}_{call.call_id[-6:]}"
        if rules.casing == "camel" or (rules.casing == "mixed" and dice.random() < 0.5):
            message = _camel(message)
        await asyncio.sleep(dice.uniform(*rules.delay))
        if dice.random() < rules.forge:
            lie = {**message, "analysis": {"opt_out": True}}
            self.sent.append(Sent(event, call.call_id, await _post(url, "a guess", event, lie), forged=True))
        if dice.random() < rules.drop:
            self.sent.append(Sent(event, call.call_id, -1))
            return
        for _ in range(1 + (dice.random() < rules.twice)):
            self.sent.append(Sent(event, call.call_id, await _post(url, secret, event, message)))


async def _post(url: str, secret: str, event: str, message: Json) -> int:
    body, stamp = json.dumps({"message": message}).encode(), str(int(time.time()))
    headers = {"User-Agent": "HMS-Sovereign/1.0", "X-Webhook-Event": event, "X-Webhook-Timestamp": stamp}
    if secret:
        signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        headers["X-Webhook-Signature"] = f"sha256={signed.hexdigest()}"
    return await post(url, body, headers)


async def _reached(call: Call, moment: str) -> None:
    """In small steps: it may be picked up and hung up before its time."""
    while (left := getattr(call, moment) - time.time()) > 0:
        await asyncio.sleep(min(left, 0.05))


def summary(call: Call) -> str:
    """What the record and the report say alike; the only place where a voicemail shows."""
    return "Voicemail detected, message left." if call.fate == "voicemail" else "A short talk."


def _message(call: Call, event: str, status: str) -> dict[str, Json]:
    message: dict[str, Json] = {
        "type": event, "timestamp": iso(time.time()),
        "call": {"id": call.call_id, "type": "outbound_phone_call", "status": status},
        "phone_number": {"id": call.asked.get("number_id"), "number": call.sender, "name": "Front"},
        "customer": {"number": call.to},
    }  # fmt: skip
    if status == "ended":
        message["call"]["status"] = END.get(call.fate, "ended")
        message |= {"error": "pipeline"} if call.fate in END else {"end_reason": "user_hangup"}
    if event == "end-of-call-report":
        message |= {"duration_seconds": round(call.talked), "summary": summary(call), "analysis": call.said or None,
                    "messages": [{"role": "user", "content": "Hello."}], "recording_url": None,
                    "started_at": iso(call.answer_at), "ended_at": iso(call.end_at)}  # fmt: skip
    return message


def _camel(message: dict[str, Json]) -> dict[str, Json]:
    """As it was written in 2025, when no reason and no times were told."""
    told = {CAMEL.get(k, k): v for k, v in message.items() if k not in ("end_reason", "started_at", "ended_at")}
    return {**told, "call": {**message["call"], "type": CAMEL[message["call"]["type"]]}}
