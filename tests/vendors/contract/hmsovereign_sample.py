"""HMS Sovereign, in its own words."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from campaigns.domain.call import Disposition, Webhook

from .samples import CALLER, PHONE, SECRET, TOKEN, ProviderSample, header_case

D = Disposition


def _event(kind: str, status: str, **more: Any) -> Any:
    def made(now: datetime, call_id: str) -> Webhook:
        message = {
            "type": kind, "timestamp": now.isoformat(), "phone_number": {"id": "n1", "number": CALLER, "name": None},
            "call": {"id": call_id, "type": "outbound_phone_call", "status": status}, "customer": {"number": PHONE},
            **more,
        }  # fmt: skip
        body, stamp = json.dumps({"message": message}).encode(), str(int(now.timestamp()))
        digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json", "User-Agent": "HMS-Sovereign/1.0", "X-Webhook-Event": kind,
            "X-Webhook-Timestamp": stamp, "X-Webhook-Signature": f"sha256={digest}",
        }  # fmt: skip
        return Webhook(TOKEN, header_case(headers), body)

    return made


_REASONS = {"user_hangup": D.ANSWERED, "max_duration": D.ANSWERED}


def _record(call_id: str, phone: str, word: str) -> dict[str, Any]:
    ended_talk = {"status": "ended", "end_reason": word, "started_at": "2026-11-23T09:00:09Z", "duration_seconds": 31}
    return {
        "id": call_id, "caller_phone": phone, "assistant_phone": CALLER, "direction": "outbound", "status": word,
        "end_reason": None, "started_at": None, "duration_seconds": None, "created_at": "2026-11-23T09:00:00Z",
        **(ended_talk if word in _REASONS else {}),
    }  # fmt: skip


def _blamed(param: str) -> dict[str, Any]:
    return {"error": {"code": "invalid_request", "message": "no", "param": param, "type": "invalid_request_error"}}


_TOOL = {"id": "t1", "type": "function", "function": {"name": "when", "arguments": {}}}

SAMPLE = ProviderSample(
    kind="hmsovereign",
    accepted=lambda call_id: {"success": True, "call_id": call_id, "status": "dialing"},
    record=_record,
    words={
        **_REASONS, "connecting": None, "dialing": None, "ringing": None, "in-progress": None,
        "ended": D.NO_ANSWER,  # who did not answer is told of by nothing else
        "ended-with-error": D.FAILED, "transferred": D.ANSWERED, "failed": D.FAILED, "rejected": D.DECLINED,
        "insufficient-credits": D.FAILED,
    },
    honest={
        "status-update": _event("status-update", "ended"),
        "end-of-call-report": _event("end-of-call-report", "ended", duration_seconds=4, summary="", messages=[]),
        "tool-calls": _event("tool-calls", "in-progress", tool_call_list=[_TOOL]),
        "assistant-request": _event("assistant-request", "ringing"),
    },
    signs=True,
    path="/api/v1",
    doubts={
        "not a success": (200, {"success": False, "error": "no trunk is free"}),
        "not a success, and yet an id": (200, {"success": False, "call_id": "call-7"}),
        "duplicate": (409, {"error": {"code": "duplicate", "message": "again"}}),
    },
    refusals={
        "bad number": (400, _blamed("destination"), "bad_data"),
        "bad number, flat": (422, {"error": "Validation failed", "details": ["destination"]}, "bad_data"),
        "no such number": (400, _blamed("number_id"), "account"),
        "unknown assistant": (404, {"error": "Assistant not found"}, "account"),
        "no minutes": (200, {"success": False, "error": {"code": "insufficient_credits", "message": "no"}}, "account"),
    },
)  # fmt: skip
