"""The webhooks of a simulated Flireo call, in the vendor's own shapes: what is told when, and how it may be false."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from campaigns.domain.lead import spread
from campaigns.vendors.simulated.exchange import recording, words
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.telling import News

from .options import Options
from .words import analysis, ended_reason, webhook_id


class Paper:
    """Flireo's webhooks; generation A signs nothing."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.server: Callable[[str], str | None] = lambda _assistant: None
        """Where an assistant reports to; None: to the account's address."""

    def news(self, call: SimCall) -> list[News]:
        """Nothing at all when nobody and no voicemail answered."""
        url = self.server(call.assistant_id)
        return [replace(item, url=url) for item in news(call, self._options)]

    def encode(self, item: News) -> bytes:
        return json.dumps(item.body).encode()

    def headers(self, body: bytes, item: News) -> dict[str, str]:  # noqa: ARG002 - nothing is signed
        return {"Content-Type": "application/json"}

    def forged(self, item: News, url: str) -> tuple[News, str]:
        return forged(item, url)

    def misdirected(self, item: News) -> News:
        return misdirected(item)


def news(call: SimCall, options: Options) -> list[News]:
    """All that is ever told of a call: nothing at all when nobody and no voicemail answered."""
    if call.answered_at is None:
        return []
    note = {"debugging-artifact": "audio frames were late"} if call.troubled else {}
    last = "ended-with-debugging" if call.troubled else "ended"
    return [
        _status(call, options, call.answered_at, "in-progress"),
        _status(call, options, call.ended_at, last, **note),
        _report(call, options),
    ]


def _status(call: SimCall, options: Options, at: datetime, status: str, **note: str) -> News:
    body = {
        "eventTimestamp": milliseconds(at),
        "eventType": "status-update",
        "callSession": webhook_id(call, options),
        "fromCaller": call.phone_number,
        "toAssistant": call.own_number,
        "status": status,
        **note,
    }
    return News(at, f"status-update {status}", body)


def _report(call: SimCall, options: Options) -> News:
    """Summaries take a moment: it comes 2 to 6 seconds after the end."""
    at = call.ended_at + timedelta(seconds=2 + 4 * spread(f"{call.call_id}|report"))
    summary, transcript = words(call)
    body: dict[str, Any] = {
        "eventTimestamp": milliseconds(at),
        "eventType": "end-of-call-report",
        "callId": webhook_id(call, options),
        "fromCaller": call.phone_number,
        "toAssistant": call.own_number,
        "transcriptText": transcript,
        "summaryText": summary,
        "recordings": {"linkStereo": recording(call)},
        "callLengthSeconds": round(call.talk_seconds, 1),
        "analysis": analysis(call),
        "endedReason": ended_reason(call),
    }
    if options.metadata_in_webhooks:
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


def milliseconds(at: datetime) -> int:
    """Of the unix epoch, as this vendor's webhooks tell time."""
    return int(at.timestamp() * 1000)
