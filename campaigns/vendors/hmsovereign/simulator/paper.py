"""HMS Sovereign's webhooks in three forms, signed where there is a secret: what is told when, and how it may lie."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from campaigns.domain.lead import spread
from campaigns.ports import Clock
from campaigns.vendors.simulated.exchange import recording, words
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.telling import News

from .options import Options
from .words import end_reason, error, iso, override, turns

_EVENTS = ("assistant-request", "tool-calls", "status-update", "end-of-call-report")
_CAMEL = {
    "phone_number": "phoneNumber",
    "tool_call_list": "toolCallList",
    "duration_seconds": "durationSeconds",
    "recording_url": "recordingUrl",
}
_SINCE_2026 = ("end_reason", "started_at", "ended_at")
Agent = Callable[[str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Letter(News):
    """News with the secret that signs it."""

    secret: str = field(default="", repr=False)


class Paper:
    """Writes and signs.

    Args:
        options: Casing and secret.
        clock: For the stamps.
        agent: An assistant by its id, for its address, secret and events.
    """

    def __init__(self, options: Options, clock: Clock, agent: Agent) -> None:
        self._options, self._clock, self._agent = options, clock, agent

    def news(self, call: SimCall) -> list[News]:
        """Nothing at all when nobody and no voicemail answered."""
        if call.answered_at is None:
            return []
        trouble = {"error": error(call)} if call.troubled else {}
        last = "ended-with-error" if call.troubled else "ended"
        report_at = call.ended_at + timedelta(seconds=2 + 4 * spread(f"{call.call_id}|report"))
        return list(
            self._wanted(
                self.letter(call, call.answered_at, "status-update", "in-progress"),
                self.letter(call, call.ended_at, "status-update", last, end_reason=end_reason(call), **trouble),
                self.letter(call, report_at, "end-of-call-report", last, **_told(call)),
                call=call,
            )
        )

    def letter(self, call: SimCall, at: datetime, event: str, status: str, **more: Any) -> Letter:
        """One event of a call; the tool's own address goes before that of the assistant, and that before ours."""
        setup = {**self._agent(call.assistant_id), **override(call)}
        body = {
            "type": event,
            "timestamp": iso(at),
            "call": {"id": call.call_id, "type": f"{call.direction}_phone_call", "status": status},
            "phone_number": {"id": call.phone_number_id, "number": call.own_number, "name": None},
            "customer": {"number": call.phone_number},
            **{name: value for name, value in more.items() if value is not None},
        }
        secret = setup.get("webhook_secret") or self._options.secret
        kind = f"{event} {status}" if event == "status-update" else event
        return Letter(at, kind, {"message": body}, setup.get("webhook_url"), secret=str(secret))

    def wants(self, call: SimCall, event: str) -> bool:
        """Whether the assistant of this call has an event told; all of them where it does not say."""
        events = {**self._agent(call.assistant_id), **override(call)}.get("webhook_events")
        return event in (events or _EVENTS)

    def _wanted(self, *letters: Letter, call: SimCall) -> Iterable[News]:
        return (letter for letter in letters if self.wants(call, letter.kind.split(" ", maxsplit=1)[0]))

    def encode(self, item: News) -> bytes:
        message = item.body["message"]
        if self._options.casing == "snake":
            return json.dumps(item.body).encode()
        return json.dumps({"message": _camel(message)} if self._options.casing == "camel" else _flat(message)).encode()

    def headers(self, body: bytes, item: News) -> dict[str, str]:
        stamp, secret = str(int(self._clock.now().timestamp())), getattr(item, "secret", "")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HMS-Sovereign/1.0",
            "X-Webhook-Event": item.kind.split(" ", maxsplit=1)[0],
            "X-Webhook-Timestamp": stamp,
        }
        if secret:
            digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            headers["X-Webhook-Signature"] = f"sha256={digest}"
        return headers

    def forged(self, item: News, url: str) -> tuple[News, str]:
        """The same call, another story, a wrong address and a wrong secret."""
        parts = urlsplit(url)
        wrong = parts._replace(path=parts.path[:-1] + ("0" if parts.path.endswith("1") else "1"))
        story = {"type": "end-of-call-report", "analysis": {"opt_out": True, "refused": True}, "duration_seconds": 9}
        body = {"message": {**item.body["message"], **story}}
        news = replace(item, body=body)
        return (replace(news, secret=wrong.path) if isinstance(news, Letter) else news), urlunsplit(wrong)

    def misdirected(self, item: News) -> News:
        message = item.body["message"]
        number = str(message["customer"]["number"])
        other = number[:-1] + str((int(number[-1]) + 1) % 10)
        return replace(item, body={"message": {**message, "customer": {"number": other}}})


def _told(call: SimCall) -> dict[str, Any]:
    """What the report adds."""
    summary, transcript = words(call)
    return {
        "duration_seconds": round(call.talk_seconds),
        "end_reason": end_reason(call),
        "started_at": iso(call.answered_at),
        "ended_at": iso(call.ended_at),
        "summary": summary,
        "messages": turns(transcript),
        "analysis": call.analysis or None,
        "recording_url": recording(call),
    }


def _camel(message: dict[str, Any]) -> dict[str, Any]:
    """As of 2025, when less was told."""
    told = {_CAMEL.get(name, name): value for name, value in message.items() if name not in _SINCE_2026}
    kind = str(message["call"]["type"]).replace("_phone_call", "PhoneCall")
    return told | {"call": message["call"] | {"type": kind}}


def _flat(message: dict[str, Any]) -> dict[str, Any]:
    """As of 2025 without an envelope; the id of a call has two names."""
    event = message["type"]
    name = "callSession" if event == "status-update" else "callId"
    flat = {
        "eventType": event,
        "eventTimestamp": int(datetime.fromisoformat(message["timestamp"]).timestamp() * 1000),
        name: message["call"]["id"],
        "fromCaller": message["customer"]["number"],
        "toAssistant": message["phone_number"]["number"],
    }
    match event:
        case "status-update":
            return flat | {"status": message["call"]["status"]}
        case "tool-calls":
            return flat | {"tasksInitiated": [_task(tool) for tool in message["tool_call_list"]]}
        case "end-of-call-report":
            said = [f"{'AI' if t['role'] == 'assistant' else 'Gebruiker'}: {t['content']}" for t in message["messages"]]
            return flat | {
                "transcriptText": "\n".join(said),
                "summaryText": message["summary"],
                "recordings": {"linkStereo": message.get("recording_url")},
                "callLengthSeconds": message["duration_seconds"],
                "analysis": {"structuredData": message.get("analysis", {})},
            }
        case _:
            return flat


def _task(tool: dict[str, Any]) -> dict[str, Any]:
    return {"taskId": tool["id"], "taskName": tool["function"]["name"], "taskPayload": tool["function"]["arguments"]}
