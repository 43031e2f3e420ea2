"""Flireo generation A, in its own words."""

import json
from datetime import datetime
from typing import Any

from campaigns.domain.call import Disposition, Webhook

from .samples import CALLER, PHONE, TOKEN, ProviderSample

D = Disposition


def _event(kind: str, **more: Any) -> Any:
    def made(now: datetime, call_id: str) -> Webhook:
        id_name = "callSession" if kind == "status-update" else "callId"
        time_name = "eventTime" if kind == "tool-calls" else "eventTimestamp"
        body = {
            time_name: int(now.timestamp() * 1000), "eventType": kind, id_name: call_id,
            "fromCaller": PHONE, "toAssistant": CALLER, **more,
        }  # fmt: skip
        return Webhook(TOKEN, {"content-type": "application/json"}, json.dumps(body).encode())

    return made


def _record(call_id: str, phone: str, word: str) -> dict[str, Any]:
    is_status = word in _STATUSES
    return {
        "call_id": call_id, "direction": "outbound", "from_number": CALLER, "to_number": phone,
        "status": word if is_status else "ended", "ended_reason": None if is_status else word,
        "duration_seconds": 0, "created_at": "2026-11-23T09:00:00Z",
    }  # fmt: skip


_STATUSES = {
    "queued": None, "ringing": None, "in-progress": None, "ended": D.UNKNOWN, "failed": D.FAILED,
    "ended-with-debugging": D.FAILED,
}  # fmt: skip

SAMPLE = ProviderSample(
    kind="flireo",
    accepted=lambda call_id: {"call_id": call_id, "status": "queued"},
    record=_record,
    words={
        **_STATUSES, "customer-ended-call": D.ANSWERED, "assistant-ended-call": D.ANSWERED,
        "customer-did-not-answer": D.NO_ANSWER, "customer-busy": D.BUSY, "voicemail": D.VOICEMAIL,
        "silence-timed-out": D.ANSWERED, "exceeded-max-duration": D.ANSWERED, "assistant-forwarded-call": D.ANSWERED,
    },
    honest={
        "status-update": _event("status-update", status="ended"),
        "end-of-call-report": _event("end-of-call-report", transcriptText="", summaryText="", callLengthSeconds=4.5),
        "tool-calls": _event("tool-calls", tasksInitiated=[{"taskId": "t1", "taskName": "when"}], userMetadata=None),
    },
    signs=False,
    refusals={
        "no number": (400, {"error": {"code": "no_phone_number", "message": "none", "details": {}}}, "account"),
        "bad number": (400, {"error": {"code": "invalid_parameters", "message": "phone_number"}}, "bad_data"),
        "unknown assistant": (404, {"error": {"code": "not_found", "message": "none"}}, "account"),
    },
)  # fmt: skip
