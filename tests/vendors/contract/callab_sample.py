"""Callab, in its own words: errors arrive as HTTP 200, and nothing is signed."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from campaigns.domain.call import Disposition, Webhook

from .samples import CALLER, PHONE, TOKEN, ProviderSample

D = Disposition


def _ok(data: Any) -> dict[str, Any]:
    return {"status": "ok", "message": "ok", "data": data}


def _error(message: str) -> dict[str, Any]:
    return {"status": "error", "message": message, "data": ""}


def _record(call_id: str, phone: str, word: str) -> dict[str, Any]:
    over = word in ("completed", "answered", "picked-up")
    return _ok(
        {"id": call_id, "call_sid": "CA1", "call_from": CALLER, "call_to": phone, "call_direction": "outbound",
         "call_status": word, "call_duration": 0, "disconnect_reason": "user_hangup" if over else "",
         "created_at": "2026-11-23T09:00:00Z", "campaign_id": None, "ended_at": None}
    )  # fmt: skip


def _flow(body: Callable[[str], dict[str, Any]]) -> Callable[[datetime, str], Webhook]:
    return lambda _now, call_id: Webhook(
        TOKEN, {"content-type": "application/json"}, json.dumps(body(call_id)).encode()
    )


SAMPLE = ProviderSample(
    kind="callab",
    accepted=lambda call_id: _ok({"id": call_id, "call_to": PHONE, "call_status": "in-progress"}),
    record=_record,
    words={
        "completed": D.ANSWERED, "answered": D.ANSWERED, "picked-up": D.ANSWERED, "no-answer": D.NO_ANSWER,
        "busy": D.BUSY, "unreachable": D.FAILED, "failed": D.FAILED, "in-progress": None,
    },
    honest={
        "call.ended": _flow(
            lambda call_id: {"event": "call.ended", "data": {"id": call_id, "call_to": PHONE, "call_status": "busy"}}
        ),
        "a flat body": _flow(lambda call_id: {"call_id": call_id, "appointment": "yes"}),
        "a bare record": _flow(lambda call_id: {"id": call_id, "call_status": "completed", "call_duration": 12}),
    },
    signs=False,
    path="/v1",
    doubts={
        "an error without words": (200, _error("error")),
        "an error behind the dial": (200, _error("invalid response from carrier")),
        "an ok without an id": (200, _ok({"call_status": "in-progress"})),
        "an ok with a text": (200, _ok("call-7")),
        "an id without an ok": (200, {"data": {"id": "call-7"}}),
    },
    refusals={
        "unknown agent": (200, _error("AI agent not found"), "account"),
        "no credits": (200, _error("insufficient credits"), "account"),
        "bad number": (200, _error("invalid call_to"), "bad_data"),
        "bad key": (401, _error("unauthorized"), "account"),
        "bad body": (422, _error("call_to is malformed"), "bad_data"),
    },
)  # fmt: skip
