"""The Flireo simulator's reading of the vendor's words. The first three end reasons are assumed; nobody has published
the others."""

from datetime import datetime
from typing import Any

from campaigns.vendors.simulated.exchange import name_id, words
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.people import Goodbye, How

from .options import Options

_REASONS = {
    How.VOICEMAIL: "voicemail",
    How.NO_ANSWER: "customer-did-not-answer",
    How.BUSY: "customer-busy",
    How.DECLINED: "call-rejected",
    How.BAD_NUMBER: "invalid-number",
    How.PROVIDER_ERROR: "provider-error",
}
_GOODBYES = {
    Goodbye.CUSTOMER: "customer-ended-call",
    Goodbye.ASSISTANT: "assistant-ended-call",
    Goodbye.SILENCE: "silence-timed-out",
    Goodbye.FORWARDED: "assistant-forwarded-call",
}
_STAGES = {"queued": "queued", "ringing": "ringing", "talking": "in-progress", "over": "ended"}


def ended_reason(call: SimCall) -> str:
    """Why an ended call ended."""
    return _GOODBYES[call.goodbye] if call.goodbye else _REASONS.get(call.how, "customer-ended-call")


def status(call: SimCall, now: datetime) -> str:
    """The word of the call record at `now`."""
    word = _STAGES[call.stage(now)]
    return "failed" if word == "ended" and call.how in (How.BAD_NUMBER, How.PROVIDER_ERROR) else word


def analysis(call: SimCall) -> dict[str, Any]:
    """The vendor's analysis object (assumed)."""
    succeeded = "true" if call.analysis.get("confirmed") else "false"
    return {"summary": words(call)[0], "structuredData": call.analysis, "successEvaluation": succeeded}


def webhook_id(call: SimCall, options: Options) -> str:
    """The id by which webhooks name a call."""
    return name_id("webhook", call.call_id) if options.other_webhook_ids else call.call_id
