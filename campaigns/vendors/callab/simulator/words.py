"""The Callab simulator's reading of the vendor's words. Disconnect reasons, sentiments and task states are assumed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.vendors.simulated.exchange import name_id, recording, words
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.people import Goodbye, How

COMPANY = "4d2c1b0e-2222-4333-8444-555566667777"

_STATUSES = {How.NO_ANSWER: "no-answer", How.BUSY: "busy", How.DECLINED: "busy", How.BAD_NUMBER: "failed",
             How.PROVIDER_ERROR: "failed"}  # fmt: skip
_REASONS = {
    How.VOICEMAIL: "voicemail_reached",
    How.NO_ANSWER: "dial_no_answer",
    How.BUSY: "dial_busy",
    How.DECLINED: "call_declined",
    How.BAD_NUMBER: "invalid_number",
    How.PROVIDER_ERROR: "dial_failed",
}
_GOODBYES = {
    Goodbye.CUSTOMER: "user_hangup",
    Goodbye.ASSISTANT: "agent_hangup",
    Goodbye.SILENCE: "inactivity",
    Goodbye.FORWARDED: "call_transfer",
}


def status(call: SimCall, now: datetime) -> str:
    """The word of the record; that a call has not begun yet has no word of its own."""
    return _STATUSES.get(call.how, "completed") if call.stage(now) == "over" else "in-progress"


def reason(call: SimCall) -> str:
    return _GOODBYES[call.goodbye] if call.goodbye else _REASONS.get(call.how, "user_hangup")


def view(call: SimCall, now: datetime, *, lag: float = 0.0) -> dict[str, Any]:
    """A call record as it stands at `now`."""
    is_over, told = now >= call.ended_at, now >= call.ended_at + timedelta(seconds=lag)
    parties, kept = (call.own_number, call.phone_number), call.metadata or {}
    return {
        "id": call.call_id, "call_sid": "CA" + name_id("sid", call.call_id).replace("-", ""), "company_id": COMPANY,
        "ai_agent_id": call.assistant_id, "call_provider": "twilio",
        "call_from": parties[call.direction == "inbound"], "call_to": parties[call.direction == "outbound"],
        "call_duration": round(call.talk_seconds) if is_over else 0, "call_status": status(call, now),
        "call_direction": call.direction, "is_test": call.direction == "outbound", "call_rating": 0,
        "cost": round(0.05 * call.credits, 2) if is_over else 0, "price_unit": "USD", "latency": 0.8,
        "disconnect_reason": reason(call) if is_over else "", "created_at": iso(call.created_at),
        "updated_at": iso(min(now, call.ended_at)), "workspace_id": kept.get("workspace", "default"),
        "campaign_id": None, "contact_id": call.contact_id, "metadata": None, "notes": None, "deleted_at": None,
        "agent_dynamic_variables": kept.get("variables"), "retry_at": None,
        "started_at": iso(call.answered_at) if call.answered_at and now >= call.answered_at else None,
        "ended_at": iso(call.ended_at) if is_over else None,
        **(_drawn(call) if told else _UNTOLD),
    }  # fmt: skip


_UNTOLD = {
    "analysis_sentiment": "", "agent_task_status": "", "agent_task_feedback": "", "call_feedback": None,
    "record_url": None, "transcript": None, "transcript_object": None, "transcript_language": None,
    "agent_post_call_outcomes": None,
}  # fmt: skip


def _drawn(call: SimCall) -> dict[str, Any]:
    """What is made of a call after its end."""
    feedback, transcript = words(call)
    return _UNTOLD | {
        "analysis_sentiment": "neutral" if call.answered_at else "",
        "agent_task_status": "done" if call.analysis.get("confirmed") else "",
        "call_feedback": feedback or None,
        "record_url": recording(call),
        "transcript": transcript or None,
        "agent_post_call_outcomes": call.analysis if call.answered_at else None,
    }


def iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
