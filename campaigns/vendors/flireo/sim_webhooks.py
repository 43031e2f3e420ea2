"""The webhooks of a simulated Flireo call, in the vendor's own shapes: what is told when, and how it may be false."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from campaigns.domain.lead import spread

from .sim_exchange import Exchange, analysis, recording, words
from .sim_ledger import SimCall


@dataclass(frozen=True, slots=True)
class News:
    """One webhook that is to be delivered."""

    at: datetime
    kind: str
    """Event type and status, such as `status-update ended`: what fault rules match."""
    body: dict[str, Any] = field(repr=False)


def news(call: SimCall, exchange: Exchange) -> list[News]:
    """All that is ever told of a call: nothing at all when nobody and no voicemail answered."""
    if call.answered_at is None:
        return []
    note = {"debugging-artifact": "audio frames were late"} if call.troubled else {}
    last = "ended-with-debugging" if call.troubled else "ended"
    return [
        _status(call, exchange, call.answered_at, "in-progress"),
        _status(call, exchange, call.ended_at, last, **note),
        _report(call, exchange),
    ]


def _status(call: SimCall, exchange: Exchange, at: datetime, status: str, **note: str) -> News:
    body = {
        "eventTimestamp": _milliseconds(at),
        "eventType": "status-update",
        "callSession": exchange.webhook_id(call),
        "fromCaller": call.phone_number,
        "toAssistant": call.own_number,
        "status": status,
        **note,
    }
    return News(at, f"status-update {status}", body)


def _report(call: SimCall, exchange: Exchange) -> News:
    """Summaries take a moment: it comes 2 to 6 seconds after the end."""
    at = call.ended_at + timedelta(seconds=2 + 4 * spread(f"{call.call_id}|report"))
    summary, transcript = words(call)
    body: dict[str, Any] = {
        "eventTimestamp": _milliseconds(at),
        "eventType": "end-of-call-report",
        "callId": exchange.webhook_id(call),
        "fromCaller": call.phone_number,
        "toAssistant": call.own_number,
        "transcriptText": transcript,
        "summaryText": summary,
        "recordings": {"linkStereo": recording(call)},
        "callLengthSeconds": round(call.talk_seconds, 1),
        "analysis": analysis(call),
        "endedReason": call.ended_reason,
    }
    if exchange.options.metadata_in_webhooks:
        body["userMetadata"] = call.metadata
    return News(at, "end-of-call-report", body)


def forged(item: News, url: str) -> tuple[News, str]:
    """What somebody without the secret address would send: the same call, another story, a wrong token."""
    story = {"summary": "", "structuredData": {"opt_out": True, "refused": True}, "successEvaluation": "false"}
    parts = urlsplit(url)
    wrong = parts._replace(path=parts.path[:-1] + ("0" if parts.path.endswith("1") else "1"))
    body = item.body | {"eventType": "end-of-call-report", "callId": _call_id(item), "analysis": story}
    return replace(item, body=body), urlunsplit(wrong)


def misdirected(item: News) -> News:
    """The same news under another person's number."""
    number = str(item.body["fromCaller"])
    return replace(item, body=item.body | {"fromCaller": number[:-1] + str((int(number[-1]) + 1) % 10)})


def _call_id(item: News) -> str:
    return str(item.body.get("callId") or item.body["callSession"])


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
